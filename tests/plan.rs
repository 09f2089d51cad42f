//! Waves planned end to end: delegates asked, groups kept together, files written, the plan kept with its run.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says so and stops")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use support::{Sandbox, repository};

fn roster() -> String {
    repository("samples/roster.csv").display().to_string()
}

fn plan_file() -> String {
    repository("samples/plans/weekends.toml").display().to_string()
}

/// The demo tenant, assessed with its delegates: once, then copied with all the store's files.
fn assessed() -> Sandbox {
    static FILES: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    let files = FILES.get_or_init(|| {
        let sandbox = Sandbox::new();
        sandbox.run(&["assess", &roster(), "--tenant", "demo", "--out", ".", "--delegates", "--quiet"]).expect(4);
        let names =
            std::fs::read_dir(sandbox.path("")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let wanted = names.filter(|name| name.starts_with("ewsready.sqlite") || name == "readiness.csv");
        wanted.map(|name| (name.clone(), sandbox.read(&name))).collect()
    });
    let sandbox = Sandbox::new();
    files.iter().for_each(|(name, content)| drop(sandbox.write(name, content)));
    sandbox
}

/// The wave of every address.
fn waves(sandbox: &Sandbox, file: &str) -> BTreeMap<String, String> {
    sandbox.csv(file).into_iter().map(|row| (row["address"].clone(), row["wave"].clone())).collect()
}

#[test]
fn delegates_are_asked_only_when_wanted_and_a_complete_run_goes_on_for_them() {
    let sandbox = Sandbox::new();
    let simulator = sandbox.simulator(&["--users", "300", "--seed", "3", "--write-roster", "roster.csv"]);
    simulator.config(&sandbox, "");
    let assess = ["assess", "roster.csv", "--tenant", "sim", "--out", "out"];
    sandbox.run(&assess);
    let with = sandbox.run(&[&assess[..], &["--delegates"]].concat());
    assert!(with.stderr().contains("goes on"), "{}", with.stderr());
    assert_eq!(sandbox.run(&["runs"]).expect(0).stdout().lines().count(), 2, "a second run was made");
    let plan = sandbox.run(&["plan", "--out", "out", "--capacity", "60"]).expect(0).stdout();
    assert!(!plan.contains("--delegates"), "{plan}");
}

#[test]
fn the_demo_plan_reads_well_and_keeps_delegates_and_shared_mailboxes_with_their_people() {
    let sandbox = assessed();
    let what_if =
        ["--what-if", "capacity=20", "--what-if", "blocked=last", "not-assessed=last", "--what-if", "capacity=1"];
    let done = sandbox.run(&[&["plan", "--plan", &plan_file(), "--out", "out"][..], &what_if].concat()).expect(0);
    insta::assert_snapshot!("plan_demo", done.stdout());
    let rows = sandbox.csv("out/waves.csv");
    let shown = |row: &BTreeMap<String, String>| {
        ["address", "wave", "date", "group", "why"].map(|column| row[column].clone()).join(" | ")
    };
    insta::assert_snapshot!("plan_demo_rows", rows.iter().map(shown).collect::<Vec<_>>().join("\n"));
    let wave = waves(&sandbox, "out/waves.csv");
    for (one, other) in [("alma.reuter", "bastian.holt"), ("selma.gross", "tarek.kessler"), ("orders", "katja.brandt")]
    {
        let of = |name: &str| &wave[&format!("{name}@contoso.example")];
        assert_eq!(of(one), of(other), "{one} and {other}");
        assert!(!of(one).is_empty());
    }
    let readiness = sandbox.csv("readiness.csv");
    let movable: BTreeSet<_> = readiness
        .iter()
        .filter(|row| matches!(row["verdict"].as_str(), "move_to_graph_eac" | "needs_license_upgrade"))
        .map(|row| row["address"].to_lowercase())
        .collect();
    let planned: Vec<_> =
        rows.iter().filter(|row| !row["wave"].is_empty()).map(|row| row["address"].to_lowercase()).collect();
    assert_eq!(planned.len(), movable.len(), "everybody who can move is in one wave");
    assert_eq!(planned.into_iter().collect::<BTreeSet<_>>(), movable);
}

#[test]
fn the_lists_hold_everybody_of_their_wave_and_old_ones_go() {
    let sandbox = assessed();
    sandbox.run(&["plan", "--capacity", "6", "--out", "out"]).expect(0);
    let lists = |sandbox: &Sandbox| -> Vec<String> {
        let names = std::fs::read_dir(sandbox.path("out/waves")).unwrap();
        let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    assert_eq!(lists(&sandbox).len(), 8);
    sandbox.run(&["plan", "--capacity", "30", "--out", "out"]).expect(0);
    let names = lists(&sandbox);
    assert_eq!(names, ["wave-01-2026-11-28.csv", "wave-02-2026-12-05.csv"]);
    let listed: usize = names.iter().map(|name| sandbox.csv(&format!("out/waves/{name}")).len()).sum();
    assert_eq!(listed, waves(&sandbox, "out/waves.csv").values().filter(|wave| !wave.is_empty()).count());
}

#[test]
fn planning_again_changes_nothing_and_the_files_come_out_the_same() {
    let sandbox = assessed();
    let plan = |out: &str| sandbox.run(&["plan", "--plan", &plan_file(), "--out", out]).expect(0);
    plan("one");
    plan("two");
    let again = plan("three").stdout();
    assert!(again.contains("0 of 47 mailboxes change their wave"), "{again}");
    assert_eq!(waves(&sandbox, "one/waves.csv"), waves(&sandbox, "two/waves.csv"));
    for file in ["waves.csv", "waves.html", "waves.xlsx"] {
        assert!(sandbox.read(&format!("two/{file}")) == sandbox.read(&format!("three/{file}")), "{file} differs");
    }
}

#[test]
fn a_month_later_those_in_past_waves_have_moved_and_the_others_keep_their_day() {
    let sandbox = assessed();
    sandbox.run(&["plan", "--plan", &plan_file(), "--out", "first"]).expect(0);
    let mut later = sandbox.command(&["assess", &roster(), "--tenant", "demo", "--out", "out", "--fresh", "--quiet"]);
    later.env("EWSREADY_NOW", "2026-12-20T08:00:00Z").output().unwrap();
    let done = sandbox.run(&["plan", "--plan", &plan_file(), "--out", "second"]).expect(0).stdout();
    assert!(done.contains("Against the plan of 2026-11-20: taken as moved 16, on plan 31, still waiting 14"), "{done}");
    let (before, after) = (waves(&sandbox, "first/waves.csv"), waves(&sandbox, "second/waves.csv"));
    for (address, wave) in before.iter().filter(|(_, wave)| matches!(wave.as_str(), "1" | "2")) {
        assert_eq!(&after[address], wave, "{address} moved already");
    }
    sandbox.run(&["plan", "--out", "third", "--fail-on", "plan_behind>0"]).expect(0);
    let told = sandbox.run(&["plan", "--out", "third", "--fail-on", "plan_behind<1"]).expect(10).stderr();
    assert!(told.contains("--fail-on plan_behind<1: exceeded with 0 users"), "{told}");
}

#[test]
fn rules_that_cannot_be_kept_say_what_to_relax_and_nothing_is_written() {
    let sandbox = assessed();
    let no = sandbox.run(&["plan", "--capacity", "2", "--out", "none"]).expect(2);
    insta::assert_snapshot!("plan_infeasible", no.stderr());
    assert!(!sandbox.path("none/waves.csv").exists());
    sandbox.run(&["plan", "--capacity", "3", "--out", "some"]).expect(0);
}

#[test]
fn what_is_not_understood_is_told() {
    let sandbox = assessed();
    let refused =
        |arguments: &[&str]| sandbox.run(&[&["plan", "--out", "none"][..], arguments].concat()).expect(2).stderr();
    sandbox.write("wrong.toml", "capacity = 5\nblackouts = []\n");
    assert!(refused(&["--plan", "wrong.toml"]).contains("blackouts"));
    assert!(refused(&["--plan", "missing.toml"]).contains("missing.toml"));
    assert!(refused(&["--blackout", "soon"]).contains("no date"));
    assert!(refused(&["--what-if", "speed=2"]).contains("only capacity, start"));
    sandbox.write("column.toml", "together = 'Site'\n");
    assert!(refused(&["--plan", "column.toml"]).contains("the roster has no column 'Site'; it has Name, Email"));
    sandbox.write("pilot.toml", "[pilot]\nmembers = ['nobody@contoso.example']\n");
    assert!(refused(&["--plan", "pilot.toml"]).contains("names nobody who can move"));
    let told = refused(&["--fail-on", "plan_behind>0,blocked>0"]);
    assert!(told.contains("--fail-on blocked>0 is not about the plan") && told.contains("ewsready report"), "{told}");
    for elsewhere in ["--actions", "--webhook-env", "--webhook-shape"] {
        assert!(refused(&[elsewhere, "teams"]).contains("unexpected argument"), "{elsewhere}");
    }
}

#[test]
fn the_page_runs_nothing_and_loads_nothing_and_the_workbook_opens() {
    use calamine::{Reader as _, Xlsx};
    let sandbox = assessed();
    sandbox.run(&["plan", "--plan", &plan_file(), "--out", "out", "--language", "de"]).expect(0);
    let page = String::from_utf8(sandbox.read("out/waves.html")).unwrap();
    assert!(page.contains("default-src &#x27;none&#x27;") && !page.contains("<script"));
    assert!(!["src=\"http", "href=\"http", "url(http", "@import"].iter().any(|load| page.contains(load)));
    assert!(page.contains("Umstellungswellen") && page.contains("W4"));
    let mut book: Xlsx<_> = calamine::open_workbook(sandbox.path("out/waves.xlsx")).unwrap();
    assert_eq!(book.sheet_names(), ["Wellen", "Personen", "Getrennt"]);
    assert_eq!(book.worksheet_range("Personen").unwrap().height(), 62);
}
