//! Time, peak memory and distance to the bound of planning: `cargo bench --bench plan [-- PEOPLE TIES ABROAD …]`.
//!
//! Each measurement runs in a process of its own, because peak memory never goes down again. `ABROAD` is how many ties in
//! a thousand leave the department of 400: without any, groups fit a wave; with some, the whole company is one group
//! that has to be cut. `-- command PEOPLE` makes up a stored run with three calendar permissions a mailbox and runs
//! `ewsready plan` on it, so that reading, judging and writing are measured too (with GNU time).

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::panic, reason = "a program for a person at a terminal")]

#[path = "../plan/company.rs"]
mod company;

use std::process::Command;
use std::time::Instant;

use company::{Shape, company};
use ewsready::plan::constraints::Rules;
use ewsready::plan::{Outcome, Request, make};
use jiff::civil::date;

/// Set for the child processes.
const CHILD: &str = "EWSREADY_BENCH_CHILD";
/// What is measured when nothing is asked for: people, ties, ties abroad, capacity of a wave.
const STANDARD: [[&str; 4]; 5] = [
    ["20000", "60000", "0", "1500"],
    ["100000", "300000", "0", "7000"],
    ["100000", "300000", "20", "7000"],
    ["100000", "300000", "200", "7000"],
    ["1000000", "3000000", "0", "70000"],
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if std::env::var_os(CHILD).is_some() {
        let numbers: Vec<u32> = arguments.iter().map(|argument| argument.parse().unwrap()).collect();
        measure(numbers[0], numbers[1], numbers[2], numbers[3]);
        return;
    }
    if let ["command", people] = arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        stored::plan(people.parse().unwrap());
        return;
    }
    println!(
        "{:>8} {:>8} {:>7} {:>8} | {:>7} {:>8} {:>8} | {:>12} {:>18} {:>24} {:>14}",
        "people",
        "ties",
        "abroad",
        "capacity",
        "plan s",
        "MB made",
        "MB peak",
        "waves/bound",
        "largest group",
        "ties cut/bound (weight)",
        "busiest/mean"
    );
    let asked: Vec<[&str; 4]> = arguments
        .chunks_exact(4)
        .map(|one| [one[0].as_str(), one[1].as_str(), one[2].as_str(), one[3].as_str()])
        .collect();
    for numbers in if asked.is_empty() { &STANDARD[..] } else { &asked } {
        let program = std::env::current_exe().unwrap();
        assert!(Command::new(program).args(numbers).env(CHILD, "1").status().unwrap().success());
    }
}

fn measure(people: u32, ties: u32, abroad: u32, capacity: u32) {
    let census = company(Shape { people, ties, department: 400, abroad }, 7);
    let made = peak_megabytes();
    let rules = Rules { capacity, ..Rules::default() };
    let started = Instant::now();
    let request = Request {
        census: &census,
        rules: &rules,
        today: date(2026, 11, 20),
        retirement: date(2027, 4, 1),
        earlier: None,
    };
    let Outcome::Plan(plan) = make(request).unwrap() else { panic!("there is a plan") };
    let seconds = started.elapsed().as_secs_f64();
    let measure = &plan.measure;
    let waves = format!("{}/{}", measure.waves, measure.least_waves);
    let cut = format!(
        "{}/{} ({:.2} %)",
        measure.cut_weight,
        measure.least_cut,
        measure.cut_weight as f64 * 100.0 / measure.tie_weight as f64
    );
    let load = format!("{:.1}/{:.1} %", measure.busiest * 100.0, measure.mean * 100.0);
    println!(
        "{people:>8} {:>8} {abroad:>7} {capacity:>8} | {seconds:>7.2} {made:>8.0} {:>8.0} | {waves:>12} {:>18} {cut:>24} {load:>14}",
        measure.ties,
        peak_megabytes(),
        measure.largest_group,
    );
}

