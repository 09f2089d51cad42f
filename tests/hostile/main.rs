//! Nothing that a service or a file does makes the program panic, hang or eat the machine: memory and time are bounded,
//! every roster line comes out, and what stayed open is named in words.
#![cfg(all(test, target_os = "linux"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on stops")]

#[path = "../support/mod.rs"]
mod support;

mod attacks;
mod files;
mod proxy;
mod services;

use std::process::{Child, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use support::{Finished, Sandbox};

/// What a run left, and what it took.
struct Measured {
    finished: Finished,
    /// Peak resident memory, in MiB.
    peak: u64,
    took: Duration,
}

/// Runs the program to its end, and watches its memory meanwhile.
fn measured(sandbox: &Sandbox, arguments: &[&str]) -> Measured {
    let begun = Instant::now();
    let mut command = sandbox.command(arguments);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let pid = child.id();
    let (ended, waiting) = mpsc::channel::<()>();
    let output = std::thread::spawn(move || {
        let output = Child::wait_with_output(child);
        drop(ended);
        output
    });
    // The peak only grows, so that the last look before the end is the one that counts.
    let mut peak = 0;
    while waiting.recv_timeout(Duration::from_millis(3)) == Err(mpsc::RecvTimeoutError::Timeout) {
        peak = peak_of(pid).unwrap_or(peak);
    }
    let output: Output = output.join().expect("no panic").expect("its output");
    Measured { finished: Finished(output), peak: peak >> 10, took: begun.elapsed() }
}

/// `VmHWM` of a process, in KiB.
fn peak_of(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// What must hold of every run, whatever was done to it.
#[track_caller]
fn hold(name: &str, measured: &Measured, most: u64, longest: Duration) {
    let (said, code) = (measured.finished.stderr(), measured.finished.code());
    println!("{name}: exit {code}, {} MiB, {:.1} s", measured.peak, measured.took.as_secs_f64());
    assert!(!said.contains("panicked"), "{name}: {said}");
    assert!([0, 2, 3, 4, 5].contains(&code), "{name} ended with {code}: {said}");
    assert!(measured.peak > 0, "{name}: the memory was never seen");
    assert!(measured.peak < most, "{name} took {} MiB, {most} are allowed", measured.peak);
    assert!(measured.took < longest, "{name} took {:?}", measured.took);
}
