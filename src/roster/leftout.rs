//! Lines of a roster that are no people.

use super::headers::Headers;
use super::recognise::{Layout, has_ink};

/// Why a line is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LeftOut {
    Totals,
    Example,
    Header,
    Footer,
}

impl LeftOut {
    pub(super) const ALL: [Self; 4] = [Self::Totals, Self::Example, Self::Header, Self::Footer];

    /// One and several of them.
    pub(super) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Totals => ("totals row", "totals rows"),
            Self::Example => ("example row of a template", "example rows of a template"),
            Self::Header => ("repeated header", "repeated headers"),
            Self::Footer => ("line that a program wrote below the table", "lines that a program wrote below the table"),
        }
    }

    pub(super) fn index(self) -> usize {
        Self::ALL.iter().position(|kind| *kind == self).unwrap_or(0)
    }
}

/// Tells whether a line without a usable address is no person either.
pub(super) fn of(cells: &[String], layout: &Layout) -> Option<LeftOut> {
    let headers = Headers::get();
    let mut filled = cells.iter().filter(|cell| has_ink(cell));
    let first = filled.next()?;
    let address = cells.get(layout.address.index).map(String::as_str).unwrap_or_default();
    if headers.is_example(address) || headers.is_example(first) {
        return Some(LeftOut::Example);
    }
    let header = layout.header.as_ref().map(|header| header.cells.as_slice()).unwrap_or_default();
    if !header.is_empty() && same(cells, header) {
        return Some(LeftOut::Header);
    }
    if headers.is_total(first) && filled.clone().all(|cell| is_amount(cell) || headers.is_total(cell)) {
        return Some(LeftOut::Totals);
    }
    (headers.is_footer(first) && filled.next().is_none()).then_some(LeftOut::Footer)
}

/// Whether two lines hold the same, but for blanks.
fn same(cells: &[String], header: &[String]) -> bool {
    let at = |row: &[String], index: usize| row.get(index).map(|cell| cell.trim().to_owned()).unwrap_or_default();
    (0..cells.len().max(header.len())).all(|index| at(cells, index) == at(header, index))
}

/// `45`, `1,234.50 €`, `=COUNTA(A2:A46)`.
fn is_amount(cell: &str) -> bool {
    cell.trim_start().starts_with('=') || !cell.chars().any(char::is_alphabetic)
}
