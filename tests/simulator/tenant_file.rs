//! Tenant files that a person got wrong: every message names the line and what to write instead.

use ewsready::simulator::Tenant;

const HEAD: &str = r#"[tenant]
id = "6a1d0c3e-8f27-4b95-a0c4-1e2d3f4a5b6c"
name = "Contoso"
domains = [{ name = "contoso.example", default = true }, { name = "contoso.onmicrosoft.com", initial = true }]
[[application]]
name = "a"
client_id = "10000000-0000-4000-8000-000000000001"
[[product]]
sku = "ENTERPRISEPACK"
alias = ["E3"]
seats = 5
"#;

#[test]
fn each_mistake_is_told_with_its_line() {
    let cases = [
        ("[[user]]\nname = \"A B\"\nlicence = [\"E3\"]\n", "line 14", "licence"),
        ("[[user]]\nname = \"A B\"\nlicences = [\"E3\",\n  \"E9\"]\n", "line 15", "e3"),
        ("[[user]]\nname = \"A B\"\nlicences = [{ product = \"E3\", off = [\"TEAMS9\"] }]\n", "line 14", "TEAMS1"),
        ("[[user]]\nname = \"A B\"\nlike = \"nobody\"\n", "line 12", "[template.nobody]"),
        ("[[user]]\naddress = \"a@contoso.example\"\n", "line 12", "name"),
        ("[[user]]\nname = \"Zoë B\"\n", "line 12", "address"),
        ("[[user]]\nname = \"A B\"\naddress = \"a@elsewhere.example\"\n", "line 12", "contoso.onmicrosoft.com"),
        ("[[user]]\nname = \"A B\"\nmailbox = \"cloud\"\n", "line 14", "shared"),
        ("[[user]]\nname = \"A B\"\nmailbox = \"on-premises\"\n", "line 12", "exchange.on_premises"),
        ("[[user]]\nname = \"A B\"\news_enabled = \"off\"\n", "line 14", "\"null\""),
        (
            "[[user]]\nname = \"A B\"\nlicences = [\"E3\"]\n[[user]]\nname = \"a b\"\nlicences = [\"E3\"]\n",
            "line 15",
            "line 12",
        ),
        ("[[product]]\nsku = \"E3\"\nseats = 1\n", "line 12", "ENTERPRISEPACK"),
        (
            "[[application]]\nname = \"b\"\nclient_id = \"10000000-0000-4000-8000-000000000002\"\ncertificate = \"abc\"\n",
            "line 12",
            "PEM",
        ),
        ("[template.a]\nlike = \"b\"\n", "line 12", "template"),
        ("[faults]\nlatency = 5\n", "line 13", "latency_ms"),
        ("[[user]]\nname = \n", "line 13", ""),
    ];
    for (text, line, part) in cases {
        let error = Tenant::from_toml("mine.toml", &format!("{HEAD}{text}")).err();
        let message = error.map(|error| error.to_string()).unwrap_or_default();
        assert!(message.starts_with(&format!("tenant file mine.toml, {line}: ")), "{text}\n{message}");
        assert!(message.contains(part), "{text}\n{message}");
    }
}

#[test]
fn a_tenant_needs_its_two_domains_and_an_application() {
    for (from, to, part) in [
        ("default = true", "default = false", "default"),
        (
            "[[application]]\nname = \"a\"\nclient_id = \"10000000-0000-4000-8000-000000000001\"\n",
            "",
            "[[application]]",
        ),
    ] {
        let message =
            Tenant::from_toml("mine.toml", &HEAD.replace(from, to)).map(|_| ()).map_err(|error| error.to_string());
        assert!(message.as_ref().is_err_and(|message| message.contains(part)), "{message:?}");
    }
}

#[test]
fn inheritance_goes_from_defaults_over_template_to_user() {
    let text = format!(
        "{HEAD}[defaults]\ndepartment = \"House\"\n[template.sales]\ndepartment = \"Sales\"\n[[user]]\nname = \"A B\"\n[[user]]\nname = \"C D\"\nlike = \"sales\"\n[[user]]\nname = \"E F\"\nlike = \"sales\"\ndepartment = \"Board\"\n"
    );
    let tenant = Tenant::from_toml("mine.toml", &text).unwrap_or_else(|error| panic!("{error}"));
    let departments: Vec<String> = tenant.roster().map(|line| line.department).collect();
    assert_eq!(departments, ["House", "Sales", "Board"]);
}

#[test]
fn every_sample_tenant_is_in_order() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/tenants");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("the folder").flatten() {
        let text = std::fs::read_to_string(entry.path()).expect("readable");
        let tenant = Tenant::from_toml(&entry.path().display().to_string(), &text);
        assert!(tenant.is_ok(), "{:?}", tenant.err());
        assert!(text.starts_with("# "), "{:?} explains itself", entry.path());
        count += 1;
    }
    assert!(count >= 2);
}

#[tokio::test]
async fn faults_of_the_file_are_played() {
    let text = include_str!("../../samples/tenants/app-not-listed.toml");
    let tenant =
        Tenant::from_toml("x", &format!("{text}\n[faults]\nbusy = 1.0\n")).unwrap_or_else(|error| panic!("{error}"));
    let served = crate::support::Served::new(tenant, ewsready::simulator::Faults::default()).await;
    assert_eq!(served.client.get(served.url("/v1.0/users")).send().await.expect("sent").status(), 429);
}
