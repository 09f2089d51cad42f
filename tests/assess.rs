//! The main job, end to end: the binary, over real sockets, on the embedded tenant.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on stops")]

mod support;

use std::collections::BTreeSet;

use support::{Sandbox, repository};

fn roster() -> String {
    repository("samples/roster.csv").display().to_string()
}

fn assess_demo(sandbox: &Sandbox) -> support::Finished {
    sandbox.run(&["assess", &roster(), "--tenant", "demo", "--out", "readiness"]).expect(4)
}

#[test]
fn every_line_of_the_sample_comes_out_once_in_order_with_the_cause_its_tenant_contains() {
    let sandbox = Sandbox::new();
    let done = assess_demo(&sandbox);
    let rows = sandbox.csv("readiness/readiness.csv");
    let lines = std::fs::read_to_string(roster()).unwrap().lines().count() - 1;
    assert_eq!(rows.len(), lines);
    let numbers: Vec<_> = rows.iter().map(|row| row["row"].parse::<usize>().unwrap()).collect();
    assert_eq!(numbers, (1..=lines).collect::<Vec<_>>());
    let verdicts: BTreeSet<_> = rows.iter().map(|row| row["verdict"].as_str()).collect();
    assert_eq!(verdicts.len(), 4, "{verdicts:?}");
    let shown = ["address", "verdict", "reason", "licence", "ews_today", "routing", "graph", "urgency"];
    let table: Vec<_> = rows.iter().map(|row| shown.map(|column| row[column].as_str()).join(" | ")).collect();
    insta::assert_snapshot!("demo_rows", table.join("\n"));
    insta::assert_snapshot!("demo_terminal", done.stdout());
}

#[test]
fn the_contracted_columns_come_first_and_the_roster_s_own_travel_along() {
    let sandbox = Sandbox::new();
    assess_demo(&sandbox);
    let text = String::from_utf8(sandbox.read("readiness/readiness.csv")).unwrap();
    let header = text.lines().next().unwrap();
    let contracted = "row,address,display_name,object_id,verdict,reason,what_stops,next_action,urgency,alternative,licence,ews_today,routing,graph,";
    assert!(header.starts_with(contracted), "{header}");
    assert!(header.ends_with("Name,Email,Wave,Department,Owner"), "{header}");
    let json: serde_json::Value = serde_json::from_slice(&sandbox.read("readiness/readiness.json")).unwrap();
    assert!(json["schema"].is_string() && json["run"].is_object() && json["tenant"].is_object());
    let counted: u64 =
        json["summary"]["verdicts"].as_object().unwrap().values().filter_map(|count| count.as_u64()).sum();
    assert_eq!(counted, json["users"].as_array().unwrap().len() as u64);
    assert!(!json["findings"].is_null());
}

#[test]
fn the_report_from_the_store_is_the_same_to_the_byte_with_the_simulator_gone() {
    let sandbox = Sandbox::new();
    assess_demo(&sandbox);
    sandbox.run(&["report", "--out", "again"]).expect(4);
    for file in ["readiness.csv", "readiness.json"] {
        assert!(sandbox.read(&format!("readiness/{file}")) == sandbox.read(&format!("again/{file}")), "{file} differs");
    }
}

#[test]
fn the_same_command_asks_only_what_stayed_open_and_says_so() {
    let sandbox = Sandbox::new();
    assess_demo(&sandbox);
    let first = sandbox.read("readiness/readiness.csv");
    let again = assess_demo(&sandbox);
    assert!(again.stderr().contains("goes on"), "{}", again.stderr());
    assert!(first == sandbox.read("readiness/readiness.csv"), "the report changed without a change");
    let runs = sandbox.run(&["runs"]).expect(0).stdout();
    assert_eq!(runs.lines().count(), 2, "{runs}");
    let fresh = sandbox.run(&["assess", &roster(), "--tenant", "demo", "--out", "readiness", "--fresh"]).expect(4);
    assert!(fresh.stderr().contains("begins"), "{}", fresh.stderr());
}

/// Runs that must fail, with their exit code and message.
fn refusal(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let done = sandbox.run(arguments).expect(2);
    assert_eq!(done.stdout(), "");
    assert!(!sandbox.path("readiness").exists(), "something was written");
    assert!(!sandbox.path("ewsready.sqlite").exists(), "a store was left");
    done.stderr().replace(&repository("").display().to_string(), "[repository]/")
}

#[test]
fn bad_input_gets_one_clear_message_and_leaves_nothing_half_written() {
    let sandbox = Sandbox::new();
    sandbox.write("no-address.csv", "Name,City\nAda,London\nGrace,New York\n");
    sandbox.write("unknown-key.toml", "[tenants.a]\ntenant = 'a'\nclient_id = 'b'\nclowd = 'gcc'\n");
    sandbox.write("a-file", "");
    let cases: &[&[&str]] = &[
        &["assess", "missing.csv", "--tenant", "demo"],
        &["assess", "no-address.csv", "--tenant", "demo"],
        &["assess", &roster(), "--tenant", "nowhere"],
        &["assess", &roster(), "--tenant", "a", "--config", "unknown-key.toml"],
        &["assess", &roster(), "--tenant", "b", "--config", "missing.toml"],
        &["assess", &roster(), "--tenant", "demo", "--out", "a-file/inside"],
        &["assess", &roster(), "--tenant", "demo", "--format", "docx"],
        &["assess", &roster(), "--tenant", "demo", "--as-of", "tomorrow"],
        &["report"],
    ];
    let said: Vec<_> = cases
        .iter()
        .map(|case| {
            let shown = case.join(" ").replace(&repository("").display().to_string(), "[repository]/");
            format!("$ ewsready {shown}\n{}", refusal(&sandbox, case))
        })
        .collect();
    insta::assert_snapshot!("bad_input", said.join("\n"));
}

