//! Parses the arguments, runs, turns the result into an exit code; nothing else.

use std::process::ExitCode;

/// Rows, evidence and requests are thousands of small texts a second on every core.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ExitCode::from(ewsready::cli::main())
}
