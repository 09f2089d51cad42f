//! Salesforce, Dynamics 365, Teams and the rest: each cause from a user of `samples/tenants/integrations.toml` and the
//! exports that go with it, through the binary, to the finding with its remedy.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says so and stops")]

#[path = "../support/mod.rs"]
mod support;

mod exports;
mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde_json::Value;
use support::{Sandbox, Simulator, repository};

/// Who shows what: the address of the roster, and every rule that speaks about integrations or gaps for it. Where a filter of
/// user agents is set, it stays open whether Dataverse, whose agent nobody publishes, comes through.
const CAUSES: &[(&str, &[&str])] = &[
    ("clara.clean@contoso.example", &[]),
    ("s.alias@contoso.example", &["identity/alias-only", "salesforce/alias", "dynamics/address-differs"]),
    ("sam.kiosk@contoso.example", &["licence/kiosk", "salesforce/no-ews-right", "dynamics/kiosk"]),
    (
        "sam.switched@contoso.example",
        &["ews/refused", "salesforce/ews-down", "dynamics/ews-closed", "teams/ews-closed"],
    ),
    ("sam.denied@contoso.example", &["salesforce/impersonation-denied"]),
    ("sam.panel@contoso.example", &["salesforce/no-autodiscover", "routing/not-exchange"]),
    // Only SOAP shows what is wrong: see `what_soap_tells_of_a_mailbox`.
    ("sam.section@contoso.example", &[]),
    (
        "sam.firstline@contoso.example",
        &["licence/f1-no-mailbox-right", "salesforce/f1", "salesforce/no-ews-right", "dynamics/kiosk"],
    ),
    ("sam.upn@contoso.example", &["salesforce/upn-differs"]),
    ("sam.letters@contoso.example", &["salesforce/not-ascii"]),
    ("sam.closed@contoso.example", &["graph/access-policy", "salesforce/graph-closed"]),
    ("sam.record@contoso.example", &["salesforce/record-address"]),
    ("sam.nobody@contoso.example", &["salesforce/no-user"]),
    ("sam.inactive@contoso.example", &["salesforce/inactive-user"]),
    ("sam.unconnected@contoso.example", &["salesforce/not-connected"]),
    ("sam.attention@contoso.example", &["salesforce/connection-stopped"]),
    ("sam.pending@contoso.example", &["salesforce/connection-pending"]),
    ("sam.other@contoso.example", &["salesforce/connection-address"]),
    ("dan.address@contoso.example", &["dynamics/address-differs"]),
    ("dan.hybrid@contoso.example", &["dynamics/profile-mismatch"]),
    (
        "dan.online@contoso.example",
        &["location/on-premises", "salesforce/on-premises", "dynamics/profile-mismatch", "teams/on-premises"],
    ),
    (
        "dan.unlicensed@contoso.example",
        &["licence/none", "salesforce/no-mailbox", "dynamics/no-licence", "teams/no-mailbox"],
    ),
    (
        "dan.away@contoso.example",
        &["identity/not-in-directory", "salesforce/no-mailbox", "dynamics/other-tenant", "teams/no-mailbox"],
    ),
    ("dan.again@contoso.example", &["identity/predecessor", "dynamics/recreated"]),
    (
        "dan.basic@contoso.example",
        &["location/on-premises", "salesforce/on-premises", "dynamics/basic-not-offered", "teams/on-premises"],
    ),
    (
        "dan.form@contoso.example",
        &[
            "location/on-premises",
            "salesforce/on-premises",
            "dynamics/ews-not-published",
            "teams/ews-not-published",
            "teams/api-not-published",
        ],
    ),
    ("dan.unrecorded@contoso.example", &["dynamics/no-record"]),
    ("dan.failed@contoso.example", &["dynamics/test-failed"]),
    ("tom.delegation@contoso.example", &["teams/delegation-agents", "open/mailbox-settings"]),
    ("tom.calendar@contoso.example", &["teams/calendar-agents", "open/mailbox-settings"]),
    ("tom.presence@contoso.example", &["teams/presence-agents", "open/mailbox-settings"]),
    ("tom.delegate@contoso.example", &["teams/delegate-rights"]),
    ("tom.sends@contoso.example", &["teams/delegate-rights"]),
    ("tom.both@contoso.example", &[]),
    (
        "tom.rest@contoso.example",
        &["location/on-premises", "salesforce/on-premises", "teams/api-not-published", "teams/on-premises"],
    ),
    ("tom.ntlm@contoso.example", &["location/on-premises", "salesforce/on-premises", "teams/no-oauth"]),
    ("tom.server@contoso.example", &["location/on-premises", "salesforce/on-premises", "teams/on-premises"]),
    ("hal.archive@contoso.example", &["mailbox/archive"]),
    (
        "hal.server@contoso.example",
        &["location/on-premises", "salesforce/on-premises", "teams/on-premises", "hybrid/online-archive"],
    ),
    ("hal.folders@contoso.example", &["mailbox/unsupported-type", "salesforce/graph-closed"]),
];

