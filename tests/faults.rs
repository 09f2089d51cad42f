//! Whatever the service does, every roster line comes out once, and what stayed open names its cause.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on stops")]

mod support;

use support::{Finished, Sandbox};

const MAILBOXES: usize = 1000;

/// Patience for a test: the same rules with shorter waits.
const PACE: &str = "[tenants.sim.pace]\nset = 'fast'\nattempts = 6\npatience_seconds = 20\nrequest_seconds = 5\n\
    backoff_milliseconds = 20\n[tenants.sim.pace.autodiscover]\nrequests = 100000\nseconds = 10\n\
    [tenants.sim.pace.on_premises]\nrequests = 10000\nseconds = 10\n";

/// Runs 1,000 mailboxes against a simulator with faults, and checks what must hold whatever happens.
fn assess_with(faults: &[&str]) -> (i32, Vec<std::collections::BTreeMap<String, String>>) {
    let sandbox = Sandbox::new();
    let roster = sandbox.path("roster.csv").display().to_string();
    let users = MAILBOXES.to_string();
    let mut arguments = vec!["--users", &users, "--seed", "9", "--write-roster", &roster];
    for fault in faults {
        arguments.extend(["--fault", fault]);
    }
    let simulator = sandbox.simulator(&arguments);
    simulator.config(&sandbox, PACE);
    let mut command = sandbox.command(&["assess", "roster.csv", "--tenant", "sim", "--out", "out", "--format", "csv"]);
    // The simulator's clock runs: a wait it orders as a date means nothing to a clock that stands.
    let done = Finished(command.env_remove("EWSREADY_NOW").output().expect("the program starts"));
    let code = done.code();
    assert!([0, 4, 5].contains(&code), "{faults:?} ended with {code}: {}", done.stderr());
    let rows = sandbox.csv("out/readiness.csv");
    assert_eq!(rows.len(), MAILBOXES, "{faults:?}: lines in and rows out differ");
    for (index, row) in rows.iter().enumerate() {
        assert_eq!(row["row"], (index + 1).to_string());
        if row["verdict"] == "not_assessed" {
            assert!(!row["reason"].is_empty() && row["cause"].len() > 20, "{faults:?}: no cause in {row:?}");
        }
    }
    let open = rows.iter().filter(|row| row["verdict"] == "not_assessed").count();
    assert!(code != 0 || open == 0, "{faults:?}: exit 0 with {open} rows open");
    (code, rows)
}

fn open(rows: &[std::collections::BTreeMap<String, String>]) -> usize {
    rows.iter().filter(|row| row["verdict"] == "not_assessed").count()
}

macro_rules! faults {
    ($($name:ident: $faults:expr, at most $open:expr;)+) => {
        $(#[test]
        fn $name() {
            let (_, rows) = assess_with(&$faults);
            let open = open(&rows);
            assert!(open <= $open, "{open} rows stayed open");
        })+
    };
}

faults! {
    nothing_at_all: [], at most 0;
    latency_and_jitter: ["latency=20", "jitter=30"], at most 0;
    published_limits: ["throttle"], at most 0;
    one_request_in_ten_refused: ["busy=0.1", "wait=0.1"], at most 20;
    decimal_waits: ["busy=0.1", "retry-after=decimal", "wait=0.13"], at most 20;
    waits_as_dates: ["busy=0.02", "retry-after=date", "wait=1"], at most 20;
    refusals_without_a_wait: ["busy=0.1", "retry-after=absent"], at most 20;
    refusals_for_a_day: ["busy=0.01", "retry-after=huge"], at most MAILBOXES;
    items_throttled_inside_a_batch: ["busy-items=0.2", "wait=0.1"], at most 20;
    tokens_of_two_seconds: ["token-life=2", "latency=10"], at most 0;
    storms: ["storm=5/1", "wait=0.3"], at most 20;
    an_outage: ["outage=1+4"], at most 20;
    dropped_connections: ["drop=0.05"], at most 20;
    truncated_answers: ["truncate=0.05"], at most 20;
    half_answers_that_look_whole: ["half=0.05"], at most 60;
    pages_of_html: ["html=0.05"], at most 60;
    wrong_content_types: ["wrong-type=0.2"], at most 0;
    empty_pages: ["empty-pages"], at most 0;
    pages_without_end: ["endless-pages"], at most MAILBOXES;
    redirects_without_end: ["endless-redirects"], at most MAILBOXES;
    all_of_it_together: [
        "latency=5", "busy=0.05", "busy-items=0.05", "retry-after=decimal", "wait=0.12", "token-life=3", "outage=2+2",
        "drop=0.02", "truncate=0.02", "half=0.01", "html=0.01", "wrong-type=0.05", "empty-pages"
    ], at most 200;
}
