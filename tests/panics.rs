//! A fault of the program shows its place and no value, wherever it happens, and ends with the code of a stopped run.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so and stops")]

use std::process::{Command, Output};

const CANARY: &str = "canary-secret-7Q~x";

/// Runs one of the faults below in a process of its own, under the program's guard.
fn fault(name: &str, backtrace: &str) -> Output {
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    command.args(["--exact", name, "--ignored", "--nocapture", "--test-threads=1"]).env("RUST_BACKTRACE", backtrace);
    command.output().expect("it starts")
}

#[track_caller]
fn check(name: &str) {
    for backtrace in ["0", "1"] {
        let done = fault(name, backtrace);
        let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert!(!out.contains(CANARY) && !err.contains(CANARY), "{name}: {out}{err}");
        assert!(err.contains("has a fault of its own, at tests/panics.rs:"), "{name}: {err}");
        assert!(err.contains("the same command goes on from there"), "{name}: {err}");
        assert!(out.contains("the code is 5"), "{name}: {out}");
        assert_eq!(err.contains("panics::"), backtrace == "1", "{name}: a backtrace on demand only: {err}");
    }
}

/// As the program's own `main` does.
fn guarded(run: impl FnOnce() -> u8) {
    println!("the code is {}", ewsready::cli::panic::guarded(run));
}

#[test]
fn the_main_thread_tells_the_place_only() {
    check("in_the_main_thread");
}

#[test]
fn a_task_tells_the_place_only() {
    check("in_a_task");
}

#[test]
fn judging_tells_the_place_only() {
    check("on_a_thread_that_judges");
}

#[test]
#[ignore = "run by the tests above, in a process of its own"]
fn in_the_main_thread() {
    guarded(|| panic!("the token is {CANARY}"));
}

#[test]
#[ignore = "run by the tests above, in a process of its own"]
fn in_a_task() {
    guarded(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread().build().expect("a runtime");
        let task = async { "none".parse::<u8>().map_err(|_| CANARY).expect("a token") };
        match runtime.block_on(runtime.spawn(task)) {
            Ok(code) => code,
            Err(_) => ewsready::failure::Exit::Resumable.code(),
        }
    });
}

#[test]
#[ignore = "run by the tests above, in a process of its own"]
fn on_a_thread_that_judges() {
    use rayon::prelude::*;
    guarded(|| (0..100_u8).into_par_iter().map(|n| if n == 70 { panic!("row {n}: {CANARY}") } else { 0 }).sum());
}