/// What is said of everybody whose EWS works until the end, and of everybody the audit search saw.
const COMMON: [&str; 4] = ["graph/answers", "ews/by-deadline", "ews/not-here", "apps/seen-in-mailbox"];

struct World {
    sandbox: Sandbox,
    simulator: Simulator,
}

impl World {
    fn new() -> Self {
        Self::of(&std::fs::read_to_string(repository("samples/tenants/integrations.toml")).unwrap())
    }

    /// A world whose tenant is written so.
    fn of(tenant: &str) -> Self {
        let sandbox = Sandbox::new();
        let tenant = sandbox.write("tenant.toml", tenant).display().to_string();
        let simulator = sandbox.simulator(&[&tenant, "--counters"]);
        let mut roster = "Email\n".to_owned();
        CAUSES.iter().chain(&[("tom.empty@contoso.example", &[][..])]).for_each(|(address, _)| {
            roster.push_str(address);
            roster.push('\n');
        });
        sandbox.write("roster.csv", roster);
        exports::write(&sandbox, CAUSES.iter().map(|(address, _)| *address));
        Self { sandbox, simulator }
    }

    /// Assesses with more settings below `[tenants.sim]`, and gives the report as JSON.
    fn assess(&self, more: &str, sources: &str, code: i32) -> (Value, String) {
        let settings = format!("integrations = ['salesforce', 'dynamics', 'teams']\n{more}");
        let config = self.simulator.config(&self.sandbox, &settings);
        let text = std::fs::read_to_string(&config).unwrap();
        let url = &self.simulator.url;
        let text = format!("{text}on_premises = '{url}/onprem'\n[tenants.sim.sources]\n{sources}");
        std::fs::write(&config, text).unwrap();
        let arguments = ["assess", "roster.csv", "--tenant", "sim", "--out", "out", "--fresh", "--delegates"];
        let done = self.sandbox.run(&arguments).expect(code);
        (serde_json::from_slice(&self.sandbox.read("out/readiness.json")).unwrap(), done.stderr())
    }
}

/// The one assessment with all exports that most tests look at.
fn report() -> &'static (Value, String) {
    static REPORT: OnceLock<(Value, String)> = OnceLock::new();
    REPORT.get_or_init(|| World::new().assess("", exports::SOURCES, 0))
}

fn users(report: &Value) -> BTreeMap<String, &Value> {
    let users = report["users"].as_array().unwrap().iter();
    users.map(|user| (user["address"].as_str().unwrap().to_owned(), user)).collect()
}

/// Rule and remedy of everything that was found.
fn found(user: &Value) -> BTreeMap<&str, &str> {
    let line = |line: &'static str| {
        user[line].as_array().unwrap().iter().map(|found| (found["rule"].as_str(), found["action"].as_str()))
    };
    line("findings").chain(line("integrations")).filter_map(|(rule, action)| Some((rule?, action?))).collect()
}

