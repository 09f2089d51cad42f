//! A roster goes into the store, whole or not at all.

use jiff::Timestamp;
use rusqlite::{Statement, Transaction, params};
use serde::{Deserialize, Serialize};

use super::run::resumable;
use super::{RunId, RunRecord, Settings, Store, StoreError};
use crate::evidence::question::Question;

/// The roster of a run, in words.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RosterRecord {
    /// Each source as it was understood.
    pub sources: Vec<String>,
    /// The roster's own columns.
    pub columns: Vec<String>,
}

/// The recognised columns of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Known {
    /// Display name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Department.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// Cutover wave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wave: Option<String>,
    /// Owner of the mailbox or of the work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Directory object id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_id: Option<String>,
    /// E-mail address on the Salesforce user record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub salesforce_email: Option<String>,
    /// Dynamics server profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dynamics_profile: Option<String>,
    /// The person's manager.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manager: Option<String>,
}

/// One roster line, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EntryRecord {
    /// Data line from 1 over all files.
    pub row: u64,
    /// Row of the first entry with the same address (itself, where it is the first); `None`: no usable address.
    pub subject: Option<u64>,
    /// The address cell as written.
    pub written: String,
    /// Lower-case wire form of the address.
    pub address: Option<String>,
    /// Why there is none.
    pub problem: Option<String>,
    /// Recognised columns.
    pub known: Known,
    /// The roster's own columns.
    pub columns: Vec<String>,
}

impl Store {
    /// Stores a roster as a new run, or finds the run to go on with. The entries are read once; their fingerprint,
    /// known only at the end, decides. Returns the run and whether it goes on.
    ///
    /// # Errors
    /// When the store or the roster fails; nothing is stored then.
    pub fn begin<E: From<StoreError>>(
        &mut self,
        tenant: &str,
        settings: &Settings,
        start: Start,
        fill: impl FnOnce(&mut Sink) -> Result<(RosterRecord, String), E>,
    ) -> Result<(RunRecord, bool), E> {
        let transaction = self.connection.transaction().map_err(StoreError::from)?;
        let mut run = insert(&transaction, tenant, settings, start.now)?;
        let (roster, fingerprint) = fill(&mut Sink::new(&transaction, run.id)?)?;
        if let Some(since) = start.resume_since
            && let Some(earlier) = resumable(&transaction, &run, &fingerprint, start.also)?
            && earlier.started >= since
        {
            // Dropping the transaction forgets the copy that was only made to be compared.
            return Ok((earlier, true));
        }
        // The same run over the same roster at the same moment is the same, wherever it is made.
        let name = format!("{tenant}\n{fingerprint}\n{}\n{}", run.started, run.id.0);
        run.uuid = uuid::Uuid::new_v5(&NAMESPACE, name.as_bytes()).to_string();
        let sql = "UPDATE run SET uuid = ?2, fingerprint = ?3, roster = ?4 WHERE id = ?1";
        let words = serde_json::to_string(&roster).map_err(StoreError::from)?;
        transaction.execute(sql, params![run.id.0, run.uuid, fingerprint, words]).map_err(StoreError::from)?;
        transaction.commit().map_err(StoreError::from)?;
        (run.roster, run.fingerprint) = (roster, fingerprint);
        Ok((run, false))
    }
}

/// Of this program's run identifiers.
const NAMESPACE: uuid::Uuid = uuid::uuid!("6b0f7c7e-3f0f-4d7e-9c55-0c2b8f6f9a51");

/// How a run starts.
#[derive(Debug, Clone, Copy)]
pub struct Start {
    /// When.
    pub now: Timestamp,
    /// Go on with an open run over the same roster that began at this moment or later; `None`: start over.
    pub resume_since: Option<Timestamp>,
    /// A question beside the core ones that makes a complete run an open one as long as nobody asked it.
    pub also: Option<Question>,
}

fn insert(
    transaction: &Transaction,
    tenant: &str,
    settings: &Settings,
    now: Timestamp,
) -> Result<RunRecord, StoreError> {
    let uuid = uuid::Uuid::new_v4().to_string();
    let sql =
        "INSERT INTO run (uuid, tenant, fingerprint, started, settings, roster) VALUES (?1, ?2, '', ?3, ?4, '{}')";
    transaction.execute(sql, params![uuid, tenant, now.to_string(), serde_json::to_string(settings)?])?;
    Ok(RunRecord {
        id: RunId(transaction.last_insert_rowid()),
        uuid,
        tenant: tenant.to_owned(),
        fingerprint: String::new(),
        started: now,
        finished: None,
        settings: settings.clone(),
        roster: RosterRecord::default(),
    })
}

/// Takes entries one by one.
pub struct Sink<'t> {
    run: RunId,
    entry: Statement<'t>,
    subject: Statement<'t>,
}

impl<'t> Sink<'t> {
    fn new(transaction: &'t Transaction, run: RunId) -> Result<Self, StoreError> {
        let entry = "INSERT INTO entry (run, row, subject, written, problem, known, columns)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let subject = "INSERT OR IGNORE INTO subject (run, id, address, roster_object) VALUES (?1, ?2, ?3, ?4)";
        let prepared = (transaction.prepare(entry)?, transaction.prepare(subject)?);
        Ok(Self { run, entry: prepared.0, subject: prepared.1 })
    }

    /// Stores one entry, and its address when it is the first with it.
    ///
    /// # Errors
    /// When the store fails.
    pub fn push(&mut self, entry: &EntryRecord) -> Result<(), StoreError> {
        let (row, subject) = (number(entry.row), entry.subject.map(number));
        let (known, columns) = (serde_json::to_string(&entry.known)?, serde_json::to_string(&entry.columns)?);
        self.entry.execute(params![self.run.0, row, subject, entry.written, entry.problem, known, columns])?;
        if let (Some(subject), Some(address)) = (subject, &entry.address) {
            let object = entry.known.object_id.as_deref().map(str::to_lowercase);
            self.subject.execute(params![self.run.0, subject, address, object])?;
        }
        Ok(())
    }
}

/// SQLite's integers are signed; no roster has so many lines.
pub(super) fn number(row: u64) -> i64 {
    i64::try_from(row).unwrap_or(i64::MAX)
}
