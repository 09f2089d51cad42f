//! `doctor` against tenants that each withhold one thing names exactly that, and says when the main job cannot run.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so and stops")]

mod support;
#[path = "support/world.rs"]
mod world;

use std::collections::BTreeSet;

use support::{Finished, Sandbox, Simulator};

const GRAPH: [&str; 5] = [
    "User.Read.All",
    "Organization.Read.All",
    "MailboxSettings.Read",
    "Application.Read.All",
    "ServiceMessage.Read.All",
];
const EXCHANGE: [&str; 2] = ["full_access_as_app", "Exchange.ManageAsApp"];
const ROLE: &str = "Global Reader";

/// A tenant whose application holds everything that is needed but one permission or role.
fn tenant(without: &str, more: &str) -> String {
    let list = |all: &[&str]| {
        let kept: Vec<_> = all.iter().filter(|one| **one != without).map(|one| format!("'{one}'")).collect();
        kept.join(", ")
    };
    let role = if without == ROLE { String::new() } else { format!("admin_role = '{ROLE}'\n") };
    format!(
        "[tenant]\nid = '9d3e7a10-4c5b-4f2e-8a61-3b7c9d0e1f24'\nname = 'Contoso'\n{more}\
         domains = [{{ name = 'contoso.example', default = true }}, {{ name = 'contoso.onmicrosoft.com', initial = true }}]\n\
         [exchange]\news_enabled = 'null'\n\
         [[application]]\nname = 'ewsready'\nclient_id = '3a5c7e91-2b4d-4f60-8192-a3b4c5d6e7f8'\nsecret = 'x'\n\
         graph_roles = [{}]\nexchange_roles = [{}]\n{role}\
         [[product]]\nsku = 'ENTERPRISEPACK'\nalias = ['E3']\nseats = 10\n[defaults]\nlicences = ['E3']\n\
         [[user]]\nname = 'Anke Behrens'\n[[user]]\nname = 'Boris Cramer'\n",
        list(&GRAPH),
        list(&EXCHANGE)
    )
}

fn start(sandbox: &Sandbox, tenant: &str) -> Simulator {
    let path = sandbox.write("tenant.toml", tenant).display().to_string();
    let simulator = sandbox.simulator(&[&path]);
    simulator.config(sandbox, "");
    simulator
}

fn run(sandbox: &Sandbox, arguments: &[&str]) -> Finished {
    Finished(sandbox.command(arguments).env_remove("EWSREADY_NOW").output().expect("the program starts"))
}

/// Permissions and roles that the doctor's answers say are missing.
fn named(said: &str) -> BTreeSet<&str> {
    let missing = said.lines().filter(|line| line.contains("  MISSING  ") || line.contains("  not seen  "));
    let all = || GRAPH.into_iter().chain(EXCHANGE).chain([ROLE]);
    missing.flat_map(|line| all().filter(|permission| line.contains(permission)).collect::<Vec<_>>()).collect()
}

#[test]
fn nothing_is_missing_where_everything_is_granted() {
    let sandbox = Sandbox::new();
    let _simulator = start(&sandbox, &tenant("", ""));
    let said = run(&sandbox, &["doctor", "--tenant", "sim"]).expect(0).stdout();
    assert!(named(&said).is_empty(), "{said}");
    assert!(said.contains("The assessment can run.") && said.contains("clocks agree"), "{said}");
    assert!(said.contains("rate-limit-remaining"), "{said}");
}

#[test]
fn each_missing_permission_is_named_and_no_other() {
    for (without, stops) in [
        ("User.Read.All", true),
        ("MailboxSettings.Read", true),
        ("Organization.Read.All", false),
        ("Exchange.ManageAsApp", false),
        (ROLE, false),
        ("full_access_as_app", false),
        ("Application.Read.All", false),
        ("ServiceMessage.Read.All", false),
    ] {
        let sandbox = Sandbox::new();
        let _simulator = start(&sandbox, &tenant(without, ""));
        let done = run(&sandbox, &["doctor", "--tenant", "sim"]);
        let said = done.stdout();
        assert_eq!(named(&said), BTreeSet::from([without]), "{said}");
        assert_eq!(done.code(), if stops { 3 } else { 0 }, "{without}: {said}");
        assert_eq!(said.contains("The assessment CANNOT run"), stops, "{said}");
    }
}

#[test]
fn delegates_are_tried_as_an_extra_that_no_run_opens_with() {
    for (grant, state) in [("'User.Read.All'", "  not seen  "), ("'User.Read.All', 'Calendars.Read'", "  ready")] {
        let sandbox = Sandbox::new();
        let _simulator = start(&sandbox, &tenant("", "").replace("'User.Read.All'", grant));
        let said = run(&sandbox, &["doctor", "--tenant", "sim"]).expect(0).stdout();
        let line = said.lines().find(|line| line.contains("who may open a calendar")).unwrap_or_default();
        assert!(line.contains(state), "{grant}: {said}");
        assert_eq!(line.contains("grant Calendars.Read (Microsoft Graph"), state.contains("not seen"), "{said}");
    }
}

