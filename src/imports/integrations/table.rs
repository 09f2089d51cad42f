//! One export as a table: any encoding, the delimiter and header line found by the columns that must be there.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::evidence::joined::ExportKind;
use crate::failure::Failure;
use crate::roster::{Decoded, survey};

/// Delimiters that exports use.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Lines before the header at most: titles, `sep=` lines, blank ones.
const PREAMBLE: usize = 20;

/// A column: what it is here, and the names it has in exports (lower case).
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Names by which it is found.
    pub names: &'static [&'static str],
    /// Whether the export is of another kind without it.
    pub required: bool,
}

/// The columns of an export, by their place in [`super::kinds`].
pub type Columns = &'static [Column];

/// One data line: the wanted cells, trimmed, in the order of the columns asked for.
#[derive(Debug)]
pub struct Line<'a> {
    /// Line of the file, from 1.
    pub number: u64,
    cells: Vec<&'a str>,
}

impl<'a> Line<'a> {
    /// The cell of a column; empty where the export has no such column.
    pub fn cell(&self, column: usize) -> &'a str {
        self.cells.get(column).copied().unwrap_or_default()
    }
}

/// Reads an export line by line.
///
/// # Errors
/// In words: the file cannot be read, is no text, or lacks the columns of its kind.
pub fn read(
    path: &Path,
    kind: ExportKind,
    forms: &[Columns],
    mut take: impl FnMut(&Line<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let unreadable = |error: io::Error| {
        let what = format!("the {} {} cannot be read: {error}", kind.name(), path.display());
        Failure::usage(what, format!("check sources.{} and the file's rights", kind.key()))
    };
    let mut file = File::open(path).map_err(unreadable)?;
    refuse_what_is_no_text(&mut file, path, kind)?;
    let encoding = survey(&mut file).map_err(unreadable)?.encoding;
    let mut first_line = String::new();
    for delimiter in DELIMITERS {
        file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        let mut records = reader(Text::new(Decoded::new(&file, encoding)), delimiter);
        let mut record = csv::StringRecord::new();
        for _ in 0..PREAMBLE {
            if !records.read_record(&mut record).map_err(|error| broken(path, kind, &error))? {
                break;
            }
            if first_line.is_empty() {
                first_line = record.iter().collect::<Vec<_>>().join(", ");
            }
            if let Some(places) = forms.iter().find_map(|columns| places(&record, columns)) {
                return lines(records, &places, path, kind, &mut take);
            }
        }
    }
    Err(wrong_kind(path, kind, forms.first().copied().unwrap_or_default(), &first_line))
}

fn reader<R: Read>(text: R, delimiter: u8) -> csv::Reader<R> {
    csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(text)
}

/// Where each column stands; none: a required one is missing.
fn places(header: &csv::StringRecord, columns: Columns) -> Option<Vec<Option<usize>>> {
    let header: Vec<String> = header.iter().map(|name| name.trim().trim_matches('"').to_lowercase()).collect();
    let place = |column: &Column| column.names.iter().find_map(|name| header.iter().position(|own| own == name));
    columns.iter().map(|column| Some(place(column)).filter(|place| place.is_some() || !column.required)).collect()
}

fn lines<R: Read>(
    mut records: csv::Reader<R>,
    places: &[Option<usize>],
    path: &Path,
    kind: ExportKind,
    take: &mut impl FnMut(&Line<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut record = csv::StringRecord::new();
    while records.read_record(&mut record).map_err(|error| broken(path, kind, &error))? {
        let number = record.position().map_or(0, csv::Position::line);
        let cell = |place: &Option<usize>| place.and_then(|place| record.get(place)).unwrap_or_default().trim();
        take(&Line { number, cells: places.iter().map(cell).collect() })?;
    }
    Ok(())
}

/// Workbooks and other packages begin so, and hold zero bytes.
fn refuse_what_is_no_text(file: &mut File, path: &Path, kind: ExportKind) -> Result<(), Failure> {
    let mut head = [0; 4];
    let read = file.read(&mut head).unwrap_or(0);
    let rewound = file.seek(SeekFrom::Start(0));
    if read == 4 && head == *b"PK\x03\x04" || rewound.is_err() {
        let what = format!("the {} {} is a workbook or an archive, not a CSV file", kind.name(), path.display());
        return Err(Failure::usage(what, "open it and save it as CSV UTF-8"));
    }
    Ok(())
}

fn broken(path: &Path, kind: ExportKind, error: &csv::Error) -> Failure {
    let line = error.position().map(|place| format!(", line {}", place.line())).unwrap_or_default();
    let what = format!("the {} {}{line} cannot be read: {error}", kind.name(), path.display());
    Failure::usage(what, "export it again as CSV UTF-8")
}

fn wrong_kind(path: &Path, kind: ExportKind, columns: Columns, first_line: &str) -> Failure {
    let needed: Vec<String> = columns
        .iter()
        .filter(|column| column.required)
        .filter_map(|column| column.names.first().map(|name| format!("'{name}'")))
        .collect();
    let shown: String = first_line.chars().take(80).collect();
    let what = format!(
        "{} is no {}: no line names the columns {} between commas, semicolons, tabs or '|' (it begins with '{shown}')",
        path.display(),
        kind.name(),
        needed.join(" and "),
    );
    let named = first_line.to_lowercase();
    let lookalike = super::kinds::LOOKALIKES.iter().find(|(of, column, _)| *of == kind && named.contains(column));
    let hint = match (lookalike, looks_like(first_line).filter(|other| *other != kind)) {
        (Some((_, _, what)), _) => (*what).to_owned(),
        (None, Some(other)) => format!("it looks like the {}: name it as sources.{}", other.name(), other.key()),
        (None, None) => format!("check sources.{}: the file, and the delimiter it was exported with", kind.key()),
    };
    Failure::usage(what, hint)
}

/// Which kind of export has a header like this.
fn looks_like(first_line: &str) -> Option<ExportKind> {
    let header = DELIMITERS.iter().find_map(|delimiter| {
        let mut records = reader(first_line.as_bytes(), *delimiter);
        let mut record = csv::StringRecord::new();
        let read = records.read_record(&mut record).unwrap_or(false);
        (read && record.len() > 1).then_some(record)
    })?;
    let trimmed: csv::StringRecord = header.iter().map(str::trim).collect();
    let fits = |kind: &ExportKind| super::kinds::forms(*kind).iter().any(|columns| places(&trimmed, columns).is_some());
    ExportKind::ALL.into_iter().find(fits)
}

/// Decoded text as bytes of UTF-8.
struct Text<R> {
    from: Decoded<R>,
    ahead: Vec<u8>,
    taken: usize,
}

impl<R: Read> Text<R> {
    fn new(from: Decoded<R>) -> Self {
        Self { from, ahead: Vec::new(), taken: 0 }
    }
}

impl<R: Read> Read for Text<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.ahead.len() {
            self.ahead.clear();
            self.taken = 0;
            if !self.from.append(&mut self.ahead)? {
                return Ok(0);
            }
        }
        let rest = self.ahead.get(self.taken..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.taken += count;
        Ok(count)
    }
}
