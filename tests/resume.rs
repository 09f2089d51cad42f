//! Killed at any moment, a run goes on with the same command and repeats no finished question.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on stops")]

mod support;

use std::collections::BTreeSet;

use ewsready::evidence::question::Question;
use ewsready::evidence::store::Store;
use support::{Sandbox, Simulator};

const MAILBOXES: &str = "500";
const KILLS: usize = 30;

/// A pace that leaves time between two requests, so that kills fall between, before and after them.
const PACE: &str = "[tenants.sim.pace.ews]\nstart = 2\nmost = 2\n[tenants.sim.pace.mailbox]\nstart = 8\nmost = 8\n\
    [tenants.sim.pace.autodiscover]\nrequests = 100000\nseconds = 10\nstart = 2\nmost = 2\n";
const ASSESS: [&str; 8] = ["assess", "roster.csv", "--tenant", "sim", "--out", "out", "--format", "csv"];

fn generated(sandbox: &Sandbox) -> Simulator {
    let roster = sandbox.path("roster.csv").display().to_string();
    let faults = ["--fault", "latency=10", "--counters", "--write-roster"];
    let mut arguments = vec!["--users", MAILBOXES, "--seed", "4"];
    arguments.extend(faults);
    arguments.push(&roster);
    let simulator = sandbox.simulator(&arguments);
    simulator.config(sandbox, PACE);
    simulator
}

/// The questions with an outcome in the store, as the simulator counts them: kind and address.
fn recorded(sandbox: &Sandbox) -> BTreeSet<(&'static str, String)> {
    let mut found = BTreeSet::new();
    let Ok(store) = Store::open_existing(&sandbox.path("ewsready.sqlite")) else { return found };
    let Ok(Some(run)) = store.newest_run() else { return found };
    let kinds =
        [(Question::Graph, "graph.mailboxSettings"), (Question::Routing, "autodiscover.v2"), (Question::Ews, "ews")];
    let Ok(lacking) = store.lacking(run.id) else { return found };
    for (question, kind) in kinds {
        let read = store.each_subject(run.id, |subject| {
            if subject.object_id.is_some() && lacking.settled(question).contains(subject.id) {
                found.insert((kind, subject.address));
            }
        });
        assert!(read.is_ok(), "the store cannot be read: {read:?}");
    }
    found
}

#[test]
fn thirty_kills_change_nothing_and_repeat_nothing() {
    let undisturbed = Sandbox::new();
    let _simulator = generated(&undisturbed);
    let code = undisturbed.run(&ASSESS).code();

    let sandbox = Sandbox::new();
    let simulator = generated(&sandbox);
    let mut random = fastrand::Rng::with_seed(2026);
    let mut settled: Vec<(BTreeSet<(&'static str, String)>, serde_json::Value)> = Vec::new();
    for _ in 0..KILLS {
        let mut child = sandbox
            .command(&ASSESS)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // The moment of the kill: so many requests after its start, some right away.
        let moment = simulator.requests() + random.u64(0..50);
        while simulator.requests() < moment && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        settled.push((recorded(&sandbox), simulator.counts()));
    }
    let progress: Vec<_> = settled.iter().map(|(recorded, _)| recorded.len()).collect();
    assert!(progress.windows(2).all(|pair| pair[0] <= pair[1]), "outcomes were lost: {progress:?}");
    assert!(progress.iter().any(|count| *count > 0), "no kill came after an outcome: {progress:?}");

    sandbox.run(&ASSESS).expect(code);
    assert!(sandbox.read("out/readiness.csv") == undisturbed.read("out/readiness.csv"), "the reports differ");
    let last = simulator.counts();
    for (recorded, counts) in settled {
        for (kind, address) in recorded {
            let (then, now) = (&counts["finished"][kind][&address], &last["finished"][kind][&address]);
            assert_eq!(then, now, "{kind} was asked again for {address}");
        }
    }
}

/// A listing begins again at its first page, which names those again who had their outcome: they must not be taken for
/// those who still lack one, or the last page would not be read and its mailboxes would count as none.
#[test]
fn a_listing_that_was_interrupted_finds_everybody_when_it_begins_again() {
    let sandbox = Sandbox::new();
    let roster = sandbox.path("roster.csv").display().to_string();
    let simulator = sandbox.simulator(&["--users", "3300", "--seed", "4", "--write-roster", &roster]);
    simulator.config(&sandbox, "");
    let code = sandbox.run(&ASSESS).code();
    let store = || rusqlite::Connection::open(sandbox.path("ewsready.sqlite")).unwrap();
    let not_listed = || -> i64 {
        let sql = "SELECT count(*) FROM observation WHERE question = 2 AND body LIKE '%\"value\":null%'";
        store().query_row(sql, [], |row| row.get(0)).unwrap()
    };
    let undisturbed = not_listed();
    let interrupt =
        "DELETE FROM observation WHERE question IN (2, 3) AND subject > 1000; UPDATE run SET finished = NULL";
    store().execute_batch(interrupt).unwrap();
    let resumed = sandbox.run(&ASSESS).expect(code);
    assert!(resumed.stderr().contains("goes on"), "{}", resumed.stderr());
    assert_eq!(not_listed(), undisturbed);
}

#[cfg(unix)]
#[test]
fn one_interrupt_writes_what_is_known_and_ends_resumable() {
    let sandbox = Sandbox::new();
    let simulator = generated(&sandbox);
    let mut child = sandbox.command(&ASSESS).stderr(std::process::Stdio::null()).spawn().unwrap();
    // The run is under way once the simulator has seen EWS asked.
    while simulator.counts()["requests"]["ews"].as_u64().unwrap_or(0) < 20 {
        assert!(child.try_wait().unwrap().is_none(), "the run ended before it was interrupted");
        std::thread::yield_now();
    }
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let rows = sandbox.csv("out/readiness.csv");
    assert_eq!(rows.len(), 500);
    assert!(rows.iter().any(|row| row["verdict"] == "not_assessed" && row["cause"].contains("stopped")));
    let done = sandbox.run(&ASSESS);
    assert!(done.stderr().contains("goes on"), "{}", done.stderr());
    assert!(sandbox.csv("out/readiness.csv").iter().all(|row| !row["cause"].contains("stopped")));
}
