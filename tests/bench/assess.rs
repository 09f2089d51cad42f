//! The assessor against the bound that limits and latency set: `cargo bench --bench assess -- USERS LATENCY_MS [FAULT…]`.
//!
//! A simulator in a process of its own keeps the published limits and takes so long for every answer; the binary
//! assesses everybody. The bound of a service is the longer of two: what its limit lets through, and what fits into the
//! requests it may have in flight. The run's bound is the slowest service's.
#![allow(clippy::expect_used, reason = "a benchmark that cannot go on says so and stops")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ewsready::transport::{Pace, ScopeId};

/// Mailboxes in a `$batch`, and how many of them the service opens at once: a batch takes several latencies.
const BATCH: f64 = 20.0;
const BATCH_WIDTH: f64 = 4.0;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let users: u32 = arguments.next().map_or(2_000, |text| text.parse().expect("a number of users"));
    let latency: u64 = arguments.next().map_or(50, |text| text.parse().expect("milliseconds"));
    let faults: Vec<String> = arguments.collect();

    let folder = tempfile::tempdir().expect("a folder");
    let mut simulator = start_simulator(folder.path(), users, latency, &faults);
    let begun = Instant::now();
    let mut run = program(folder.path())
        .args(["assess", "roster.csv", "--tenant", "bench", "--format", "csv"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the assessor starts");
    let used = watch(&mut run);
    let wall = begun.elapsed();
    let _ = simulator.kill();
    let _ = simulator.wait();
    print(users, latency, wall, &used, folder.path());
}

fn program(folder: &std::path::Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ewsready"));
    command.current_dir(folder);
    command
}

fn start_simulator(folder: &std::path::Path, users: u32, latency: u64, faults: &[String]) -> Child {
    let mut command = program(folder);
    command.args(["simulate", "--users", &users.to_string(), "--listen", "127.0.0.1:0", "--fault", "throttle"]);
    command.args(["--fault", &format!("latency={latency}"), "--write-roster", "roster.csv"]);
    command.args(["--write-credentials", "credentials.toml"]);
    command.args(faults.iter().flat_map(|fault| ["--fault", fault]));
    let mut child = command.stdout(Stdio::piped()).spawn().expect("the simulator starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("its first line");
    let url = line.trim().trim_start_matches("listening on ");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a file");
    let credentials: toml::Table = read("credentials.toml").parse().expect("TOML");
    let text = |key: &str| credentials[key].as_str().unwrap_or_default().to_owned();
    std::fs::write(folder.join("secret.txt"), text("client_secret")).expect("a file");
    let config = format!(
        "[tenants.bench]\ntenant = '{}'\nclient_id = '{}'\ncredential = {{ kind = 'secret', file = 'secret.txt' }}\n\
         [tenants.bench.endpoints]\nauthority = '{url}'\ngraph = '{url}'\nexchange = '{url}'\nautodiscover = '{url}'\n",
        text("tenant"),
        text("client_id")
    );
    std::fs::write(folder.join("ewsready.toml"), config).expect("a file");
    child
}

/// What a process used.
#[derive(Default)]
struct Used {
    peak_kib: u64,
    cpu: f64,
    code: i32,
}

/// Follows a process to its end by what Linux shows of it; elsewhere memory and CPU stay 0.
fn watch(child: &mut Child) -> Used {
    let mut used = Used::default();
    loop {
        let of = |name: &str| std::fs::read_to_string(format!("/proc/{}/{name}", child.id())).unwrap_or_default();
        let peak =
            of("status").lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
        used.peak_kib = used.peak_kib.max(peak.unwrap_or(0));
        let ticks: f64 = of("stat")
            .rsplit(") ")
            .next()
            .unwrap_or_default()
            .split(' ')
            .skip(11)
            .take(2)
            .filter_map(|text| text.parse::<f64>().ok())
            .sum();
        used.cpu = used.cpu.max(ticks / 100.0);
        if let Some(status) = child.try_wait().expect("the assessor's state") {
            used.code = status.code().unwrap_or(-1);
            return used;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The bound of each service, in seconds.
fn bounds(users: f64, latency: f64) -> Vec<(&'static str, f64)> {
    let pace = Pace::default();
    let services =
        [(ScopeId::Mailbox, BATCH / BATCH_WIDTH * latency), (ScopeId::Autodiscover, latency), (ScopeId::Ews, latency)];
    let bound = |(id, answer): (ScopeId, f64)| {
        let scope = pace.scope(id);
        let by_limit = scope.limit.map_or(0.0, |limit| users * f64::from(limit.seconds) / f64::from(limit.requests));
        (id.name(), by_limit.max(users * answer / f64::from(scope.width.most)))
    };
    services.into_iter().map(bound).collect()
}

fn print(users: u32, latency: u64, wall: Duration, used: &Used, folder: &std::path::Path) {
    let rows = std::fs::read_to_string(folder.join("readiness/readiness.csv")).unwrap_or_default();
    let open = rows.lines().filter(|row| row.contains(",not_assessed,")).count();
    let bounds = bounds(f64::from(users), latency as f64 / 1000.0);
    let bound = bounds.iter().map(|(_, seconds)| *seconds).fold(0.0, f64::max);
    println!("{users} mailboxes, {latency} ms latency, published limits; exit {}", used.code);
    for (service, seconds) in &bounds {
        println!("  bound of {service:16} {seconds:8.1} s");
    }
    println!("  wall time {:25.1} s, {:.2} times the bound", wall.as_secs_f64(), wall.as_secs_f64() / bound);
    println!("  CPU {:31.2} s per 1,000 mailboxes", used.cpu * 1000.0 / f64::from(users));
    println!("  peak memory {:23.1} MB", used.peak_kib as f64 / 1024.0);
    println!("  rows {:30}, not assessed {open}", rows.lines().count().saturating_sub(1));
}
