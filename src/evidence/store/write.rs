//! Outcomes go into the store in groups: one transaction holds what came within a few milliseconds.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

use super::ingest::number;
use super::{RunId, Store, StoreError};
use crate::evidence::mailbox::DirectoryMatch;
use crate::evidence::question::Question;
use crate::evidence::tenant::TenantFact;
use crate::evidence::{Cause, Observation, TenantEvidence};
use crate::transport::stats::Traffic;

/// An address to ask about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subject {
    /// Row of its first entry.
    pub id: u64,
    /// Wire form.
    pub address: String,
    /// Object id the roster gives for it, lower case.
    pub roster_object: Option<String>,
    /// The one account it belongs to, once known.
    pub object_id: Option<String>,
    /// That account's primary SMTP address.
    pub mailbox: Option<String>,
}

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
        std::thread::spawn(move || {
            if let Err(error) = write_all(connection, run, arriving) {
                *noted.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
            }
        });
        Ok(Self { changes, failure })
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
            std::thread::sleep(GATHER);
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

fn subject_of(row: &Row) -> rusqlite::Result<Subject> {
    let id = row.get::<_, i64>(0)?.unsigned_abs();
    Ok(Subject { id, address: row.get(1)?, object_id: row.get(2)?, mailbox: row.get(3)?, roster_object: row.get(4)? })
}

/// Outcomes that are missing: for each question of how many subjects, and of how many whose account is known.
pub struct Lacking {
    accounts: u64,
    of: [(u64, u64); Question::ALL.len()],
}

impl Lacking {
    /// Subjects whose account is known, whatever they lack.
    #[must_use]
    pub fn accounts(&self) -> u64 {
        self.accounts
    }

    /// How many lack an outcome for a question that is put to every subject.
    #[must_use]
    pub fn of_subjects(&self, question: Question) -> u64 {
        self.of[question as usize].0
    }

    /// How many lack an outcome for a question that is put where the account is known.
    #[must_use]
    pub fn of_accounts(&self, question: Question) -> u64 {
        self.of[question as usize].1
    }
}

