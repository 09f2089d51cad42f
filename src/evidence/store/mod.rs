//! The store: one SQLite file with every run's roster and evidence. Safe against a kill at any instant, because
//! every change is a transaction; a run goes on where its last transaction ended.

mod annotation;
mod asking;
mod forget;
mod ingest;
mod judged;
mod plan;
mod read;
mod rows;
mod run;
mod unanswered;
mod write;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::failure::{Exit, Failure};
use crate::private;

pub use annotation::Annotation;
pub use asking::{Lacking, Subject};
pub use ingest::{EntryRecord, Known, RosterRecord, Sink, Start};
pub use judged::{Judging, Kept, KeptEntry};
pub use read::RawEntry;
pub use rows::Rows;
pub use run::{Branding, Kiosk, RunId, RunRecord, Settings};
pub(crate) use write::LARGEST_ANSWER;
pub use write::{Candidate, Writer};

/// What leads from each format of the file to the next, from the empty file on. What stands here is never changed:
/// there are files that were made with it.
const STEPS: [&str; 4] =
    [include_str!("schema.sql"), include_str!("format2.sql"), include_str!("format3.sql"), include_str!("format4.sql")];
/// Format of the file, in SQLite's `user_version`.
const FORMAT: i64 = STEPS.len() as i64;

/// How long another program's transaction is waited for.
const BUSY: Duration = Duration::from_secs(10);

/// What can go wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be used.
    #[error("the store {0} cannot be opened: {1}")]
    Open(PathBuf, String),
    /// Another run holds it.
    #[error("another run is using the store {0}")]
    Busy(PathBuf),
    /// A newer version wrote it.
    #[error("the store {0} was written by a newer ewsready (format {1}; this one reads up to {FORMAT})")]
    Newer(PathBuf, i64),
    /// It is not a store.
    #[error("{0} is not a store of ewsready")]
    Foreign(PathBuf),
    /// Reading or writing failed.
    #[error("the store failed: {0}")]
    Sql(#[from] rusqlite::Error),
    /// It holds something this program did not write.
    #[error("the store holds something unreadable: {0}")]
    Content(#[from] serde_json::Error),
    /// Runs are removed, but their bytes may still be in the file.
    #[error("the runs are removed, but what they held may still lie in the store {0}: {1}")]
    NotShredded(PathBuf, String),
    /// The system gives no random bytes for a key.
    #[error("the system gives no random bytes, and pseudonyms need a key of them")]
    NoRandomness,
    /// The writing side has ended after an error of its own.
    #[error("the store takes no more: {0}")]
    Ended(String),
}

impl StoreError {
    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Busy(_) => "wait for it to end, or name another file with --store",
            Self::Newer(..) => "use the newer ewsready, or name another file with --store",
            Self::NotShredded(..) => {
                "end every program that reads the store, see that the disk has room for a copy of it, and run `ewsready runs prune` again"
            }
            Self::NoRandomness => "leave out --anonymize, or mend the system's source of random bytes",
            Self::Foreign(_) => "name another file with --store",
            Self::Open(..) => "check the folder and its rights, or name another file with --store",
            Self::Sql(_) | Self::Content(_) | Self::Ended(_) => {
                "check that the disk is not full and the file is whole; --store names another file, and nothing stored is lost"
            }
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let exit = match error {
            StoreError::Sql(_) | StoreError::Content(_) | StoreError::Ended(_) => Exit::Resumable,
            _ => Exit::Usage,
        };
        Self { exit, message: error.to_string(), hint: error.hint().to_owned() }
    }
}

/// An open store.
pub struct Store {
    connection: Connection,
    path: PathBuf,
    /// Held as long as this store may be written.
    _lock: Option<File>,
}

