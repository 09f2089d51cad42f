//! The cutover waves planned for a run, kept beside it.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::{RunId, Store, StoreError};

impl Store {
    /// Keeps the plan of a run, in the place of an earlier one.
    ///
    /// # Errors
    /// When the store fails.
    pub fn keep_plan(&self, run: RunId, made: Timestamp, body: &str) -> Result<(), StoreError> {
        let sql = "INSERT OR REPLACE INTO plan (run, made, body) VALUES (?1, ?2, ?3)";
        self.connection.execute(sql, params![run.0, made.to_string(), body])?;
        Ok(())
    }

    /// The plan of a run, as it was kept.
    ///
    /// # Errors
    /// When the store fails.
    pub fn plan(&self, run: RunId) -> Result<Option<String>, StoreError> {
        let sql = "SELECT body FROM plan WHERE run = ?1";
        Ok(self.connection.query_row(sql, [run.0], |row| row.get(0)).optional()?)
    }

    /// The newest plan among a tenant's runs before `run`, as it was kept.
    ///
    /// # Errors
    /// When the store fails.
    pub fn newest_plan_before(&self, tenant: &str, run: RunId) -> Result<Option<String>, StoreError> {
        let sql = "SELECT body FROM plan JOIN run ON run.id = plan.run
                   WHERE tenant = ?1 AND plan.run < ?2 ORDER BY plan.run DESC LIMIT 1";
        Ok(self.connection.query_row(sql, params![tenant, run.0], |row| row.get(0)).optional()?)
    }
}
