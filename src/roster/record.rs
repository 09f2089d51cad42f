//! Text to records: lines and cells, with the quotation marks people's files really have.
//!
//! The `csv` crate swallows blank lines, counts only line feeds as lines, and lets one quotation mark that is never
//! closed eat the rest of the file. A roster must lose no line, so the cutting is done here; tests compare it with
//! what that crate writes.

use std::io::{self, Read};

use super::encoding::Decoded;

/// Longest record, in bytes of UTF-8: no line of a roster comes near it.
pub(super) const RECORD_LIMIT: usize = 1024 * 1024;
/// What is kept of a longer one.
const OVERLONG_KEPT: usize = 64 * 1024;
/// Most cells of a record, as many as Excel has columns; what follows stays together in the last.
const CELLS_LIMIT: usize = 16_384;
/// Most line breaks in one cell: beyond that the quotation mark was never meant to open a cell.
const BREAKS_LIMIT: u64 = 100;

/// What is wrong with a record, though it could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    /// A quotation mark that is never closed; it was read as an ordinary character.
    OpenQuote,
    /// Longer than [`RECORD_LIMIT`]; only its beginning was read.
    Overlong,
}

/// One record of a text, or row of a sheet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Record {
    /// The line of the file, or row of the sheet, it begins in, from 1.
    pub(super) line: u64,
    /// A blank line has one empty cell.
    pub(super) cells: Vec<String>,
    pub(super) flaw: Option<Flaw>,
    /// Blank rows before it, which a sheet does not store.
    pub(super) gap: u64,
    /// Cells with a formula whose result is not stored.
    pub(super) unresolved: Vec<usize>,
}

/// Cuts a text into records. Holds one record in memory.
pub(super) struct Records<R> {
    text: Decoded<R>,
    delimiter: Option<u8>,
    buffer: Vec<u8>,
    /// Where the next record begins in the buffer.
    start: usize,
    /// Up to here the buffer has been searched for a line end, in vain.
    searched: usize,
    /// Quotation marks before this place of the buffer may not open a cell of several lines: they were tried.
    tried: usize,
    ended: bool,
    line: u64,
}

impl<R: Read> Records<R> {
    /// Without a delimiter every line is one cell.
    pub(super) fn new(text: Decoded<R>, delimiter: Option<u8>) -> Self {
        Self { text, delimiter, buffer: Vec::new(), start: 0, searched: 0, tried: 0, ended: false, line: 1 }
    }

    /// The next record; `None` at the end of the text.
    pub(super) fn next(&mut self) -> io::Result<Option<Record>> {
        loop {
            let view = self.buffer.get(self.start..).unwrap_or_default();
            if view.is_empty() {
                if self.ended {
                    return Ok(None);
                }
                self.more()?;
                continue;
            }
            let full = view.len() > RECORD_LIMIT;
            let unseen = self.buffer.get(self.searched.max(self.start)..).unwrap_or_default();
            if !self.ended && memchr::memchr2(b'\n', b'\r', unseen).is_none() {
                self.searched = self.buffer.len();
                if full {
                    return self.overlong().map(Some);
                }
                self.more()?;
                continue;
            }
            let cut = Cut { view, delimiter: self.delimiter, ended: self.ended, full };
            if let Some(piece) = cut.record(self.tried.saturating_sub(self.start)) {
                let record = Record { line: self.line, cells: piece.cells, flaw: piece.flaw, ..Record::default() };
                self.tried = self.tried.max(self.start + piece.tried);
                self.start += piece.used;
                self.line += piece.lines;
                return Ok(Some(record));
            }
            if full {
                return self.overlong().map(Some);
            }
            self.more()?;
        }
    }

    fn more(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.start);
        self.tried = self.tried.saturating_sub(self.start);
        self.searched = self.searched.saturating_sub(self.start);
        self.start = 0;
        self.ended = !self.text.append(&mut self.buffer)?;
        Ok(())
    }

    /// Takes the beginning of a line that has no end in sight, and skips the rest of it.
    fn overlong(&mut self) -> io::Result<Record> {
        let kept = self.buffer.get(self.start..self.start + OVERLONG_KEPT).unwrap_or_default();
        let cut = Cut { view: kept, delimiter: self.delimiter, ended: true, full: true };
        let cells = cut.record(OVERLONG_KEPT).map(|piece| piece.cells).unwrap_or_default();
        let record = Record { line: self.line, cells, flaw: Some(Flaw::Overlong), ..Record::default() };
        self.start += OVERLONG_KEPT;
        loop {
            let rest = self.buffer.get(self.start..).unwrap_or_default();
            if let Some(end) = memchr::memchr2(b'\n', b'\r', rest) {
                let pair = rest.get(end..end + 2) == Some(b"\r\n");
                if end + 1 < rest.len() || self.ended {
                    self.start += end + 1 + usize::from(pair);
                    self.line += 1;
                    return Ok(record);
                }
                self.start += end;
            } else if self.ended {
                self.start = self.buffer.len();
                return Ok(record);
            } else {
                self.start = self.buffer.len();
            }
            self.more()?;
        }
    }
}

