//! What people wrote beside the causes of a tenant: carried from report to report.

use rusqlite::params;

use super::{Store, StoreError};

/// Owner, due date and comment of one cause.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Annotation {
    /// Rule id of the cause.
    pub reason: String,
    /// Who takes care of it.
    pub owner: String,
    /// Until when, as written; a date as `YYYY-MM-DD`.
    pub due: String,
    /// Anything else.
    pub comment: String,
}

impl Annotation {
    /// Whether nothing is written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.owner.is_empty() && self.due.is_empty() && self.comment.is_empty()
    }
}

impl Store {
    /// Takes over what is written about causes: each replaces what was known of its cause, an empty one removes it, and
    /// causes that are not named keep theirs.
    ///
    /// # Errors
    /// When the store fails; nothing is changed then.
    pub fn keep_annotations(&self, tenant: &str, annotations: &[Annotation]) -> Result<(), StoreError> {
        let transaction = self.connection.unchecked_transaction()?;
        for note in annotations {
            transaction
                .execute("DELETE FROM annotation WHERE tenant = ?1 AND reason = ?2", params![tenant, note.reason])?;
            if !note.is_empty() {
                let sql = "INSERT INTO annotation (tenant, reason, owner, due, comment) VALUES (?1, ?2, ?3, ?4, ?5)";
                transaction.execute(sql, params![tenant, note.reason, note.owner, note.due, note.comment])?;
            }
        }
        Ok(transaction.commit()?)
    }

    /// What is written about the causes of a tenant, by rule id.
    ///
    /// # Errors
    /// When the store fails.
    pub fn annotations(&self, tenant: &str) -> Result<Vec<Annotation>, StoreError> {
        let sql = "SELECT reason, owner, due, comment FROM annotation WHERE tenant = ?1 ORDER BY reason";
        let mut statement = self.connection.prepare(sql)?;
        let rows = statement.query_map([tenant], |row| {
            Ok(Annotation { reason: row.get(0)?, owner: row.get(1)?, due: row.get(2)?, comment: row.get(3)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
