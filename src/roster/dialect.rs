//! How a text cuts its lines into cells, found by trying.

use std::io;

use super::Address;
use super::encoding::{Decoded, Encoding};
use super::recognise::{self, Layout, Wish};
use super::record::{Record, Records};

/// What may stand between cells, in the order of preference when nothing tells them apart.
const DELIMITERS: [u8; 4] = [b';', b'\t', b',', b'|'];
/// How many lines at the beginning may be written for machines (`sep=`, `#TYPE`, `version:`).
const PREAMBLE_LINES: usize = 3;

/// How a text is cut into cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    /// `None`: every line is one cell.
    pub(super) delimiter: Option<u8>,
    /// Lines at the beginning that are written for machines.
    pub(super) preamble: u64,
    /// Every cell is an entry of its own: addresses in a row, as copied from the "To" of a message.
    pub(super) in_a_row: bool,
}

impl Dialect {
    /// What the form is called.
    pub(super) fn form(&self) -> String {
        match (self.in_a_row, self.delimiter) {
            (true, Some(delimiter)) => format!("addresses in a row, with {}", name(delimiter)),
            (_, None) => "plain list".to_owned(),
            (_, Some(b'\t')) => "TSV".to_owned(),
            (_, Some(b',')) => "CSV".to_owned(),
            (_, Some(delimiter)) => format!("CSV with {}", name(delimiter)),
        }
    }
}

fn name(delimiter: u8) -> &'static str {
    match delimiter {
        b';' => "semicolons",
        b'\t' => "tabs",
        b'|' => "pipes",
        b',' => "commas",
        _ => "a delimiter of its own",
    }
}

/// A reading of the head that makes sense.
pub(super) struct Reading {
    pub(super) dialect: Dialect,
    pub(super) layout: Layout,
    rank: Rank,
}

/// What speaks for a reading, the weightiest first.
#[derive(PartialEq, PartialOrd)]
struct Rank {
    /// The address column is the one that was asked for.
    as_asked: bool,
    address_score: f64,
    names_known: usize,
    consistency: f64,
    columns: usize,
}

/// Finds the reading of a text's head that shows an address column.
///
/// # Errors
/// The names of the columns that were seen, of the reading that came nearest.
pub(super) fn sniff(head: &str, complete: bool, wish: &Wish) -> Result<Reading, Vec<String>> {
    let preamble = preamble(head);
    let read = |delimiter| attempt(head, complete, &preamble, delimiter, wish);
    if let Some(delimiter) = preamble.delimiter {
        return read(Some(delimiter));
    }
    let plain = read(None);
    let mut best: Option<Reading> = None;
    let mut seen: Vec<String> = Vec::new();
    for delimiter in DELIMITERS {
        match read(Some(delimiter)) {
            Ok(reading) if best.as_ref().is_none_or(|best| reading.rank > best.rank) => best = Some(reading),
            Err(columns) if columns.len() > seen.len() => seen = columns,
            _ => {}
        }
    }
    match (plain, best) {
        (Ok(plain), Some(best)) if keeps_lines_whole(&plain, &best) => Ok(plain),
        (_, Some(best)) => Ok(best),
        (Ok(plain), None) => Ok(plain),
        (Err(columns), None) => Err(if seen.len() > 1 { seen } else { columns }),
    }
}

/// Whether the lines are better left whole: delimiters belong to names (`Doe, Jane <jane@contoso.example>`), end a list
/// or stand on few lines, unless they separate columns whose names are known.
fn keeps_lines_whole(plain: &Reading, best: &Reading) -> bool {
    let whole = plain.layout.address.share();
    if best.dialect.in_a_row {
        return whole >= 1.0;
    }
    let unnamed = best.layout.names_known == 0 && (whole >= 0.9 || whole >= 0.5 && best.rank.consistency < 0.5);
    !best.rank.as_asked && (best.layout.columns.len() < 2 || unnamed)
}

