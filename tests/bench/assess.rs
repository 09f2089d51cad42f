//! How fast a tenant is assessed. Three measurements, over a simulator in a process of its own:
//!
//! * `cargo bench --bench assess [-- USERS LATENCY_MS [FAULT…]]` (100,000 and 200): against the bound that limits and latency
//!   set. The simulator keeps the published limits and takes so long for every answer. The bound of a service is the longer
//!   of two: what its limit lets through, and what fits into the requests it may have in flight. Directory, mailbox settings
//!   and probes cannot all overlap, so what comes before the probes has a bound of its own.
//! * `cargo bench --bench assess -- flat [USERS…]` (10,000 100,000 1,000,000): without limits and latency. What a mailbox costs, how that grows, and
//!   how many requests a second get through against a load generator (`wrk`, if it is installed) that puts the same kinds
//!   of requests to the same simulator. All three share the cores as the scheduler likes.
//! * `cargo bench --bench assess -- apart [USERS…]` (100,000): the same, with the simulator on one half of the cores and whoever asks on the other.
#![allow(clippy::expect_used, clippy::print_stdout, reason = "a program for a person at a terminal")]

#[path = "support/load_generator.rs"]
mod load_generator;
#[path = "support/mod.rs"]
mod support;

use std::path::Path;

use ewsready::transport::{Pace, ScopeId};
use support::{Cores, Simulator, UNBOUNDED, Used, load, program_on, run, scratch};

/// Mailboxes in a `$batch`, and how many of them the service opens at once: a batch takes several latencies.
const BATCH: f64 = 20.0;
const BATCH_WIDTH: f64 = 4.0;
/// Users on a page of the directory.
const PAGE: f64 = 999.0;
/// Facts of the tenant that are asked one after the other, sign-in included.
const ROUNDS: f64 = 8.0;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let number = |text: &String| text.replace(['_', ','], "").parse::<u32>().expect("a number");
    match arguments.split_first() {
        Some((mode, users)) if mode == "flat" || mode == "apart" => {
            let users: Vec<u32> = users.iter().map(number).collect();
            let (sides, usual): (_, &[u32]) = match mode.as_str() {
                "flat" => ((Cores::Any, Cores::Any), &[10_000, 100_000, 1_000_000]),
                _ => ((Cores::Asking, Cores::Answering), &[100_000]),
            };
            flat(if users.is_empty() { usual } else { &users }, sides);
        }
        _ => {
            let users = arguments.first().map_or(100_000, number);
            let latency = arguments.get(1).map_or(200, number);
            bound(users, latency, arguments.get(2..).unwrap_or_default());
        }
    }
}

/// Assesses everybody and writes the CSV.
fn assess(folder: &Path, cores: Cores) -> Used {
    run(program_on(cores, folder).args(["assess", "roster.csv", "--tenant", "bench", "--format", "csv", "--fresh"]))
}

/// What is left of an assessment: rows, rows that are not assessed, requests, push-backs, seconds of asking.
struct Outcome {
    rows: usize,
    open: usize,
    requests: u64,
    batched: u64,
    pushbacks: u64,
    asking: f64,
    store_megabytes: f64,
}

impl Outcome {
    fn of(folder: &Path) -> Self {
        let rows = std::fs::read_to_string(folder.join("readiness/readiness.csv")).unwrap_or_default();
        let path = folder.join("ewsready.sqlite");
        let store = rusqlite::Connection::open(&path).expect("the store");
        let sum =
            |sql: &str| store.query_row(sql, [], |row| row.get::<_, Option<f64>>(0)).expect("a sum").unwrap_or(0.0);
        let traffic = |member: &str, of: &str| {
            sum(&format!(
                "SELECT sum(json_extract(body, '$.{member}')) FROM traffic WHERE run = (SELECT max(id) FROM run) AND service LIKE '{of}'"
            )) as u64
        };
        Self {
            rows: rows.lines().count().saturating_sub(1),
            open: rows.lines().filter(|row| row.contains(",not_assessed,")).count(),
            requests: traffic("requests", "%"),
            batched: traffic("requests", "mailbox"),
            pushbacks: traffic("pushbacks", "%"),
            asking: sum(
                "SELECT (julianday(finished) - julianday(started)) * 86400.0 FROM run ORDER BY id DESC LIMIT 1",
            ),
            store_megabytes: path.metadata().map_or(0.0, |file| file.len() as f64 / 1e6),
        }
    }

    /// HTTP requests: those in a batch travel in twenties.
    fn http(&self) -> f64 {
        (self.requests - self.batched) as f64 + self.batched as f64 / BATCH
    }
}

