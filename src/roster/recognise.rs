//! Where the header is and which column holds the addresses: from what columns are called, confirmed by what they hold.

use super::Address;
use super::address::Unusable;
use super::headers::{self, Headers, Known, Role, Tool};
use super::record::Record;

/// How many rows at the beginning are looked at.
pub(super) const HEAD_ROWS: usize = 1000;
/// How many of them may stand above the header.
const TITLE_ROWS: usize = 50;
/// More columns than this are no table of people; what stands further right is left out.
pub(super) const COLUMNS_LIMIT: usize = 1024;
/// Strength of a column whose name says nothing.
const UNNAMED: u32 = 30;
/// Strength of a column whose name says that it holds something else about the person.
const MISNAMED: u32 = 20;
/// Strength of a column of somebody else's addresses: not taken unless it is asked for.
const ELSES: u32 = 5;

/// What the caller wants.
#[derive(Debug, Clone, Default)]
pub(super) struct Wish {
    /// The address column: its name, or its place as a letter or number.
    pub(super) column: Option<String>,
}

/// What the rows of a table are.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) header: Option<Header>,
    /// Lines above the header that are not blank.
    pub(super) above: Vec<u64>,
    /// Columns with a name or content, by their place.
    pub(super) columns: Vec<Column>,
    pub(super) address: AddressColumn,
    /// How many columns have a name that is known.
    pub(super) names_known: usize,
    pub(super) tool: Option<&'static Tool>,
}

/// The header.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub(super) line: u64,
    pub(super) cells: Vec<String>,
}

/// A column.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) index: usize,
    pub(super) name: String,
    pub(super) known: Option<Known>,
}

/// The address column, and what speaks for it.
#[derive(Debug, Clone)]
pub(super) struct AddressColumn {
    pub(super) index: usize,
    pub(super) name: String,
    pub(super) known: Option<Known>,
    /// Whether it was asked for.
    pub(super) asked: bool,
    /// Whether it can be taken unasked.
    eligible: bool,
    pub(super) score: f64,
    /// Cells of the head that hold one address, and cells that are not empty.
    pub(super) valid: usize,
    pub(super) filled: usize,
    /// Other columns full of addresses.
    pub(super) others: Vec<(String, Option<Role>)>,
}

impl AddressColumn {
    /// The share of its cells that hold one address.
    pub(super) fn share(&self) -> f64 {
        self.valid as f64 / self.filled.max(1) as f64
    }
}

/// What a cell holds, as far as the choice of a column goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Blank,
    Address,
    /// An address that exists nowhere.
    Sandbox,
    Other,
}

/// Whether nothing can be seen in any cell.
pub(super) fn is_blank(cells: &[String]) -> bool {
    !cells.iter().any(|cell| has_ink(cell))
}

/// Whether something can be seen in a cell.
pub(super) fn has_ink(cell: &str) -> bool {
    cell.chars().any(|c| !c.is_whitespace() && !c.is_control() && c != '\u{feff}')
}

/// Finds header and address column.
///
/// # Errors
/// The names of the columns, when none of them holds addresses.
pub(super) fn layout(rows: &[Record], wish: &Wish) -> Result<Layout, Vec<String>> {
    let table = Table::new(rows);
    let header = table.header(wish);
    let columns = table.columns(header);
    let address = table.address(header, &columns, wish).ok_or_else(|| table.names(header, &columns))?;
    let above = header.map_or_else(Vec::new, |header| table.filled_lines(header));
    let header = header.and_then(|at| rows.get(at)).map(|row| Header { line: row.line, cells: row.cells.clone() });
    let named = header.as_ref().map(|header| header.cells.as_slice()).unwrap_or_default();
    let tool = Headers::get().tool(named.iter().map(String::as_str));
    let names_known = columns.iter().filter(|column| column.known.is_some()).count();
    Ok(Layout { header, above, columns, address, names_known, tool })
}

/// The head of a table with what each cell holds.
struct Table<'a> {
    rows: &'a [Record],
    kinds: Vec<Vec<Kind>>,
}

impl<'a> Table<'a> {
    fn new(rows: &'a [Record]) -> Self {
        let rows = rows.get(..HEAD_ROWS).unwrap_or(rows);
        let kinds =
            rows.iter().map(|row| row.cells.iter().take(COLUMNS_LIMIT).map(|cell| kind(cell)).collect()).collect();
        Self { rows, kinds }
    }

    /// The row that names the columns, if one does: one that bears the name asked for before all others.
    fn header(&self, wish: &Wish) -> Option<usize> {
        let candidates = || (0..self.rows.len().min(TITLE_ROWS)).filter(|at| self.could_be_header(*at));
        let known = candidates().map(|at| (self.names_known(at), at)).filter(|(names, at)| self.suffices(*names, *at));
        let usual = known.max_by_key(|(names, at)| (*names, std::cmp::Reverse(*at))).map(|(_, at)| at);
        let Some(name) = wish.column.as_ref().filter(|name| name.trim().parse::<u32>().is_err()) else {
            return usual.or_else(|| self.unknown_header());
        };
        let asked = headers::key(name);
        let bears = |at: &usize| {
            self.rows.get(*at).is_some_and(|row| row.cells.iter().any(|cell| same_name(cell, name, &asked)))
        };
        usual.filter(bears).or_else(|| candidates().find(bears)).or(usual).or_else(|| self.unknown_header())
    }

