//! The command line: one file a command.

mod after;
pub mod assess;
pub mod compare;
pub mod config;
mod credential;
mod demo;
pub mod doctor;
pub mod explain;
mod facts;
mod files;
pub mod init;
mod joining;
pub mod man;
mod output;
pub mod panic;
pub mod plan;
mod progress;
pub mod report;
pub mod rollup;
pub mod roster;
pub mod rules;
pub mod runs;
pub mod schema;
mod services;
pub mod simulate;
mod stop;
pub mod templates;

use std::path::{Path, PathBuf};

use clap::{CommandFactory, Parser, Subcommand};
use jiff::Timestamp;
use tokio::runtime::{Builder, Runtime};

use crate::clock::Clock;
use crate::failure::{Exit, Failure};
pub use output::Output;

/// Who of a roster can move off Exchange Web Services, and what stands in the way of the others.
#[derive(Debug, Parser)]
#[command(name = "ewsready", version, about, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Only errors and results; no progress, no remarks.
    #[arg(long, short, global = true)]
    quiet: bool,
    /// Say more on standard error; twice: every retry.
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Assess every mailbox of a roster and write the report.
    Assess(Box<assess::Args>),
    /// Judge a stored run again and write its report, without one request.
    Report(report::Args),
    /// Show everything known about one user, and why this verdict and not the next.
    Explain(explain::Args),
    /// Plan cutover waves from a stored run, and keep people together who work together.
    Plan(Box<plan::Args>),
    /// Show what is understood of a roster, and ask nothing of the network.
    Roster(roster::Args),
    /// Show what moved between two runs, and whether the date is made.
    Compare(compare::Args),
    /// Put the newest run of every tenant of these stores on one sheet.
    Rollup(rollup::Args),
    /// List stored runs, export them, or remove old ones.
    Runs(runs::Args),
    /// Check what a tenant lets us see, and which permission would show the rest.
    Doctor(Box<doctor::Args>),
    /// Write a commented configuration; asks on a terminal for what is left out.
    Init(init::Args),
    /// Show what counts for a tenant, and where each value comes from.
    Config(config::Args),
    /// List the rules, or explain one.
    Rules(rules::Args),
    /// Print the JSON Schema of the report.
    Schema(schema::Args),
    /// List the built-in templates, or print one: scripts, report, configuration, roster.
    Templates(templates::Args),
    /// Serve a simulated Microsoft 365 tenant on loopback.
    Simulate(simulate::Args),
    /// Print the manual page, or write one page a command.
    Man(man::Args),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Runs the program with the process's arguments; returns the exit code.
#[must_use]
pub fn main() -> u8 {
    panic::guarded(start)
}

fn start() -> u8 {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            let _ = error.print();
            return Exit::Usage.code();
        }
        Err(help) => return ended(output::written(help.print()).map(|()| Exit::Done), &Output { quiet: false }),
    };
    let output = Output::new(cli.quiet, cli.verbose);
    let outcome = runtime(&cli.command)
        .map_err(|error| {
            Failure::usage(
                format!("the program cannot start its threads: {error}"),
                "raise the limits on processes and open files",
            )
        })
        .and_then(|runtime| runtime.block_on(run(cli.command, &output)));
    ended(outcome, &output)
}

/// Who asks waits for the network nearly all the time, and without other cores to share with each answer costs less; the
/// simulator is asked by many at once.
fn runtime(command: &Command) -> std::io::Result<Runtime> {
    let mut runtime = match command {
        Command::Simulate(_) => Builder::new_multi_thread(),
        _ => Builder::new_current_thread(),
    };
    runtime.enable_all().build()
}

/// Says why, where it failed; gives the exit code.
fn ended(outcome: Result<Exit, Failure>, output: &Output) -> u8 {
    match outcome {
        Ok(exit) => exit.code(),
        Err(failure) => {
            output.error(&failure);
            failure.exit.code()
        }
    }
}

async fn run(command: Command, output: &Output) -> Result<Exit, Failure> {
    match command {
        Command::Assess(args) => assess::run(*args, output).await,
        Command::Report(args) => report::run(&args, output).await,
        Command::Compare(args) => compare::run(&args, output),
        Command::Rollup(args) => rollup::run(&args, output),
        Command::Explain(args) => explain::run(&args, output),
        Command::Plan(args) => plan::run(&args, output),
        Command::Roster(args) => roster::run(args),
        Command::Runs(args) => runs::run(&args, output),
        Command::Doctor(args) => doctor::run(*args, output).await,
        Command::Init(args) => init::run(&args, output),
        Command::Config(args) => config::run(&args, output),
        Command::Rules(args) => rules::run(&args, output),
        Command::Schema(args) => schema::run(&args, output),
        Command::Templates(args) => templates::run(&args, output),
        Command::Simulate(args) => simulate::run(args, output).await,
        Command::Man(args) => man::run(&args, output),
        Command::Completions { shell } => {
            // It panics where it cannot write.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "ewsready", &mut script);
            output.result(&String::from_utf8_lossy(&script))?;
            Ok(Exit::Done)
        }
    }
}

/// The clock of this run: the computer's, unless `EWSREADY_NOW` stops it, for reports that come out the same.
fn clock() -> Result<Clock, Failure> {
    let Some(text) = std::env::var_os("EWSREADY_NOW") else { return Ok(Clock::system()) };
    let text = text.to_string_lossy();
    let start: Timestamp = text.parse().map_err(|_| {
        Failure::usage(
            format!("EWSREADY_NOW is '{text}', which is no moment"),
            "write it as 2026-11-20T08:00:00Z, or unset it",
        )
    })?;
    Ok(Clock::standing_at(start))
}

/// The store: the one given, else `ewsready.sqlite` in the current folder.
fn store_path(given: Option<&Path>) -> PathBuf {
    given.map_or_else(|| PathBuf::from("ewsready.sqlite"), Path::to_owned)
}
