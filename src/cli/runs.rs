//! `ewsready runs`: what the store holds, how to hand it on, and how to make it smaller.

use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;

use super::facts::FactsArgs;
use super::files::not_written;
use super::output::Stdout;
use super::{Output, store_path};
use crate::assessment::{self, Judge, Wishes};
use crate::evidence::store::{RunRecord, Store};
use crate::facts::Facts;
use crate::failure::{Exit, Failure};
use crate::private::Whole;
use crate::report::export::{Export, ExportRun};

/// List stored runs, export them, or remove old ones.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    /// File that keeps runs and evidence [default: ewsready.sqlite in the current folder].
    #[arg(long, value_name = "FILE", global = true)]
    store: Option<PathBuf>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the runs, oldest first.
    List,
    /// Write runs as one flat table for other programs, a line a roster entry and run.
    Export {
        /// Run: its identifier or the beginning of it [default: the newest].
        run: Option<String>,
        /// Every complete run of the store, oldest first.
        #[arg(long, conflicts_with = "run")]
        all: bool,
        /// Format of the table.
        #[arg(long, value_enum, value_name = "FORMAT", default_value = "csv")]
        format: ExportFormat,
        /// Pseudonyms in the place of names, addresses, ids, domains and the tenant.
        #[arg(long)]
        anonymize: bool,
        #[command(flatten)]
        facts: FactsArgs,
        /// File to write [default: standard output].
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Remove all but the newest runs of each tenant; nothing of them stays in the file.
    Prune {
        /// How many runs of each tenant stay.
        #[arg(long, value_name = "N")]
        keep: usize,
    },
    /// Remove one run with all its evidence; nothing of it stays in the file.
    Remove {
        /// Run: its identifier or the beginning of it.
        run: String,
    },
}

/// What `runs export` can write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ExportFormat {
    /// UTF-8, comma-separated, ids instead of words.
    Csv,
}

/// Runs the command.
///
/// # Errors
/// In words, when the store cannot be used or the run is not there.
pub fn run(args: &Args, output: &Output) -> Result<Exit, Failure> {
    let path = store_path(args.store.as_deref());
    match &args.action {
        None | Some(Action::List) => {
            let store = Store::open_existing(&path)?;
            output.result(&list(&store)?)?;
        }
        Some(Action::Export { run, all, format: ExportFormat::Csv, anonymize, facts, out }) => {
            let (store, facts) = (Store::open_existing(&path)?, facts.read()?);
            let runs = match all {
                true => store.runs()?.into_iter().filter(|run| run.finished.is_some()).collect(),
                false => vec![assessment::find_run(&store, run.as_deref())?],
            };
            match out {
                None => export(&store, &runs, &facts, *anonymize, Stdout::default())?,
                Some(path) => {
                    let table = |out: &mut BufWriter<File>| export(&store, &runs, &facts, *anonymize, out);
                    let file = Whole::written(path.clone(), not_written, table)?;
                    file.keep().map_err(|(path, error)| not_written(&path, error))?;
                }
            }
        }
        Some(Action::Prune { keep }) => {
            let mut store = Store::open_existing_for_change(&path)?;
            let removed = prune(&mut store, *keep)?;
            output.remark(&format!("{removed} {} removed", if removed == 1 { "run" } else { "runs" }));
        }
        Some(Action::Remove { run }) => {
            let mut store = Store::open_existing_for_change(&path)?;
            let run = assessment::find_run(&store, Some(run))?;
            store.forget(&[run.id])?;
            output.remark(&format!("run {} removed", run.uuid));
        }
    }
    Ok(Exit::Done)
}

/// Judges the runs and writes their rows.
fn export(
    store: &Store,
    runs: &[RunRecord],
    facts: &Facts,
    anonymize: bool,
    out: impl std::io::Write + Send,
) -> Result<(), Failure> {
    let mut table = Export::new(out)?;
    let wishes = Wishes { anonymize, ..Wishes::default() };
    for run in runs {
        let judge = Judge::of(store, run, facts, &wishes)?;
        let tenant = judge.mask().map_or_else(|| run.tenant.clone(), |mask| mask.profile(&run.tenant));
        let of = ExportRun { run: &run.uuid, tenant: &tenant, started: run.started, as_of: judge.as_of() };
        judge.each_row(store, |row| table.push(of, row))?;
    }
    table.finish().map_err(Failure::from)
}

fn list(store: &Store) -> Result<String, Failure> {
    let mut text = format!("{:8}  {:20}  {:16}  {:>8}  {}\n", "run", "started", "tenant", "entries", "state");
    for run in store.runs()? {
        let entries = store.entry_count(run.id)?;
        let started = run.started.strftime("%Y-%m-%d %H:%M:%SZ");
        let short = run.uuid.get(..8).unwrap_or(&run.uuid);
        text.push_str(&format!("{short:8}  {started:20}  {:16}  {entries:>8}  {}\n", run.tenant, state(store, &run)?));
    }
    Ok(text)
}

fn state(store: &Store, run: &RunRecord) -> Result<String, Failure> {
    let open = store.open_questions(run.id)?;
    Ok(match (run.finished, open) {
        (None, _) => "interrupted; the same command goes on".to_owned(),
        (Some(_), 0) => "complete".to_owned(),
        (Some(_), open) => format!("{open} questions open; the same command asks them again"),
    })
}

fn prune(store: &mut Store, keep: usize) -> Result<usize, Failure> {
    let mut kept = std::collections::HashMap::<String, usize>::new();
    let mut removed = Vec::new();
    for run in store.runs()?.into_iter().rev() {
        let count = kept.entry(run.tenant).or_default();
        *count += 1;
        if *count > keep {
            removed.push(run.id);
        }
    }
    // Also with none to remove: what an earlier try left is gone then.
    store.forget(&removed)?;
    Ok(removed.len())
}
