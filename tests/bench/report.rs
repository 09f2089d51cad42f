//! Time, peak memory and sizes of the report formats. Each measurement runs in a process of its own, because peak memory
//! never goes down again.
//!
//! * `cargo bench --bench report [-- ROWS FORMAT[,FORMAT…] …]`: the formats alone. Rows are made up first and lie on disk
//!   before the clock starts.
//! * `cargo bench --bench report -- store [ROWS FORMAT[,FORMAT…] …]`: `ewsready report` as it is used, from the store to the
//!   files. The store is what an assessment of a simulated tenant leaves; it is made once and stays in `target`.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a program for a person at a terminal"
)]

#[path = "../report/fixture.rs"]
mod fixture;
#[path = "support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use ewsready::report::{FormatKind, write_all};

/// Set for the child processes.
const CHILD: &str = "EWSREADY_BENCH_CHILD";
/// What is measured when nothing is asked for.
const STANDARD: &[(&str, &str)] = &[
    ("100000", "csv"),
    ("100000", "json"),
    ("100000", "ndjson"),
    ("100000", "xlsx"),
    ("100000", "html"),
    ("100000", "ps1"),
    ("100000", "csv,json,xlsx"),
    ("100000", "csv,json,ndjson,xlsx,html,md,ps1"),
    ("1000000", "csv"),
    ("1000000", "ndjson"),
    ("1000000", "xlsx"),
];

/// What is measured from the store when nothing is asked for.
const FROM_STORE: &[(&str, &str)] = &[
    ("100000", "xlsx,csv,json"),
    ("100000", "csv,json,ndjson,xlsx,html,md,ps1"),
    ("1000000", "csv"),
    ("1000000", "ndjson"),
    ("1000000", "xlsx"),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if std::env::var_os(CHILD).is_some() {
        measure(arguments[0].parse().unwrap(), &arguments[1]);
        return;
    }
    if arguments.first().is_some_and(|mode| mode == "store") {
        from_store(&arguments[1..]);
        return;
    }
    println!("{:>9}  {:<32} {:>8} {:>8} {:>9}  sizes", "rows", "formats", "spool s", "write s", "peak MB");
    let asked: Vec<(&str, &str)> = arguments.chunks(2).map(|pair| (pair[0].as_str(), pair[1].as_str())).collect();
    for (rows, formats) in if asked.is_empty() { STANDARD } else { &asked } {
        let program = std::env::current_exe().unwrap();
        assert!(Command::new(program).args([rows, formats]).env(CHILD, "1").status().unwrap().success());
    }
}

fn measure(rows: usize, formats: &str) {
    let formats: Vec<FormatKind> = formats.split(',').map(|name| name.parse().unwrap()).collect();
    let started = Instant::now();
    let (view, _rows) = fixture::view_of(fixture::head(), (1..=rows).map(fixture::row));
    let spooled = started.elapsed().as_secs_f64();
    let folder = tempfile::tempdir().unwrap();
    let started = Instant::now();
    let paths = write_all(&view, folder.path(), &formats).unwrap();
    let written = started.elapsed().as_secs_f64();
    let sizes: Vec<String> =
        paths.iter().map(|path| format!("{:.1} MB", path.metadata().unwrap().len() as f64 / 1e6)).collect();
    let names: Vec<&str> = formats.iter().map(|format| format.id()).collect();
    let (names, sizes) = (names.join("+"), sizes.join(" + "));
    println!("{rows:>9}  {names:<32} {spooled:>8.2} {written:>8.2} {:>9.0}  {sizes}", peak_megabytes());
}

fn from_store(arguments: &[String]) {
    println!(
        "{:>9}  {:<32} {:>8} {:>8} {:>9}  store, sizes; load {}",
        "rows",
        "formats",
        "wall s",
        "CPU s",
        "peak MB",
        support::load()
    );
    let asked: Vec<(&str, &str)> = arguments.chunks(2).map(|pair| (pair[0].as_str(), pair[1].as_str())).collect();
    for (rows, formats) in if asked.is_empty() { FROM_STORE } else { &asked } {
        let folder = stored(rows.parse().unwrap());
        let out = support::scratch();
        let used =
            support::run(support::program(&folder).args(["report", "--format", formats, "--out"]).arg(out.path()));
        let size = |path: &Path| path.metadata().map_or(0.0, |file| file.len() as f64 / 1e6);
        let mut files: Vec<PathBuf> = out.path().read_dir().unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        let sizes: Vec<String> = files
            .iter()
            .map(|file| format!("{} {:.1}", file.extension().unwrap_or_default().to_string_lossy(), size(file)))
            .collect();
        println!(
            "{rows:>9}  {formats:<32} {:>8.2} {:>8.2} {:>9.0}  {:.0} MB, {} MB; exit {}",
            used.wall.as_secs_f64(),
            used.cpu,
            used.peak_megabytes,
            size(&folder.join("ewsready.sqlite")),
            sizes.join(" + "),
            used.code
        );
    }
}

/// The folder with the store of an assessed tenant of so many mailboxes.
fn stored(users: u32) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("assessed-{users}"));
    if !folder.join("whole").exists() {
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let _simulator = support::Simulator::start(&folder, users, &[], support::UNBOUNDED);
        let used = support::run(support::program(&folder).args([
            "assess",
            "roster.csv",
            "--tenant",
            "bench",
            "--format",
            "md",
        ]));
        assert!([0, 4].contains(&used.code), "the assessment ended with {}", used.code);
        std::fs::write(folder.join("whole"), "").unwrap();
    }
    folder
}

/// The most memory this process ever held (Linux; elsewhere 0).
fn peak_megabytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next())
        .and_then(|kilobytes| kilobytes.parse::<f64>().ok())
        .unwrap_or(0.0)
        / 1024.0
}