#[test]
fn each_cause_is_found_and_nothing_else_with_its_remedy() {
    let (report, said) = report();
    let users = users(report);
    let mut wrong = Vec::new();
    for (address, expected) in CAUSES {
        let found = found(users[*address]);
        let expected: BTreeSet<&str> = expected.iter().copied().collect();
        let rules: BTreeSet<&str> =
            found.keys().copied().filter(|rule| !rule.is_empty() && !COMMON.contains(rule)).collect();
        if rules != expected {
            let (more, less) = (rules.difference(&expected), expected.difference(&rules));
            wrong.push(format!("{address}: also {:?}, not {:?}", more.collect::<Vec<_>>(), less.collect::<Vec<_>>()));
        }
        for rule in rules {
            assert!(!found[rule].is_empty(), "{address}: {rule} leaves the reader without a remedy");
        }
    }
    assert!(wrong.is_empty(), "{}\n{said}", wrong.join("\n"));
}

#[test]
fn nothing_is_found_for_the_clean_user() {
    let clara = users(&report().0)["clara.clean@contoso.example"];
    for line in clara["integrations"].as_array().unwrap() {
        assert_eq!(line["state"], "ok", "{line}");
        assert_eq!(line["rule"], "", "{line}");
    }
    assert_eq!(clara["integrations"].as_array().unwrap().len(), 6);
}

