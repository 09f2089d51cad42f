//! `ewsready runs`: what the store holds, and how to make it smaller.

use std::path::PathBuf;

use super::assess::store_failure;
use super::exit::{Exit, Failure};
use super::{Output, judging, store_path};
use crate::evidence::store::{RunRecord, Store};

/// List stored runs, or remove old ones.
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
    /// Remove all but the newest runs of each tenant.
    Prune {
        /// How many runs of each tenant stay.
        #[arg(long, value_name = "N")]
        keep: usize,
    },
    /// Remove one run with all its evidence.
    Remove {
        /// Run: its identifier or the beginning of it.
        run: String,
    },
}

/// Runs the command.
///
/// # Errors
/// In words, when the store cannot be used or the run is not there.
pub fn run(args: &Args, output: &Output) -> Result<Exit, Failure> {
    let path = store_path(args.store.as_deref());
    match &args.action {
        None | Some(Action::List) => {
            let store = Store::open_existing(&path).map_err(store_failure)?;
            output.result(&list(&store)?);
        }
        Some(Action::Prune { keep }) => {
            let mut store = open_for_change(&path)?;
            let removed = prune(&mut store, *keep)?;
            output.remark(&format!("{removed} runs removed"));
        }
        Some(Action::Remove { run }) => {
            let mut store = open_for_change(&path)?;
            let run = judging::find_run(&store, Some(run))?;
            store.remove(run.id).map_err(store_failure)?;
            output.remark(&format!("run {} removed", run.uuid));
        }
    }
    Ok(Exit::Done)
}

/// Opens an existing store so that no run can be under way.
fn open_for_change(path: &std::path::Path) -> Result<Store, Failure> {
    drop(Store::open_existing(path).map_err(store_failure)?);
    Store::open(path).map_err(store_failure)
}

fn list(store: &Store) -> Result<String, Failure> {
    let mut text = format!("{:8}  {:20}  {:16}  {:>8}  {}\n", "run", "started", "tenant", "entries", "state");
    for run in store.runs().map_err(store_failure)? {
        let entries = store.entry_count(run.id).map_err(store_failure)?;
        let started = run.started.strftime("%Y-%m-%d %H:%M:%SZ");
        let short = run.uuid.get(..8).unwrap_or(&run.uuid);
        text.push_str(&format!("{short:8}  {started:20}  {:16}  {entries:>8}  {}\n", run.tenant, state(store, &run)?));
    }
    Ok(text)
}

fn state(store: &Store, run: &RunRecord) -> Result<String, Failure> {
    let open = store.open_questions(run.id).map_err(store_failure)?;
    Ok(match (run.finished, open) {
        (None, _) => "interrupted; the same command goes on".to_owned(),
        (Some(_), 0) => "complete".to_owned(),
        (Some(_), open) => format!("{open} questions open; the same command asks them again"),
    })
}

fn prune(store: &mut Store, keep: usize) -> Result<usize, Failure> {
    let mut kept = std::collections::HashMap::<String, usize>::new();
    let mut removed = 0;
    for run in store.runs().map_err(store_failure)?.into_iter().rev() {
        let count = kept.entry(run.tenant).or_default();
        *count += 1;
        if *count > keep {
            store.remove(run.id).map_err(store_failure)?;
            removed += 1;
        }
    }
    Ok(removed)
}