/// `VmHWM` of the process, where the system tells it.
fn peak_megabytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<f64>().ok())
        .map_or(f64::NAN, |kb| kb / 1024.0)
}

/// A stored run of made-up people, and the command on it.
mod stored {
    use std::process::Command;
    use std::time::Instant;

    use ewsready::evidence::mailbox::{Account, Delegate, DirectoryMatch, GraphAnswer, MailboxPurpose, MatchedBy};
    use ewsready::evidence::question::Question;
    use ewsready::evidence::store::{EntryRecord, Known, RosterRecord, Settings, Start, Store, StoreError, Writer};
    use ewsready::evidence::{Observation, Source};
    use jiff::Timestamp;

    fn address(number: u64) -> String {
        format!("user{number}@contoso.example")
    }

    pub fn plan(people: u64) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.sqlite");
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(fill(&path, people));
        drop(runtime);
        println!("{people} people stored: {:.0} MB", path.metadata().unwrap().len() as f64 / 1e6);
        let started = Instant::now();
        let capacity = (people / 14).to_string();
        let mut command = Command::new("/usr/bin/time");
        command.args(["-f", "%M KB peak"]).arg(env!("CARGO_BIN_EXE_ewsready"));
        command.args(["plan", "--capacity", &capacity, "--out"]).arg(folder.path()).arg("--store").arg(&path);
        assert!(command.status().unwrap().success());
        println!("{:.2} s for the command", started.elapsed().as_secs_f64());
    }

    async fn fill(path: &std::path::Path, people: u64) {
        let now: Timestamp = "2026-11-20T08:00:00Z".parse().unwrap();
        let mut store = Store::open(path).unwrap();
        let settings =
            Settings { cloud: "worldwide".to_owned(), as_of: jiff::civil::date(2026, 11, 20), ..Settings::default() };
        let start = Start { now, resume_since: None, also: None };
        let (run, _) = store
            .begin::<StoreError>("bench", &settings, start, |sink| {
                for row in 1..=people {
                    let known = Known { department: Some(format!("Department {}", row / 400)), ..Known::default() };
                    let (written, address) = (address(row), Some(address(row)));
                    sink.push(&EntryRecord {
                        row,
                        subject: Some(row),
                        written,
                        address,
                        known,
                        ..EntryRecord::default()
                    })?;
                }
                Ok((RosterRecord::default(), "bench".to_owned()))
            })
            .unwrap();
        let writer = Writer::start(&store, run.id).unwrap();
        let mut random = fastrand::Rng::with_seed(4);
        for row in 1..=people {
            let account = Account {
                id: format!("00000000-0000-4000-8000-{row:012x}"),
                matched_by: vec![MatchedBy::PrimarySmtp],
                user_principal_name: address(row),
                primary_smtp: Some(address(row)),
                smtp_addresses: vec![address(row)],
                display_name: Some(format!("User {row}")),
                enabled: Some(true),
                ..Account::default()
            };
            let start = row - row % 400;
            let mut others = std::collections::BTreeSet::new();
            for _ in 0..3 {
                others.insert(random.u64(start.max(1)..(start + 400).min(people + 1)));
            }
            let delegate =
                |other: u64| Delegate { address: address(other), name: String::new(), role: "write".to_owned() };
            let delegates: Vec<Delegate> = others.into_iter().map(delegate).collect();
            let directory = DirectoryMatch { accounts: vec![account], deleted: Vec::new() };
            let graph = GraphAnswer::Answers { purpose: Some(MailboxPurpose::User) };
            let (directory, graph) =
                (Observation::known(directory, Source::Directory, now), Observation::known(graph, Source::Graph, now));
            writer.observe(row, Question::Directory, &directory).await.unwrap();
            writer.observe(row, Question::Graph, &graph).await.unwrap();
            let delegates = Observation::known(delegates, Source::Graph, now);
            writer.observe(row, Question::Delegates, &delegates).await.unwrap();
        }
        writer.settle().await.unwrap();
        store.finish(run.id, now).unwrap();
    }
}
