//! Rosters as people have them: bytes to entries.
//!
//! [`open`] looks at every input (what it is, its encoding, its delimiter or sheet, its header and address column) and
//! refuses what is no roster. [`Roster::entries`] then reads them line by line; every line that is about a person comes
//! out exactly once, usable or not.
//!
//! Memory does not grow with the number of lines but for 15 to 30 bytes an address, kept to recognise repeats. Limits:
//! a line of a text 1 MiB, beyond which its beginning stands for it; 1,024 columns; of a workbook, 512 MiB of shared
//! strings (which are held in memory), 4 GiB of sheets (which are read through), 1 MiB a cell. Beside the above, reading
//! takes less than 24 MiB, whatever the bytes.

mod address;
mod clean;
mod dialect;
mod encoding;
mod entries;
mod entry;
mod error;
mod headers;
mod input;
mod kind;
mod leftout;
mod recognise;
mod record;
mod repeats;
mod single_byte;
mod source;
mod summary;
mod workbook;

pub use address::{Address, Unusable};
pub use encoding::Encoding;
pub(crate) use encoding::{Decoded, survey};
pub use entries::Entries;
pub use entry::{Entry, Known};
pub use error::RosterError;
pub use input::Input;
pub use summary::{SourceSummary, Totals};
pub(crate) use workbook::small_tables;

use entries::Places;
use source::Source;

/// What the caller decides about the inputs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// The address column: its name, or its place as a letter or number.
    pub address_column: Option<String>,
    /// The sheet of a workbook: its name, or its number from 1.
    pub sheet: Option<String>,
}

/// Inputs that were understood.
pub struct Roster {
    sources: Vec<Source>,
    summaries: Vec<SourceSummary>,
    columns: Vec<String>,
    places: Vec<Places>,
    fingerprint: Option<String>,
}

/// Looks at every input and recognises its columns from its beginning. A text is read through once to find its encoding,
/// a workbook's sheets to find hidden rows and merged cells.
///
/// # Errors
/// When an input cannot be read or is no roster: what it is, and what to give instead.
pub fn open(inputs: &[Input], options: &Options) -> Result<Roster, RosterError> {
    let mut roster = Roster {
        sources: Vec::new(),
        summaries: Vec::new(),
        columns: Vec::new(),
        places: Vec::new(),
        fingerprint: None,
    };
    for (at, input) in inputs.iter().enumerate() {
        if *input == Input::Stdin && inputs.iter().take(at).any(|before| before == input) {
            return Err(RosterError::of("standard input", "is named twice", "it can be read once; name '-' once"));
        }
        let (source, summary) = Source::open(input, options)?;
        let places = source.layout.columns.iter().map(|column| (column.index, roster.place(&column.name)));
        let places: Vec<(usize, usize)> = places.collect();
        let width = places.iter().map(|(index, _)| index + 1).max().unwrap_or(0);
        let mut by_index = vec![None; width];
        for (index, place) in places {
            if let Some(slot) = by_index.get_mut(index) {
                *slot = Some(place);
            }
        }
        roster.places.push(by_index);
        roster.sources.push(source);
        roster.summaries.push(summary);
    }
    Ok(roster)
}

impl Roster {
    /// What was understood of each input, in the order given. The counts are complete when all entries have been read.
    #[must_use]
    pub fn sources(&self) -> &[SourceSummary] {
        &self.summaries
    }

    /// The roster's own columns over all inputs, in the order of first appearance. Columns of the same name are one
    /// column; upper and lower case do not tell them apart.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Reads the entries from the first one on; may be called again.
    pub fn entries(&mut self) -> Entries<'_> {
        let width = self.columns.len();
        Entries::new(&mut self.sources, &mut self.summaries, &self.places, width, &mut self.fingerprint)
    }

    /// How the lines of all inputs were counted, as far as they have been read.
    #[must_use]
    pub fn totals(&self) -> Totals {
        Totals::sum(self.summaries.iter().map(|summary| &summary.totals))
    }

    /// SHA-256, in hexadecimal, over all entries as read, once they all have been: the same cells in the same lines of
    /// the same order of inputs, read with the same address column, give the same.
    #[must_use]
    pub fn fingerprint(&self) -> Option<&str> {
        self.fingerprint.as_deref()
    }

    /// Where a column of this name goes.
    fn place(&mut self, name: &str) -> usize {
        let lower = name.to_lowercase();
        self.columns.iter().position(|column| column.to_lowercase() == lower).unwrap_or_else(|| {
            self.columns.push(name.to_owned());
            self.columns.len() - 1
        })
    }
}
