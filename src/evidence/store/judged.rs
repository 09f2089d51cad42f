//! What a run's rows were judged to be when its report was written.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::ingest::number;
use super::run::moment;
use super::{RunId, Store, StoreError};

/// How and when a run was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judging {
    /// When.
    pub at: Timestamp,
    /// Version of the program.
    pub tool: String,
    /// Fingerprint of rules, facts and settings.
    pub rules: String,
}

/// One row's verdict, to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept<'a> {
    /// Row of the roster.
    pub row: u64,
    /// Verdict id.
    pub verdict: &'a str,
    /// Rule id.
    pub reason: &'a str,
    /// Directory object id; empty: none known.
    pub object_id: String,
}

/// One roster line with the verdict it had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptEntry {
    /// Row of the roster.
    pub row: u64,
    /// Whether an earlier row has the same address.
    pub repeat: bool,
    /// Whether the entry has an address that can be asked about.
    pub usable: bool,
    /// The address in its wire form, else the cell as written.
    pub address: String,
    /// Directory object id, else the roster's; empty: none known.
    pub object_id: String,
    /// The roster's owner; empty: none.
    pub owner: String,
    /// Verdict id.
    pub verdict: String,
    /// Rule id.
    pub reason: String,
}

impl Store {
    /// Keeps what the rows of a run were judged to be, in the place of what was kept before.
    ///
    /// # Errors
    /// When the store fails; nothing is changed then.
    pub fn keep_judged<'a>(
        &self,
        run: RunId,
        judging: &Judging,
        rows: impl IntoIterator<Item = Kept<'a>>,
    ) -> Result<(), StoreError> {
        let transaction = self.connection.unchecked_transaction()?;
        transaction.execute("DELETE FROM judged WHERE run = ?1", [run.0])?;
        let sql = "INSERT OR REPLACE INTO judging (run, at, tool, rules) VALUES (?1, ?2, ?3, ?4)";
        transaction.execute(sql, params![run.0, judging.at.to_string(), judging.tool, judging.rules])?;
        let sql = "INSERT INTO judged (run, row, verdict, reason, object_id) VALUES (?1, ?2, ?3, ?4, ?5)";
        let mut insert = transaction.prepare(sql)?;
        for kept in rows {
            insert.execute(params![run.0, number(kept.row), kept.verdict, kept.reason, kept.object_id])?;
        }
        drop(insert);
        Ok(transaction.commit()?)
    }

    /// How a run was judged when its report was written; `None`: by a version that did not keep it, or not yet.
    ///
    /// # Errors
    /// When the store fails.
    pub fn judging(&self, run: RunId) -> Result<Option<Judging>, StoreError> {
        let sql = "SELECT at, tool, rules FROM judging WHERE run = ?1";
        let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?));
        let kept = self.connection.query_row(sql, [run.0], row).optional()?;
        kept.map(|(at, tool, rules)| Ok(Judging { at: moment(&at)?, tool, rules })).transpose()
    }

    /// Hands out the kept rows of a run in roster order.
    ///
    /// # Errors
    /// When the store fails.
    pub fn each_kept(&self, run: RunId, mut take: impl FnMut(KeptEntry)) -> Result<(), StoreError> {
        let sql = "SELECT j.row, e.subject, coalesce(s.address, e.written), j.object_id, s.roster_object,
                   json_extract(e.known, '$.owner'), j.verdict, j.reason FROM judged j
                   JOIN entry e ON e.run = j.run AND e.row = j.row
                   LEFT JOIN subject s ON s.run = e.run AND s.id = e.subject WHERE j.run = ?1 ORDER BY j.row";
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([run.0])?;
        while let Some(row) = rows.next()? {
            let number: i64 = row.get(0)?;
            let subject: Option<i64> = row.get(1)?;
            let object_id: String = row.get(3)?;
            let roster_object = || row.get::<_, Option<String>>(4).map(Option::unwrap_or_default);
            take(KeptEntry {
                row: number.unsigned_abs(),
                repeat: subject.is_some_and(|first| first != number),
                usable: subject.is_some(),
                address: row.get(2)?,
                object_id: if object_id.is_empty() { roster_object()? } else { object_id },
                owner: row.get::<_, Option<String>>(5)?.unwrap_or_default(),
                verdict: row.get(6)?,
                reason: row.get(7)?,
            });
        }
        Ok(())
    }
}