#[test]
fn mailboxes_that_the_backend_tells_are_tried_there_when_their_switches_come_from_a_file() {
    let sandbox = Sandbox::new();
    let simulator = start(&sandbox, &tenant(ROLE, ""));
    sandbox.write("cas.csv", "PrimarySmtpAddress,EwsEnabled\nanke.behrens@contoso.example,True\n");
    simulator.config(&sandbox, "sources = { cas_mailboxes = 'cas.csv' }\n");
    let said = run(&sandbox, &["doctor", "--tenant", "sim"]).expect(0).stdout();
    let line = said.lines().find(|line| line.contains("of each mailbox")).unwrap_or_default();
    assert!(line.contains("MISSING") && line.contains(ROLE), "{said}");
}

#[test]
fn a_run_opens_with_one_line_about_what_is_missing_and_none_when_nothing_is() {
    for (without, expected) in [("", 0), ("full_access_as_app", 1)] {
        let sandbox = Sandbox::new();
        let _simulator = start(&sandbox, &tenant(without, ""));
        sandbox.write("r.csv", "email\nanke.behrens@contoso.example\n");
        let said = run(&sandbox, &["assess", "r.csv", "--tenant", "sim", "--format", "csv"]).stderr();
        let remarks = said.lines().filter(|line| line.contains("token lacks")).count();
        assert_eq!(remarks, expected, "{said}");
        assert_eq!(said.matches("full_access_as_app").count(), expected, "{said}");
    }
}

#[test]
fn an_expired_secret_is_said_before_anything_is_asked() {
    let sandbox = Sandbox::new();
    let _simulator = start(&sandbox, &tenant("", "").replace("secret = 'x'", "secret = 'x'\nsecret_expired = true"));
    let said = run(&sandbox, &["doctor", "--tenant", "sim"]).expect(3).stdout();
    assert!(said.contains("the client secret has expired (AADSTS7000222)"), "{said}");
    assert!(said.contains("[client-request-id "), "{said}");
    assert!(said.contains("https://login.microsoftonline.com/error?code=7000222"), "{said}");
}

#[test]
fn a_code_without_a_sentence_of_its_own_leads_to_the_page_that_has_one() {
    let sandbox = Sandbox::new();
    let _simulator = start(&sandbox, &tenant("", "").replace("secret = 'x'", "secret = 'x'\nrefused_with = 50999"));
    let page = "https://login.microsoftonline.com/error?code=50999";
    let said = run(&sandbox, &["doctor", "--tenant", "sim"]).expect(3).stdout();
    assert!(said.contains("(AADSTS50999)") && said.contains(page), "{said}");
    sandbox.write("r.csv", "email\nanke.behrens@contoso.example\n");
    let said = run(&sandbox, &["assess", "r.csv", "--tenant", "sim", "--format", "csv"]).expect(3).stderr();
    assert!(said.lines().any(|line| line.starts_with("hint: ") && line.contains(page)), "{said}");
}

#[test]
fn another_cloud_than_the_configured_one_is_explained_before_anything_else() {
    let sandbox = Sandbox::new();
    let simulator = start(&sandbox, &tenant("", "cloud = 'gcc-high'\n"));
    sandbox.write("r.csv", "email\nanke.behrens@contoso.example\n");
    let assess = ["assess", "r.csv", "--tenant", "sim", "--format", "csv", "--cloud"];
    let run_with = |cloud: &str| run(&sandbox, &[assess.as_slice(), &[cloud]].concat());
    let said = run_with("worldwide").expect(2).stderr();
    assert!(said.contains("GCC High") && said.contains("set cloud = \"gcc_high\""), "{said}");
    assert!(!sandbox.path("ewsready.sqlite").exists());
    run_with("gcc_high").expect(0);
    let said = run_with("gcchigh").expect(2).stderr();
    assert!(said.contains("known: worldwide"), "{said}");
    // Not configured, it is believed.
    drop(simulator);
    let _simulator = start(&sandbox, &tenant("", "cloud = 'dod'\n"));
    let said = run(&sandbox, &assess[..assess.len() - 1]).expect(0).stderr();
    assert!(said.contains("(DoD): its addresses and dates count"), "{said}");
}

#[test]
fn a_host_that_is_not_there_and_a_tenant_that_is_not_known_are_named() {
    let sandbox = Sandbox::new();
    let simulator = start(&sandbox, &tenant("", ""));
    simulator.config(&sandbox, "");
    let text = String::from_utf8(sandbox.read("ewsready.toml")).expect("text");
    let gone = text.replace(&format!("exchange = '{}'", simulator.url), "exchange = 'https://127.0.0.1:1'");
    sandbox.write("ewsready.toml", gone);
    let said = run(&sandbox, &["doctor", "--tenant", "sim"]).expect(0).stdout();
    assert!(said.contains("Exchange Online  NOT REACHED"), "{said}");
    sandbox.write("ewsready.toml", text.replace("9d3e7a10", "00000000"));
    let said = run(&sandbox, &["doctor", "--tenant", "sim"]).expect(3).stderr();
    assert!(said.contains("the tenant was not found (AADSTS90002)"), "{said}");
}
