//! What earlier runs of a tenant add to a report: their verdicts by today's rules, compared and counted.

use std::collections::HashMap;

use jiff::civil::Date;

use super::{Judge, Wishes, head, planning};
use crate::compare::{Earlier, History, Judged, Outcome, RunLabel, TrendBuilder, Words, compare};
use crate::evidence::ObjectId;
use crate::evidence::store::{EntryRecord, Judging, Kept, KeptEntry, RunRecord, Settings, Store};
use crate::facts::Facts;
use crate::failure::Failure;
use crate::report::row::Row;
use crate::verdict::Verdict;

/// Changes since the run before, the trend, the standing against the plan, and what people wrote, for the report of
/// `run` as of a day.
///
/// # Errors
/// In words, when the store fails.
pub fn history(
    store: &Store,
    run: &RunRecord,
    facts: &Facts,
    judged: &[Judged],
    as_of: Date,
) -> Result<History, Failure> {
    let newest = earlier_runs(store, run)?.into_iter().next();
    let before = newest.filter(|_| run.finished.is_some());
    history_since(store, before.as_ref(), run, facts, judged, as_of)
}

/// The same, with the changes since a run that was chosen; `None`: since none.
///
/// # Errors
/// In words, when the store fails.
pub fn history_since(
    store: &Store,
    before: Option<&RunRecord>,
    run: &RunRecord,
    facts: &Facts,
    judged: &[Judged],
    as_of: Date,
) -> Result<History, Failure> {
    let past = Past { store, facts, settings: &run.settings };
    let earlier = earlier_runs(store, run)?;
    let mut trend = if earlier.is_empty() { TrendBuilder::of_one() } else { TrendBuilder::default() };
    trend.add(judged_now(run), judged);
    let mut changes = None;
    for old in &earlier {
        let from = label(store, old)?;
        if before.is_some_and(|before| before.id == old.id) {
            let entries = past.earlier(old)?;
            changes = Some(compare(from.clone(), &entries, judged_now(run), judged));
            trend.add(from, &entries.into_iter().map(|entry| entry.judged).collect::<Vec<_>>());
        } else {
            trend.add(from, &past.judged(old)?);
        }
    }
    // Somebody may have chosen a later run, or one that is not complete: it is in no trend.
    if let (None, Some(before)) = (&changes, before) {
        changes = Some(compare(label(store, before)?, &past.earlier(before)?, judged_now(run), judged));
    }
    let trend = trend.finish(head::retirement(facts, &run.settings.cloud));
    let plan = planning::standing(store, run, judged, as_of)?;
    Ok(History { changes, trend, plan, notes: store.annotations(&run.tenant)? })
}

/// The complete runs of the same tenant before `run`, newest first.
///
/// # Errors
/// When the store fails.
fn earlier_runs(store: &Store, run: &RunRecord) -> Result<Vec<RunRecord>, Failure> {
    let mut runs = store.runs()?;
    runs.retain(|other| other.tenant == run.tenant && other.id < run.id && other.finished.is_some());
    runs.reverse();
    Ok(runs)
}

/// An earlier run as comparisons name it.
///
/// # Errors
/// When the store fails.
fn label(store: &Store, run: &RunRecord) -> Result<RunLabel, Failure> {
    let judging = store.judging(run.id)?;
    let tool_version = judging.map(|judging| judging.tool).unwrap_or_default();
    Ok(RunLabel { run: run.uuid.clone(), started: run.started, tool_version })
}

/// A run that is being judged by this very program.
fn judged_now(run: &RunRecord) -> RunLabel {
    let tool_version = env!("CARGO_PKG_VERSION").to_owned();
    RunLabel { run: run.uuid.clone(), started: run.started, tool_version }
}

/// Digest of the sources that judge, made by the build script.
pub const JUDGING: &str = env!("EWSREADY_JUDGING");

/// Fingerprint of all that turns evidence into verdicts: program, rules with their code, facts, and what [`Past`] takes
/// from the later profile: kiosk and integrations.
pub fn fingerprint(facts: &Facts, settings: &Settings) -> String {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    let mut add = |text: &str| {
        context.update(text.as_bytes());
        context.update(b"\0");
    };
    add(env!("CARGO_PKG_VERSION"));
    add(JUDGING);
    add(facts.digest());
    add(settings.kiosk.id());
    settings.integrations.iter().for_each(|id| add(id));
    context.finish().as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Judges earlier runs by the rules of today, with kiosk and integrations of the run they are compared with.
pub struct Past<'a> {
    /// Where they are.
    pub store: &'a Store,
    /// Today's facts.
    pub facts: &'a Facts,
    /// Settings of the later run.
    pub settings: &'a Settings,
}

