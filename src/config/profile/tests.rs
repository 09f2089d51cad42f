use super::*;

const TENANT: &str = "[tenants.a]\ntenant = 'a.example'\nclient_id = 'x'\n";
const SECRET: &str = "credential = { kind = 'secret', env = 'S' }\n";

fn read(text: &str, variables: &[(&str, &str)]) -> Result<Profile, Failure> {
    let settings =
        File::parse(Path::new("e.toml"), text)?.settings("a", &Environment::of(variables), &Overrides::default())?;
    profile(&settings, Facts::embedded())
}

fn complaint(text: &str) -> (String, String) {
    let failure = read(text, &[]).unwrap_err();
    (failure.message, failure.hint)
}

#[test]
fn an_unknown_key_is_named_with_its_line_and_the_nearest_known_one() {
    let (message, hint) = complaint(&format!("{TENANT}clowd = 'gcc'\n{SECRET}"));
    assert_eq!(message, "e.toml, line 4: unknown key `clowd` in [tenants.a]");
    assert_eq!(hint, "did you mean `cloud`?");
    let (message, hint) = complaint(&format!("{TENANT}{SECRET}[tenants.a.pace]\npatience = 3\n"));
    assert_eq!(message, "e.toml, line 6: unknown key `pace.patience` in [tenants.a]");
    assert_eq!(hint, "did you mean `pace.patience_seconds`?");
}

#[test]
fn a_missing_key_is_named_with_the_variable_that_could_set_it() {
    let (message, hint) = complaint(TENANT);
    assert_eq!(message, "e.toml: [tenants.a] has no `credential.kind`");
    assert_eq!(hint, "add it there, or set EWSREADY_TENANTS_A_CREDENTIAL_KIND");
}

#[test]
fn a_wrong_value_says_what_is_wanted() {
    let (message, hint) = complaint(&format!("{TENANT}{SECRET}pace = {{ attempts = 'many' }}\n"));
    assert_eq!(message, "e.toml, line 5: `pace.attempts` in [tenants.a] has a wrong value");
    assert_eq!(hint, "a whole number, 0 or more");
    let (message, _) = complaint(&format!("{TENANT}{SECRET}kiosk = 'upgrad'\n"));
    assert!(message.contains("line 5") && message.contains("`kiosk`"), "{message}");
}

#[test]
fn words_that_no_rule_would_know_are_refused() {
    let (message, hint) = complaint(&format!("{TENANT}{SECRET}integrations = ['teams', 'salesforse']\n"));
    assert_eq!(message, "e.toml, line 5: [tenants.a] names the integration 'salesforse', which is not known");
    assert_eq!(hint, "did you mean salesforce? known: salesforce, dynamics, teams");
    let profile = read(&format!("{TENANT}{SECRET}integrations = ['Teams', ' SALESFORCE', 'teams']\n"), &[]).unwrap();
    assert_eq!(profile.integrations, ["teams", "salesforce"]);
    assert!(read(&format!("{TENANT}{SECRET}integrations = []\n"), &[]).unwrap().integrations.is_empty());
    let (message, _) = complaint(&format!("{TENANT}{SECRET}apps = ['Backup of Contoso']\n"));
    assert!(message.ends_with("has 'Backup of Contoso' in `apps`, which is no application's id"), "{message}");
    let (message, _) = complaint(&format!("{TENANT}{SECRET}dynamics_app = 'sync'\n"));
    assert!(message.contains("line 5") && message.contains("`dynamics_app`"), "{message}");
    for accent in ["red", "#12345", "#12345g", "1f4e79"] {
        let (message, _) = complaint(&format!("{TENANT}{SECRET}branding = {{ accent = '{accent}' }}\n"));
        assert!(message.contains("line 5") && message.contains("which is no colour"), "{message}");
    }
}

#[test]
fn a_credential_takes_its_own_keys_only() {
    let (message, hint) = complaint(&format!("{TENANT}credential = {{ kind = 'managed-identity', env = 'S' }}\n"));
    assert!(message.contains("line 4") && message.contains("credential.env"), "{message}");
    assert_eq!(hint, "remove it");
    let (message, _) = complaint(&format!("{TENANT}credential = {{ kind = 'secret', env = 'S', file = 'f' }}\n"));
    assert!(message.contains("exactly one of `env` and `file`"), "{message}");
}

#[test]
fn a_profile_takes_its_cloud_s_hosts_and_its_own_overrides() {
    let text = format!(
        "{TENANT}{SECRET}cloud = 'worldwide'\n[tenants.a.endpoints]\ngraph = 'http://127.0.0.1:9'\n\
         [tenants.a.pace.ews]\nmost = 3\n"
    );
    let profile = read(&text, &[]).unwrap();
    assert_eq!(profile.endpoints.graph.as_str(), "http://127.0.0.1:9/");
    assert_eq!(profile.endpoints.authority.host_str(), Some("login.microsoftonline.com"));
    assert_eq!(profile.pace.scope(ScopeId::Ews).width, Range { start: 3, most: 3 });
    assert_eq!(profile.integrations, ["salesforce"]);
}

