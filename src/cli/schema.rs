//! `ewsready schema`: prints the JSON Schema of the machine-readable report.

use std::io::Write as _;

use crate::failure::{Exit, Failure};
use crate::report::json;

/// Which schema to print.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Print the schema of one line of readiness.ndjson instead of readiness.json's
    #[arg(long)]
    ndjson: bool,
}

/// Prints the schema to standard output.
///
/// # Errors
///
/// [`Failure`] when standard output cannot be written.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let schema = if args.ndjson { json::line_schema() } else { json::schema() };
    let mut out = std::io::stdout().lock();
    writeln!(out, "{schema:#}").map_err(|error| {
        Failure::usage(format!("cannot write the schema to standard output: {error}"), "check where the output goes")
    })?;
    Ok(Exit::Done)
}
