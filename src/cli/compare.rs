//! `ewsready compare`: what moved between two stored runs, and whether the date is made. Offline.

use std::path::PathBuf;

use super::facts::FactsArgs;
use super::{Output, after, store_path};
use crate::assessment::history::history_since;
use crate::assessment::{self, Judge, Wishes};
use crate::compare::{Changes, History, Trend};
use crate::evidence::store::{RunRecord, Store, StoreError};
use crate::facts::Facts;
use crate::failure::{Exit, Failure};
use crate::plan::progress::Against;
use crate::report::changes::ChangesJson;
use crate::report::standing::StandingJson;
use crate::report::trend::TrendJson;
use crate::report::{Texts, changes, standing, trend};

/// Show what moved between two runs of a tenant, judging both by today's rules.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Earlier run: its identifier or the beginning of it [default: the last complete run but one].
    #[arg(requires = "new")]
    old: Option<String>,
    /// Later run [default: the last complete run].
    new: Option<String>,
    /// Tenant profile whose last two complete runs are compared [default: the newest run's].
    #[arg(long, value_name = "NAME", conflicts_with = "old")]
    tenant: Option<String>,
    /// File that keeps runs and evidence [default: ewsready.sqlite in the current folder].
    #[arg(long, value_name = "FILE")]
    store: Option<PathBuf>,
    #[command(flatten)]
    facts: FactsArgs,
    /// Text for reading, CSV with a line a change, or JSON with changes and trend.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Users shown of each kind of change, in the text.
    #[arg(long, value_name = "N", default_value_t = 20)]
    most: usize,
    /// Pseudonyms in the place of addresses, ids and owners.
    #[arg(long)]
    anonymize: bool,
    /// Language of the texts.
    #[arg(long, value_name = "LANG", default_value = "en")]
    language: String,
    /// End with code 10 when one of these holds, for example new_blocked>10.
    #[arg(long, value_name = "EXPR", value_delimiter = ',')]
    fail_on: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Csv,
    Json,
}

/// Runs the command.
///
/// # Errors
/// In words, when the runs are not there or not of one tenant, or the store fails.
pub fn run(args: &Args, output: &Output) -> Result<Exit, Failure> {
    let conditions = after::conditions(&args.fail_on)?;
    let texts = Texts::embedded(&args.language)?;
    let facts = args.facts.read()?;
    let store = Store::open_existing(&store_path(args.store.as_deref()))?;
    let (old, new) = pair(&store, args)?;
    let (changes, History { trend, plan, .. }) = between(&store, &old, &new, &facts, args)?;
    output.result(&match args.format {
        Format::Text => {
            let text = changes::text(&changes, &texts, args.most);
            let plan = plan.as_ref().map(|against| format!("{}\n", standing::text(against, &texts, args.most)));
            format!("{text}\n{}{}", plan.unwrap_or_default(), trend::text(&trend, &texts))
        }
        Format::Csv => {
            let mut out = Vec::new();
            changes::csv(&changes, plan.as_ref(), &mut out)?;
            String::from_utf8_lossy(&out).into_owned()
        }
        Format::Json => json(&changes, &trend, plan.as_ref())?,
    })?;
    let verdicts = trend.points.last().map(|point| point.verdicts).unwrap_or_default();
    let exceeded = after::test(&conditions, &after::counts(&changes, plan.as_ref(), verdicts), output);
    Ok(if exceeded { Exit::Threshold } else { Exit::Done })
}

fn json(changes: &Changes, trend: &Trend, plan: Option<&Against>) -> Result<String, Failure> {
    let both = serde_json::json!({
        "schema": "ewsready/compare/1",
        "changes": ChangesJson::new(changes),
        "trend": TrendJson::new(trend),
        "plan": plan.map(StandingJson::new),
    });
    let text = serde_json::to_string_pretty(&both).map_err(StoreError::from)?;
    Ok(text + "\n")
}

/// The two runs to compare.
fn pair(store: &Store, args: &Args) -> Result<(RunRecord, RunRecord), Failure> {
    if let (Some(old), Some(new)) = (&args.old, &args.new) {
        let (old, new) = (assessment::find_run(store, Some(old))?, assessment::find_run(store, Some(new))?);
        if old.tenant != new.tenant {
            let message = format!("run {} is of tenant {}, run {} of {}", old.uuid, old.tenant, new.uuid, new.tenant);
            return Err(Failure::usage(message, "name two runs of one tenant; ewsready runs lists them"));
        }
        return Ok((old, new));
    }
    let mut runs = store.runs()?;
    runs.retain(|run| run.finished.is_some() && args.tenant.as_ref().is_none_or(|tenant| *tenant == run.tenant));
    let newest = runs.pop();
    let previous = newest.as_ref().and_then(|newest| runs.into_iter().rev().find(|run| run.tenant == newest.tenant));
    previous.zip(newest).ok_or_else(|| {
        let path = store.path().display();
        let of = args.tenant.as_ref().map(|tenant| format!(" of tenant {tenant}")).unwrap_or_default();
        Failure::usage(
            format!("the store {path} does not hold two complete runs{of}"),
            "ewsready runs lists what is there; compare needs one from before and one from after",
        )
    })
}

/// The changes between two runs, how the later one stands against the plan made before, and the trend up to it.
fn between(
    store: &Store,
    old: &RunRecord,
    new: &RunRecord,
    facts: &Facts,
    args: &Args,
) -> Result<(Changes, History), Failure> {
    let wishes = Wishes { language: args.language.clone(), anonymize: args.anonymize, ..Wishes::default() };
    let judge = Judge::of(store, new, facts, &wishes)?;
    let judged = judge.all(store)?;
    let history = history_since(store, Some(old), new, facts, &judged, judge.as_of())?;
    let mut history = match judge.mask() {
        Some(mask) => mask.history(history),
        None => history,
    };
    let changes = history.changes.take();
    let changes = changes.ok_or_else(|| Failure::usage("nothing was compared", "name two runs of one tenant"))?;
    Ok((changes, history))
}