impl Past<'_> {
    /// The entries of a run by today's rules.
    ///
    /// # Errors
    /// When the store fails.
    pub fn judged(&self, run: &RunRecord) -> Result<Vec<Judged>, Failure> {
        if self.is_current(run)? { self.kept(run) } else { self.again(run) }
    }

    /// The entries of a run by today's rules, beside what the run's own report said.
    ///
    /// # Errors
    /// When the store fails.
    pub fn earlier(&self, run: &RunRecord) -> Result<Vec<Earlier>, Failure> {
        let kept = self.kept(run)?;
        if self.is_current(run)? {
            let same = |judged: Judged| Earlier { reported: Some(judged.outcome.clone()), judged };
            return Ok(kept.into_iter().map(same).collect());
        }
        let mut reported: HashMap<u64, Outcome> = kept.into_iter().map(|judged| (judged.row, judged.outcome)).collect();
        let judged = self.again(run)?.into_iter();
        Ok(judged.map(|judged| Earlier { reported: reported.remove(&judged.row), judged }).collect())
    }

    /// Whether what was kept of a run is what today's rules say.
    fn is_current(&self, run: &RunRecord) -> Result<bool, Failure> {
        let judging = self.store.judging(run.id)?;
        Ok(judging.is_some_and(|judging| judging.rules == fingerprint(self.facts, self.settings)))
    }

    fn kept(&self, run: &RunRecord) -> Result<Vec<Judged>, Failure> {
        let (mut words, mut entries) = (Words::default(), Vec::new());
        self.store.each_kept(run.id, |entry| entries.extend(kept(&mut words, entry)))?;
        Ok(entries)
    }

    fn again(&self, run: &RunRecord) -> Result<Vec<Judged>, Failure> {
        // These two are today's, and count in the fingerprint; what describes the evidence (cloud, own application, day)
        // stays the run's own.
        let settings = Settings {
            kiosk: self.settings.kiosk,
            integrations: self.settings.integrations.clone(),
            ..run.settings.clone()
        };
        let run = RunRecord { settings, ..run.clone() };
        let wishes = Wishes::default();
        Judge::of(self.store, &run, self.facts, &wishes)?.all(self.store)
    }
}

/// Who an entry is, before it is judged.
pub struct Who {
    repeat: bool,
    usable: bool,
    address: Box<str>,
    object_id: ObjectId,
}

impl Who {
    /// From a roster entry.
    pub fn of(entry: &EntryRecord) -> Self {
        Self {
            repeat: entry.subject.is_some_and(|first| first != entry.row),
            usable: entry.address.is_some(),
            address: entry.address.as_deref().unwrap_or(&entry.written).into(),
            object_id: entry.known.object_id.as_deref().unwrap_or_default().into(),
        }
    }
}

/// What stays of a judged row; `cause`: as it is shown.
pub fn judged(words: &mut Words, who: Who, row: &Row, cause: &str) -> Judged {
    Judged {
        row: row.row,
        repeat: who.repeat,
        usable: who.usable,
        address: who.address,
        object_id: if row.object_id.is_empty() { who.object_id } else { row.object_id.as_str().into() },
        owner: words.word(&row.owner),
        outcome: Outcome { verdict: row.verdict, reason: words.word(&row.reason) },
        cause: words.word(cause),
    }
}

/// A kept entry; `None`: with a verdict that this version does not know.
fn kept(words: &mut Words, entry: KeptEntry) -> Option<Judged> {
    let verdict = Verdict::ALL.iter().copied().find(|verdict| verdict.id() == entry.verdict)?;
    Some(Judged {
        row: entry.row,
        repeat: entry.repeat,
        usable: entry.usable,
        address: entry.address.into(),
        object_id: entry.object_id.as_str().into(),
        owner: words.word(&entry.owner),
        outcome: Outcome { verdict, reason: words.word(&entry.reason) },
        cause: words.word(""),
    })
}

/// Keeps what a run was judged to be, for later comparisons.
///
/// # Errors
/// When the store fails.
pub fn keep(
    store: &Store,
    run: &RunRecord,
    facts: &Facts,
    judged: &[Judged],
    at: jiff::Timestamp,
) -> Result<(), Failure> {
    let rules = fingerprint(facts, &run.settings);
    let judging = Judging { at, tool: env!("CARGO_PKG_VERSION").to_owned(), rules };
    let rows = judged.iter().map(|judged| Kept {
        row: judged.row,
        verdict: judged.outcome.verdict.id(),
        reason: &judged.outcome.reason,
        object_id: judged.object_id.to_string(),
    });
    store.keep_judged(run.id, &judging, rows).map_err(Failure::from)
}
