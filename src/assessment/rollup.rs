//! The figures of tenants for a roll-up: from a report just written, or from what their stores hold.

use std::path::Path;

use jiff::civil::Date;

use super::history::{Past, history};
use super::{Judge, Wishes, head};
use crate::evidence::store::{RunRecord, Store};
use crate::facts::Facts;
use crate::failure::{Exit, Failure};
use crate::report::View;
use crate::report::rollup::{Course, Figures, State, TenantLine};
use crate::verdict::Verdict;

/// The figures of a report that was just written, for a roll-up of that day.
#[must_use]
pub fn written(view: &View, as_of: Date) -> Option<Figures> {
    let course = Course {
        name: &view.head.tenant.name,
        simulated: view.head.simulated,
        retirement: view.head.organization.retirement,
        trend: &view.history.trend,
        changes: view.history.changes.as_ref(),
        plan: view.history.plan.as_ref(),
    };
    Figures::of(course, as_of)
}

/// A line for every tenant of a store; a store or tenant that fails has a line too.
#[must_use]
pub fn tenants(path: &Path, facts: &Facts, as_of: Date) -> Vec<TenantLine> {
    let store = path.display().to_string();
    let failed = |tenant: &str, failure: Failure| TenantLine {
        tenant: tenant.to_owned(),
        state: State::Failed,
        exit_code: failure.exit.code(),
        message: failure.message,
        hint: failure.hint,
        report: String::new(),
        has_page: false,
        store: store.clone(),
        figures: None,
    };
    let read = Store::open_existing(path).and_then(|store| store.runs().map(|runs| (store, runs)));
    let (open, runs) = match read {
        Ok(read) => read,
        Err(error) => {
            let hint = "check whether this is the store that was meant; the other tenants are not touched by it";
            return vec![failed("", Failure { hint: hint.to_owned(), ..Failure::from(error) })];
        }
    };
    let mut names: Vec<&str> = runs.iter().map(|run| run.tenant.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        let hint = "ewsready assess makes one; check whether this is the store that was meant";
        return vec![failed("", Failure::usage("the store holds no run", hint))];
    }
    let one = |tenant: &str| match last_known(&open, tenant, facts, as_of) {
        Err(failure) => failed(tenant, failure),
        Ok(figures) => TenantLine { figures, ..line(tenant, &runs, &store) },
    };
    let mut lines: Vec<TenantLine> = names.into_iter().map(one).collect();
    for line in lines.iter_mut().filter(|line| line.state == State::Assessed) {
        let open = line.figures.as_ref().is_some_and(|figures| figures.verdict(Verdict::NotAssessed) > 0);
        if open {
            (line.state, line.exit_code) = (State::Incomplete, Exit::Incomplete.code());
        }
    }
    lines
}

/// The line of a tenant whose store can be read, by how its newest run ended.
fn line(tenant: &str, runs: &[RunRecord], store: &str) -> TenantLine {
    let newest = runs.iter().rev().find(|run| run.tenant == tenant);
    let stopped = newest.filter(|run| run.finished.is_none());
    let day = |run: &RunRecord| run.started.strftime("%Y-%m-%d %H:%M UTC").to_string();
    TenantLine {
        tenant: tenant.to_owned(),
        state: if stopped.is_some() { State::Stopped } else { State::Assessed },
        exit_code: if stopped.is_some() { Exit::Resumable.code() } else { Exit::Done.code() },
        message: stopped.map(|run| format!("the run of {} was stopped on the way", day(run))).unwrap_or_default(),
        hint: stopped.map(|_| "the same assess command goes on with it".to_owned()).unwrap_or_default(),
        report: String::new(),
        has_page: false,
        store: store.to_owned(),
        figures: None,
    }
}

/// The figures of a tenant's newest complete run, by today's rules; `None`: there is none.
///
/// # Errors
/// In words, when the store fails.
pub fn last_known(store: &Store, tenant: &str, facts: &Facts, as_of: Date) -> Result<Option<Figures>, Failure> {
    let runs = store.runs()?;
    let newest = runs.iter().rev().find(|run| run.tenant == tenant && run.finished.is_some());
    newest.map_or(Ok(None), |run| figures(store, run, facts, as_of))
}

fn figures(store: &Store, run: &RunRecord, facts: &Facts, as_of: Date) -> Result<Option<Figures>, Failure> {
    let judged = Past { store, facts, settings: &run.settings }.judged(run)?;
    let day = Judge::of(store, run, facts, &Wishes::default())?.as_of();
    let history = history(store, run, facts, &judged, day)?;
    let tenant = store.tenant_evidence(run.id)?;
    let course = Course {
        name: tenant.identity.value().map_or("", |identity| identity.name.as_str()),
        simulated: run.settings.simulated,
        retirement: head::retirement(facts, &run.settings.cloud),
        trend: &history.trend,
        changes: history.changes.as_ref(),
        plan: history.plan.as_ref(),
    };
    Ok(Figures::of(course, as_of))
}
