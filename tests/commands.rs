//! The smaller commands, and rosters from standard input.
#![allow(clippy::expect_used, reason = "a test that cannot go on says so and stops")]

mod support;

use std::io::Write;
use std::process::Stdio;

use support::Sandbox;

#[test]
fn every_template_is_listed_and_prints() {
    let sandbox = Sandbox::new();
    let names = sandbox.run(&["templates"]).expect(0).stdout();
    for name in ["roster.csv", "ewsready.toml", "report.html", "summary.md", "remediation.ps1", "export-exchange.ps1"] {
        assert!(names.lines().any(|line| line == name), "{names}");
    }
    for name in names.lines() {
        assert!(sandbox.run(&["templates", name]).expect(0).stdout().len() > 50, "{name}");
    }
    let refused = sandbox.run(&["templates", "remediation.ps"]).expect(2);
    assert!(refused.stderr().contains("did you mean remediation.ps1?"), "{}", refused.stderr());
}

#[test]
fn the_roster_template_is_read_and_its_example_is_nobody() {
    let sandbox = Sandbox::new();
    let template = sandbox.run(&["templates", "roster.csv"]).expect(0).stdout();
    sandbox.write("roster.csv", format!("{template}bob@contoso.example,Bob,Sales,,\n"));
    let said = sandbox.run(&["roster", "roster.csv"]).expect(0);
    assert!(said.stdout().contains("1 entry"), "{}", said.stdout());
}

#[test]
fn a_roster_comes_through_standard_input() {
    let sandbox = Sandbox::new();
    let arguments = ["assess", "-", "--tenant", "demo", "--format", "csv"];
    let mut child = sandbox.command(&arguments).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it starts");
    let mut input = child.stdin.take().expect("its input");
    input.write_all(b"alma.reuter@contoso.example\r\nlotte.winkler@contoso.example\r\n").expect("it reads");
    drop(input);
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    let rows = sandbox.csv("readiness/readiness.csv");
    let verdicts: Vec<_> = rows.iter().map(|row| row["verdict"].as_str()).collect();
    assert_eq!(verdicts, ["move_to_graph_eac", "blocked"]);
}

#[test]
fn a_report_that_cannot_be_written_is_worth_repeating_and_a_wrong_option_is_not() {
    let sandbox = Sandbox::new();
    sandbox.write("one.csv", "alma.reuter@contoso.example\n");
    // A folder where the file belongs, as a program that holds the file open: seen only after all was asked.
    std::fs::create_dir_all(sandbox.path("out/readiness.csv")).expect("a folder");
    let assess = ["assess", "one.csv", "--tenant", "demo", "--out", "out", "--format", "csv"];
    let told = sandbox.run(&assess).expect(5).stderr();
    assert!(told.contains("cannot write out") && told.contains("the disk has room"), "{told}");
    let told = sandbox.run(&["report", "--out", "out", "--format", "csv,json,md"]).expect(5).stderr();
    assert!(told.contains("it is as it was; files of this report that are new: 2"), "{told}");
    assert!(sandbox.path("out/readiness.json").exists() && sandbox.path("out/summary.md").exists());
    sandbox.run(&["report", "--out", "out", "--format", "docx"]).expect(2);
    sandbox.run(&["report", "--out", "out", "--language", "tlh"]).expect(2);
    std::fs::remove_dir(sandbox.path("out/readiness.csv")).expect("an empty folder");
    let summary = sandbox.run(&["report", "--out", "out", "--format", "csv"]).expect(0).stdout();
    assert!(summary.contains(" · 1 entry\n"), "{summary}");
}

#[test]
fn completions_are_printed_for_every_shell() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(sandbox.run(&["completions", shell]).expect(0).stdout().contains("ewsready"), "{shell}");
    }
}

/// One of each way to standard output: text, a whole script, help, a manual, a table that comes row by row.
const PRINTED: [&[&str]; 7] =
    [&["runs"], &["completions", "bash"], &["--help"], &["man"], &["rules"], &["schema"], &["runs", "export"]];

#[test]
fn a_reader_that_went_away_has_seen_enough() {
    let sandbox = Sandbox::new();
    sandbox.write("one.csv", "alma.reuter@contoso.example\n");
    sandbox.run(&["assess", "one.csv", "--tenant", "demo", "--format", "csv"]).expect(0);
    for arguments in PRINTED.into_iter().chain([&["roster", "one.csv"][..], &["assess", "one.csv", "--tenant", "demo"]])
    {
        let mut command = sandbox.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        drop(child.stdout.take());
        let ended = child.wait_with_output().expect("it ends");
        let told = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.code() == Some(0) && !told.contains("error"), "{arguments:?}: {told}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_standard_output_is_told() {
    let sandbox = Sandbox::new();
    sandbox.write("one.csv", "alma.reuter@contoso.example\n");
    sandbox.run(&["assess", "one.csv", "--tenant", "demo", "--format", "csv"]).expect(0);
    for arguments in PRINTED.into_iter().chain([&["roster", "one.csv"][..], &["report", "--format", "csv"]]) {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("the device");
        let ended = sandbox.command(arguments).stdout(full).output().expect("it ends");
        let told = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.code() == Some(5) && told.contains("No space left"), "{arguments:?}: {told}");
        assert!(told.contains("\nhint: "), "{arguments:?}: {told}");
    }
}