/// Reads the head with one delimiter.
fn attempt(
    head: &str,
    complete: bool,
    preamble: &Preamble,
    delimiter: Option<u8>,
    wish: &Wish,
) -> Result<Reading, Vec<String>> {
    let rows = rows(head, complete, preamble.lines, delimiter).unwrap_or_default();
    let in_a_row = wish.column.is_none() && delimiter.is_some() && are_addresses_in_a_row(&rows);
    if in_a_row {
        let one_by_one: Vec<Record> = rows
            .iter()
            .flat_map(|row| row.cells.iter().map(|cell| Record { cells: vec![cell.clone()], ..row.clone() }))
            .collect();
        let layout = recognise::layout(&one_by_one, wish)?;
        let rank = rank(&layout, &one_by_one, wish);
        return Ok(Reading { dialect: Dialect { delimiter, preamble: preamble.lines, in_a_row }, layout, rank });
    }
    let layout = recognise::layout(&rows, wish)?;
    let rank = rank(&layout, &rows, wish);
    Ok(Reading { dialect: Dialect { delimiter, preamble: preamble.lines, in_a_row: false }, layout, rank })
}

fn rank(layout: &Layout, rows: &[Record], wish: &Wish) -> Rank {
    let widths: Vec<usize> =
        rows.iter().filter(|row| !recognise::is_blank(&row.cells)).map(|row| row.cells.len()).collect();
    let usual = layout.columns.len();
    let regular = widths.iter().filter(|width| **width == usual).count();
    Rank {
        as_asked: wish.column.is_some() && layout.address.asked,
        address_score: layout.address.score,
        names_known: layout.names_known,
        consistency: regular as f64 / widths.len().max(1) as f64,
        columns: usual,
    }
}

/// The records of the head that hold something; the last one is left out when the head was cut in it.
fn rows(head: &str, complete: bool, preamble: u64, delimiter: Option<u8>) -> io::Result<Vec<Record>> {
    let mut records = Records::new(Decoded::new(head.as_bytes(), Encoding::Utf8 { bom: false }), delimiter);
    let mut rows = Vec::new();
    while rows.len() < recognise::HEAD_ROWS {
        let Some(record) = records.next()? else {
            if !complete && rows.len() > 1 {
                rows.pop();
            }
            break;
        };
        if record.line > preamble && !recognise::is_blank(&record.cells) {
            rows.push(record);
        }
    }
    Ok(rows)
}

/// Whether all cells are addresses, and lines differ in how many they have: then they are not columns.
fn are_addresses_in_a_row(rows: &[Record]) -> bool {
    let mut widths = Vec::new();
    for row in rows.iter().filter(|row| !recognise::is_blank(&row.cells)) {
        let filled: Vec<&String> = row.cells.iter().filter(|cell| !cell.trim().is_empty()).collect();
        if !filled.iter().all(|cell| cell.parse::<Address>().is_ok()) {
            return false;
        }
        widths.push(filled.len());
    }
    match widths.as_slice() {
        [] => false,
        [one] => *one > 1,
        [first, rest @ ..] => rest.iter().any(|width| width != first),
    }
}

/// The lines at the beginning that are written for machines.
#[derive(Default)]
struct Preamble {
    lines: u64,
    delimiter: Option<u8>,
}

/// `sep=;` (Excel), `#TYPE …` (`Export-Csv` of Windows PowerShell), `version:v1.0` (Entra bulk templates).
fn preamble(head: &str) -> Preamble {
    let mut found = Preamble::default();
    for line in head.lines().flat_map(|line| line.split('\r')).take(PREAMBLE_LINES) {
        let plain = line.trim_matches(['"', ' ', '\u{feff}']);
        if let Some(separator) = plain.get(..4).filter(|start| start.eq_ignore_ascii_case("sep=")).and(line.find('=')) {
            let rest = line.get(separator + 1..).unwrap_or_default().trim_end_matches('"');
            found.delimiter = rest.bytes().next().filter(u8::is_ascii);
        } else {
            let lower = plain.to_ascii_lowercase();
            let version = lower.strip_prefix("version:v").is_some_and(|v| v.starts_with(|c: char| c.is_ascii_digit()));
            if !version && !lower.starts_with("#type ") {
                break;
            }
        }
        found.lines += 1;
    }
    found
}

#[cfg(test)]
mod tests;
