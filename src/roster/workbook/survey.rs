//! What a sheet says about itself besides its cells: hidden rows and columns, merged cells, formulas without results.

use quick_xml::events::{BytesStart, Event};

use super::package::{PIECE_LIMIT, Package, Trouble, attribute};

/// Excel's own limits.
const LAST_ROW: u32 = 1_048_576;
const LAST_COLUMN: u32 = 16_384;
/// Most merged ranges that are followed.
const MERGES_LIMIT: usize = 100_000;
/// Highest index of a shared formula; calamine keeps a list that long.
const SHARED_FORMULAS: u64 = 1_048_576;

/// Cells merged over several rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Merge {
    /// First and last row, from 1.
    pub(super) first: u32,
    pub(super) last: u32,
    /// The column that holds the value, from 0.
    pub(super) column: u32,
}

/// What a walk through a sheet found out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Survey {
    /// Hidden columns that hold something, as letters.
    pub(super) hidden_columns: Vec<String>,
    pub(super) hidden_rows: u64,
    /// Merges over several rows, by their first row.
    pub(super) merges: Vec<Merge>,
    pub(super) merged_ranges: u64,
    /// Formulas whose result is not stored.
    pub(super) without_result: u64,
}

/// Walks through a sheet that may unpack to `within` bytes, lowers that by what it did, and refuses a sheet that
/// calamine should not be given.
pub(super) fn sheet(package: &mut Package, part: &str, within: &mut u64) -> Result<Survey, Trouble> {
    let mut walk = Walk::default();
    let unpacked = package.walk(part, *within, |event| match event {
        Event::Start(tag) => walk.start(tag),
        Event::End(tag) => {
            walk.end(tag.local_name().as_ref());
            Ok(())
        }
        Event::Text(text) => walk.text(text.len()),
        Event::CData(text) => walk.text(text.len()),
        Event::GeneralRef(name) => walk.text(name.len()),
        _ => Ok(()),
    })?;
    *within = within.saturating_sub(unpacked);
    Ok(walk.finish())
}

#[derive(Default)]
struct Walk {
    survey: Survey,
    hidden: Vec<(u32, u32)>,
    used: std::collections::BTreeSet<u32>,
    row_hidden: bool,
    row_used: bool,
    column: u32,
    formula: bool,
    value: bool,
    inside_cell: bool,
    length: u64,
}

impl Walk {
    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), String> {
        match tag.local_name().as_ref() {
            "col" if is_true(tag, "hidden") => {
                self.hidden.push((number(tag, "min"), number(tag, "max").min(LAST_COLUMN)));
            }
            "dimension" => check_range(&attribute(tag, "ref").unwrap_or_default())?,
            "row" => {
                self.row_hidden = is_true(tag, "hidden");
                self.row_used = false;
                self.column = 0;
                if let Some(r) = attribute(tag, "r") {
                    let row = r.parse::<u32>().map_err(|_| format!("row '{}' is no number", excerpt(&r)))?;
                    if !(1..=LAST_ROW).contains(&row) {
                        return Err(format!("row {row} is beyond the last row of a sheet"));
                    }
                }
            }
            "c" => {
                if let Some(r) = attribute(tag, "r") {
                    self.column = reference(&r)?.1;
                }
                (self.formula, self.value, self.inside_cell, self.length) = (false, false, true, 0);
            }
            "f" => {
                self.formula = true;
                if attribute(tag, "si").is_some_and(|si| si.parse().is_ok_and(|si: u64| si > SHARED_FORMULAS)) {
                    return Err("a shared formula has an index beyond measure".to_owned());
                }
            }
            "v" | "t" if self.inside_cell => self.length = 0,
            "mergeCell" => self.merge(&attribute(tag, "ref").unwrap_or_default())?,
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, length: usize) -> Result<(), String> {
        if !self.inside_cell {
            return Ok(());
        }
        self.length += length as u64;
        if self.length > PIECE_LIMIT { Err("a cell is longer than 1 MiB".to_owned()) } else { Ok(()) }
    }

    fn end(&mut self, name: &str) {
        match name {
            "v" | "t" if self.inside_cell => self.value |= self.length > 0,
            "c" => {
                self.inside_cell = false;
                if self.value {
                    self.row_used = true;
                    self.used.insert(self.column);
                } else if self.formula {
                    self.row_used = true;
                    self.survey.without_result += 1;
                }
                self.column += 1;
            }
            "row" => self.survey.hidden_rows += u64::from(self.row_hidden && self.row_used),
            _ => {}
        }
    }

    fn merge(&mut self, range: &str) -> Result<(), String> {
        let (first, last) = range.split_once(':').unwrap_or((range, range));
        let ((first, column), (last, _)) = (reference(first)?, reference(last)?);
        self.survey.merged_ranges += 1;
        if last > first && self.survey.merges.len() < MERGES_LIMIT {
            self.survey.merges.push(Merge { first, last, column });
        }
        Ok(())
    }

    fn finish(mut self) -> Survey {
        self.survey.merges.sort_unstable();
        let hidden = |column: &&u32| self.hidden.iter().any(|(min, max)| (min..=max).contains(&&(**column + 1)));
        self.survey.hidden_columns = self.used.iter().filter(hidden).map(|column| letters(*column)).collect();
        self.survey
    }
}

fn is_true(tag: &BytesStart<'_>, name: &str) -> bool {
    attribute(tag, name).is_some_and(|value| value == "1" || value == "true")
}

fn number(tag: &BytesStart<'_>, name: &str) -> u32 {
    attribute(tag, name).and_then(|value| value.parse().ok()).unwrap_or(0)
}

fn excerpt(text: &str) -> String {
    text.chars().take(20).collect()
}

/// `B7`: row from 1, column from 0.
fn reference(cell: &str) -> Result<(u32, u32), String> {
    let wrong = || format!("'{}' is no cell", excerpt(cell));
    let digits = cell.find(|c: char| c.is_ascii_digit()).ok_or_else(wrong)?;
    let (column, row) = cell.split_at(digits);
    let short = (1..=3).contains(&column.len()) && column.bytes().all(|b| b.is_ascii_alphabetic());
    let column = if short {
        column.bytes().fold(0, |sum, b| sum * 26 + u32::from(b.to_ascii_uppercase() - b'A') + 1)
    } else {
        0
    };
    let row: u32 = row.parse().map_err(|_| wrong())?;
    if !short || column > LAST_COLUMN || !(1..=LAST_ROW).contains(&row) {
        return Err(wrong());
    }
    Ok((row, column - 1))
}

fn check_range(range: &str) -> Result<(), String> {
    let (first, last) = range.split_once(':').unwrap_or((range, range));
    let (first, last) = (reference(first)?, reference(last)?);
    if first.0 > last.0 || first.1 > last.1 { Err(format!("'{}' is no range", excerpt(range))) } else { Ok(()) }
}

/// 0 is `A`, 27 is `AB`.
pub(super) fn letters(column: u32) -> String {
    let mut rest = column + 1;
    let mut letters = Vec::new();
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + u8::try_from(rest % 26).unwrap_or(0)));
        rest /= 26;
    }
    letters.iter().rev().collect()
}
