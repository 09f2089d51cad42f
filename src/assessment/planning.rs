//! What a stored run gives to a plan of cutover waves, and how a later run stands against one.

use jiff::civil::Date;

use super::Judge;
use crate::compare::Judged;
use crate::evidence::store::{RunRecord, Store, StoreError};
use crate::failure::Failure;
use crate::plan::constraints::{Rules, RulesError};
use crate::plan::kept::Kept;
use crate::plan::people::{Census, Columns, Gathering, Seed, Standing};
use crate::plan::progress::{Against, Person};

/// Everybody of a run, judged, and who belongs to whom.
///
/// # Errors
/// In words, when the store fails or the roster lacks a column that the rules name.
pub fn census(store: &Store, run: &RunRecord, judge: &Judge<'_>, rules: &Rules) -> Result<Census, Failure> {
    let columns = Columns::find(rules, &run.roster.columns)?;
    let mut gathering = Gathering::default();
    judge.each(
        store,
        |entry, evidence, judgement| (Seed::of(entry, evidence, judgement, &columns), entry.address.is_some()),
        |(seed, usable)| gathering.push(seed, usable),
    )?;
    Ok(gathering.finish(rules))
}

/// The plan kept with a run, else the newest of the tenant's earlier runs: the one a new plan follows.
///
/// # Errors
/// In words, when the store fails.
pub fn newest(store: &Store, run: &RunRecord) -> Result<Option<Kept>, Failure> {
    match own(store, run)? {
        Some(plan) => Ok(Some(plan)),
        None => before(store, run),
    }
}

/// The newest plan of the tenant's earlier runs: the one a run is held against.
///
/// # Errors
/// In words, when the store fails.
pub fn before(store: &Store, run: &RunRecord) -> Result<Option<Kept>, Failure> {
    store.newest_plan_before(&run.tenant, run.id)?.as_deref().map(kept).transpose()
}

fn own(store: &Store, run: &RunRecord) -> Result<Option<Kept>, Failure> {
    store.plan(run.id)?.as_deref().map(kept).transpose()
}

fn kept(body: &str) -> Result<Kept, Failure> {
    serde_json::from_str(body).map_err(|error| StoreError::from(error).into())
}

/// How a judged run stands on a day against the plan of an earlier one; `None`: nobody made a plan.
///
/// # Errors
/// In words, when the store fails.
pub fn standing(store: &Store, run: &RunRecord, judged: &[Judged], today: Date) -> Result<Option<Against>, Failure> {
    let Some(plan) = before(store, run)? else { return Ok(None) };
    let newer = own(store, run)?;
    let people = judged.iter().filter(|judged| judged.usable && !judged.repeat).map(|judged| Person {
        object_id: judged.object_id.to_string().into(),
        address: &judged.address,
        standing: Standing::of_verdict(judged.outcome.verdict),
    });
    Ok(Some(Against::of(&plan, people, today, newer.as_ref())))
}

impl From<RulesError> for Failure {
    fn from(error: RulesError) -> Self {
        let hint = match &error {
            RulesError::Read { .. } => "name another file with --plan",
            RulesError::File { .. } => "samples/plans/weekends.toml shows every key",
            RulesError::Rule(_) => {
                "samples/plans/weekends.toml shows every rule; ewsready plan --help what the command line sets"
            }
        };
        Self::usage(error.to_string(), hint)
    }
}
