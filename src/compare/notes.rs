//! `--actions FILE`: what people wrote beside the causes, read back from the workbook that was handed out, or a CSV.
//!
//! A workbook's Actions sheet and a CSV are read alike: the line with a column *Reason* and one of *Owner*, *Due date*
//! or *Comment* is the header, in any language of the reports or by the columns' ids.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use jiff::civil::Date;

use crate::evidence::store::Annotation;
use crate::report::Texts;
use crate::roster::small_tables;

/// Why the file cannot be used, for a person.
#[derive(Debug, thiserror::Error)]
pub enum NotesError {
    /// It cannot be read.
    #[error("the file {0} cannot be read: {1}")]
    Read(String, String),
    /// It has no line that could be the header.
    #[error("the file {0} has no line with the columns Reason and Owner, Due date or Comment")]
    Header(String),
}

impl NotesError {
    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        "give the readiness.xlsx that came back, or a CSV with the columns reason,owner,due,comment"
    }
}

/// Texts longer than this are cut, in characters: they are notes.
const LONGEST: usize = 2_000;
/// A larger text, or more in the cells of a sheet, is no list of notes, in bytes.
const LARGEST: usize = 64 << 20;
/// Lines above the header at most.
const ABOVE: usize = 20;

/// Reads the notes of a file; the last line of a cause with anything in it counts, and a cause without any is given as
/// an empty note, because somebody may have erased it.
///
/// # Errors
/// In words, when the file cannot be read or has no header.
pub fn read(path: &Path) -> Result<Vec<Annotation>, NotesError> {
    let name = path.display().to_string();
    let failed = |error: String| NotesError::Read(name.clone(), error);
    let mut file = File::open(path).map_err(|error| failed(error.to_string()))?;
    let mut bytes = Vec::new();
    let read = file.by_ref().take(LARGEST as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| failed(error.to_string()))?;
    let is_workbook = bytes.starts_with(b"PK");
    if bytes.len() > LARGEST && !is_workbook {
        return Err(failed("it is too large to be a list of notes".to_owned()));
    }
    let tables = if is_workbook { workbook(&file) } else { csv_table(&bytes).map(|table| vec![table]) };
    let tables = tables.map_err(failed)?;
    let titles = Titles::of_every_language();
    let found = tables.iter().find_map(|table| Some((titles.header(table)?, table)));
    let ((at, columns), table) = found.ok_or(NotesError::Header(name))?;
    Ok(notes(table.get(at + 1..).unwrap_or_default(), &columns))
}

type Table = Vec<Vec<String>>;

/// Sheets of a workbook that may hold the notes: the one named like the reports' Actions sheet, else all.
fn workbook(file: &File) -> Result<Vec<Table>, String> {
    let known: Vec<String> = languages().map(|texts| texts.get("sheet", "actions").to_owned()).collect();
    let pick = |mut names: Vec<String>| {
        let has_own = names.iter().any(|name| known.contains(name));
        names.retain(|name| !has_own || known.contains(name));
        names
    };
    small_tables(file, pick, LARGEST)
}

fn csv_table(bytes: &[u8]) -> Result<Table, String> {
    let text = std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes))
        .map_err(|_| "it is neither a workbook nor text in UTF-8".to_owned())?;
    let first = text.lines().next().unwrap_or_default();
    let count = |sign: char| first.matches(sign).count();
    let delimiter = [b',', b';', b'\t'].into_iter().max_by_key(|sign| (count(char::from(*sign)), *sign == b','));
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter.unwrap_or(b','))
        .from_reader(text.as_bytes());
    let rows = reader.records().map(|row| row.map(|row| row.iter().map(str::to_owned).collect()));
    rows.collect::<Result<_, _>>().map_err(|error: csv::Error| error.to_string())
}

/// Places of the columns.
struct Columns {
    reason: usize,
    owner: Option<usize>,
    due: Option<usize>,
    comment: Option<usize>,
}

/// What a column may be called, by column. Made once a file: the texts of every language are read for it, which takes
/// longer than a small sheet, and a workbook may have thousands of those.
struct Titles([Vec<String>; 4]);

impl Titles {
    fn of_every_language() -> Self {
        let languages: Vec<Texts> = languages().collect();
        Self(["reason", "owner", "due", "comment"].map(|id| {
            let words = languages.iter().map(|texts| texts.get("column", id).to_lowercase());
            words.chain([id.to_owned()]).collect()
        }))
    }

