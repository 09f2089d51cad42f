//! Parses the arguments, runs, turns the result into an exit code; nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(ewsready::cli::main())
}
