//! What was asked, counted for tests: by kind, and how often each question about a mailbox was finished.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::call::AskedAll;

/// Counts requests and finished questions.
#[derive(Debug, Default)]
pub(super) struct Counters {
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    requests: BTreeMap<String, u64>,
    faults: BTreeMap<&'static str, u64>,
    finished: BTreeMap<&'static str, BTreeMap<String, u64>>,
    unknown_paths: BTreeMap<String, u64>,
}

impl Counters {
    fn with<T>(&self, change: impl FnOnce(&mut Counts) -> T) -> T {
        change(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counts what an answer was about. `reached` is false where a fault spoiled the answer on its way.
    pub(super) fn answered(&self, asked: &AskedAll, reached: bool) {
        self.with(|counts| {
            for asked in &asked.0 {
                *counts.requests.entry(asked.kind.to_owned()).or_default() += 1;
                if let (Some(about), true, false) = (&asked.about, reached, asked.transient) {
                    *counts.finished.entry(asked.kind).or_default().entry(about.clone()).or_default() += 1;
                }
            }
        });
    }

    /// Counts a fault that was played.
    pub(super) fn fault(&self, name: &'static str) {
        self.with(|counts| *counts.faults.entry(name).or_default() += 1);
    }

    /// Counts a request to a path that no service knows.
    pub(super) fn unknown_path(&self, target: &str) {
        self.with(|counts| *counts.unknown_paths.entry(target.to_owned()).or_default() += 1);
    }

    /// What `GET /__simulator` shows.
    pub(super) fn report(&self) -> Value {
        self.with(|counts| {
            json!({
                "requests": counts.requests,
                "faults": counts.faults,
                "finished": counts.finished,
                "unknown_paths": counts.unknown_paths,
            })
        })
    }
}
