//! What a run under way asks its store: whom it still has to ask about what, and how far it got.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use rusqlite::{OptionalExtension, Row, params};

use super::ingest::number;
use super::rows::Rows;
use super::{RunId, Store, StoreError};
use crate::evidence::TenantEvidence;
use crate::evidence::mailbox::DirectoryMatch;
use crate::evidence::question::Question;
use crate::evidence::tenant::TenantFact;

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

fn subject_of(row: &Row) -> rusqlite::Result<Subject> {
    let id = row.get::<_, i64>(0)?.unsigned_abs();
    Ok(Subject { id, address: row.get(1)?, object_id: row.get(2)?, mailbox: row.get(3)?, roster_object: row.get(4)? })
}

/// Who has which outcome, and how many are missing, as it was when the store was asked.
#[derive(Default)]
pub struct Lacking {
    subjects: Rows,
    accounts: Rows,
    of: [Settled; Question::ALL.len()],
}

/// The subjects with an outcome for one question.
#[derive(Default)]
struct Settled {
    rows: Rows,
    /// How many of them have a known account.
    accounts: u64,
}

impl Lacking {
    /// Subjects whose account is known, whatever they lack.
    #[must_use]
    pub fn accounts(&self) -> u64 {
        self.accounts.count()
    }

    /// How many of those a question is put to lack an outcome.
    #[must_use]
    pub fn count(&self, question: Question) -> u64 {
        let Settled { rows, accounts } = &self.of[question as usize];
        match question.wants_account() {
            true => self.accounts.count() - accounts,
            false => self.subjects.count() - rows.count(),
        }
    }

    /// The rows of the subjects with an outcome for a question.
    #[must_use]
    pub fn settled(&self, question: Question) -> &Rows {
        &self.of[question as usize].rows
    }
}

impl Store {
    /// Subjects after `after` in roster order, at most `most`; with `known_account`, only those whose account is known.
    ///
    /// # Errors
    /// When the store fails.
    pub fn subjects(&self, run: RunId, known_account: bool, after: u64, most: u32) -> Result<Vec<Subject>, StoreError> {
        let sql = "SELECT id, address, object_id, mailbox, roster_object FROM subject
                   WHERE run = ?1 AND id > ?2 AND (NOT ?3 OR object_id IS NOT NULL) ORDER BY id LIMIT ?4";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params![run.0, number(after), known_account, most], subject_of)?;
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

    /// Which outcomes a run still lacks, question by question.
    ///
    /// # Errors
    /// When the store fails.
    pub fn lacking(&self, run: RunId) -> Result<Lacking, StoreError> {
        let mut lacking = Lacking::default();
        let mut statement =
            self.connection.prepare_cached("SELECT id, object_id IS NOT NULL FROM subject WHERE run = ?1")?;
        let mut subjects = statement.query([run.0])?;
        while let Some(subject) = subjects.next()? {
            let id = subject.get::<_, i64>(0)?.unsigned_abs();
            lacking.subjects.insert(id);
            if subject.get(1)? {
                lacking.accounts.insert(id);
            }
        }
        // All at once, for the runner to keep in mind: to look for everybody's outcome when it is their turn would search
        // the evidence once for each question.
        let mut statement =
            self.connection.prepare_cached("SELECT question, subject FROM observation WHERE run = ?1")?;
        let mut rows = statement.query([run.0])?;
        while let Some(row) = rows.next()? {
            let (question, subject) = (Question::of_number(row.get(0)?), row.get::<_, i64>(1)?.unsigned_abs());
            let Some(question) = question.filter(|_| lacking.subjects.contains(subject)) else { continue };
            let settled = &mut lacking.of[question as usize];
            settled.rows.insert(subject);
            settled.accounts += u64::from(lacking.accounts.contains(subject));
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
