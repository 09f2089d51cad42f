//! A run's evidence in roster order, for judging.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Rows, Statement, params};

use super::ingest::{EntryRecord, number};
use super::{RunId, Store, StoreError};
use crate::evidence::MailboxEvidence;
use crate::evidence::question::Question;
use crate::transport::stats::Traffic;

/// One roster line with its evidence, not yet parsed: parsing is worth a thread.
#[derive(Debug, Clone, Default)]
pub struct RawEntry {
    /// The line.
    pub entry: EntryRecord,
    known: String,
    columns: String,
    bodies: Vec<(Question, String)>,
}

impl RawEntry {
    /// Parses line and evidence.
    ///
    /// # Errors
    /// When the store holds something this program did not write.
    pub fn parse(mut self) -> Result<(EntryRecord, MailboxEvidence), StoreError> {
        self.entry.known = serde_json::from_str(&self.known)?;
        self.entry.columns = serde_json::from_str(&self.columns)?;
        let mut evidence = MailboxEvidence::default();
        for (question, body) in &self.bodies {
            evidence.restore(*question, body)?;
        }
        Ok((self.entry, evidence))
    }
}

impl Store {
    /// Hands out every roster line in order, in chunks.
    ///
    /// # Errors
    /// When the store fails, or the taker does.
    pub fn each_entry<E: From<StoreError>>(
        &self,
        run: RunId,
        chunk: usize,
        mut take: impl FnMut(Vec<RawEntry>) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = "SELECT e.row, e.subject, e.written, s.address, e.problem, e.known, e.columns FROM entry e
                   LEFT JOIN subject s ON s.run = e.run AND s.id = e.subject WHERE e.run = ?1 ORDER BY e.row";
        let mut entries = self.connection.prepare(sql).map_err(StoreError::from)?;
        let mut entries = entries.query([run.0]).map_err(StoreError::from)?;
        let mut observations = Question::ALL
            .map(|question| Ok((question, self.connection.prepare(OF_A_QUESTION)?)))
            .into_iter()
            .collect::<Result<Vec<_>, StoreError>>()?;
        let mut evidence = Evidence::new(run, &mut observations)?;
        let mut gathered = Vec::with_capacity(chunk);
        while let Some(mut raw) = next_entry(&mut entries)? {
            match raw.entry.subject {
                Some(subject) if subject == raw.entry.row => raw.bodies = evidence.of(subject)?,
                // A repeat: its evidence stands with its first line, which the cursor has passed.
                Some(subject) => raw.bodies = self.bodies(run, subject)?,
                None => {}
            }
            gathered.push(raw);
            if gathered.len() == chunk {
                take(std::mem::replace(&mut gathered, Vec::with_capacity(chunk)))?;
            }
        }
        if gathered.is_empty() { Ok(()) } else { take(gathered) }
    }

    /// The lines of a run with an address, however it is written there.
    ///
    /// # Errors
    /// When the store fails.
    pub fn entries_with(&self, run: RunId, address: &str) -> Result<Vec<RawEntry>, StoreError> {
        let sql = "SELECT e.row, e.subject, e.written, s.address, e.problem, e.known, e.columns FROM entry e
                   LEFT JOIN subject s ON s.run = e.run AND s.id = e.subject
                   WHERE e.run = ?1 AND (lower(s.address) = lower(?2) OR lower(e.written) = lower(?2)) ORDER BY e.row";
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query(params![run.0, address.trim()])?;
        let mut found = Vec::new();
        while let Some(mut raw) = next_entry(&mut rows)? {
            if let Some(subject) = raw.entry.subject {
                raw.bodies = self.bodies(run, subject)?;
            }
            found.push(raw);
        }
        Ok(found)
    }