impl Store {
    /// Subjects after `after` that lack an outcome for a question, in roster order, at most `most`; with
    /// `known_account`, only those whose account is known.
    ///
    /// # Errors
    /// When the store fails.
    pub fn pending(
        &self,
        run: RunId,
        question: Question,
        known_account: bool,
        after: u64,
        most: u32,
    ) -> Result<Vec<Subject>, StoreError> {
        let sql = "SELECT s.id, s.address, s.object_id, s.mailbox, s.roster_object FROM subject s
                   WHERE s.run = ?1 AND s.id > ?3 AND (NOT ?4 OR s.object_id IS NOT NULL)
                   AND NOT EXISTS (SELECT 1 FROM observation o WHERE o.run = ?1 AND o.subject = s.id AND o.question = ?2)
                   ORDER BY s.id LIMIT ?5";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows =
            statement.query_map(params![run.0, question.number(), number(after), known_account, most], subject_of)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// All subjects of a run, for matching listings against.
    ///
    /// # Errors
    /// When the store fails.
    pub fn each_subject(&self, run: RunId, mut take: impl FnMut(Subject)) -> Result<(), StoreError> {
        let sql = "SELECT id, address, object_id, mailbox, roster_object FROM subject WHERE run = ?1 ORDER BY id";
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([run.0])?;
        while let Some(row) = rows.next()? {
            take(subject_of(row)?);
        }
        Ok(())
    }

    /// How many outcomes a run still lacks, question by question.
    ///
    /// # Errors
    /// When the store fails.
    pub fn lacking(&self, run: RunId) -> Result<Lacking, StoreError> {
        let sql = "SELECT count(*), count(object_id) FROM subject WHERE run = ?1";
        let (subjects, accounts): (i64, i64) =
            self.connection.query_row(sql, [run.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let (subjects, accounts) = (subjects.unsigned_abs(), accounts.unsigned_abs());
        let mut lacking = Lacking { accounts, of: [(subjects, accounts); Question::ALL.len()] };
        // One pass over both tables in their own order: a count a question would search the evidence once for each.
        let sql = "SELECT o.question, s.object_id IS NOT NULL FROM subject s
                   CROSS JOIN observation o ON o.run = s.run AND o.subject = s.id WHERE s.run = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query([run.0])?;
        while let Some(row) = rows.next()? {
            let Some(question) = Question::of_number(row.get(0)?) else { continue };
            let (subjects, accounts) = &mut lacking.of[question as usize];
            *subjects -= 1;
            *accounts -= u64::from(row.get::<_, bool>(1)?);
        }
        Ok(lacking)
    }

    /// The state of a listing: `None`: not begun; `Some(None)`: done; `Some(Some(link))`: goes on there.
    ///
    /// # Errors
    /// When the store fails.
    pub fn listing(&self, run: RunId, name: &str) -> Result<Option<Option<String>>, StoreError> {
        let sql = "SELECT next FROM listing WHERE run = ?1 AND name = ?2";
        Ok(self.connection.query_row(sql, params![run.0, name], |row| row.get(0)).optional()?)
    }

    /// A tenant's fact has an outcome.
    ///
    /// # Errors
    /// When the store fails.
    pub fn has_tenant_fact(&self, run: RunId, fact: TenantFact) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM tenant_fact WHERE run = ?1 AND name = ?2)";
        Ok(self.connection.query_row(sql, params![run.0, fact.name()], |row| row.get(0))?)
    }

    /// The candidates of subjects, put together; who has none is missing.
    ///
    /// # Errors
    /// When the store fails or holds something unreadable.
    pub fn candidates(
        &self,
        run: RunId,
        subjects: RangeInclusive<u64>,
    ) -> Result<HashMap<u64, DirectoryMatch>, StoreError> {
        let sql = "SELECT subject, deleted, body FROM candidate WHERE run = ?1 AND subject BETWEEN ?2 AND ?3
                   ORDER BY subject, object_id";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(params![run.0, number(*subjects.start()), number(*subjects.end())])?;
        let mut found = HashMap::<u64, DirectoryMatch>::new();
        while let Some(row) = rows.next()? {
            let of = found.entry(row.get::<_, i64>(0)?.unsigned_abs()).or_default();
            let body = row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?;
            match row.get(1)? {
                true => of.deleted.push(serde_json::from_str(body)?),
                false => of.accounts.push(serde_json::from_str(body)?),
            }
        }
        Ok(found)
    }

    /// Forgets the candidates of a run once its directory questions have their outcomes.
    ///
    /// # Errors
    /// When the store fails.
    pub fn drop_candidates(&self, run: RunId) -> Result<(), StoreError> {
        self.connection.execute("DELETE FROM candidate WHERE run = ?1", [run.0])?;
        Ok(())
    }

    /// The facts of the tenant.
    ///
    /// # Errors
    /// When the store fails or holds something unreadable.
    pub fn tenant_evidence(&self, run: RunId) -> Result<TenantEvidence, StoreError> {
        let mut statement =
            self.connection.prepare("SELECT name, body FROM tenant_fact WHERE run = ?1 ORDER BY name")?;
        let mut rows = statement.query([run.0])?;
        let mut tenant = TenantEvidence::default();
        while let Some(row) = rows.next()? {
            tenant.restore(&row.get::<_, String>(0)?, &row.get::<_, String>(1)?)?;
        }
        let opened = |question: Question| -> Result<bool, StoreError> {
            let sql = "SELECT EXISTS (SELECT 1 FROM observation WHERE run = ?1 AND question = ?2 AND open = 0
                       AND json_extract(body, '$.value.answer') IN ('answers', 'works'))";
            Ok(self.connection.query_row(sql, params![run.0, question.number()], |row| row.get(0))?)
        };
        tenant.graph_opened_any = opened(Question::Graph)?;
        tenant.ews_opened_any = opened(Question::Ews)?;
        Ok(tenant)
    }
}
