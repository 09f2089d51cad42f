//! The rows on disk: written once in roster order, read by every format at its own pace and in its own order.
//!
//! The rows lie in a temporary file that only this user may read and that goes when the spool goes: what is a user's own as
//! it is, what the rules say to many as a number. In memory stay 16 bytes a row (where it lies, and what the formats sort
//! and pick by) and the texts that come again, 4 MiB at the most.

mod codec;
mod words;

use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::NamedTempFile;

use self::words::Words;
use super::ReportError;
use super::row::Row;
use super::summary::{Summary, Tally};
use crate::private;
use crate::verdict::{Urgency, Verdict};

pub use codec::Damaged;

/// Bytes a reader fetches at once: a few rows, so that jumping about in wave order does not read everything anew.
const READ_AHEAD: usize = 1 << 14;

/// What is kept in memory of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Where the row begins.
    offset: u64,
    /// Position of its wave in [`Summary::waves`].
    pub wave: u32,
    /// Its verdict.
    pub verdict: Verdict,
    /// Its urgency.
    pub urgency: Urgency,
}

/// Takes the rows in, in roster order.
#[derive(Debug)]
pub struct SpoolWriter {
    folder: PathBuf,
    out: BufWriter<NamedTempFile>,
    bytes: Vec<u8>,
    words: Words,
    end: u64,
    text_bytes: u64,
    marks: Vec<Mark>,
    tally: Tally,
}

impl SpoolWriter {
    /// Opens a temporary file in `folder`, which needs about half a kilobyte of room a row.
    ///
    /// # Errors
    ///
    /// [`ReportError::Spool`] when it cannot be made.
    pub fn create_in(folder: &Path) -> Result<Self, ReportError> {
        let file =
            private::temporary(folder).map_err(|source| ReportError::Spool { folder: folder.to_owned(), source })?;
        Ok(Self {
            folder: folder.to_owned(),
            out: BufWriter::with_capacity(1 << 18, file),
            bytes: Vec::new(),
            words: Words::default(),
            end: 0,
            text_bytes: 0,
            marks: Vec::new(),
            tally: Tally::default(),
        })
    }

    /// Adds the next row of the roster and counts it.
    ///
    /// # Errors
    ///
    /// [`ReportError::Spool`] when the disk is full or fails.
    pub fn push(&mut self, row: &Row) -> Result<(), ReportError> {
        self.bytes.clear();
        self.text_bytes += codec::write(row, &mut self.words, &mut self.bytes);
        self.out.write_all(&self.bytes).map_err(|source| ReportError::Spool { folder: self.folder.clone(), source })?;
        let wave = self.tally.count(row);
        self.marks.push(Mark { offset: self.end, wave, verdict: row.verdict, urgency: row.urgency });
        self.end += self.bytes.len() as u64;
        Ok(())
    }

    /// Closes the file and gives the rows and their sums.
    ///
    /// # Errors
    ///
    /// [`ReportError::Spool`] when the last rows cannot be written.
    pub fn finish(self) -> Result<(Spool, Summary), ReportError> {
        let Self { folder, out, words, mut marks, tally, end, text_bytes, .. } = self;
        let file = out
            .into_inner()
            .map_err(|error| ReportError::Spool { folder: folder.clone(), source: error.into_error() })?;
        let (summary, wave_order) = tally.finish();
        for mark in &mut marks {
            mark.wave = wave_order.get(mark.wave as usize).copied().unwrap_or(u32::MAX);
        }
        marks.shrink_to_fit();
        Ok((Spool { folder, file, words: words.finish(), marks, end, text_bytes }, summary))
    }
}

/// All rows of a report.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    file: NamedTempFile,
    words: Vec<Arc<str>>,
    marks: Vec<Mark>,
    end: u64,
    text_bytes: u64,
}

impl Spool {
    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.marks.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// Bytes of all texts of the rows, as a format writes them out; the rows themselves take far less.
    #[must_use]
    pub fn text_bytes(&self) -> u64 {
        self.text_bytes
    }

    /// What is known of each row without reading it, in roster order.
    #[must_use]
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// The folder the rows lie in; formats that need scratch space use it too.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Every row in roster order.
    ///
    /// # Errors
    ///
    /// [`ReportError::Spool`] when the file cannot be opened again.
    pub fn rows(&self) -> Result<Rows<'_, std::ops::Range<usize>>, ReportError> {
        self.rows_at(0..self.marks.len())
    }

    /// The rows at the given positions (from 0), in that order. Each reader has its own handle, so several formats
    /// can read at a time.
    ///
    /// # Errors
    ///
    /// [`ReportError::Spool`] when the file cannot be opened again.
    pub fn rows_at<I: Iterator<Item = usize>>(&self, order: I) -> Result<Rows<'_, I>, ReportError> {
        let file = self.file.reopen().map_err(|source| self.failed(source))?;
        Ok(Rows { spool: self, reader: BufReader::with_capacity(READ_AHEAD, file), at: 0, order, bytes: Vec::new() })
    }

    fn failed(&self, source: std::io::Error) -> ReportError {
        ReportError::Spool { folder: self.folder.clone(), source }
    }
}

/// Reads rows back; see [`Spool::rows`].
#[derive(Debug)]
pub struct Rows<'a, I> {
    spool: &'a Spool,
    reader: BufReader<File>,
    at: u64,
    order: I,
    bytes: Vec<u8>,
}

impl<I> Rows<'_, I> {
    fn read(&mut self, position: usize) -> Result<Row, ReportError> {
        let marks = &self.spool.marks;
        let (start, end) = match (marks.get(position), marks.get(position + 1)) {
            (Some(mark), Some(next)) => (mark.offset, next.offset),
            (Some(mark), None) => (mark.offset, self.spool.end),
            (None, _) => (self.spool.end, self.spool.end),
        };
        if start != self.at {
            self.jump(start).map_err(|source| self.spool.failed(source))?;
        }
        self.bytes.resize(usize::try_from(end - start).unwrap_or(0), 0);
        self.reader.read_exact(&mut self.bytes).map_err(|source| self.spool.failed(source))?;
        self.at = end;
        codec::read(&self.bytes, &self.spool.words)
            .map_err(|source| ReportError::Row { row: position as u64 + 1, source })
    }

    /// Goes to `start`, keeping what is buffered when it lies within: rows of a wave are mostly near each other.
    fn jump(&mut self, start: u64) -> std::io::Result<()> {
        match i64::try_from(i128::from(start) - i128::from(self.at)) {
            Ok(by) => self.reader.seek_relative(by),
            Err(_) => self.reader.seek(SeekFrom::Start(start)).map(drop),
        }
    }
}

impl<I: Iterator<Item = usize>> Iterator for Rows<'_, I> {
    type Item = Result<Row, ReportError>;

    fn next(&mut self) -> Option<Self::Item> {
        let position = self.order.next()?;
        Some(self.read(position))
    }
}
