//! Memory stays within what `ewsready::roster` states, whatever the bytes. One test, alone in its process, because the
//! peak of a process can only be read as a whole.
#![cfg(test)]
#![cfg(target_os = "linux")]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use ewsready::roster::{self, Input, Options};

/// What reading any of them may add to the peak, in KiB: less than half the size of the largest. A record is at most
/// 1 MiB and 16,384 cells, and is held once as read and once as an entry.
const BOUND: u64 = 24 << 10;

/// Peak resident memory of this process, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("status");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("peak");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("number")
}

/// Writes a good line, then the unit again and again; with a line end every 900 KiB if asked for.
fn write(path: &Path, unit: &str, size: usize, lines: bool) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(b"Email,Name\nada@contoso.example,Ada\n")?;
    let (mut written, mut line) = (0, 0);
    while written < size {
        file.write_all(unit.as_bytes())?;
        written += unit.len();
        line += unit.len();
        if lines && line > 900 << 10 {
            file.write_all(b"\n")?;
            line = 0;
        }
    }
    file.flush()
}

#[test]
fn hostile_files_take_little_memory_and_little_time() {
    let folder = tempfile::tempdir().expect("folder");
    let before = peak();
    // Name, what is repeated, and how large a file of it, in MiB.
    for (name, unit, size) in [
        ("one long line", "abcdefgh", 64),
        ("nothing but commas", ",,,,,,,,", 64),
        ("nothing but quotation marks", "\"\"\"\"\"\"\"", 64),
        ("marks that stay open", "\"\"x\n", 2),
        ("a mark a line", "\"x,y\n", 2),
        ("nothing but at signs", "@@@@@@@@", 64),
        ("nothing but addresses", "a@b.example ", 64),
        ("nothing but line ends", "\n\r\n\r", 4),
        ("commas, line by line", ",,,,,,,,", 16),
        ("wide characters", "＠ｘ．ｙ,", 32),
        ("brackets", "<a@b.example><", 64),
        ("proxies", "smtp:a@b.example;", 64),
        ("many columns", "x,x,x,x,x,x,x\n", 4),
    ] {
        let path = folder.path().join("hostile.csv");
        write(&path, unit, size << 20, name.ends_with("line by line")).expect("writes");
        let start = Instant::now();
        let mut roster =
            roster::open(&[Input::from(path)], &Options::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
        let entries = roster.entries().inspect(|entry| assert!(entry.is_ok())).count() as u64;
        assert_eq!(roster.totals().entries, entries, "{name}");
        assert!(start.elapsed() < Duration::from_secs(120), "{name}: {:?}", start.elapsed());
        println!("{name}: {entries} entries, {:?}, peak {} KiB", start.elapsed(), peak());
        assert!(peak() < before + BOUND, "{name}: {} KiB before, {} KiB now", before, peak());
    }
}