#[test]
fn the_environment_goes_before_the_file() {
    let text = format!("{TENANT}{SECRET}cloud = 'gcc'\n");
    let variables = [
        ("EWSREADY_TENANTS_A_CLOUD", "dod"),
        ("EWSREADY_TENANTS_A_APPS", "3A5C7E91-2b4d-4f60-8192-a3b4c5d6e7f8, 00000002-0000-0ff1-ce00-000000000000"),
        ("EWSREADY_TENANTS_A_SOURCES_EWS", "false"),
        ("EWSREADY_TENANTS_A_PACE_EWS_MOST", "2"),
    ];
    let profile = read(&text, &variables).unwrap();
    assert_eq!(profile.cloud.id, "dod");
    assert_eq!(profile.apps, ["3a5c7e91-2b4d-4f60-8192-a3b4c5d6e7f8", "00000002-0000-0ff1-ce00-000000000000"]);
    assert!(!profile.sources.ews);
    assert_eq!(profile.pace.scope(ScopeId::Ews).width.most, 2);
}

#[test]
fn a_tenant_may_stand_in_the_environment_alone() {
    let variables = [
        ("EWSREADY_TENANTS_A_TENANT", "a.example"),
        ("EWSREADY_TENANTS_A_CLIENT_ID", "x"),
        ("EWSREADY_TENANTS_A_CREDENTIAL_KIND", "device-code"),
    ];
    assert_eq!(read("", &variables).unwrap().tenant, "a.example");
    assert!(read("", &[]).unwrap_err().message.contains("no tenant 'a'"));
}

#[test]
fn a_wrong_variable_is_named() {
    let failure = read(&format!("{TENANT}{SECRET}"), &[("EWSREADY_TENANTS_A_CLOWD", "gcc")]).unwrap_err();
    assert_eq!(failure.hint, "did you mean EWSREADY_TENANTS_A_CLOUD?");
    let failure = read(&format!("{TENANT}{SECRET}"), &[("EWSREADY_TENANTS_A_SOURCES_EWS", "oui")]).unwrap_err();
    assert!(failure.message.contains("EWSREADY_TENANTS_A_SOURCES_EWS"), "{failure}");
    // The variable of another tenant whose name begins the same is none of ours.
    let two = format!("{TENANT}{SECRET}[tenants.a-b]\ntenant = 'b.example'\n");
    assert!(read(&two, &[("EWSREADY_TENANTS_A_B_CLOUD", "dod")]).is_ok());
}

#[test]
fn shared_tenants_and_paths_are_no_tenant() {
    for tenant in ["common", "organizations", "a/b", "a?b", ""] {
        let text = format!("[tenants.a]\ntenant = '{tenant}'\nclient_id = 'x'\n{SECRET}");
        assert!(read(&text, &[]).is_err(), "{tenant}");
    }
}

#[test]
fn plain_http_goes_to_loopback_only() {
    assert!(parse_root("http://graph.example").is_err());
    assert!(parse_root("http://localhost:8080").is_ok());
    assert_eq!(parse_root("graph.example").unwrap().as_str(), "https://graph.example/");
}

#[test]
fn a_password_never_stands_in_a_proxy_s_address() {
    let (message, hint) = complaint(&format!("{TENANT}{SECRET}network = {{ proxy = 'http://u:canary@proxy:8080' }}\n"));
    assert!(!message.contains("canary") && hint.contains("EWSREADY_PROXY_PASSWORD"), "{message}");
}

#[test]
fn files_lie_beside_the_configuration() {
    let file = File::parse(
        Path::new("etc/e.toml"),
        &format!("{TENANT}credential = {{ kind = 'secret', file = 's.txt' }}\nrosters = ['r.csv']\n"),
    );
    let variables = Environment::of(&[]);
    let settings = file.unwrap().settings("a", &variables, &Overrides::default()).unwrap();
    let profile = profile(&settings, Facts::embedded()).unwrap();
    assert_eq!(profile.rosters, [PathBuf::from("etc/r.csv")]);
    assert!(
        matches!(profile.credential, CredentialSource::Secret(SecretSource::File(path)) if path.ends_with("etc/s.txt"))
    );
}

#[test]
fn what_belongs_to_no_cloud_stays_when_the_tenant_lives_in_another() {
    let own = "on_premises = 'https://gateway.contoso.example/onprem'\ndns = '[2001:db8::53]:53'\n";
    let profile = read(&format!("{TENANT}{SECRET}[tenants.a.endpoints]\n{own}"), &[]).unwrap();
    let moved = profile.moved_to(Facts::embedded().cloud("china").unwrap().clone()).unwrap();
    assert_eq!(moved.endpoints.graph.host_str(), Some("microsoftgraph.chinacloudapi.cn"));
    assert_eq!(moved.endpoints.on_premises.unwrap().path(), "/onprem");
    assert_eq!(moved.endpoints.dns, Some("[2001:db8::53]:53".parse().unwrap()));
    let failure = read(&format!("{TENANT}{SECRET}[tenants.a.endpoints]\ndns = '192.0.2.53'\n"), &[]).unwrap_err();
    assert!(failure.message.contains("line 6") && failure.message.contains("no name server"), "{}", failure.message);
}