    /// A header has text, no address, and at most a stray address (whom to ask) above it.
    fn could_be_header(&self, at: usize) -> bool {
        let has = |row: usize, kind: Kind| self.kinds.get(row).is_some_and(|kinds| kinds.contains(&kind));
        let above = (0..at).filter(|row| has(*row, Kind::Address)).count();
        has(at, Kind::Other) && !has(at, Kind::Address) && !has(at, Kind::Sandbox) && above <= 1
    }

    fn names_known(&self, at: usize) -> usize {
        let cells = self.rows.get(at).map(|row| row.cells.as_slice()).unwrap_or_default();
        cells.iter().take(COLUMNS_LIMIT).filter(|cell| Headers::get().lookup(cell).is_some()).count()
    }

    /// Two known names make a header; so does one that is an address's, or the only cell of the row.
    fn suffices(&self, names: usize, at: usize) -> bool {
        let cells = self.rows.get(at).map(|row| row.cells.as_slice()).unwrap_or_default();
        let address =
            || cells.iter().any(|cell| Headers::get().lookup(cell).is_some_and(|known| known.role.is_address()));
        names >= 2 || names == 1 && address()
    }

    /// The last row before the first address, when it reads like names nobody has told us: different texts without
    /// digits, over a column of addresses. A single cell is rather an entry than a header.
    fn unknown_header(&self) -> Option<usize> {
        let first = self.kinds.iter().position(|kinds| kinds.contains(&Kind::Address))?;
        let column = self.kinds.get(first)?.iter().position(|kind| *kind == Kind::Address)?;
        let at = (0..first).rev().find(|at| self.rows.get(*at).is_some_and(|row| !is_blank(&row.cells)))?;
        let cells = &self.rows.get(at)?.cells;
        let texts: Vec<&str> = cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).collect();
        let over = cells.get(column)?;
        let named = |text: &&str| text.chars().all(|c| !c.is_ascii_digit() && c != '@') && text.len() <= 80;
        let different = (1..texts.len()).all(|i| texts.get(..i).is_some_and(|before| !before.contains(&texts[i])));
        let reads_so = texts.len() > 1 && different && texts.iter().all(named) && !Headers::get().is_placeholder(over);
        reads_so.then_some(at)
    }

    /// The lines above a row that are not blank.
    fn filled_lines(&self, at: usize) -> Vec<u64> {
        self.rows.iter().take(at).filter(|row| !is_blank(&row.cells)).map(|row| row.line).collect()
    }

    /// What to call the columns before a person when none of them will do.
    fn names(&self, header: Option<usize>, columns: &[Column]) -> Vec<String> {
        let first = || self.rows.iter().find(|row| !is_blank(&row.cells));
        match header {
            Some(_) => columns.iter().map(|column| column.name.clone()).collect(),
            None => {
                let names =
                    first().map(|row| row.cells.iter().map(|cell| tidy(cell)).collect()).unwrap_or_else(Vec::new);
                names.into_iter().filter(|name| !name.is_empty()).collect()
            }
        }
    }

    fn columns(&self, header: Option<usize>) -> Vec<Column> {
        let from = header.unwrap_or(0);
        let width = self.rows.iter().skip(from).map(|row| row.cells.len()).max().unwrap_or(0).min(COLUMNS_LIMIT);
        let named = header.and_then(|at| self.rows.get(at)).map(|row| row.cells.as_slice()).unwrap_or_default();
        let mut columns: Vec<Column> = Vec::new();
        for index in 0..width {
            let written = named.get(index).map(|cell| tidy(cell)).unwrap_or_default();
            let has_content = || {
                let body = self.kinds.iter().skip(from + usize::from(header.is_some()));
                body.into_iter().any(|kinds| kinds.get(index).is_some_and(|kind| *kind != Kind::Blank))
            };
            let known = Headers::get().lookup(&written);
            let name = if !written.is_empty() {
                written
            } else if width == 1 && header.is_none() {
                "address".to_owned()
            } else if has_content() {
                format!("column {}", index + 1)
            } else {
                continue;
            };
            let name = unique(name, &columns);
            columns.push(Column { index, name, known });
        }
        columns
    }

    /// The column asked for, or the one that names and contents speak for.
    fn address(&self, header: Option<usize>, columns: &[Column], wish: &Wish) -> Option<AddressColumn> {
        let mut candidates: Vec<AddressColumn> = columns.iter().map(|column| self.candidate(header, column)).collect();
        let chosen = match &wish.column {
            Some(asked) => {
                let at = asked_for(columns, asked)?;
                let chosen = candidates.get_mut(at)?;
                chosen.asked = true;
                at
            }
            None => best(&candidates)?,
        };
        let others = |candidate: &&AddressColumn| {
            candidate.index != candidates[chosen].index && candidate.valid > 0 && candidate.share() >= 0.5
        };
        let others =
            candidates.iter().filter(others).map(|c| (c.name.clone(), c.known.map(|known| known.role))).collect();
        candidates.get(chosen).map(|chosen| AddressColumn { others, ..chosen.clone() })
    }

    /// How much speaks for a column: the strength of its name, times the share of its cells that hold one address,
    /// less when most of its cells are empty.
    fn candidate(&self, header: Option<usize>, column: &Column) -> AddressColumn {
        let body = header.map_or(0, |at| at + 1);
        let mut counts = [0_usize; 3];
        let mut looked = 0_usize;
        for (row, kinds) in self.rows.iter().zip(&self.kinds).skip(body) {
            let example = row.cells.iter().any(|cell| Headers::get().is_example(cell));
            if example || kinds.iter().all(|kind| *kind == Kind::Blank) {
                continue;
            }
            looked += 1;
            match kinds.get(column.index).copied().unwrap_or(Kind::Blank) {
                Kind::Blank => {}
                Kind::Address => counts[0] += 1,
                Kind::Sandbox => counts[1] += 1,
                Kind::Other => counts[2] += 1,
            }
        }
        let [valid, sandbox, other] = counts;
        let filled = valid + sandbox + other;
        let share = (valid as f64 + sandbox as f64 / 4.0) / filled.max(1) as f64;
        let full = filled as f64 / looked.max(1) as f64;
        // A named column keeps a little score when its content disappoints: a roster full of "tbd" is still one.
        let named = column.known.is_some_and(|known| known.role.is_address());
        let share = if named { share.max(0.05) } else { share };
        let strength = match column.known {
            Some(known) if named => known.strength,
            Some(known) if matches!(known.role, Role::Owner | Role::Manager | Role::OtherAddress) => ELSES,
            // The column is called something else, and yet may hold the addresses ("Name").
            Some(_) => MISNAMED,
            None => UNNAMED,
        };
        AddressColumn {
            index: column.index,
            name: column.name.clone(),
            known: column.known,
            asked: false,
            eligible: named || share >= 0.5 && strength > ELSES,
            score: f64::from(strength) * share * f64::midpoint(1.0, full),
            valid,
            filled,
            others: Vec::new(),
        }
    }
}