/// The bounds, in seconds: what comes one after the other before the probes, and each service's share of the probes.
fn bounds(users: f64, latency: f64) -> (f64, Vec<(&'static str, f64)>) {
    let pace = Pace::default();
    let services =
        [(ScopeId::Mailbox, BATCH / BATCH_WIDTH * latency), (ScopeId::Autodiscover, latency), (ScopeId::Ews, latency)];
    let bound = |(id, answer): (ScopeId, f64)| {
        let scope = pace.scope(id);
        let by_limit = scope.limit.map_or(0.0, |limit| users * f64::from(limit.seconds) / f64::from(limit.requests));
        (id.name(), by_limit.max(users * answer / f64::from(scope.width.most)))
    };
    (((users / PAGE).ceil() + ROUNDS) * latency, services.into_iter().map(bound).collect())
}

fn bound(users: u32, latency: u32, faults: &[String]) {
    let folder = scratch();
    let mut all = vec!["throttle".to_owned(), format!("latency={latency}")];
    all.extend(faults.iter().cloned());
    let _simulator = Simulator::start(folder.path(), users, &all, "");
    let before = load();
    let used = assess(folder.path(), Cores::Any);
    let outcome = Outcome::of(folder.path());
    let (first, services) = bounds(f64::from(users), f64::from(latency) / 1000.0);
    let slowest = services.iter().map(|(_, seconds)| *seconds).fold(0.0, f64::max);
    let wall = used.wall.as_secs_f64();
    println!(
        "{users} mailboxes, {latency} ms latency, published limits; exit {}, load {before} to {}",
        used.code,
        load()
    );
    for (service, seconds) in &services {
        println!("  bound of {service:16} {seconds:8.1} s");
    }
    println!("  wall time {:25.1} s, {:.3} times the slowest service's bound", wall, wall / slowest);
    println!(
        "  directory, page by page   {first:9.1} s at the least before that: {:.3} times the sum",
        wall / (first + slowest)
    );
    println!("  asking {:28.1} s, judging and report {:.1} s", outcome.asking, wall - outcome.asking);
    println!("  CPU {:31.3} s per 1,000 mailboxes", used.cpu * 1000.0 / f64::from(users));
    println!("  peak memory {:23.1} MB", used.peak_megabytes);
    println!("  rows {:30}, not assessed {}, pushed back {}", outcome.rows, outcome.open, outcome.pushbacks);
}

fn flat(sizes: &[u32], (asking, answering): (Cores, Cores)) {
    println!("without limits and latency; cores to ask {asking:?}, to answer {answering:?}; load {}", load());
    println!(
        "{:>9} {:>8} {:>8} {:>11} {:>10} {:>9} {:>8} {:>9} {:>10} {:>10}",
        "mailboxes",
        "wall s",
        "asking s",
        "HTTP req/s",
        "load gen/s",
        "ratio",
        "CPU ms",
        "sim. ms",
        "peak MB",
        "store MB"
    );
    let mut first: Option<f64> = None;
    for users in sizes {
        let folder = scratch();
        let simulator = Simulator::start_on(answering, folder.path(), *users, &[], UNBOUNDED);
        // First, so that neither of the two pays for what a simulator does once.
        let generated = load_generator::requests_a_second(&simulator, folder.path(), asking);
        let before = simulator.cpu();
        let used = assess(folder.path(), asking);
        let served = simulator.cpu() - before;
        let outcome = Outcome::of(folder.path());
        let rate = outcome.http() / outcome.asking;
        let (most, ratio) = match generated {
            Ok(most) => (format!("{most:.0}"), format!("{:.2}", rate / most)),
            Err(why) => {
                println!("  no load generator: {why}");
                ("-".to_owned(), "-".to_owned())
            }
        };
        let each = |seconds: f64| seconds * 1e6 / f64::from(*users) / 1e3;
        println!(
            "{users:>9} {:>8.1} {:>8.1} {rate:>11.0} {most:>10} {ratio:>9} {:>8.3} {:>9.3} {:>10.1} {:>10.1}",
            used.wall.as_secs_f64(),
            outcome.asking,
            each(used.cpu),
            each(served),
            used.peak_megabytes,
            outcome.store_megabytes,
        );
        let wall = used.wall.as_secs_f64() / f64::from(*users);
        let growth = wall / *first.get_or_insert(wall);
        println!(
            "          exit {}, rows {}, not assessed {}; time a mailbox {growth:.2} times the first line's, load {}",
            used.code,
            outcome.rows,
            outcome.open,
            load()
        );
    }
}