/// A record cut from a text.
struct Piece {
    cells: Vec<String>,
    used: usize,
    lines: u64,
    flaw: Option<Flaw>,
    /// How far a quotation mark that stayed open was followed.
    tried: usize,
}

/// How a cell in quotation marks ends.
enum Quoted {
    /// Closed; the place after it is a delimiter, a line end or the end of the text.
    Closed { cell: Vec<u8>, next: usize, breaks: u64 },
    /// Never closed, as far as the given place.
    Open(usize),
    /// The text at hand ends before the cell does.
    Short,
}

/// The text at hand, from the beginning of a record.
struct Cut<'a> {
    view: &'a [u8],
    delimiter: Option<u8>,
    /// No more text follows.
    ended: bool,
    /// No more text will be looked at.
    full: bool,
}

impl Cut<'_> {
    /// The first record; `None` when the text at hand does not reach to its end. Quotation marks before `tried` may
    /// not open a cell of several lines.
    fn record(&self, tried: usize) -> Option<Piece> {
        let mut piece = Piece { cells: Vec::new(), used: 0, lines: 1, flaw: None, tried };
        let mut at = 0;
        loop {
            at = self.cell(at, &mut piece)?;
            match self.view.get(at) {
                Some(b'\r') if at + 1 == self.view.len() && !self.ended => return None,
                Some(b'\r') if self.view.get(at + 1) == Some(&b'\n') => piece.used = at + 2,
                Some(b'\n' | b'\r') => piece.used = at + 1,
                Some(_) => {
                    at += 1;
                    continue;
                }
                None => piece.used = at,
            }
            return Some(piece);
        }
    }

    /// Adds the cell that begins at `start`; returns the place after it.
    fn cell(&self, start: usize, piece: &mut Piece) -> Option<usize> {
        let last = piece.cells.len() + 1 >= CELLS_LIMIT;
        let open = self.after_blanks(start);
        if !last && self.view.get(open) == Some(&b'"') {
            match self.quoted(open, open >= piece.tried) {
                Quoted::Closed { cell, next, breaks } => {
                    piece.lines += breaks;
                    piece.cells.push(String::from_utf8_lossy(&cell).into_owned());
                    return Some(next);
                }
                Quoted::Short => return None,
                Quoted::Open(until) => {
                    piece.tried = piece.tried.max(until);
                    // In a list without cells a mark is part of a name.
                    piece.flaw = self.delimiter.map(|_| Flaw::OpenQuote);
                }
            }
        }
        let rest = self.view.get(start..)?;
        let end = match self.delimiter.filter(|_| !last) {
            Some(delimiter) => memchr::memchr3(delimiter, b'\n', b'\r', rest),
            None => memchr::memchr2(b'\n', b'\r', rest),
        };
        let end = match end {
            Some(end) => end,
            None if self.ended => rest.len(),
            None => return None,
        };
        piece.cells.push(String::from_utf8_lossy(rest.get(..end)?).into_owned());
        Some(start + end)
    }

    /// Reads a cell whose opening quotation mark is at `open`.
    fn quoted(&self, open: usize, may_break: bool) -> Quoted {
        let mut cell = Vec::new();
        let mut breaks = 0;
        let mut at = open + 1;
        loop {
            let rest = self.view.get(at..).unwrap_or_default();
            let end = memchr::memchr(b'"', rest);
            let text = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            breaks += line_breaks(text);
            if breaks > 0 && !may_break || breaks > BREAKS_LIMIT {
                return Quoted::Open(at);
            }
            let Some(end) = end else {
                return if self.ended || self.full { Quoted::Open(self.view.len()) } else { Quoted::Short };
            };
            cell.extend_from_slice(text);
            let quote = at + end;
            at = quote + 1;
            if self.view.get(at) == Some(&b'"') {
                cell.push(b'"');
                at += 1;
                continue;
            }
            let next = self.after_blanks(at);
            match self.view.get(next) {
                None if self.ended => return Quoted::Closed { cell, next, breaks },
                None if self.full => return Quoted::Open(self.view.len()),
                None => return Quoted::Short,
                Some(&b) if b == b'\n' || b == b'\r' || Some(b) == self.delimiter => {
                    return Quoted::Closed { cell, next, breaks };
                }
                // On one line a quotation mark that closes nothing is an ordinary character ("Jane "JD" Doe").
                Some(_) if breaks == 0 => cell.push(b'"'),
                Some(_) => return Quoted::Open(quote),
            }
        }
    }

    fn after_blanks(&self, start: usize) -> usize {
        let blank = |b: &u8| (*b == b' ' || *b == b'\t') && Some(*b) != self.delimiter;
        start + self.view.get(start..).unwrap_or_default().iter().take_while(|b| blank(b)).count()
    }
}

/// Line breaks of any kind, a pair of return and feed as one.
fn line_breaks(text: &[u8]) -> u64 {
    let feeds = memchr::memchr_iter(b'\n', text).count();
    let returns = memchr::memchr_iter(b'\r', text).filter(|at| text.get(at + 1) != Some(&b'\n')).count();
    (feeds + returns) as u64
}

#[cfg(test)]
mod tests;
