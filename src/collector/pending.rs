//! Who a question is still to be put for.

use std::vec;

use super::Collector;
use crate::evidence::question::Question;
use crate::evidence::store::{Lacking, Rows, StoreError, Subject};

/// The subjects that lack an outcome for a question, in roster order.
pub(super) struct Pending<'a> {
    collector: &'a Collector,
    question: Question,
    settled: &'a Rows,
    /// Who got an outcome since.
    seen: Option<&'a Rows>,
    page: vec::IntoIter<Subject>,
    after: u64,
}

/// Subjects read from the store at once.
const PAGE: u32 = 1000;

impl<'a> Pending<'a> {
    /// Those who lacked it when the store was asked.
    pub(super) fn of(collector: &'a Collector, question: Question, lacking: &'a Lacking) -> Self {
        let settled = lacking.settled(question);
        Self { collector, question, settled, seen: None, page: vec::IntoIter::default(), after: 0 }
    }

    /// Without those who have been seen since.
    pub(super) fn but(self, seen: &'a Rows) -> Self {
        Self { seen: Some(seen), ..self }
    }

    fn has_outcome(&self, subject: &Subject) -> bool {
        self.settled.contains(subject.id) || self.seen.is_some_and(|seen| seen.contains(subject.id))
    }
}

impl Iterator for Pending<'_> {
    type Item = Result<Subject, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some(subject) = self.page.next() else {
                let (run, known_account) = (self.collector.run, self.question.wants_account());
                match self.collector.store.subjects(run, known_account, self.after, PAGE) {
                    Ok(page) if page.is_empty() => return None,
                    Ok(page) => self.page = page.into_iter(),
                    Err(error) => return Some(Err(error)),
                }
                continue;
            };
            self.after = subject.id;
            if !self.has_outcome(&subject) {
                return Some(Ok(subject));
            }
        }
    }
}