impl Store {
    /// Opens the store for a run, creating it where there is none, and keeps others from running on it.
    ///
    /// # Errors
    /// When the file cannot be used, is no store or a newer one's, or another run holds it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let lock = take_lock(path)?;
        let connection = connect(path)?;
        let store = Self { connection, path: path.to_owned(), _lock: Some(lock) };
        store.prepare()?;
        Ok(store)
    }

    /// Opens an existing store for reading. One of an older format is brought up to this one first, for which nobody
    /// else may be using it. One that may not be written, as on a read-only disk, is read as it lies there.
    ///
    /// # Errors
    /// As [`Self::open`]; also when there is no such file.
    pub fn open_existing(path: &Path) -> Result<Self, StoreError> {
        if !path.exists() {
            return Err(StoreError::Open(path.to_owned(), "there is no such file".to_owned()));
        }
        if private::ensure(path).is_err() {
            return Self::open_unwritable(path);
        }
        let store = Self { connection: connect(path)?, path: path.to_owned(), _lock: None };
        if store.check_format()? < FORMAT {
            let _lock = take_lock(path)?;
            store.prepare()?;
        }
        Ok(store)
    }

    /// Opens an existing store and keeps others from running on it.
    ///
    /// # Errors
    /// As [`Self::open`]; also when there is no such file.
    pub fn open_existing_for_change(path: &Path) -> Result<Self, StoreError> {
        drop(Self::open_existing(path)?);
        Self::open(path)
    }

    fn open_unwritable(path: &Path) -> Result<Self, StoreError> {
        let store = Self { connection: connect_unwritable(path)?, path: path.to_owned(), _lock: None };
        match store.check_format()? {
            FORMAT => Ok(store),
            _ => Err(StoreError::Open(
                path.to_owned(),
                "an older format is brought up where it can be written".to_owned(),
            )),
        }
    }

    /// Another connection to the same file, for a thread of its own.
    ///
    /// # Errors
    /// When the file cannot be opened again.
    pub fn reader(&self) -> Result<Self, StoreError> {
        Ok(Self { connection: connect(&self.path)?, path: self.path.clone(), _lock: None })
    }

    /// Moves what the write-ahead log holds into the file itself, so that a copy of the one file is a copy of the store.
    /// While somebody reads it stays where it is, which loses nothing.
    pub fn checkpoint(&self) {
        if let Err(error) = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())) {
            tracing::debug!(%error, "the log stays beside the store");
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Brings the file to this format, each step whole or not at all.
    fn prepare(&self) -> Result<(), StoreError> {
        let open = |error: rusqlite::Error| StoreError::Open(self.path.clone(), error.to_string());
        let format = self.check_format()?;
        for (before, step) in (0_i64..).zip(STEPS).filter(|(before, _)| *before >= format) {
            let script = format!("BEGIN;{step}PRAGMA user_version = {};COMMIT;", before + 1);
            self.connection.execute_batch(&script).map_err(open)?;
        }
        Ok(())
    }

    /// The file's format; 0 for an empty file.
    fn check_format(&self) -> Result<i64, StoreError> {
        let not_a_store = |error| refused(&self.path, &error);
        let format: i64 =
            self.connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(not_a_store)?;
        let tables: i64 = self
            .connection
            .query_row("SELECT count(*) FROM sqlite_master WHERE type = 'table'", [], |row| row.get(0))
            .map_err(not_a_store)?;
        match format {
            0 if tables > 0 => Err(StoreError::Foreign(self.path.clone())),
            0..=FORMAT => Ok(format),
            _ => Err(StoreError::Newer(self.path.clone(), format)),
        }
    }
}

/// Pages of 4 KiB that the write-ahead log gathers before they go into the file.
const LOG_PAGES: i64 = 8192;

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let open = |error: rusqlite::Error| refused(path, &error);
    private::ensure(path).map_err(|error| StoreError::Open(path.to_owned(), error.to_string()))?;
    let connection = Connection::open(path).and_then(set_up).map_err(open)?;
    // A file that is no database shows it here.
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;").map_err(open)?;
    // Each checkpoint waits for the disk; pages of the tree are touched again within so many changes.
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
    Ok(connection)
}

/// For a file, or a folder around it, that may not be written.
fn connect_unwritable(path: &Path) -> Result<Connection, StoreError> {
    let failed = |why: String| StoreError::Open(path.to_owned(), why);
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let whole = std::path::absolute(path).ok().and_then(|path| url::Url::from_file_path(path).ok());
    let mut address = whole.ok_or_else(|| failed("its path cannot be written as an address".to_owned()))?;
    // Without a log nobody is writing. SQLite would want files beside the store even to read it, if it did not know that.
    if std::fs::metadata(&log).map_or(true, |log| log.len() == 0) {
        address.set_query(Some("immutable=1"));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(address.as_str(), flags).and_then(set_up).map_err(|error| refused(path, &error))
}

/// What every connection wants, whatever it is for.
fn set_up(connection: Connection) -> rusqlite::Result<Connection> {
    connection.busy_timeout(BUSY)?;
    connection.execute_batch("PRAGMA temp_store = MEMORY;")?;
    // Otherwise SQLite plans a statement anew for every value it is given, which costs more than most of ours take.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

/// Why a file was not opened: what is no database is no store; all else is said as SQLite says it.
fn refused(path: &Path, error: &rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => StoreError::Foreign(path.to_owned()),
        _ => StoreError::Open(path.to_owned(), error.to_string()),
    }
}

fn take_lock(path: &Path) -> Result<File, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file =
        private::create(Path::new(&name)).map_err(|error| StoreError::Open(path.to_owned(), error.to_string()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::Busy(path.to_owned())),
        Err(std::fs::TryLockError::Error(error)) => Err(StoreError::Open(path.to_owned(), error.to_string())),
    }
}

#[cfg(test)]
mod tests;
