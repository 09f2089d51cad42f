//! Runs: begun, resumed, finished, listed, removed.

use std::path::PathBuf;

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::{Store, StoreError};
use crate::evidence::question::Question;

/// A run's number within its store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub i64);

/// Whose report it is and how it looks; empty: the built-in look.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Branding {
    /// Title.
    pub title: String,
    /// The client it is for.
    pub client: String,
    /// Who prepared it.
    pub author: String,
    /// Accent colour as `#rrggbb`.
    pub accent: String,
    /// Logo file, PNG or JPEG.
    pub logo: Option<PathBuf>,
}

/// What a kiosk-only user is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kiosk {
    /// Upgrade the licence; the move without one is shown as the alternative.
    #[default]
    Upgrade,
    /// Move to Graph without an upgrade.
    Graph,
}

impl Kiosk {
    /// Its word in configuration and store.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Upgrade => "upgrade",
            Self::Graph => "graph",
        }
    }
}

/// What judging needs to know of the profile, kept with the run so that a report needs no configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Cloud id, for example `worldwide`.
    pub cloud: String,
    /// The day to judge by.
    pub as_of: Date,
    /// Integrations that apply.
    pub integrations: Vec<String>,
    /// What a kiosk-only user is told.
    pub kiosk: Kiosk,
    /// Our application's id.
    pub own_app_id: Option<String>,
    /// Applications that need EWS, by id.
    pub apps: Vec<String>,
    /// How Salesforce connects, where the profile says.
    pub salesforce_connection: Option<String>,
    /// The application of cross-tenant synchronization with Dynamics 365, by id.
    pub dynamics_app: Option<String>,
    /// Whose report it is and how it looks.
    pub branding: Branding,
    /// Whether the tenant is the embedded one.
    pub simulated: bool,
    /// Fingerprint of what decides which questions are put to whom; a run goes on only with the same.
    pub asks: String,
}

impl Settings {
    /// Whether evidence collected under the one answers the other's questions.
    fn asks_the_same(&self, other: &Self) -> bool {
        self.asks == other.asks && self.cloud == other.cloud
    }
}

/// One run, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// Number within the store.
    pub id: RunId,
    /// Identifier for the world outside.
    pub uuid: String,
    /// Profile name.
    pub tenant: String,
    /// Fingerprint of the roster.
    pub fingerprint: String,
    /// When it began.
    pub started: Timestamp,
    /// When every question had an outcome.
    pub finished: Option<Timestamp>,
    /// The profile, as far as judging needs it.
    pub settings: Settings,
    /// The roster in words.
    pub roster: super::RosterRecord,
}

const COLUMNS: &str = "id, uuid, tenant, fingerprint, started, finished, settings, roster";

fn record(row: &Row) -> rusqlite::Result<Result<RunRecord, serde_json::Error>> {
    let (settings, roster): (String, String) = (row.get(6)?, row.get(7)?);
    let (id, uuid, tenant, fingerprint) = (RunId(row.get(0)?), row.get(1)?, row.get(2)?, row.get(3)?);
    let (started, finished): (String, Option<String>) = (row.get(4)?, row.get(5)?);
    Ok((|| {
        let (started, finished) = (moment(&started)?, finished.as_deref().map(moment).transpose()?);
        let (settings, roster) = (serde_json::from_str(&settings)?, serde_json::from_str(&roster)?);
        Ok(RunRecord { id, uuid, tenant, fingerprint, started, finished, settings, roster })
    })())
}

/// A stored moment; one that cannot be read is no other.
pub(super) fn moment(text: &str) -> Result<Timestamp, serde_json::Error> {
    text.parse().map_err(|error| serde::de::Error::custom(format!("'{text}' is no moment: {error}")))
}

/// The tenant's newest run before `new`, if it is over the same roster and has open questions.
pub(super) fn resumable(
    connection: &Connection,
    new: &RunRecord,
    fingerprint: &str,
    also: Option<Question>,
) -> Result<Option<RunRecord>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM run WHERE tenant = ?1 AND id < ?2 ORDER BY id DESC LIMIT 1");
    let newest = connection.query_row(&sql, params![new.tenant, new.id.0], record).optional()?.transpose()?;
    let Some(run) = newest.filter(|run| run.fingerprint == fingerprint) else { return Ok(None) };
    let unasked = |question| never_asked(connection, run.id, question);
    let open = run.finished.is_none()
        || open_questions(connection, run.id)? > 0
        || also.map(unasked).transpose()?.unwrap_or(false);
    Ok((open && run.settings.asks_the_same(&new.settings)).then_some(run))
}

