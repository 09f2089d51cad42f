//! The rows of a sheet, one by one, from calamine's cell reader.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;

use calamine::{DataRef, XlsxCellReader, XlsxError};

use super::survey::Merge;
use crate::roster::recognise::COLUMNS_LIMIT;
use crate::roster::record::Record;

/// A cell with content: its place from 0, its text, and whether it is a formula without a stored result.
struct Content {
    row: u32,
    column: usize,
    text: String,
    unresolved: bool,
}

/// The rows of a sheet that hold something. Holds one row in memory, and the values of merged cells still open.
pub(in crate::roster) struct SheetRows<'a> {
    cells: XlsxCellReader<'a, BufReader<File>>,
    merges: std::iter::Peekable<std::slice::Iter<'a, Merge>>,
    /// By column: the last row a merged cell reaches to, and its value.
    open: BTreeMap<u32, (u32, String)>,
    ahead: Option<Content>,
    /// The last row given, from 1.
    last: u32,
    ended: bool,
}

impl<'a> SheetRows<'a> {
    pub(super) fn new(cells: XlsxCellReader<'a, BufReader<File>>, merges: &'a [Merge]) -> Self {
        Self { cells, merges: merges.iter().peekable(), open: BTreeMap::new(), ahead: None, last: 0, ended: false }
    }

    /// The next row with content; `None` at the end of the sheet.
    pub(in crate::roster) fn next(&mut self) -> Result<Option<Record>, XlsxError> {
        let first = match self.ahead.take() {
            Some(content) => content,
            None => match self.content()? {
                Some(content) => content,
                None => return Ok(None),
            },
        };
        let row = first.row;
        let number = row + 1;
        let mut record = Record { line: u64::from(number), ..Record::default() };
        record.gap = u64::from(number.saturating_sub(self.last).saturating_sub(1));
        put(&mut record, first);
        while let Some(content) = self.content()? {
            if content.row != row {
                self.ahead = Some(content);
                break;
            }
            put(&mut record, content);
        }
        self.spread(number, &mut record);
        self.last = self.last.max(number);
        Ok(Some(record))
    }

    /// The next cell with content.
    fn content(&mut self) -> Result<Option<Content>, XlsxError> {
        // Asked once more after the end, calamine reads on behind the cells.
        while !self.ended {
            let Some(cell) = self.cells.next_cell_with_formula_metadata()? else {
                self.ended = true;
                break;
            };
            let (row, column) = (cell.pos.0, cell.pos.1 as usize);
            let unresolved = cell.formula.is_some() && cell.value == DataRef::Empty;
            if unresolved || cell.value != DataRef::Empty {
                return Ok(Some(Content { row, column, text: text(cell.value), unresolved }));
            }
        }
        Ok(None)
    }

    /// A cell merged over several rows has its value in the first: the others get it from there.
    fn spread(&mut self, number: u32, record: &mut Record) {
        self.open.retain(|_, (last, _)| *last >= number);
        for (column, (_, value)) in &self.open {
            let column = *column as usize;
            if record.cells.len() <= column {
                record.cells.resize(column + 1, String::new());
            }
            if let Some(cell) = record.cells.get_mut(column).filter(|cell| cell.is_empty()) {
                cell.clone_from(value);
            }
        }
        while let Some(merge) = self.merges.next_if(|merge| merge.first <= number) {
            let value = record.cells.get(merge.column as usize).filter(|_| merge.first == number);
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                self.open.insert(merge.column, (merge.last, value.clone()));
            }
        }
    }
}

fn put(record: &mut Record, content: Content) {
    if content.column >= COLUMNS_LIMIT {
        return;
    }
    if record.cells.len() <= content.column {
        record.cells.resize(content.column + 1, String::new());
    }
    if content.unresolved {
        record.unresolved.push(content.column);
    }
    if let Some(cell) = record.cells.get_mut(content.column) {
        *cell = content.text;
    }
}

/// A value as people see it: dates as ISO 8601 dates, whole numbers without a fraction.
fn text(value: DataRef<'_>) -> String {
    match value {
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text,
        DataRef::SharedString(text) => text.to_owned(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::Bool(true) => "TRUE".to_owned(),
        DataRef::Bool(false) => "FALSE".to_owned(),
        DataRef::Error(error) => error.to_string(),
        DataRef::Empty => String::new(),
        DataRef::DateTime(date) if date.is_duration() => date.as_f64().to_string(),
        DataRef::DateTime(date) => {
            let (year, month, day, hour, minute, second, _) = date.to_ymd_hms_milli();
            let time = if (hour, minute, second) == (0, 0, 0) {
                String::new()
            } else {
                format!(" {hour:02}:{minute:02}:{second:02}")
            };
            format!("{year:04}-{month:02}-{day:02}{time}")
        }
    }
}