/// The candidate with the highest score, the first of equals, if it is good enough to be taken unasked.
fn best(candidates: &[AddressColumn]) -> Option<usize> {
    let scored = candidates.iter().enumerate().filter(|(_, candidate)| candidate.eligible);
    scored.rev().max_by(|(_, a), (_, b)| a.score.total_cmp(&b.score)).map(|(at, _)| at)
}

/// The column that is called so, or stands at that place (`C`, `3`).
fn asked_for(columns: &[Column], asked: &str) -> Option<usize> {
    let key = headers::key(asked);
    let exact = columns.iter().position(|column| column.name == asked);
    let place = || {
        let number = asked.trim().parse::<usize>().ok().or_else(|| letters_to_number(asked.trim()))?;
        columns.iter().position(|column| column.index + 1 == number)
    };
    exact.or_else(|| columns.iter().position(|column| same_name(&column.name, asked, &key))).or_else(place)
}

fn same_name(cell: &str, name: &str, key: &str) -> bool {
    cell.trim() == name.trim() || !key.is_empty() && headers::key(cell) == key
}

/// `A` is 1, `AB` is 28, as spreadsheets count.
fn letters_to_number(letters: &str) -> Option<usize> {
    let short = (1..=3).contains(&letters.len()) && letters.bytes().all(|b| b.is_ascii_alphabetic());
    short.then(|| letters.bytes().fold(0, |sum, b| sum * 26 + usize::from(b.to_ascii_uppercase() - b'A') + 1))
}

fn kind(cell: &str) -> Kind {
    if !has_ink(cell) {
        return Kind::Blank;
    }
    match cell.parse::<Address>() {
        Ok(_) => Kind::Address,
        Err(Unusable::Sandbox(_)) => Kind::Sandbox,
        Err(_) => Kind::Other,
    }
}

/// A header's name on one line, without what surrounds it.
fn tidy(cell: &str) -> String {
    // A byte order mark that somebody's program took for three letters.
    let name = cell.trim_matches('\u{feff}').trim_start_matches("ï»¿");
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Columns of the same name are told apart by a number.
fn unique(name: String, columns: &[Column]) -> String {
    let taken = |name: &str| columns.iter().any(|column| column.name.to_lowercase() == name.to_lowercase());
    if !taken(&name) {
        return name;
    }
    (2..).map(|n| format!("{name} ({n})")).find(|name| !taken(name)).unwrap_or(name)
}

#[cfg(test)]
mod tests;
