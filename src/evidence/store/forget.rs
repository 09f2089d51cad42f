//! Runs removed so that nothing of them stays in the file, and the key of a tenant's pseudonyms.

use ring::rand::{SecureRandom, SystemRandom};
use rusqlite::{OptionalExtension, params};

use super::{RunId, Store, StoreError};

/// Every table with rows of a run.
const OF_A_RUN: [&str; 10] =
    ["entry", "subject", "observation", "tenant_fact", "listing", "candidate", "traffic", "plan", "judging", "judged"];

/// What is kept of a tenant as long as it has a run.
const OF_A_TENANT: [&str; 2] = ["annotation", "pseudonym_key"];

impl Store {
    /// Removes runs with all their evidence, and what was kept of tenants that have no run left. Their bytes are gone
    /// from the file and its log afterwards: overwritten first, then left out of the file as it is written anew, which
    /// takes as much free room as the rest of the store.
    ///
    /// # Errors
    /// When the store fails; [`StoreError::NotShredded`] when all is removed, but another program reads the file, so that
    /// bytes may still be there.
    pub fn forget(&mut self, runs: &[RunId]) -> Result<(), StoreError> {
        self.connection.pragma_update(None, "secure_delete", true)?;
        let transaction = self.connection.transaction()?;
        for run in runs {
            for table in OF_A_RUN {
                transaction.execute(&format!("DELETE FROM {table} WHERE run = ?1"), [run.0])?;
            }
            transaction.execute("DELETE FROM run WHERE id = ?1", [run.0])?;
        }
        for table in OF_A_TENANT {
            transaction.execute(&format!("DELETE FROM {table} WHERE tenant NOT IN (SELECT tenant FROM run)"), [])?;
        }
        transaction.commit()?;
        self.shred().map_err(|error| StoreError::NotShredded(self.path.clone(), error.to_string()))
    }

    /// Brings the overwritten pages into the file, and writes it anew without them: pages that were freed before, by
    /// whatever version, may hold something as well.
    fn shred(&self) -> Result<(), rusqlite::Error> {
        self.empty_log()?;
        // The copy that VACUUM makes on its way is as large as the store: too large for memory.
        self.connection.execute_batch("PRAGMA temp_store = FILE; VACUUM;")?;
        self.empty_log()
    }

    /// Moves the log into the file and cuts it off; fails while somebody else reads.
    fn empty_log(&self) -> Result<(), rusqlite::Error> {
        let held: bool = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
        if held { Err(rusqlite::Error::SqliteFailure(busy, None)) } else { Ok(()) }
    }

    /// The key of a tenant's pseudonyms; made when it is asked for the first time, and the same from then on.
    ///
    /// # Errors
    /// When the store fails, or the system gives no random bytes.
    pub fn pseudonym_key(&self, tenant: &str) -> Result<Vec<u8>, StoreError> {
        let sought = "SELECT key FROM pseudonym_key WHERE tenant = ?1";
        if let Some(key) = self.connection.query_row(sought, [tenant], |row| row.get(0)).optional()? {
            return Ok(key);
        }
        let mut fresh = [0; 32];
        SystemRandom::new().fill(&mut fresh).map_err(|_| StoreError::NoRandomness)?;
        // Two programs at a time: the first one's key counts.
        let sql = "INSERT INTO pseudonym_key (tenant, key) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        self.connection.execute(sql, params![tenant, fresh])?;
        Ok(self.connection.query_row(sought, [tenant], |row| row.get(0))?)
    }
}
