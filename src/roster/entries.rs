//! The entries of all inputs, one after the other.

use std::collections::VecDeque;

use ring::digest::{Context, SHA256};

use super::address::{Address, Unusable};
use super::entry::{Entry, KnownColumns};
use super::error::RosterError;
use super::leftout::{self, LeftOut};
use super::recognise::{Layout, has_ink, is_blank};
use super::record::{Flaw, RECORD_LIMIT, Record};
use super::repeats::Repeats;
use super::source::{Rows, Source};
use super::summary::{Seen, SourceSummary};

/// Where each column of a file goes among the columns of the roster.
pub(super) type Places = Vec<Option<usize>>;

/// Reads the entries of a roster. Holds one line in memory, and of each address twelve bytes.
pub struct Entries<'a> {
    sources:
        std::iter::Enumerate<std::iter::Zip<std::slice::IterMut<'a, Source>, std::slice::IterMut<'a, SourceSummary>>>,
    places: &'a [Places],
    width: usize,
    fingerprint: &'a mut Option<String>,
    current: Option<Current<'a>>,
    row: u64,
    repeats: Repeats,
    digest: Context,
    /// What the digest is given next.
    digested: Vec<u8>,
    over: bool,
}

/// A record with its address, or the reason why there is none.
type Addressed = (Record, Result<Address, Unusable>);

/// The input that is being read.
struct Current<'a> {
    file: usize,
    layout: &'a Layout,
    known: KnownColumns,
    in_a_row: bool,
    rows: Rows<'a>,
    summary: &'a mut SourceSummary,
    places: &'a [Option<usize>],
    /// Cells of a line on which every cell is an entry.
    waiting: VecDeque<Record>,
    /// A record read before its turn.
    ahead: Option<Record>,
    /// Whether the last line was blank, and whether lines below the table have been seen.
    after_blank: bool,
    below: bool,
}

impl<'a> Entries<'a> {
    pub(super) fn new(
        sources: &'a mut [Source],
        summaries: &'a mut [SourceSummary],
        places: &'a [Places],
        width: usize,
        fingerprint: &'a mut Option<String>,
    ) -> Self {
        *fingerprint = None;
        summaries.iter_mut().for_each(SourceSummary::reset);
        Self {
            sources: sources.iter_mut().zip(summaries.iter_mut()).enumerate(),
            places,
            width,
            fingerprint,
            current: None,
            row: 0,
            repeats: Repeats::new(),
            digest: Context::new(&SHA256),
            digested: Vec::new(),
            over: false,
        }
    }

    fn try_next(&mut self) -> Result<Option<Entry>, RosterError> {
        loop {
            let Some(current) = &mut self.current else {
                let Some((file, (source, summary))) = self.sources.next() else { return Ok(None) };
                let places = self.places.get(file).map(Vec::as_slice).unwrap_or_default();
                let current = Current::open(file, source, summary, places)?;
                let names = current.layout.columns.iter().map(|column| column.name.as_str());
                digest(&mut self.digest, &mut self.digested, &[current.layout.address.index as u64], names);
                self.current = Some(current);
                continue;
            };
            let Some((record, address)) = current.next()? else {
                self.current = None;
                continue;
            };
            self.row += 1;
            let cells = record.cells.iter().map(String::as_str);
            digest(&mut self.digest, &mut self.digested, &[current.file as u64, record.line], cells);
            let mut entry = current.entry(self.row, record, address, self.width);
            if let Ok(address) = &entry.address {
                entry.repeat_of = self.repeats.first(address.key(), self.row);
            }
            let totals = &mut current.summary.totals;
            totals.entries += 1;
            totals.repeats += u64::from(entry.repeat_of.is_some());
            totals.unusable += u64::from(entry.address.is_err());
            return Ok(Some(entry));
        }
    }
}

/// Digests numbers and texts, each text with its length, so that no two lines are the same but equal ones.
fn digest<'a>(digest: &mut Context, buffer: &mut Vec<u8>, numbers: &[u64], texts: impl Iterator<Item = &'a str>) {
    buffer.clear();
    numbers.iter().for_each(|number| buffer.extend_from_slice(&number.to_be_bytes()));
    for text in texts {
        buffer.extend_from_slice(&(text.len() as u64).to_be_bytes());
        buffer.extend_from_slice(text.as_bytes());
    }
    digest.update(buffer);
}

impl Iterator for Entries<'_> {
    type Item = Result<Entry, RosterError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        match self.try_next() {
            Ok(Some(entry)) => Some(Ok(entry)),
            Ok(None) => {
                self.over = true;
                let digest = self.digest.clone().finish();
                *self.fingerprint = Some(digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect());
                None
            }
            Err(error) => {
                self.over = true;
                Some(Err(error))
            }
        }
    }
}

