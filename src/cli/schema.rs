//! `ewsready schema`: prints the JSON Schema of the machine-readable report.

use super::Output;
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
pub fn run(args: &Args, output: &Output) -> Result<Exit, Failure> {
    let schema = if args.ndjson { json::line_schema() } else { json::schema() };
    output.result(&format!("{schema:#}\n"))?;
    Ok(Exit::Done)
}
