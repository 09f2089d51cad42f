//! What services left unanswered.

use std::collections::BTreeMap;

use rusqlite::params;

use super::{RunId, Store, StoreError};
use crate::evidence::Cause;
use crate::evidence::question::Question;

/// Causes that lie with the service or the way to it: it was asked until patience ended.
const GIVEN_UP: [Cause; 3] = [Cause::Throttled, Cause::Outage, Cause::Unreadable];

impl Store {
    /// How many mailboxes' questions were given up in a run, by question; those with none are left out.
    ///
    /// # Errors
    /// When the store fails.
    pub fn given_up(&self, run: RunId) -> Result<BTreeMap<Question, u64>, StoreError> {
        let sql = "SELECT question, count(*) FROM observation WHERE run = ?1 AND open = 1
                   AND json_extract(body, '$.cause') IN (?2, ?3, ?4) GROUP BY question";
        let [first, second, third] = GIVEN_UP.map(Cause::id);
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query(params![run.0, first, second, third])?;
        let mut counts = BTreeMap::new();
        while let Some(row) = rows.next()? {
            if let Some(question) = Question::of_number(row.get(0)?) {
                counts.insert(question, row.get::<_, i64>(1)?.unsigned_abs());
            }
        }
        Ok(counts)
    }
}
