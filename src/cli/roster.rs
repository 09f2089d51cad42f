//! `ewsready roster FILE…`: shows how a roster is read. Asks nothing of the network.

use std::io::{self, Write};
use std::path::PathBuf;

use super::output::{Stdout, written};
use crate::failure::{Exit, Failure};
use crate::roster::{self, Entry, Input, Options, Roster};

/// How many entries are shown.
const SHOWN: usize = 10;
/// Widest column of the table, in characters.
const WIDEST: usize = 40;

/// Show how a roster is read: file, form, encoding, header, address column, counts and the first entries
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Rosters: CSV, TSV, XLSX or a plain list of addresses; `-` reads standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// How to read them.
    #[command(flatten)]
    pub reading: Reading,
}

/// How rosters are to be read, where that is not to be found out.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Reading {
    /// The column that holds the mailbox addresses: its name, its letter or its number
    #[arg(long, value_name = "NAME")]
    pub address_column: Option<String>,
    /// The sheet of a workbook: its name or its number
    #[arg(long, value_name = "NAME")]
    pub sheet: Option<String>,
}

impl From<Reading> for Options {
    fn from(reading: Reading) -> Self {
        Self { address_column: reading.address_column, sheet: reading.sheet }
    }
}

/// Reads the rosters and prints what was understood to standard output.
///
/// # Errors
/// When an input cannot be read or is no roster, or standard output cannot be written.
pub fn run(args: Args) -> Result<Exit, Failure> {
    let inputs: Vec<Input> = args.files.into_iter().map(Input::from).collect();
    let mut roster = roster::open(&inputs, &args.reading.into())?;
    let mut first = Vec::new();
    for entry in roster.entries() {
        let entry = entry?;
        if first.len() < SHOWN {
            first.push(entry);
        }
    }
    written(show(&roster, &first, &mut Stdout::default()))?;
    Ok(Exit::Done)
}

/// Two lines an input, then the first entries as a table.
fn show(roster: &Roster, first: &[Entry], out: &mut impl Write) -> io::Result<()> {
    for source in roster.sources() {
        writeln!(out, "{source}")?;
    }
    let totals = roster.totals();
    if roster.sources().len() > 1 {
        writeln!(out, "together: {totals}")?;
    }
    writeln!(out)?;
    let table = table(first, roster.sources().len() > 1);
    let widths: Vec<usize> = (0..table.first().map_or(0, Vec::len))
        .map(|column| {
            table.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect();
    for row in &table {
        let cells = row.iter().zip(&widths).filter(|(_, width)| **width > 0);
        let line: Vec<String> = cells.map(|(cell, width)| format!("{cell:<width$}")).collect();
        writeln!(out, "{}", line.join("  ").trim_end())?;
    }
    let rest = totals.entries.saturating_sub(first.len() as u64);
    if rest > 0 {
        writeln!(out, "… and {rest} more")?;
    }
    Ok(())
}

/// Header and one row an entry; a column nobody fills has no header either.
fn table(entries: &[Entry], several: bool) -> Vec<Vec<String>> {
    let header = ["row", "file", "line", "address", "display name", "department", "wave", "owner", "note"];
    let rows: Vec<Vec<String>> = entries.iter().map(|entry| cells(entry, several)).collect();
    let filled = |column: usize| rows.iter().any(|row| row.get(column).is_some_and(|cell| !cell.is_empty()));
    let header = header.iter().enumerate();
    let header = header.map(|(at, name)| if filled(at) { (*name).to_owned() } else { String::new() }).collect();
    std::iter::once(header).chain(rows).collect()
}

fn cells(entry: &Entry, several: bool) -> Vec<String> {
    let known = &entry.known;
    let note = match (&entry.address, entry.repeat_of) {
        (Err(unusable), _) => unusable.to_string(),
        (Ok(_), Some(row)) => format!("repeats row {row}"),
        (Ok(address), None) if !address.shown().is_ascii() => format!("on the wire {}", address.wire()),
        (Ok(_), None) => String::new(),
    };
    let address = entry.address.as_ref().map_or(entry.written.as_str(), |address| address.shown());
    let optional = |cell: &Option<String>| cut(cell.as_deref().unwrap_or_default());
    vec![
        entry.row.to_string(),
        if several { (entry.file + 1).to_string() } else { String::new() },
        entry.line.to_string(),
        cut(address),
        optional(&known.display_name),
        optional(&known.department),
        optional(&known.wave),
        optional(&known.owner),
        note.chars().map(visible).collect(),
    ]
}

/// A cell on one line, not wider than the table allows.
fn cut(cell: &str) -> String {
    let mut shown: String = cell.trim().chars().take(WIDEST).map(visible).collect();
    if cell.trim().chars().nth(WIDEST).is_some() {
        shown.pop();
        shown.push('…');
    }
    shown
}

/// No line break and no control sequence of a roster reaches the terminal.
fn visible(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}

#[cfg(test)]
mod tests;