    /// The on-premises EWS addresses to which Autodiscover sends somebody of a run.
    ///
    /// # Errors
    /// When the store fails.
    pub fn routed_on_premises(&self, run: RunId) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT DISTINCT json_extract(body, '$.value.end.url') FROM observation
                   WHERE run = ?1 AND question = ?2 AND open = 0
                   AND json_extract(body, '$.value.end.end') = 'on_premises' ORDER BY 1";
        let mut statement = self.connection.prepare(sql)?;
        let rows =
            statement.query_map(params![run.0, Question::Routing.number()], |row| row.get::<_, Option<String>>(0))?;
        Ok(rows.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    /// Where Autodiscover sends the addresses of a run, by domain: how many to Exchange Online and how many on-premises.
    ///
    /// # Errors
    /// When the store fails.
    pub fn routed_by_domain(&self, run: RunId) -> Result<BTreeMap<String, (u64, u64)>, StoreError> {
        // Counted here: SQLite would sort a copy of every answer in memory to group them.
        let sql = "SELECT substr(s.address, instr(s.address, '@') + 1), json_extract(o.body, '$.value.end.end')
                   FROM observation o JOIN subject s ON s.run = o.run AND s.id = o.subject
                   WHERE o.run = ?1 AND o.question = ?2 AND o.open = 0";
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query(params![run.0, Question::Routing.number()])?;
        let mut counts = BTreeMap::<String, (u64, u64)>::new();
        while let Some(row) = rows.next()? {
            let (online, on_premises) = counts.entry(row.get(0)?).or_default();
            match row.get::<_, Option<String>>(1)?.as_deref() {
                Some("exchange_online") => *online += 1,
                Some("on_premises") => *on_premises += 1,
                _ => {}
            }
        }
        Ok(counts)
    }

    fn bodies(&self, run: RunId, subject: u64) -> Result<Vec<(Question, String)>, StoreError> {
        let sql = "SELECT body FROM observation WHERE run = ?1 AND question = ?2 AND subject = ?3";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut bodies = Vec::new();
        for question in Question::ALL {
            let key = params![run.0, question.number(), number(subject)];
            let body = statement.query_row(key, |row| row.get(0)).optional()?;
            bodies.extend(body.map(|body| (question, body)));
        }
        Ok(bodies)
    }

    /// What each service was asked in a run, over all its sessions.
    ///
    /// # Errors
    /// When the store fails or holds something unreadable.
    pub fn traffic(&self, run: RunId) -> Result<Vec<(String, Traffic)>, StoreError> {
        let mut statement =
            self.connection.prepare("SELECT service, body FROM traffic WHERE run = ?1 ORDER BY service")?;
        let rows = statement.query_map([run.0], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
        rows.map(|row| row.map_err(StoreError::from).and_then(|(name, body)| Ok((name, serde_json::from_str(&body)?))))
            .collect()
    }
}

fn next_entry(rows: &mut Rows) -> Result<Option<RawEntry>, StoreError> {
    let Some(row) = rows.next()? else { return Ok(None) };
    let entry = EntryRecord {
        row: row.get::<_, i64>(0)?.unsigned_abs(),
        subject: row.get::<_, Option<i64>>(1)?.map(i64::unsigned_abs),
        written: row.get(2)?,
        address: row.get(3)?,
        problem: row.get(4)?,
        ..EntryRecord::default()
    };
    Ok(Some(RawEntry { entry, known: row.get(5)?, columns: row.get(6)?, bodies: Vec::new() }))
}

const OF_A_QUESTION: &str = "SELECT subject, body FROM observation WHERE run = ?1 AND question = ?2 ORDER BY subject";

/// Observations of all questions, taken subject by subject.
struct Evidence<'r>(Vec<Answers<'r>>);

/// The observations of one question in subject order.
struct Answers<'r> {
    question: Question,
    rows: Rows<'r>,
    ahead: Option<(u64, String)>,
}

impl<'r> Evidence<'r> {
    fn new(run: RunId, statements: &'r mut [(Question, Statement<'_>)]) -> Result<Self, StoreError> {
        let answers = |(question, statement): &'r mut (Question, Statement<'_>)| {
            let rows = statement.query([run.0, question.number()])?;
            Ok(Answers { question: *question, rows, ahead: None })
        };
        Ok(Self(statements.iter_mut().map(answers).collect::<Result<_, StoreError>>()?))
    }

    fn of(&mut self, subject: u64) -> Result<Vec<(Question, String)>, StoreError> {
        let mut bodies = Vec::with_capacity(Question::CORE.len());
        for answers in &mut self.0 {
            bodies.extend(answers.of(subject)?.map(|body| (answers.question, body)));
        }
        Ok(bodies)
    }
}

impl Answers<'_> {
    fn of(&mut self, subject: u64) -> Result<Option<String>, StoreError> {
        loop {
            if self.ahead.is_none() {
                let Some(row) = self.rows.next()? else { return Ok(None) };
                self.ahead = Some((row.get::<_, i64>(0)?.unsigned_abs(), row.get(1)?));
            }
            match self.ahead.take() {
                Some((of, body)) if of == subject => return Ok(Some(body)),
                // Evidence without a line cannot be; if it were, it must not hold up the others.
                Some((of, _)) if of < subject => {}
                ahead => {
                    self.ahead = ahead;
                    return Ok(None);
                }
            }
        }
    }
}
