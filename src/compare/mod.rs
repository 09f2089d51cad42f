//! What moved between runs: who became ready, who fell back, whether the date is made.
//!
//! All of it is computed from verdicts, never from evidence: [`Judged`] is one roster entry as one run judged it.
//! A change of the rules is told apart from a change of the tenant by judging the old evidence with the new rules: what
//! an old run's report said ([`Earlier::reported`]) and what today's rules make of its evidence ([`Earlier::judged`])
//! differ by the rules alone; that and the new run differ by the tenant alone.

pub mod changes;
pub mod fail_on;
pub mod forecast;
pub mod message;
pub mod notes;
pub mod trend;
mod words;

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;

use crate::evidence::ObjectId;
use crate::evidence::store::Annotation;
use crate::plan::progress::Against;
use crate::verdict::Verdict;

pub use changes::{Change, Changes, Kind, compare};
pub use trend::{Trend, TrendBuilder};
pub use words::{Word, Words};

/// A verdict and the rule it rests on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Outcome {
    /// The verdict.
    pub verdict: Verdict,
    /// Id of the rule that decided.
    pub reason: Word,
}

/// One roster entry as one run judged it; small, because a comparison holds two or three of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Row of the roster.
    pub row: u64,
    /// Whether an earlier row has the same address: counted, but not compared a second time.
    pub repeat: bool,
    /// Whether the entry has an address that can be asked about.
    pub usable: bool,
    /// The address in its wire form, else the cell as written.
    pub address: Box<str>,
    /// Directory object id.
    pub object_id: ObjectId,
    /// The roster's owner; empty: none.
    pub owner: Word,
    /// What it was judged to be.
    pub outcome: Outcome,
    /// Why, in a sentence; empty where only the verdict was kept.
    pub cause: Word,
}

/// An entry of an earlier run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// As today's rules judge its evidence.
    pub judged: Judged,
    /// As its own report said; `None`: not kept.
    pub reported: Option<Outcome>,
}

/// A run, as comparisons name it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct RunLabel {
    /// Id of the run.
    pub run: String,
    /// When collecting began.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub started: Timestamp,
    /// Version of the program that wrote the run's report; empty: not kept.
    pub tool_version: String,
}

impl RunLabel {
    /// The day of the run (UTC).
    #[must_use]
    pub fn day(&self) -> Date {
        self.started.to_zoned(jiff::tz::TimeZone::UTC).date()
    }

    /// The beginning of the id, enough to name the run on the command line.
    #[must_use]
    pub fn short(&self) -> &str {
        self.run.get(..8).unwrap_or(&self.run)
    }
}

/// What earlier runs and people add to a report.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    /// What moved since the run before; `None`: there is none.
    pub changes: Option<Changes>,
    /// Counts over all runs up to this one, oldest first.
    pub trend: Trend,
    /// How the run stands against the waves planned before; `None`: nobody planned.
    pub plan: Option<Against>,
    /// What people wrote beside the causes.
    pub notes: Vec<Annotation>,
}

impl History {
    /// What is written about a cause.
    #[must_use]
    pub fn note(&self, reason: &str) -> Option<&Annotation> {
        self.notes.iter().find(|note| note.reason == reason)
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// A judged entry: row, address, object id, verdict, rule.
    pub fn judged(row: u64, address: &str, object_id: &str, verdict: Verdict, reason: &str) -> Judged {
        Judged {
            row,
            repeat: false,
            usable: true,
            address: address.into(),
            object_id: object_id.into(),
            owner: "".into(),
            outcome: Outcome { verdict, reason: reason.into() },
            cause: "".into(),
        }
    }

    /// A run that began on a day of 2026.
    pub fn label(month: i8, day: i8) -> RunLabel {
        let started = jiff::civil::date(2026, month, day).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
        RunLabel { run: format!("run-{month:02}-{day:02}"), started, tool_version: "1".to_owned() }
    }
}
