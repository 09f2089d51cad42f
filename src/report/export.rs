//! Runs as one flat table for other programs: a line a roster entry and run, ids instead of words.

use std::io::Write;

use jiff::Timestamp;
use jiff::civil::Date;

use super::columns::{self, CONTRACT, FURTHER};
use super::row::Row;
use super::{ReportError, clean};

/// Columns before those of the report.
const RUN: [&str; 4] = ["run", "tenant", "started", "as_of"];
/// Columns after them.
const GROUPS: [&str; 3] = ["wave", "department", "owner"];

/// The run a line belongs to.
#[derive(Debug, Clone, Copy)]
pub struct ExportRun<'a> {
    /// Id of the run.
    pub run: &'a str,
    /// Profile of the tenant.
    pub tenant: &'a str,
    /// When collecting began.
    pub started: Timestamp,
    /// The day the verdicts are about.
    pub as_of: Date,
}

/// Writes the table.
pub struct Export<W: Write>(csv::Writer<W>);

impl<W: Write> Export<W> {
    /// Begins the table with its header. The columns never change their order; new ones come last.
    ///
    /// # Errors
    /// [`ReportError`] when `out` fails.
    pub fn new(out: W) -> Result<Self, ReportError> {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        let header = RUN.iter().chain(&CONTRACT).chain(&FURTHER).chain(&GROUPS);
        writer.write_record(header).map_err(|error| ReportError::format("csv")(&error))?;
        Ok(Self(writer))
    }

    /// Adds a line.
    ///
    /// # Errors
    /// [`ReportError`] when `out` fails.
    pub fn push(&mut self, run: ExportRun<'_>, row: &Row) -> Result<(), ReportError> {
        let own = CONTRACT.iter().chain(&FURTHER).map(|id| columns::text(row, id).into_owned());
        let run = [run.run.to_owned(), run.tenant.to_owned(), run.started.to_string(), run.as_of.to_string()];
        let groups = [&row.wave, &row.department, &row.owner].map(String::clone);
        let fields = run.into_iter().chain(own).chain(groups);
        let guarded = fields.map(|field| clean::csv_field(&field).into_owned());
        self.0.write_record(guarded).map_err(|error| ReportError::format("csv")(&error))
    }

    /// Ends the table.
    ///
    /// # Errors
    /// [`ReportError`] when `out` fails.
    pub fn finish(mut self) -> Result<(), ReportError> {
        self.0.flush().map_err(|error| ReportError::format("csv")(&error))
    }
}
