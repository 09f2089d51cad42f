//! What was understood of an input, in two lines, and how its lines were counted.

use std::fmt;

use super::encoding::Encoding;
use super::headers::Role;
use super::leftout::LeftOut;
use super::recognise::Layout;

/// How the lines of one input, or of all together, were counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Lines that are entries, usable or not.
    pub entries: u64,
    /// Blank lines among them.
    pub blanks: u64,
    /// Entries whose address an earlier entry has.
    pub repeats: u64,
    /// Entries without a usable address.
    pub unusable: u64,
    /// Lines that are no people: totals, examples, repeated headers, what programs write below a table.
    pub left_out: u64,
}

impl Totals {
    fn add(&mut self, other: &Self) {
        self.entries += other.entries;
        self.blanks += other.blanks;
        self.repeats += other.repeats;
        self.unusable += other.unusable;
        self.left_out += other.left_out;
    }

    /// The sum over several inputs.
    pub(super) fn sum<'a>(all: impl Iterator<Item = &'a Self>) -> Self {
        all.fold(Self::default(), |mut sum, one| {
            sum.add(one);
            sum
        })
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", count(self.entries, "entry", "entries"))?;
        let rest = [
            (self.blanks, "blank line", "blank lines"),
            (self.repeats, "repeat", "repeats"),
            (self.unusable, "unusable", "unusable"),
        ];
        rest.iter().try_for_each(|(number, one, many)| write!(f, ", {}", count(*number, one, many)))
    }
}

/// Something seen on some lines: how often, and first where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) times: u64,
    pub(super) first: u64,
}

impl Seen {
    /// Counts one more line.
    pub(super) fn more(seen: &mut Option<Self>, line: u64) {
        let known = seen.get_or_insert(Self { times: 0, first: line });
        known.times += 1;
    }
}

/// What was understood of one input. Displays as two lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceSummary {
    /// The file, or "standard input".
    pub name: String,
    /// The form, for example `CSV with semicolons`, `XLSX`, `plain list`.
    pub form: String,
    /// The encoding; none for a workbook.
    pub encoding: Option<Encoding>,
    /// The sheet; none for a text.
    pub sheet: Option<String>,
    /// The line, or sheet row, of the header.
    pub header_line: Option<u64>,
    /// Lines above the header that were not taken for entries.
    pub above_header: u64,
    /// The program that wrote the file, where its columns tell.
    pub tool: Option<String>,
    /// The address column's name.
    pub address_column: String,
    /// Why that column.
    pub why: String,
    /// What else to know: hidden rows, other sheets, damaged characters.
    pub notes: Vec<String>,
    /// How its lines were counted; complete when all entries have been read.
    pub totals: Totals,
    pub(super) left_out: [Option<Seen>; LeftOut::ALL.len()],
    pub(super) open_quotes: Option<Seen>,
    pub(super) overlong: Option<Seen>,
    pub(super) surplus: Option<Seen>,
}

impl SourceSummary {
    pub(super) fn new(name: String, form: String, layout: &Layout) -> Self {
        Self {
            name,
            form,
            encoding: None,
            sheet: None,
            header_line: layout.header.as_ref().map(|header| header.line),
            above_header: layout.above.len() as u64,
            tool: layout.tool.map(|tool| tool.name.clone()),
            address_column: layout.address.name.clone(),
            why: why(layout),
            notes: Vec::new(),
            totals: Totals::default(),
            left_out: [None; LeftOut::ALL.len()],
            open_quotes: None,
            overlong: None,
            surplus: None,
        }
    }

    /// Forgets what was counted, before the entries are read again.
    pub(super) fn reset(&mut self) {
        self.totals = Totals::default();
        self.left_out = [None; LeftOut::ALL.len()];
        (self.open_quotes, self.overlong, self.surplus) = (None, None, None);
    }

    fn place(&self) -> &'static str {
        if self.sheet.is_some() { "row" } else { "line" }
    }

    /// What was noticed on single lines while the entries were read.
    fn noticed(&self) -> Vec<String> {
        let place = self.place();
        let lines = [
            (self.open_quotes, "with a quotation mark that is never closed"),
            (self.overlong, "too long to be read whole"),
            (self.surplus, "with cells beyond the last column, which are left out"),
        ];
        let noticed = lines.iter().filter_map(|(seen, what)| {
            let seen = (*seen)?;
            Some(format!("{} {what} (first: {place} {})", count(seen.times, place, &format!("{place}s")), seen.first))
        });
        let left_out = LeftOut::ALL.iter().zip(&self.left_out).filter_map(|(kind, seen)| {
            let seen = (*seen)?;
            let (one, many) = kind.words();
            let first = if seen.times > 1 { "first: " } else { "" };
            Some(format!("left out: {} ({first}{place} {})", count(seen.times, one, many), seen.first))
        });
        left_out.chain(noticed).collect()
    }
}

impl fmt::Display for SourceSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.form)?;
        if let Some(encoding) = self.encoding {
            write!(f, ", {encoding}")?;
        }
        if let Some(sheet) = &self.sheet {
            write!(f, ", sheet '{sheet}'")?;
        }
        let place = self.place();
        match self.header_line {
            Some(line) => write!(f, ", header in {place} {line}")?,
            None => f.write_str(", no header")?,
        }
        if self.above_header > 0 {
            let above = format!("{place}s");
            write!(f, " ({} above it not read)", count(self.above_header, place, &above))?;
        }
        if let Some(tool) = &self.tool {
            write!(f, "; {tool}")?;
        }
        self.notes.iter().try_for_each(|note| write!(f, "; {note}"))?;
        write!(f, "\n  addresses from '{}': {}; {}", self.address_column, self.why, self.totals)?;
        self.noticed().iter().try_for_each(|noticed| write!(f, "; {noticed}"))
    }
}

/// What speaks for the address column.
fn why(layout: &Layout) -> String {
    let address = &layout.address;
    let mut parts = Vec::new();
    match address.known {
        _ if address.asked => parts.push("asked for".to_owned()),
        Some(known) if known.role == Role::MailboxAddress => parts.push(format!("a known name ({})", known.source)),
        Some(known) if known.role.is_address() => {
            parts.push(format!("{} ({}), no better column", known.role.words(), known.source));
        }
        _ => {}
    }
    let (valid, filled) = (address.valid, address.filled);
    parts
        .push(format!("{valid} of the first {filled} cells {} one address", if valid == 1 { "holds" } else { "hold" }));
    let others: Vec<String> = address
        .others
        .iter()
        .take(3)
        .map(|(name, role)| role.map_or_else(|| format!("'{name}'"), |role| format!("'{name}' ({})", role.words())))
        .collect();
    if !others.is_empty() {
        parts.push(format!("not {}", others.join(" nor ")));
    }
    parts.join(", ")
}

/// `1 entry`, `2 entries`.
pub(super) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