impl<'a> Current<'a> {
    fn open(
        file: usize,
        source: &'a mut Source,
        summary: &'a mut SourceSummary,
        places: &'a [Option<usize>],
    ) -> Result<Self, RosterError> {
        let known = KnownColumns::of(source);
        let in_a_row = source.in_a_row;
        let (layout, rows) = source.read()?;
        Ok(Self {
            file,
            layout,
            known,
            in_a_row,
            rows,
            summary,
            places,
            waiting: VecDeque::new(),
            ahead: None,
            after_blank: false,
            below: false,
        })
    }

    /// The next record that is an entry.
    fn next(&mut self) -> Result<Option<Addressed>, RosterError> {
        loop {
            if let Some(record) = self.waiting.pop_front() {
                let address = self.address(&record);
                return Ok(Some((record, address)));
            }
            let Some(record) = self.read()? else { return Ok(None) };
            let blank = is_blank(&record.cells) && record.unresolved.is_empty();
            self.summary.totals.blanks += record.gap + u64::from(blank);
            let after_blank = std::mem::replace(&mut self.after_blank, blank) || record.gap > 0;
            if blank {
                continue;
            }
            let address = self.address(&record);
            let left_out = if address.is_err() { self.left_out(&record, after_blank)? } else { None };
            if let Some(kind) = left_out {
                self.summary.totals.left_out += 1;
                if let Some(seen) = self.summary.left_out.get_mut(kind.index()) {
                    Seen::more(seen, record.line);
                }
                continue;
            }
            self.note(&record);
            if !self.in_a_row {
                return Ok(Some((record, address)));
            }
            let filled = record.cells.iter().filter(|cell| has_ink(cell));
            let alone = |cell: &String| Record {
                line: record.line,
                cells: vec![cell.clone()],
                flaw: record.flaw,
                ..Record::default()
            };
            self.waiting = filled.map(alone).collect();
        }
    }

    fn read(&mut self) -> Result<Option<Record>, RosterError> {
        match self.ahead.take() {
            Some(record) => Ok(Some(record)),
            None => self.rows.next(),
        }
    }

    /// Whether a record without a usable address is no person either. What programs write below a table starts with
    /// a line that may read anything (the report's name), so the next one decides about it.
    fn left_out(&mut self, record: &Record, after_blank: bool) -> Result<Option<LeftOut>, RosterError> {
        let mut kind = leftout::of(&record.cells, self.layout);
        let alone = width(&record.cells) == 1;
        if kind.is_none() && alone && after_blank && !self.below {
            self.ahead = self.rows.next()?;
            let next = self.ahead.as_ref().and_then(|next| leftout::of(&next.cells, self.layout));
            kind = next.filter(|next| *next == LeftOut::Footer);
        } else if kind.is_none() && alone && self.below {
            kind = Some(LeftOut::Footer);
        }
        self.below |= kind == Some(LeftOut::Footer);
        Ok(kind)
    }

    fn address(&self, record: &Record) -> Result<Address, Unusable> {
        if record.flaw == Some(Flaw::Overlong) {
            return Err(Unusable::Overlong { limit: RECORD_LIMIT / 1024 });
        }
        let at = self.layout.address.index;
        if record.unresolved.contains(&at) {
            return Err(Unusable::NoResult);
        }
        let cell = record.cells.get(at).map(String::as_str).unwrap_or_default();
        cell.parse::<Address>().map_err(|cause| match &self.layout.header {
            Some(header) if width(&record.cells) > header.cells.len() => {
                Unusable::Shifted { cause: Box::new(cause), cells: width(&record.cells), columns: header.cells.len() }
            }
            _ => cause,
        })
    }

    fn entry(&self, row: u64, record: Record, address: Result<Address, Unusable>, width: usize) -> Entry {
        let written = record.cells.get(self.layout.address.index).cloned().unwrap_or_default();
        let mut known = self.known.read(&record.cells).completed();
        if known.salesforce_email.is_none() && self.layout.tool.is_some_and(|tool| tool.salesforce) {
            known.salesforce_email = address.as_ref().ok().map(|address| address.shown().to_owned());
        }
        let mut columns = vec![String::new(); width];
        for (cell, place) in record.cells.into_iter().zip(self.places) {
            if let Some(slot) = place.and_then(|place| columns.get_mut(place)) {
                *slot = cell;
            }
        }
        Entry { row, file: self.file, line: record.line, written, address, repeat_of: None, known, columns }
    }

    /// Remembers what is odd about a line.
    fn note(&mut self, record: &Record) {
        match record.flaw {
            Some(Flaw::OpenQuote) => Seen::more(&mut self.summary.open_quotes, record.line),
            Some(Flaw::Overlong) => Seen::more(&mut self.summary.overlong, record.line),
            None => {}
        }
        let beyond = |(at, cell): (usize, &String)| self.places.get(at).copied().flatten().is_none() && has_ink(cell);
        if !self.in_a_row && record.cells.iter().enumerate().any(beyond) {
            Seen::more(&mut self.summary.surplus, record.line);
        }
    }
}

/// How many cells a record has up to the last that holds something.
fn width(cells: &[String]) -> usize {
    cells.iter().rposition(|cell| has_ink(cell)).map_or(0, |last| last + 1)
}
