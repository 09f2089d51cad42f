//! Configuration as people meet it: written by `init`, shown by `config`, refused with file, line and key.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so and stops")]

mod support;

use support::Sandbox;

const INIT: [&str; 9] = [
    "init",
    "--name",
    "fabrikam",
    "--tenant-id",
    "fabrikam.example",
    "--client-id",
    "app-id",
    "--credential",
    "secret",
];

#[test]
fn init_writes_a_commented_configuration_that_works_and_overwrites_nothing() {
    let sandbox = Sandbox::new();
    sandbox.run(&INIT).expect(0);
    let text = String::from_utf8(sandbox.read("ewsready.toml")).expect("text");
    assert!(text.contains("[tenants.fabrikam]\ntenant = \"fabrikam.example\""), "{text}");
    assert!(text.contains("client_id = \"app-id\"") && !text.contains("contoso.onmicrosoft.com"), "{text}");
    assert!(text.contains("EWSREADY_TENANTS_FABRIKAM_PACE_SET"), "{text}");
    let said = sandbox.run(&["config", "--tenant", "fabrikam"]).expect(0).stdout();
    assert!(said.contains("EWSREADY_SECRET (not set)"), "{said}");
    let said = sandbox.run(&INIT).expect(2).stderr();
    assert!(said.contains("has a tenant 'fabrikam' already and was not touched") && said.contains("--force"), "{said}");
    assert_eq!(String::from_utf8(sandbox.read("ewsready.toml")).expect("text"), text);
    sandbox.write("ewsready.toml", "# mine\n");
    sandbox.run(&[INIT.as_slice(), &["--force"]].concat()).expect(0);
    assert_eq!(String::from_utf8(sandbox.read("ewsready.toml")).expect("text"), text);
}

#[test]
fn init_adds_a_tenant_and_leaves_everything_else_as_it_was() {
    let sandbox = Sandbox::new();
    let mine = "# mine\n[tenants.contoso]\ntenant = 'contoso.example'   # ours\nclient_id = 'x'\ncredential = { kind = 'device-code' }\n";
    for (ends, mine) in [("\n", mine.to_owned()), ("\r\n", mine.replace('\n', "\r\n"))] {
        let path = sandbox.write("ewsready.toml", &mine);
        readable_by_all(&path);
        let said = sandbox.run(&INIT).expect(0).stderr();
        assert!(said.contains("added [tenants.fabrikam] to"), "{said}");
        let text = String::from_utf8(sandbox.read("ewsready.toml")).expect("text");
        assert!(
            text.starts_with(&format!("{mine}{ends}[tenants.fabrikam]{ends}tenant = \"fabrikam.example\"")),
            "{text}"
        );
        assert_eq!(text.matches('\n').count(), text.matches(ends).count(), "one kind of line end");
        assert_eq!(mode(&path), 0o644, "who could read it still can");
        for tenant in ["contoso", "fabrikam"] {
            sandbox.run(&["config", "--tenant", tenant]).expect(0);
        }
        assert!(sandbox.run(&INIT).expect(2).stderr().contains("has a tenant 'fabrikam' already"));
    }
    for (wrong, said) in
        [("tenants = {}", "nothing can be added to"), ("[tenants", "line 1"), ("[other]", "unknown key")]
    {
        sandbox.write("ewsready.toml", wrong);
        let told = sandbox.run(&INIT).expect(2).stderr();
        assert!(told.contains(said), "{told}");
        assert_eq!(sandbox.read("ewsready.toml"), wrong.as_bytes());
    }
}

#[cfg(unix)]
fn readable_by_all(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).expect("rights");
}