#[test]
fn the_day_of_judgement_changes_what_stops_and_not_the_evidence() {
    let sandbox = Sandbox::new();
    let roster = support::repository("samples/roster.csv").display().to_string();
    sandbox.run(&["assess", &roster, "--tenant", "demo", "--format", "csv"]).expect(4);
    let mut urgencies = Vec::new();
    for day in ["2026-09-01", "2026-11-20", "2027-04-02"] {
        sandbox.run(&["report", "--as-of", day, "--out", day, "--format", "csv"]).expect(4);
        let rows = sandbox.csv(&format!("{day}/readiness.csv"));
        let count = |urgency: &str| rows.iter().filter(|row| row["urgency"] == urgency).count();
        urgencies.push((day, count("now"), count("by_deadline")));
        let verdicts: Vec<_> = rows.iter().map(|row| row["verdict"].clone()).collect();
        let today: Vec<_> = sandbox.csv("readiness/readiness.csv").iter().map(|row| row["verdict"].clone()).collect();
        assert_eq!(verdicts, today, "evidence of one day gives one set of verdicts");
    }
    let [(_, september, _), (_, november, _), (_, april, after)] = urgencies[..] else { panic!("three days") };
    assert_eq!(september, november, "this tenant's switch is True and its list is filled: October changed nothing");
    assert!(april > 40 && after == 0, "after the end everybody who had EWS is down: {urgencies:?}");
}

#[test]
fn a_small_roster_of_a_large_tenant_is_looked_up_and_judged_like_from_the_list() {
    let sandbox = Sandbox::new();
    let simulator = sandbox.simulator(&["--users", "3000", "--seed", "5", "--write-roster", "all.csv", "--counters"]);
    simulator.config(&sandbox, "");
    let all = String::from_utf8(sandbox.read("all.csv")).expect("UTF-8");
    let some: Vec<_> = all.lines().take(31).collect();
    sandbox.write("some.csv", some.join("\n"));
    let looked_up = sandbox.run(&["assess", "some.csv", "--tenant", "sim", "--out", "some", "--format", "csv"]);
    assert!(looked_up.stderr().contains("each address by itself"), "{}", looked_up.stderr());
    assert!(simulator.counts()["requests"]["graph.users.list"].is_null(), "{}", simulator.counts());
    let middling: Vec<_> = all.lines().take(201).collect();
    sandbox.write("more.csv", middling.join("\n"));
    let listed = sandbox.run(&["assess", "more.csv", "--tenant", "sim", "--out", "more", "--format", "csv"]);
    assert!(listed.stderr().contains("the whole list of users"), "{}", listed.stderr());
    let (some, more) = (sandbox.csv("some/readiness.csv"), sandbox.csv("more/readiness.csv"));
    for (one, other) in some.iter().zip(&more) {
        assert_eq!(one, other, "both ways find the same people");
    }
}

#[test]
fn branding_reaches_the_page_and_the_workbook_and_a_missing_logo_is_said() {
    let sandbox = Sandbox::new();
    let simulator = sandbox.simulator(&["--users", "20", "--seed", "2", "--write-roster", "roster.csv"]);
    std::fs::copy(support::repository("samples/pictures/workbook.png"), sandbox.path("logo.png")).expect("a picture");
    let branding = "[tenants.sim.branding]\ntitle = 'Ready for April'\nclient = 'Contoso'\nauthor = 'Fabrikam'\n\
        accent = '#7a1f4e'\nlogo = 'logo.png'\n";
    simulator.config(&sandbox, branding);
    sandbox.run(&["assess", "roster.csv", "--tenant", "sim", "--format", "html,xlsx"]);
    let page = String::from_utf8(sandbox.read("readiness/readiness.html")).expect("UTF-8");
    for part in ["Ready for April", "Fabrikam", "class=\"logo\""] {
        assert!(page.contains(part), "{part} is not on the page");
    }
    std::fs::remove_file(sandbox.path("logo.png")).expect("it was there");
    let refused = sandbox.run(&["report", "--format", "html"]).expect(2);
    assert!(refused.stderr().contains("logo.png cannot be read"), "{}", refused.stderr());
}