    /// The header's place and columns.
    fn header(&self, table: &Table) -> Option<(usize, Columns)> {
        let Self([reason, owner, due, comment]) = self;
        table.iter().take(ABOVE).enumerate().find_map(|(at, row)| {
            let place = |names: &[String]| row.iter().position(|cell| names.contains(&cell.trim().to_lowercase()));
            let columns =
                Columns { reason: place(reason)?, owner: place(owner), due: place(due), comment: place(comment) };
            let any = columns.owner.or(columns.due).or(columns.comment);
            any.map(|_| (at, columns))
        })
    }
}

fn languages() -> impl Iterator<Item = Texts> {
    Texts::languages().filter_map(|code| Texts::embedded(code).ok())
}

fn notes(rows: &[Vec<String>], columns: &Columns) -> Vec<Annotation> {
    let mut notes: BTreeMap<String, Annotation> = BTreeMap::new();
    for row in rows {
        let text = |place: Option<usize>| place.and_then(|place| row.get(place)).map(|text| note(text));
        let reason = text(Some(columns.reason)).unwrap_or_default();
        if reason.is_empty() {
            continue;
        }
        let annotation = Annotation {
            owner: text(columns.owner).unwrap_or_default(),
            due: text(columns.due).map(|due| day(&due).unwrap_or(due)).unwrap_or_default(),
            comment: text(columns.comment).unwrap_or_default(),
            reason: reason.clone(),
        };
        // A cause with several remedies has several lines; whoever fills in one means the cause.
        let known = notes.entry(reason).or_insert_with(|| annotation.clone());
        if !annotation.is_empty() {
            *known = annotation;
        }
    }
    notes.into_values().collect()
}

/// The day of a moment, as spreadsheet programs write one.
fn day(text: &str) -> Option<String> {
    let (day, time) = text.split_at_checked(10)?;
    (time.starts_with(['T', ' ']) && day.parse::<Date>().is_ok()).then(|| day.to_owned())
}

/// A note without what a spreadsheet program or our own files put before it to keep it a text.
fn note(text: &str) -> String {
    let text = text.trim();
    let text = text.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@'])).unwrap_or(text);
    text.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Vec<Annotation>, NotesError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("actions.csv");
        std::fs::write(&path, text).unwrap();
        read(&path)
    }

    fn found(text: &str) -> Vec<[String; 4]> {
        let notes = read_text(text).unwrap();
        notes.into_iter().map(|note| [note.reason, note.owner, note.due, note.comment]).collect()
    }

    #[test]
    fn a_csv_is_read_by_ids_by_titles_and_in_german() {
        let expected = [["a/b", "Ada", "2027-01-15", "asked"].map(str::to_owned)];
        assert_eq!(found("reason,owner,due,comment\na/b,Ada,2027-01-15,asked\n"), expected);
        assert_eq!(found("\u{feff}Due date;Reason;Owner;Comment\n2027-01-15;a/b;Ada;asked\n"), expected);
        let german = Texts::embedded("de").unwrap();
        let titles = ["reason", "owner", "due", "comment"].map(|id| german.get("column", id));
        assert_eq!(found(&format!("{}\na/b\tAda\t2027-01-15\tasked\n", titles.join("\t"))), expected);
    }

    #[test]
    fn the_list_may_be_behind_hundreds_of_other_sheets() {
        let mut workbook = rust_xlsxwriter::Workbook::new();
        for _ in 0..300 {
            workbook.add_worksheet().write(0, 0, "nothing").unwrap();
        }
        let last = workbook.add_worksheet();
        last.write_row(0, 0, ["Reason", "Owner"]).unwrap();
        last.write_row(1, 0, ["a/b", "Ada"]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("actions.xlsx");
        workbook.save(&path).unwrap();
        assert_eq!(read(&path).unwrap()[0].owner, "Ada");
    }

    #[test]
    fn the_filled_line_of_a_cause_counts_and_an_erased_one_is_empty() {
        let notes = found("reason,owner\na/b,\na/b,Ada\na/b,\nc/d,\n,Nobody\n");
        assert_eq!(notes, [["a/b", "Ada", "", ""], ["c/d", "", "", ""]].map(|line| line.map(str::to_owned)));
    }

    #[test]
    fn an_apostrophe_before_a_sign_is_not_part_of_the_note() {
        assert_eq!(found("reason,comment\na/b,'=later\n")[0][3], "=later");
    }

    #[test]
    fn what_is_no_list_of_notes_is_refused_in_words() {
        assert!(matches!(read_text("address,verdict\na,b\n"), Err(NotesError::Header(_))));
        assert!(matches!(read_text("PK\u{3}\u{4}not a zip"), Err(NotesError::Read(..))));
        assert!(matches!(read(Path::new("/nowhere/actions.csv")), Err(NotesError::Read(..))));
    }
}