#[cfg(unix)]
fn mode(path: &std::path::Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

#[cfg(not(unix))]
fn readable_by_all(_: &std::path::Path) {}

#[cfg(not(unix))]
fn mode(_: &std::path::Path) -> u32 {
    0o644
}

#[test]
fn every_kind_of_credential_can_be_begun_with() {
    for (kind, line) in [
        ("secret", "credential = { kind = \"secret\", env = \"EWSREADY_SECRET\" }"),
        ("certificate", "credential = { kind = \"certificate\", file = \"ewsready.pem\" }"),
        ("federated", "credential = { kind = \"federated\" }"),
        ("managed-identity", "credential = { kind = \"managed-identity\" }"),
        ("device-code", "credential = { kind = \"device-code\" }"),
    ] {
        let sandbox = Sandbox::new();
        let arguments: Vec<_> = INIT[..8].iter().copied().chain([kind]).collect();
        sandbox.run(&arguments).expect(0);
        let text = String::from_utf8(sandbox.read("ewsready.toml")).expect("text");
        assert!(text.contains(line), "{text}");
        sandbox.run(&["config"]).expect(0);
    }
}

#[test]
fn without_a_terminal_what_is_missing_is_named() {
    let sandbox = Sandbox::new();
    let said = sandbox.run(&["init", "--name", "a"]).expect(2).stderr();
    assert!(said.contains("--tenant-id is missing, and there is no terminal to ask on"), "{said}");
    let said = sandbox.run(&["init", "--name", "demo"]).expect(2).stderr();
    assert!(said.contains("'demo' cannot name a tenant"), "{said}");
    assert!(!sandbox.path("ewsready.toml").exists());
}

#[test]
fn config_shows_what_counts_and_where_each_value_comes_from() {
    let sandbox = Sandbox::new();
    sandbox.run(&[INIT.as_slice(), &["--cloud", "gcc"]].concat()).expect(0);
    let mut command = sandbox.command(&["config", "--tenant", "fabrikam", "--proxy", "http://proxy.example:8080"]);
    command.env("EWSREADY_TENANTS_FABRIKAM_PACE_SET", "gentle").env("EWSREADY_SECRET", "canary");
    let said = support::Finished(command.output().expect("the program starts")).expect(0).stdout();
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for line in [
        "cloud gcc ewsready.toml, line",
        "pace.set gentle environment variable EWSREADY_TENANTS_FABRIKAM_PACE_SET",
        "network.proxy http://proxy.example:8080 --proxy",
        "EWSREADY_SECRET (set)",
    ] {
        assert!(said.contains(line), "'{line}' is not in\n{said}");
    }
    assert!(!said.contains("canary"), "{said}");
}

/// A tenant of a simulator with two users, as `name`.
fn tenant(sandbox: &Sandbox, name: &str, url: &str, secret: &str) -> String {
    sandbox.write(&format!("{name}.csv"), "email\nanke.behrens@subsidiary.contoso.example\n");
    sandbox.write(&format!("{name}.txt"), secret);
    format!(
        "[tenants.{name}]\ntenant = '9d3e7a10-4c5b-4f2e-8a61-3b7c9d0e1f24'\nclient_id = '3a5c7e91-2b4d-4f60-8192-a3b4c5d6e7f8'\n\
         credential = {{ kind = 'secret', file = '{name}.txt' }}\nrosters = ['{name}.csv']\n\
         endpoints = {{ authority = '{url}', graph = '{url}', exchange = '{url}', autodiscover = '{url}' }}\n"
    )
}

#[test]
fn what_explains_a_report_goes_by_the_same_facts() {
    let sandbox = Sandbox::new();
    let built_in = std::fs::read_to_string(support::repository("src/facts/data/integrations.toml")).expect("facts");
    std::fs::create_dir(sandbox.path("facts")).expect("a folder");
    let own = built_in.replace("needs_primary_address = true", "needs_primary_address = false")
        + "\n[[integration]]\nid = 'crm'\nname = 'Our CRM'\nneeds_primary_address = false\ncolumns = []\n";
    sandbox.write("facts/integrations.toml", own);
    let alias = "m.adler@contoso.example";
    sandbox.write("one.csv", format!("{alias}\n"));
    sandbox.run(&["assess", "one.csv", "--tenant", "demo", "--format", "csv"]).expect(0);
    for command in [&["explain", alias][..], &["runs", "export"]] {
        assert!(sandbox.run(command).expect(0).stdout().contains("identity/alias-only"), "{command:?}");
        let own = sandbox.run(&[command, &["--facts", "facts"]].concat()).expect(0).stdout();
        assert!(own.contains("graph/answers"), "{command:?}: {own}");
    }
    sandbox.write("ewsready.toml", "[tenants.a]\ntenant = 'a.example'\nclient_id = 'x'\nintegrations = ['crm']\ncredential = { kind = 'device-code' }\n");
    assert!(sandbox.run(&["config"]).expect(2).stderr().contains("names the integration 'crm'"));
    assert!(sandbox.run(&["config", "--facts", "facts"]).expect(0).stdout().contains("crm"));
    for command in [&["doctor", "--tenant", "demo"][..], &["rules"], &["compare"], &["rollup", "none.sqlite"]] {
        let told = sandbox.run(&[command, &["--facts", "nowhere"]].concat()).expect(2).stderr();
        assert!(told.contains("nowhere") && told.contains("leave out --facts"), "{command:?}: {told}");
    }
}

#[test]
fn two_tenants_never_share_a_folder() {
    let sandbox = Sandbox::new();
    for [one, other] in [["a.b", "a_b"], ["Contoso", "contoso"]] {
        let both = ["assess", "--tenant", one, "--tenant", other, "--out", "all"];
        let told = sandbox.run(&both).expect(2).stderr();
        assert!(told.contains(&format!("'{one}' and '{other}' would lie in one folder")), "{told}");
    }
    assert!(!sandbox.path("all").exists(), "nothing was begun");
}

#[test]
fn several_tenants_are_assessed_each_by_itself_and_one_failure_stops_no_other() {
    let sandbox = Sandbox::new();
    let file = support::repository("samples/tenants/app-not-listed.toml").display().to_string();
    let simulator = sandbox.simulator(&[&file]);
    let good = "sample-secret-that-opens-nothing-real";
    let text: String = [("one", good), ("two", "wrong"), ("three", good)]
        .map(|(name, secret)| tenant(&sandbox, name, &simulator.url, secret))
        .concat();
    sandbox.write("ewsready.toml", text);
    let done = sandbox.run(&["assess", "--all-tenants", "--out", "all", "--format", "csv"]).expect(3);
    assert!(done.stderr().contains("the client secret is wrong (AADSTS7000215)"), "{}", done.stderr());
    let rollup = sandbox.csv("all/rollup.csv");
    let column = |name: &str| rollup.iter().map(|row| row[name].clone()).collect::<Vec<_>>();
    assert_eq!(column("tenant"), ["two", "one", "three"], "who failed is at the top");
    assert_eq!(column("state"), ["sign_in", "assessed", "assessed"]);
    assert_eq!(column("exit_code"), ["3", "0", "0"]);
    assert_eq!(column("move_to_graph_eac"), ["", "1", "1"], "what nobody knows is no nought");
    assert!(rollup[0]["message"].contains("the client secret is wrong") && !rollup[0]["hint"].is_empty());
    assert!(sandbox.path("all/one/readiness.csv").exists() && sandbox.path("all/three/readiness.csv").exists());
    let json: serde_json::Value = serde_json::from_slice(&sandbox.read("all/rollup.json")).expect("JSON");
    assert_eq!(json["exit_code"], 3);
    assert_eq!(json["tenants"][0]["tenant"], "two");
    let summary = String::from_utf8(sandbox.read("all/rollup.md")).expect("text");
    assert!(summary.contains("| two | sign-in or permission refused |"), "{summary}");
    let page = String::from_utf8(sandbox.read("all/rollup.html")).expect("text");
    assert!(page.contains("Could not be assessed: 1 of 3 tenants") && !page.contains("readiness.html"), "{page}");
    assert!(sandbox.path("all/rollup.xlsx").exists());
    let runs = sandbox.run(&["runs"]).expect(0).stdout();
    assert!(runs.contains("one") && runs.contains("three"), "{runs}");
    // By name, in the order given, each once.
    sandbox
        .run(&[
            "assess", "--tenant", "three", "--tenant", "one", "--tenant", "three", "--out", "few", "--format", "csv",
        ])
        .expect(0);
    let rollup = sandbox.csv("few/rollup.csv");
    assert_eq!(rollup.iter().map(|row| row["tenant"].clone()).collect::<Vec<_>>(), ["three", "one"]);
    // A month later one of them fails: its last figures stay in sight, by their day.
    sandbox.write("one.txt", "wrong");
    let again = ["assess", "--tenant", "one", "--tenant", "three", "--out", "next", "--quiet"];
    let mut command = sandbox.command(&again);
    support::Finished(command.env("EWSREADY_NOW", "2026-12-20T08:00:00Z").output().expect("it starts")).expect(3);
    let rollup = sandbox.csv("next/rollup.csv");
    let told = |row: usize| ["tenant", "state", "day", "runs", "days_left"].map(|column| rollup[row][column].clone());
    assert_eq!(told(0), ["one", "sign_in", "2026-11-20", "2", "102"]);
    assert_eq!(told(1), ["three", "assessed", "2026-12-20", "3", "102"]);
    let page = String::from_utf8(sandbox.read("next/rollup.html")).expect("text");
    assert!(
        page.contains("The figures shown are of 2026-11-20.") && page.contains("href=\"three&#x2f;readiness.html\"")
    );
}

#[test]
fn several_tenants_cannot_share_standard_input_and_none_goes_without_a_roster() {
    let sandbox = Sandbox::new();
    let said = sandbox.run(&["assess", "-", "--tenant", "demo", "--tenant", "other"]).expect(2).stderr();
    assert!(said.contains("standard input can be read once"), "{said}");
    let said = sandbox.run(&["assess", "--tenant", "demo"]).expect(2).stderr();
    assert!(said.contains("there is no roster for the tenant 'demo'"), "{said}");
}