#[test]
fn an_empty_allow_list_keeps_every_feature_of_teams_out() {
    let tom = users(&report().0)["tom.empty@contoso.example"];
    let states: BTreeMap<&str, &str> = tom["integrations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["integration"].as_str().unwrap(), line["rule"].as_str().unwrap()))
        .collect();
    assert_eq!(states["teams_delegation"], "teams/delegation-agents");
    assert_eq!(states["teams_calendar"], "teams/calendar-agents");
    assert_eq!(states["teams_presence"], "teams/presence-agents");
}

#[test]
fn the_exports_unmatched_lines_are_counted_and_listed_and_go_with_the_run() {
    let world = World::new();
    let (report, said) = world.assess("", exports::SOURCES, 0);
    let told = "To nobody of it: 1, stranger@fabrikam.example (line ";
    assert!(said.contains(told), "{said}");
    let caveats = report["method"]["caveats"].to_string();
    assert!(caveats.contains(told) && caveats.contains("connections.csv"), "{caveats}");
    // The report from the store needs neither files nor network.
    drop(world.simulator);
    for file in exports::FILES {
        std::fs::remove_file(world.sandbox.path(file)).unwrap();
    }
    world.sandbox.run(&["report", "--out", "again"]).expect(0);
    assert!(world.sandbox.read("out/readiness.json") == world.sandbox.read("again/readiness.json"));
}

#[test]
fn every_application_is_named_with_its_use_its_need_and_its_end() {
    let (report, _) = report();
    let apps = report["tenant"]["apps"].as_array().unwrap();
    let app = |name: &str| apps.iter().find(|app| app["name"] == name).unwrap_or_else(|| panic!("{name}: {apps:#?}"));
    let backup = app("Fabrikam Backup");
    assert_eq!((&backup["state"], &backup["need"]), (&"not_listed".into(), &"used".into()));
    assert_eq!(backup["calls"][0], serde_json::json!({"action": "SyncFolderItems", "calls": 52_000}));
    assert_eq!((&backup["last_seen"], &backup["mailboxes"]), (&"2026-11-14".into(), &1.into()));
    let signatures = app("Fabrikam Signatures");
    assert_eq!((&signatures["state"], &signatures["need"]), (&"listed".into(), &"idle".into()));
    let teams = app("Microsoft Teams services");
    assert!(teams["at_end"].as_str().unwrap().starts_with("Goes on"), "{teams}");
    assert!(backup["at_end"].as_str().unwrap().starts_with("Stops, unless"), "{backup}");
    let notes = report["tenant"]["ews_notes"].to_string();
    let value = "00000007-0000-0000-c000-000000000000,3a5c7e91-2b4d-4f60-8192-a3b4c5d6e7f8,b1c2d3e4-5f60-4718-9a2b-3c4d5e6f7081,cc15fd57-2c6c-4117-a88c-83b1d56b4bbe";
    assert!(notes.contains(value), "{notes}");
    assert!(notes.contains("ExchangeServerApp-7f6e5d4c"), "{notes}");
}

#[test]
fn what_the_audit_search_saw_stands_with_the_mailbox() {
    let clara = users(&report().0)["clara.clean@contoso.example"];
    let seen = clara["findings"].as_array().unwrap().iter().find(|found| found["rule"] == "apps/seen-in-mailbox");
    let text = seen.unwrap_or_else(|| panic!("{clara:#}"))["text"].as_str().unwrap();
    assert!(text.contains("Fabrikam Backup (2 calls, last on 2026-11-12)"), "{text}");
}

#[test]
fn each_on_premises_host_is_asked_twice_at_most_and_never_with_credentials() {
    let world = World::new();
    world.assess("on_premises_hosts = ['unknown.contoso-onprem.example']\n", "", 0);
    let counts = world.simulator.counts();
    let count = |kind: &str| counts["requests"][kind].as_u64().unwrap_or(0);
    assert_eq!((count("onprem.ews"), count("onprem.api")), (5, 5), "{counts}");
}

#[test]
fn the_way_salesforce_connects_and_the_cross_tenant_application_come_from_the_profile() {
    let world = World::new();
    let cases = [
        ("salesforce_connection = 'service-account'\n", "salesforce/service-account", "broken"),
        ("salesforce_connection = 'user-oauth'\n", "salesforce/user-reconnects", "at_risk"),
        ("dynamics_app = 'F6071829-3B4C-4D5E-9F60-8192A3B4C5D6'\n", "dynamics/consent-missing", "broken"),
        ("dynamics_app = '99999999-3b4c-4d5e-9f60-8192a3b4c5d6'\n", "dynamics/consent-missing", "broken"),
    ];
    for (setting, rule, state) in cases {
        let (report, _) = world.assess(setting, "", 0);
        let users = users(&report);
        let lines = users["clara.clean@contoso.example"]["integrations"].as_array().unwrap().clone();
        let line = lines.iter().find(|line| line["rule"] == rule).unwrap_or_else(|| panic!("{setting}: {lines:#?}"));
        assert_eq!(line["state"], state, "{line}");
        if setting.contains("F6071829") {
            let text = line["text"].as_str().unwrap();
            assert!(text.contains("CallRecords.Read.All, MailboxConfigItem.ReadWrite."), "{text}");
        }
    }
    let (report, _) = world.assess("salesforce_connection = 'organization-oauth'\n", "", 0);
    let notes = report["tenant"]["ews_notes"].to_string();
    assert!(notes.contains("Salesforce connects for the whole organisation"), "{notes}");
}

#[test]
fn the_wrong_export_is_refused_before_anything_is_asked() {
    let world = World::new();
    let before = world.simulator.counts().to_string();
    let config = world.simulator.config(&world.sandbox, "");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("{text}[tenants.sim.sources]\nsalesforce_users = 'usage.csv'\n")).unwrap();
    let done = world.sandbox.run(&["assess", "roster.csv", "--tenant", "sim", "--out", "refused"]).expect(2);
    let said = done.stderr();
    assert!(said.contains("usage.csv is no list of Salesforce users"), "{said}");
    assert!(
        said.contains("it looks like the EWS usage export of the admin center: name it as sources.ews_usage"),
        "{said}"
    );
    assert_eq!(world.simulator.counts().to_string(), before, "somebody was asked");
    assert!(!world.sandbox.path("refused").exists());
}

#[test]
fn another_tenant_s_export_is_recognised() {
    let world = World::new();
    world.sandbox.write("users.csv", "Email,Username,Active\nada@fabrikam.example,ada,1\nben@fabrikam.example,ben,1\n");
    let (_, said) = world.assess("", "salesforce_users = 'users.csv'\n", 0);
    assert!(said.contains("it seems to be another tenant's export"), "{said}");
}

