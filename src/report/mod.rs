//! Reports: one view model ([`View`]: [`head`], [`summary`], [`spool`]), one file a format, no format that thinks
//! for itself.
//!
//! The judging stage pushes every [`row::Row`] once, in roster order, into a [`spool::SpoolWriter`]; the formats read
//! them back from disk, so that memory does not grow with the texts of a roster. [`write_all`] renders the wanted
//! formats side by side and puts them in place only when all of them are whole.

pub mod changes;
mod clean;
mod columns;
pub mod csv;
mod error;
pub mod export;
mod format;
pub mod head;
pub mod html;
pub mod joined;
pub mod json;
pub mod markdown;
mod page;
pub mod powershell;
pub mod rollup;
pub mod row;
mod sentences;
pub mod spool;
pub mod standing;
pub mod summary;
mod template;
pub mod terminal;
pub mod texts;
pub mod trend;
pub mod waves;
pub mod xlsx;

use crate::compare::History;

pub use error::ReportError;
pub use format::{FormatKind, write_all};
pub use head::Head;
pub use page::title;
pub use sentences::deadline_sentence as deadline;
pub use spool::{Spool, SpoolWriter};
pub use summary::Summary;
pub use template::Templates;
pub use texts::Texts;

/// Everything the formats show: what the run was, what it amounts to, and every row.
#[derive(Debug)]
pub struct View {
    /// The run, the tenant and how it was looked at.
    pub head: Head,
    /// All rows counted.
    pub summary: Summary,
    /// Every row, on disk.
    pub spool: Spool,
    /// Labels in the report's language.
    pub texts: Texts,
    /// Templates of HTML, Markdown and scripts.
    pub templates: Templates,
    /// What earlier runs and people add.
    pub history: History,
}

impl View {
    /// Puts a view together; the texts come from `head.language`, the templates are the built-in ones unless `templates`
    /// is replaced afterwards, and without `history` it knows of no earlier run.
    ///
    /// # Errors
    ///
    /// [`ReportError::Language`] when there are no texts for that language.
    pub fn new(head: Head, spool: Spool, summary: Summary) -> Result<Self, ReportError> {
        let texts = Texts::embedded(&head.language)?;
        Ok(Self { head, summary, spool, texts, templates: Templates::default(), history: History::default() })
    }
}
