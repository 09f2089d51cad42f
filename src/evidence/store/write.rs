//! Outcomes go into the store in groups: one transaction holds what came within a few milliseconds.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Thread;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

use super::ingest::number;
use super::{RunId, Store, StoreError};
use crate::evidence::question::Question;
use crate::evidence::tenant::TenantFact;
use crate::evidence::{Cause, Observation};
use crate::transport::stats::Traffic;

/// An account found for a subject while the directory is being read.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The subject.
    pub subject: u64,
    /// The account's object id.
    pub object_id: String,
    /// Whether it is in the recycle bin.
    pub deleted: bool,
    /// The account, as JSON.
    pub body: String,
}

enum Change {
    Observation { subject: u64, question: Question, open: bool, body: String },
    TenantFact { fact: TenantFact, open: bool, body: String },
    Account { subject: u64, object_id: String, mailbox: Option<String> },
    Candidates(Vec<Candidate>),
    Listing { name: &'static str, next: Option<String> },
    Traffic { service: &'static str, add: Traffic },
    Barrier(oneshot::Sender<()>),
}

/// The writing side of a run. Cheap to clone; the store is closed when the last clone is gone.
#[derive(Clone)]
pub struct Writer {
    changes: mpsc::Sender<Change>,
    failure: Arc<Mutex<Option<String>>>,
    thread: Thread,
}

/// Largest answer about a mailbox, in bytes; an account with 200 plans and 400 addresses has 50,000.
pub(crate) const LARGEST_ANSWER: usize = 256 << 10;
/// Largest fact of the tenant, in bytes; 10,000 applications have 3 million.
const LARGEST_FACT: usize = 16 << 20;
/// Changes waiting at most; whoever brings more waits.
const WAITING: usize = 8192;
/// Changes in one transaction at most.
const GROUP: usize = 2000;
/// How long a change may wait for company before it is safe on disk.
const GATHER: Duration = Duration::from_millis(15);

impl Writer {
    /// Starts writing for a run over a connection of its own.
    ///
    /// # Errors
    /// When the store cannot be opened again.
    pub fn start(store: &Store, run: RunId) -> Result<Self, StoreError> {
        let connection = store.reader()?.connection;
        let (changes, arriving) = mpsc::channel(WAITING);
        let failure = Arc::new(Mutex::new(None));
        let noted = Arc::clone(&failure);
        let writing = std::thread::spawn(move || {
            if let Err(error) = write_all(connection, run, arriving) {
                *noted.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
            }
        });
        Ok(Self { changes, failure, thread: writing.thread().clone() })
    }

    async fn send(&self, change: Change) -> Result<(), StoreError> {
        self.changes.send(change).await.map_err(|_| self.ended())
    }

    fn ended(&self) -> StoreError {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone();
        StoreError::Ended(failure.unwrap_or_else(|| "the writer has ended".to_owned()))
    }

    /// Stores the outcome of a question about a mailbox.
    ///
    /// # Errors
    /// When the store has failed.
    pub async fn observe<T: Serialize>(
        &self,
        subject: u64,
        question: Question,
        observation: &Observation<T>,
    ) -> Result<(), StoreError> {
        let (body, open) = bounded(observation, LARGEST_ANSWER)?;
        self.send(Change::Observation { subject, question, open, body }).await
    }

    /// Stores a fact of the tenant.
    ///
    /// # Errors
    /// When the store has failed.
    pub async fn observe_tenant<T: Serialize>(
        &self,
        fact: TenantFact,
        observation: &Observation<T>,
    ) -> Result<(), StoreError> {
        let (body, open) = bounded(observation, LARGEST_FACT)?;
        self.send(Change::TenantFact { fact, open, body }).await
    }

    /// Notes which account a subject is, and the primary address of its mailbox.
    ///
    /// # Errors
    /// When the store has failed.
    pub async fn account(&self, subject: u64, object_id: String, mailbox: Option<String>) -> Result<(), StoreError> {
        self.send(Change::Account { subject, object_id, mailbox }).await
    }

    /// Stores accounts found on a page, and then, in the same order, how far the listing got.
    ///
    /// # Errors
    /// When the store has failed.
    pub async fn candidates(&self, found: Vec<Candidate>) -> Result<(), StoreError> {
        self.send(Change::Candidates(found)).await
    }

    /// Notes where a listing goes on; `None`: it is done.
    ///
    /// # Errors
    /// When the store has failed.
    pub async fn listing(&self, name: &'static str, next: Option<String>) -> Result<(), StoreError> {
        self.send(Change::Listing { name, next }).await
    }

    /// Adds to a service's counts.
    ///
    /// # Errors
    /// When the store has failed.
    pub async fn traffic(&self, service: &'static str, add: Traffic) -> Result<(), StoreError> {
        self.send(Change::Traffic { service, add }).await
    }

    /// Waits until everything sent before is safe.
    ///
    /// # Errors
    /// When the store has failed.
    pub async fn settle(&self) -> Result<(), StoreError> {
        let (done, settled) = oneshot::channel();
        self.send(Change::Barrier(done)).await?;
        self.thread.unpark();
        settled.await.map_err(|_| self.ended())
    }
}

/// An observation as it is stored, and whether it is open. Thousands are held at once when a run is judged, so that none
/// may be larger than `most` bytes: an honest answer is not.
fn bounded<T: Serialize>(observation: &Observation<T>, most: usize) -> Result<(String, bool), StoreError> {
    let body = serde_json::to_string(observation)?;
    match observation {
        Observation::Known { at, .. } if body.len() > most => {
            let detail = format!("the answer is larger than {} KiB, and no honest one is", most >> 10);
            let unknown = Observation::<()>::unknown(Cause::Unreadable, detail, *at);
            Ok((serde_json::to_string(&unknown)?, true))
        }
        _ => Ok((body, observation.is_unknown())),
    }
}

fn write_all(mut connection: Connection, run: RunId, mut arriving: mpsc::Receiver<Change>) -> Result<(), StoreError> {
    let mut group = Vec::with_capacity(GROUP);
    while let Some(first) = arriving.blocking_recv() {
        group.push(first);
        // The first change of a group waits for company, unless somebody waits for it or there is company enough.
        if !matches!(group[0], Change::Barrier(_)) && arriving.len() < GROUP {
            std::thread::park_timeout(GATHER);
        }
        while group.len() < GROUP {
            match arriving.try_recv() {
                Ok(change) => group.push(change),
                Err(_) => break,
            }
        }
        let transaction = connection.transaction()?;
        let mut barriers = Vec::new();
        for change in group.drain(..) {
            match change {
                Change::Barrier(done) => barriers.push(done),
                change => apply(&transaction, run, change)?,
            }
        }
        transaction.commit()?;
        for barrier in barriers {
            let _ = barrier.send(());
        }
    }
    Ok(())
}

fn apply(connection: &Connection, run: RunId, change: Change) -> Result<(), StoreError> {
    match change {
        Change::Observation { subject, question, open, body } => {
            let sql =
                "INSERT OR REPLACE INTO observation (run, subject, question, open, body) VALUES (?1, ?2, ?3, ?4, ?5)";
            connection.prepare_cached(sql)?.execute(params![run.0, number(subject), question.number(), open, body])?;
        }
        Change::TenantFact { fact, open, body } => {
            let sql = "INSERT OR REPLACE INTO tenant_fact (run, name, open, body) VALUES (?1, ?2, ?3, ?4)";
            connection.prepare_cached(sql)?.execute(params![run.0, fact.name(), open, body])?;
        }
        Change::Account { subject, object_id, mailbox } => {
            let sql = "UPDATE subject SET object_id = ?3, mailbox = ?4 WHERE run = ?1 AND id = ?2";
            connection.prepare_cached(sql)?.execute(params![run.0, number(subject), object_id, mailbox])?;
        }
        Change::Candidates(found) => {
            let sql =
                "INSERT OR REPLACE INTO candidate (run, subject, object_id, deleted, body) VALUES (?1, ?2, ?3, ?4, ?5)";
            let mut insert = connection.prepare_cached(sql)?;
            for Candidate { subject, object_id, deleted, body } in found {
                insert.execute(params![run.0, number(subject), object_id, deleted, body])?;
            }
        }
        Change::Listing { name, next } => {
            let sql = "INSERT OR REPLACE INTO listing (run, name, next) VALUES (?1, ?2, ?3)";
            connection.prepare_cached(sql)?.execute(params![run.0, name, next])?;
        }
        Change::Traffic { service, add } => add_traffic(connection, run, service, add)?,
        Change::Barrier(_) => {}
    }
    Ok(())
}

fn add_traffic(connection: &Connection, run: RunId, service: &str, add: Traffic) -> Result<(), StoreError> {
    let sql = "SELECT body FROM traffic WHERE run = ?1 AND service = ?2";
    let so_far: Option<String> =
        connection.prepare_cached(sql)?.query_row(params![run.0, service], |row| row.get(0)).optional()?;
    let mut sum: Traffic = so_far.map(|body| serde_json::from_str(&body)).transpose()?.unwrap_or_default();
    sum += add;
    let sql = "INSERT OR REPLACE INTO traffic (run, service, body) VALUES (?1, ?2, ?3)";
    connection.prepare_cached(sql)?.execute(params![run.0, service, serde_json::to_string(&sum)?])?;
    Ok(())
}
