//! What the benchmarks of the whole program share: a simulator in a process of its own, a folder that is set up to
//! assess it, and what a process used.
#![allow(clippy::expect_used, reason = "a benchmark that cannot go on says so and stops")]
#![allow(dead_code, reason = "each benchmark uses its part")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The program, run in a folder.
pub fn program(folder: &Path) -> Command {
    program_on(Cores::Any, folder)
}

/// The program, run in a folder on some of the cores.
pub fn program_on(cores: Cores, folder: &Path) -> Command {
    let mut command = cores.command(env!("CARGO_BIN_EXE_ewsready"));
    command.current_dir(folder);
    command
}

/// Where a process may run. On two computers nobody would take a core from whom it asks; on one, the scheduler puts an answer
/// where the question came from and each waits for the other, so that measurements beside each other scatter by a half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cores {
    /// Wherever the scheduler puts it.
    Any,
    /// On the first half.
    Asking,
    /// On the second half.
    Answering,
}

impl Cores {
    /// How many these are.
    pub fn count(self) -> usize {
        let (first, last) = self.span();
        last - first + 1
    }

    /// A command that runs there, by way of `taskset` (util-linux).
    pub fn command(self, program: &str) -> Command {
        if self == Self::Any {
            return Command::new(program);
        }
        let (first, last) = self.span();
        let mut command = Command::new("taskset");
        command.args(["-c", &format!("{first}-{last}"), program]);
        command
    }

    /// First and last of them.
    fn span(self) -> (usize, usize) {
        let all = std::thread::available_parallelism().map_or(2, usize::from).max(2);
        match self {
            Self::Any => (0, all - 1),
            Self::Asking => (0, all / 2 - 1),
            Self::Answering => (all / 2, all - 1),
        }
    }
}

/// A folder that goes with the measurement. Stores of a million mailboxes are no matter for a temporary folder in memory.
pub fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder")
}

/// A simulator that is listening; dropping it ends it.
pub struct Simulator {
    child: Child,
    /// Where it listens.
    pub url: String,
    /// Tenant, client id and secret.
    pub credentials: toml::Table,
}

impl Simulator {
    /// Serves `users` accounts with faults; leaves roster, credentials and a configuration with the tenant `bench` in the
    /// folder. `pace` is TOML below `[tenants.bench]`.
    pub fn start(folder: &Path, users: u32, faults: &[String], pace: &str) -> Self {
        Self::start_on(Cores::Any, folder, users, faults, pace)
    }

    /// As [`Self::start`], on some of the cores.
    pub fn start_on(cores: Cores, folder: &Path, users: u32, faults: &[String], pace: &str) -> Self {
        let mut command = program_on(cores, folder);
        command.args(["simulate", "--users", &users.to_string(), "--listen", "127.0.0.1:0"]);
        command.args(["--write-roster", "roster.csv", "--write-credentials", "credentials.toml"]);
        command.args(faults.iter().flat_map(|fault| ["--fault", fault]));
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the simulator starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("its first line");
        let url = line.trim().trim_start_matches("listening on ").to_owned();
        let credentials = std::fs::read_to_string(folder.join("credentials.toml")).expect("a file");
        let simulator = Self { child, url, credentials: credentials.parse().expect("TOML") };
        std::fs::write(folder.join("secret.txt"), simulator.text("client_secret")).expect("a file");
        let (url, tenant, client) = (&simulator.url, simulator.text("tenant"), simulator.text("client_id"));
        let config = format!(
            "[tenants.bench]\ntenant = '{tenant}'\nclient_id = '{client}'\n\
             credential = {{ kind = 'secret', file = 'secret.txt' }}\n\
             [tenants.bench.endpoints]\nauthority = '{url}'\ngraph = '{url}'\nexchange = '{url}'\nautodiscover = '{url}'\n\
             {pace}"
        );
        std::fs::write(folder.join("ewsready.toml"), config).expect("a file");
        simulator
    }

    /// One of the credentials.
    pub fn text(&self, key: &str) -> &str {
        self.credentials[key].as_str().unwrap_or_default()
    }

    /// CPU seconds it used so far.
    pub fn cpu(&self) -> f64 {
        cpu_of(self.child.id())
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a process used.
#[derive(Default)]
pub struct Used {
    pub wall: Duration,
    pub peak_megabytes: f64,
    pub cpu: f64,
    pub code: i32,
}

/// Runs a command to its end and follows it by what Linux shows of it; elsewhere memory and CPU stay 0.
pub fn run(command: &mut Command) -> Used {
    let begun = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
    let mut used = Used::default();
    loop {
        used.peak_megabytes = peak_of(child.id()).max(used.peak_megabytes);
        used.cpu = cpu_of(child.id()).max(used.cpu);
        if let Some(status) = child.try_wait().expect("the program's state") {
            used.wall = begun.elapsed();
            used.code = status.code().unwrap_or(-1);
            return used;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn peak_of(id: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.unwrap_or(0.0) / 1024.0
}

fn cpu_of(id: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ').skip(11).take(2);
    fields.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// How busy the computer is, as Linux says it: processes that wanted to run during the last minute.
pub fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("?").to_owned()
}

/// No limit and no narrowness, for [`Simulator::start`]: what remains is the program.
pub const UNBOUNDED: &str = "[tenants.bench.pace]\n\
    directory = { requests = 1000000, seconds = 1, start = 16, most = 16 }\n\
    mailbox = { start = 640, most = 640 }\nexchange_admin = { start = 4, most = 4 }\n\
    autodiscover = { requests = 1000000, seconds = 1, start = 64, most = 64 }\n\
    on_premises = { requests = 1000000, seconds = 1, start = 32, most = 32 }\n\
    ews = { start = 64, most = 64 }\n";