#[test]
fn an_object_id_in_the_roster_picks_one_of_several_accounts_and_it_is_asked_everything() {
    let sandbox = Sandbox::new();
    let tenant = "4f1c9a52-7d0e-4b6b-9c57-2f6f5a1de8c3".parse().unwrap();
    let of = |upn: &str| uuid::Uuid::new_v5(&tenant, format!("{upn}/0").as_bytes());
    let (hers, test) = (of("britta.sommer@contoso.example"), of("test.crm2@contoso.example"));
    let assessed = |id: &str| {
        sandbox.write("r.csv", format!("Email,Object ID\nbritta.sommer@contoso.example,{id}\n"));
        let done = sandbox.run(&["assess", "r.csv", "--tenant", "demo", "--out", "out", "--format", "csv", "--fresh"]);
        done.expect(0);
        let row = sandbox.csv("out/readiness.csv").remove(0);
        ["verdict", "reason", "object_id", "graph", "routing", "ews_today"].map(|column| row[column].clone())
    };
    let exchange = "exchange_online";
    let id = hers.to_string();
    assert_eq!(assessed(&id), ["move_to_graph_eac", "graph/answers", &id, "answers", exchange, "works"]);
    let id = test.to_string();
    assert_eq!(assessed(&id)[..4], ["needs_license_upgrade", "licence/none", &id, "no_mailbox"]);
    assert_eq!(assessed("")[..3], ["blocked", "identity/ambiguous", ""]);
}

#[test]
fn a_second_run_on_the_same_store_is_refused() {
    let sandbox = Sandbox::new();
    let held = ewsready::evidence::store::Store::open(&sandbox.path("ewsready.sqlite")).unwrap();
    let said = sandbox.run(&["assess", &roster(), "--tenant", "demo"]).expect(2).stderr();
    assert!(said.contains("another run is using the store"), "{said}");
    drop(held);
}

#[test]
fn explain_shows_evidence_rules_and_why_not_the_next_verdict() {
    let sandbox = Sandbox::new();
    assess_demo(&sandbox);
    for (name, address) in [
        ("explain_kiosk", "mats.ziegler@contoso.example"),
        ("explain_throttled", "xaver.olsen@contoso.example"),
        ("explain_unusable", "carsten.uhl(at)contoso.example"),
    ] {
        let said = sandbox.run(&["explain", address]).expect(0).stdout();
        insta::assert_snapshot!(name, said);
    }
    let nobody = sandbox.run(&["explain", "nobody@contoso.example"]).expect(2);
    assert!(nobody.stderr().contains("has no roster line with 'nobody@contoso.example'"), "{}", nobody.stderr());
}

#[test]
fn the_report_tells_the_pace_kept_to_and_the_questions_given_up() {
    let sandbox = Sandbox::new();
    assess_demo(&sandbox);
    let json: serde_json::Value = serde_json::from_slice(&sandbox.read("readiness/readiness.json")).unwrap();
    let services = json["method"]["services"].as_array().unwrap();
    assert!(services.iter().all(|line| line["limit"].as_str().unwrap().ends_with("at once")), "{services:?}");
    let gave_up = |name: &str| services.iter().find(|line| line["service"] == name).unwrap()["gave_up"].clone();
    // One mailbox is throttled for ever, and one's store is away.
    assert_eq!((gave_up("Graph mailboxes"), gave_up("Graph directory")), (2.into(), 0.into()), "{services:?}");
}

#[test]
fn a_german_report_speaks_german_where_the_catalogue_speaks() {
    let sandbox = Sandbox::new();
    assess_demo(&sandbox);
    let report = ["report", "--language", "de", "--as-of", "2027-03-01", "--out", "de", "--format", "html,json"];
    sandbox.run(&report).expect(4);
    let page = String::from_utf8(sandbox.read("de/readiness.html")).unwrap();
    for words in ["Urteil: Blockiert", "Dringlichkeit: jetzt", "Tage vor dem 2027-03-01", "Hinweis, einmal für"] {
        assert!(page.contains(words), "the page lacks '{words}'");
    }
    assert!(!page.contains("verdict blocked") && !page.contains("take a newer version"));
    let json: serde_json::Value = serde_json::from_slice(&sandbox.read("de/readiness.json")).unwrap();
    assert_eq!(
        json["method"]["rules"][0]["effect"], "verdict not_assessed",
        "programs read the same in every language"
    );
    let told = json["users"].to_string();
    assert!(told.contains("(Benutzer)") && told.contains("(freigegeben)") && !told.contains("(shared)"));
}
