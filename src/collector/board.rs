//! What progress shows: how far each question is, and remarks for the reader.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::evidence::question::Question;

/// Counts and remarks of a run under way.
#[derive(Debug, Default)]
pub struct Board {
    total: [AtomicU64; Question::ALL.len()],
    done: [AtomicU64; Question::ALL.len()],
    remarks: Mutex<Vec<String>>,
}

impl Board {
    /// So many outcomes are still to come.
    pub fn expect(&self, question: Question, more: u64) {
        self.total[question as usize].fetch_add(more, Ordering::Relaxed);
    }

    /// So many outcomes came.
    pub fn done(&self, question: Question, more: u64) {
        self.done[question as usize].fetch_add(more, Ordering::Relaxed);
    }

    /// Outcomes that came, and that are expected in all.
    #[must_use]
    pub fn count(&self, question: Question) -> (u64, u64) {
        let read = |counters: &[AtomicU64]| counters[question as usize].load(Ordering::Relaxed);
        let done = read(&self.done);
        (done, read(&self.total).max(done))
    }

    /// Says something once.
    pub fn remark(&self, text: impl Into<String>) {
        self.remarks.lock().unwrap_or_else(PoisonError::into_inner).push(text.into());
    }

    /// The remarks since the last call.
    #[must_use]
    pub fn take_remarks(&self) -> Vec<String> {
        std::mem::take(&mut self.remarks.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
