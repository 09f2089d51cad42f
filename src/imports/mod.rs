//! Exports of Exchange Online PowerShell in place of the admin backend: `Get-OrganizationConfig`, `Get-CASMailbox` and
//! `Get-Mailbox`, as CSV, JSON or CLIXML, in whatever encoding PowerShell wrote them.
//!
//! A file is read whole before anything is asked, so that a wrong one is named at once. What it does not say stays
//! unknown; who is not in it stays unknown as well, unless the file says that it is complete.

mod clixml;
mod csv;
mod exchange;
pub mod integrations;
mod json;
mod read;
mod table;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use crate::evidence::{Cause, Source};
use crate::service::exchange_admin::Keyed;
use crate::service::graph::Page;
use crate::service::supply::{NamedOrganization, Supply};
use crate::transport::Trouble;

pub use exchange::Export;

/// Why a file cannot stand in for Exchange.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ImportError {
    /// What is wrong, with file and line.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// A file that was read: its entries, ready to be told.
pub struct Imported<T> {
    file: String,
    at: Option<Timestamp>,
    complete: bool,
    gap: Option<String>,
    entries: Vec<T>,
}

/// Entries told at once.
const PAGE: usize = 1000;

impl<T: Clone + Send + Sync> Imported<T> {
    fn page_from(&self, next: Option<&str>) -> Result<Page<T>, Trouble> {
        let from: usize = next
            .unwrap_or("0")
            .parse()
            .map_err(|_| Trouble::new(Cause::Unreadable, format!("{} has no such page", self.file)))?;
        let to = (from + PAGE).min(self.entries.len());
        let items = self.entries.get(from..to).map(<[T]>::to_vec).unwrap_or_default();
        Ok(Page { items, next: (to < self.entries.len()).then(|| to.to_string()) })
    }
}

impl<T: Clone + Send + Sync> Supply<T> for Imported<T> {
    fn source(&self) -> Source {
        Source::Import(self.file.clone())
    }

    fn at(&self) -> Option<Timestamp> {
        self.at
    }

    fn is_complete(&self) -> bool {
        self.complete
    }

    fn gap(&self) -> Option<&str> {
        self.gap.as_deref()
    }

    fn page<'a>(&'a self, next: Option<&'a str>) -> BoxFuture<'a, Result<Page<T>, Trouble>> {
        Box::pin(std::future::ready(self.page_from(next)))
    }
}

/// Reads an export of `Get-OrganizationConfig`.
///
/// # Errors
/// In words, when the file is no such export.
pub fn organization(path: &Path) -> Result<Arc<dyn Supply<NamedOrganization>>, ImportError> {
    Ok(Arc::new(read(path, Export::Organization, |row| row.organization())?))
}

/// Reads an export of `Get-CASMailbox`.
///
/// # Errors
/// In words, when the file is no such export.
pub fn cas_mailboxes(path: &Path) -> Result<Arc<dyn Supply<Keyed<crate::evidence::mailbox::CasMailbox>>>, ImportError> {
    Ok(Arc::new(read(path, Export::CasMailboxes, |row| row.cas_mailbox())?))
}

/// Reads an export of `Get-Mailbox`.
///
/// # Errors
/// In words, when the file is no such export.
pub fn mailboxes(path: &Path) -> Result<Arc<dyn Supply<Keyed<crate::evidence::mailbox::Recipient>>>, ImportError> {
    Ok(Arc::new(read(path, Export::Mailboxes, |row| row.mailbox())?))
}

fn read<T>(
    path: &Path,
    export: Export,
    convert: impl Fn(&exchange::Row<'_>) -> Result<T, String>,
) -> Result<Imported<T>, ImportError> {
    let shown = path.display().to_string();
    let fail = |message: String, hint: &str| ImportError { message, hint: hint.to_owned() };
    let unreadable =
        |error: std::io::Error| fail(format!("{shown} cannot be read: {error}"), "check the path and its rights");
    let bytes = std::fs::read(path).map_err(unreadable)?;
    let at = std::fs::metadata(path).and_then(|meta| meta.modified()).ok();
    let at = at.and_then(|at| Timestamp::try_from(at).ok());
    let table = read::table(&bytes).map_err(|why| fail(format!("{shown}{why}"), TEMPLATE))?;
    export.check(&table).map_err(|why| fail(format!("{shown} {why}"), TEMPLATE))?;
    let entries = table.records.iter().map(|record| {
        let row = exchange::Row { record };
        convert(&row).map_err(|why| fail(format!("{shown}, {} {}: {why}", table.unit, record.number), TEMPLATE))
    });
    let file = path.file_name().map_or_else(|| shown.clone(), |name| PathBuf::from(name).display().to_string());
    let complete = table.records.iter().all(|record| exchange::Row { record }.says_complete());
    let gap = export.gap(&table).map(|gap| format!("{file} {gap}; {TEMPLATE}"));
    Ok(Imported { file, at, complete, gap, entries: entries.collect::<Result<_, _>>()? })
}

const TEMPLATE: &str = "templates/export-exchange.ps1 makes all three files";

#[cfg(test)]
mod tests;