fn never_asked(connection: &Connection, run: RunId, question: Question) -> Result<bool, StoreError> {
    let sql = "SELECT NOT EXISTS (SELECT 1 FROM observation WHERE run = ?1 AND question = ?2)";
    Ok(connection.query_row(sql, params![run.0, question.number()], |row| row.get(0))?)
}

fn open_questions(connection: &Connection, run: RunId) -> Result<u64, StoreError> {
    let sql = "SELECT (SELECT count(*) FROM observation WHERE run = ?1 AND open = 1)
               + (SELECT count(*) FROM tenant_fact WHERE run = ?1 AND open = 1)";
    Ok(connection.query_row(sql, [run.0], |row| row.get::<_, i64>(0))?.unsigned_abs())
}

impl Store {
    /// The newest run.
    ///
    /// # Errors
    /// When the store fails.
    pub fn newest_run(&self) -> Result<Option<RunRecord>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM run ORDER BY id DESC LIMIT 1");
        Ok(self.connection.query_row(&sql, [], record).optional()?.transpose()?)
    }

    /// The runs whose identifier begins so, in either case, oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub fn runs_beginning(&self, beginning: &str) -> Result<Vec<RunRecord>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM run WHERE substr(uuid, 1, length(?1)) = lower(?1) ORDER BY id");
        let mut statement = self.connection.prepare(&sql)?;
        let rows = statement.query_map([beginning], record)?;
        rows.map(|row| Ok(row??)).collect()
    }

    /// All runs, oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub fn runs(&self) -> Result<Vec<RunRecord>, StoreError> {
        let mut statement = self.connection.prepare(&format!("SELECT {COLUMNS} FROM run ORDER BY id"))?;
        let rows = statement.query_map([], record)?;
        rows.map(|row| Ok(row??)).collect()
    }

    /// How many questions of a run stayed unknown.
    ///
    /// # Errors
    /// When the store fails.
    pub fn open_questions(&self, run: RunId) -> Result<u64, StoreError> {
        open_questions(&self.connection, run)
    }

    /// How many entries a run's roster has.
    ///
    /// # Errors
    /// When the store fails.
    pub fn entry_count(&self, run: RunId) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM entry WHERE run = ?1";
        Ok(self.connection.query_row(sql, [run.0], |row| row.get::<_, i64>(0))?.unsigned_abs())
    }

    /// How many mailbox questions of a run have an answer.
    ///
    /// # Errors
    /// When the store fails.
    pub fn answered(&self, run: RunId) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM observation WHERE run = ?1 AND open = 0";
        Ok(self.connection.query_row(sql, [run.0], |row| row.get::<_, i64>(0))?.unsigned_abs())
    }

    /// Makes a run ask its open questions again: they lose their outcome, all others keep theirs.
    ///
    /// # Errors
    /// When the store fails.
    pub fn reopen(&mut self, run: RunId) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        transaction.execute("DELETE FROM observation WHERE run = ?1 AND open = 1", [run.0])?;
        transaction.execute("DELETE FROM tenant_fact WHERE run = ?1 AND open = 1", [run.0])?;
        transaction.execute("UPDATE run SET finished = NULL WHERE id = ?1", [run.0])?;
        Ok(transaction.commit()?)
    }

    /// Changes what a run is judged by, when the same command comes back with another day.
    ///
    /// # Errors
    /// When the store fails.
    pub fn set_settings(&self, run: RunId, settings: &Settings) -> Result<(), StoreError> {
        let settings = serde_json::to_string(settings)?;
        self.connection.execute("UPDATE run SET settings = ?2 WHERE id = ?1", params![run.0, settings])?;
        Ok(())
    }

    /// Marks a run as complete: every question has an outcome.
    ///
    /// # Errors
    /// When the store fails.
    pub fn finish(&self, run: RunId, at: Timestamp) -> Result<(), StoreError> {
        self.connection.execute("UPDATE run SET finished = ?2 WHERE id = ?1", params![run.0, at.to_string()])?;
        Ok(())
    }
}