#[test]
fn the_workbook_has_both_sheets_and_the_columns_of_each_user() {
    use calamine::{Data, Reader, Xlsx, open_workbook};
    let world = World::new();
    world.assess("", exports::SOURCES, 0);
    let mut book: Xlsx<_> = open_workbook(world.sandbox.path("out/readiness.xlsx")).unwrap();
    let mut sheet = |name: &str| {
        let range = book.worksheet_range(name).unwrap();
        let rows = range.rows().map(|row| row.iter().map(Data::to_string).collect::<Vec<_>>());
        rows.collect::<Vec<_>>()
    };
    let apps = sheet("Apps");
    let backup = apps.iter().find(|row| row[0] == "Fabrikam Backup").unwrap();
    for cell in ["Yes: it was seen using EWS", "52017", "SyncFolderItems (52000), GetItem (17)"] {
        assert!(backup.iter().any(|value| value == cell), "{cell}: {backup:?}");
    }
    let integrations = sheet("Integrations");
    let basic = integrations.iter().find(|row| row.iter().any(|cell| cell == "dynamics/basic-not-offered")).unwrap();
    assert_eq!((basic[1].as_str(), basic[2].as_str()), ("Broken", "1"), "{basic:?}");
    assert!(basic.iter().any(|cell| cell.contains("-BasicAuthentication $true")), "{basic:?}");
    let ends = integrations[0].iter().position(|name| name == "Ends").unwrap();
    let end = |id: &str| integrations.iter().find(|row| row.iter().any(|cell| cell == id)).unwrap()[ends].clone();
    assert_ne!(end("dynamics_sync"), "", "it ends with EWS");
    assert_eq!(end("salesforce_eac"), "", "it does not");
    let users = sheet("Users");
    let place = |of: &[String], name: &str| of.iter().position(|column| column == name).unwrap();
    let tom = users.iter().find(|row| row[1] == "tom.calendar@contoso.example").unwrap();
    let header = &users[0];
    assert_eq!(tom[place(header, "Teams calendar")], "Broken", "{header:?}");
    assert_eq!(tom[place(header, "Teams calendar: Reason")], "teams/calendar-agents", "{header:?}");
    assert!(tom[place(header, "Teams calendar: Do")].contains("SkypeSpaces/*"), "{tom:?}");
    let csv = world.sandbox.csv("out/readiness.csv");
    let dan = csv.iter().find(|row| row["address"] == "dan.basic@contoso.example").unwrap();
    assert!(dan.iter().any(|(name, value)| name.starts_with("dynamics_sync") && value == "dynamics/basic-not-offered"));
}

#[test]
fn what_holds_for_the_whole_tenant_is_told_once() {
    let sandbox = Sandbox::new();
    let tenant = std::fs::read_to_string(repository("samples/tenants/integrations.toml")).unwrap();
    let tenant = tenant.replace("synchronized = true\ndomains", "synchronized = true\ncloud = \"gcc-high\"\ndomains");
    let bare = tenant.replace("name = \"Salesforce Einstein Activity Capture\"", "name = \"Something else\"");
    let path = sandbox.write("bare.toml", bare).display().to_string();
    let simulator = sandbox.simulator(&[&path]);
    sandbox.write("roster.csv", "Email\nclara.clean@contoso.example\n");
    simulator.config(&sandbox, "integrations = ['salesforce']\ncloud = 'gcc_high'\n");
    sandbox.run(&["assess", "roster.csv", "--tenant", "sim", "--out", "out"]).expect(0);
    let report: Value = serde_json::from_slice(&sandbox.read("out/readiness.json")).unwrap();
    let notes = report["tenant"]["ews_notes"].to_string();
    for told in ["no enabled application of Salesforce's", "The tenant is in Microsoft 365 Government (GCC High)"] {
        assert!(notes.contains(told), "{told}: {notes}");
    }
}
