//! `ewsready rollup`: the stores of many tenants on one sheet. Offline; one that fails does not stop the others.

use std::path::{Path, PathBuf};

use super::Output;
use super::files::write_whole;
use crate::assessment;
use crate::assessment::history::{Past, earlier_runs, judged_now, label};
use crate::compare::{Changes, Outcome, Trend, TrendBuilder, compare};
use crate::evidence::store::{RunRecord, Store, StoreError};
use crate::facts::Facts;
use crate::failure::{Exit, Failure};
use crate::report::Texts;
use crate::report::rollup::{RollupFormat, RunLine, State, TenantLine, text};
use crate::verdict::Verdict;

/// Put the newest run of every tenant of these stores on one sheet, a row a tenant.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Stores, each with the runs of one or more tenants.
    #[arg(required = true, value_name = "STORE")]
    stores: Vec<PathBuf>,
    /// Folder for the files; without it the result is shown.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Files to write into it.
    #[arg(long, value_enum, value_name = "LIST", value_delimiter = ',', default_values = ["csv", "json", "xlsx", "md"])]
    format: Vec<RollupFormat>,
    /// Folder with fact files that replace the built-in ones.
    #[arg(long, value_name = "DIR")]
    facts: Option<PathBuf>,
    /// Language of the titles.
    #[arg(long, value_name = "LANG", default_value = "en")]
    language: String,
}

/// Causes named of a tenant.
const CAUSES: usize = 3;

/// Runs the command. The code is 4 when a tenant failed or has rows that are not assessed.
///
/// # Errors
/// In words, when facts or language are wrong, or the files cannot be written.
pub fn run(args: &Args, output: &Output) -> Result<Exit, Failure> {
    let facts = super::report::chosen_facts(args.facts.as_deref())?;
    let texts = Texts::embedded(&args.language)?;
    let mut lines: Vec<TenantLine> = args.stores.iter().flat_map(|path| tenants(path, facts.get())).collect();
    lines.sort_by(|a, b| (a.state, &a.tenant, &a.store).cmp(&(b.state, &b.tenant, &b.store)));
    match &args.out {
        None => output.result(&text(&lines, &texts)),
        Some(folder) => {
            assessment::check_folder(folder)?;
            for format in &args.format {
                let file = format.render(&lines, &texts)?;
                let path = folder.join(format.file_name());
                write_whole(&path, &file, true)?;
                output.result(&format!("{}\n", path.display()));
            }
        }
    }
    let whole = lines.iter().all(|line| line.state == State::Complete);
    Ok(if whole { Exit::Done } else { Exit::Incomplete })
}

/// One line a tenant of a store; a store or tenant that fails has a line too.
fn tenants(path: &Path, facts: &Facts) -> Vec<TenantLine> {
    let name = path.display().to_string();
    let line = |tenant: &str, state, detail: String| TenantLine {
        tenant: tenant.to_owned(),
        store: name.clone(),
        state,
        detail,
        run: None,
    };
    let read = Store::open_existing(path).and_then(|store| store.runs().map(|runs| (store, runs)));
    let (store, runs) = match read {
        Ok(read) => read,
        Err(error) => return vec![line("", State::Failed, error.to_string())],
    };
    let mut names: Vec<&str> = runs.iter().map(|run| run.tenant.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return vec![line("", State::Failed, "the store holds no run".to_owned())];
    }
    let newest = |tenant: &str| runs.iter().rev().find(|run| run.tenant == tenant && run.finished.is_some());
    let one = |tenant: &str| match newest(tenant) {
        None => line(tenant, State::Interrupted, "no run of this tenant is complete".to_owned()),
        Some(run) => match run_line(&store, run, facts) {
            Ok(run) => {
                let state = if run.not_assessed > 0 { State::Incomplete } else { State::Complete };
                TenantLine { run: Some(run), ..line(tenant, state, later_trouble(&runs, tenant)) }
            }
            Err(failure) => line(tenant, State::Failed, failure.message),
        },
    };
    names.into_iter().map(one).collect()
}

/// That the newest run of a tenant is not the complete one shown.
fn later_trouble(runs: &[RunRecord], tenant: &str) -> String {
    let last = runs.iter().rev().find(|run| run.tenant == tenant).filter(|run| run.finished.is_none());
    last.map(|run| format!("the run of {} was interrupted", run.started)).unwrap_or_default()
}

fn run_line(store: &Store, run: &RunRecord, facts: &Facts) -> Result<RunLine, Failure> {
    let (trend, changes) = course(store, run, facts)?;
    let missing = || Failure::from(StoreError::Ended("the run has no rows".to_owned()));
    let point = trend.points.last().ok_or_else(missing)?;
    let held =
        |(outcome, _): &(&Outcome, &u64)| matches!(outcome.verdict, Verdict::Blocked | Verdict::NeedsLicenseUpgrade);
    let mut causes: Vec<(String, u64)> =
        point.causes.iter().filter(held).map(|(outcome, users)| (outcome.reason.to_string(), *users)).collect();
    causes.sort_by_key(|(_, users)| std::cmp::Reverse(*users));
    causes.truncate(CAUSES);
    let before = trend.points.len().checked_sub(2).and_then(|place| trend.points.get(place));
    let forecast = trend.forecast.as_ref();
    let average = forecast.and_then(|forecast| forecast.pace.as_ref()).map(|pace| &pace.average);
    Ok(RunLine {
        run: run.uuid.clone(),
        day: point.label.day(),
        runs: trend.points.len() as u64,
        rows: point.rows,
        blocked: point.verdict(Verdict::Blocked),
        needs_license_upgrade: point.verdict(Verdict::NeedsLicenseUpgrade),
        move_to_graph_eac: point.verdict(Verdict::MoveToGraphEac),
        not_assessed: point.verdict(Verdict::NotAssessed),
        left_change: before.map(|before| point.left() as i64 - before.left() as i64),
        regressed: changes.as_ref().map(Changes::regressed),
        per_week: average.map(|course| course.per_week),
        needed_per_week: forecast.and_then(|forecast| forecast.needed_per_week),
        done: average.and_then(|course| course.done),
        causes,
    })
}

/// All runs of the tenant up to one, by today's rules, and what moved at the last.
fn course(store: &Store, run: &RunRecord, facts: &Facts) -> Result<(Trend, Option<Changes>), Failure> {
    let past = Past { store, facts, settings: &run.settings };
    let judged = past.judged(run)?;
    let mut trend = TrendBuilder::default();
    trend.add(judged_now(run), &judged);
    let mut changes = None;
    for (place, old) in earlier_runs(store, run)?.iter().enumerate() {
        let entries = past.earlier(old)?;
        if place == 0 {
            changes = Some(compare(label(store, old)?, &entries, judged_now(run), &judged));
        }
        trend.add(label(store, old)?, &entries.into_iter().map(|entry| entry.judged).collect::<Vec<_>>());
    }
    Ok((trend.finish(assessment::head::retirement(facts, &run.settings.cloud)), changes))
}
