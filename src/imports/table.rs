//! What the three formats have in common: records with cells.

use std::collections::{BTreeMap, BTreeSet};

/// One value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    /// `$null`, or nothing.
    Null,
    /// A boolean of the format itself.
    Flag(bool),
    /// A text; in CSV everything is one.
    Text(String),
    /// A number where a word was to be expected: an enumeration without its names.
    Number(String),
    /// Several texts.
    List(Vec<String>),
}

/// One object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Record {
    /// Its line, or its place in the list.
    pub(super) number: usize,
    /// Cells by column.
    pub(super) cells: BTreeMap<&'static str, Cell>,
}

/// A whole file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Table {
    /// What records are counted in: `line` or `object`.
    pub(super) unit: &'static str,
    /// Known columns that are there.
    pub(super) columns: BTreeSet<&'static str>,
    /// The records.
    pub(super) records: Vec<Record>,
}

/// Columns that anything is read from, as the cmdlets spell them. All others (there are hundreds) are not kept.
const COLUMNS: [&str; 15] = [
    "Name",
    "ExternalDirectoryObjectId",
    "PrimarySmtpAddress",
    "EwsEnabled",
    "EwsAllowedAppIDs",
    "EwsApplicationAccessPolicy",
    "EwsAllowList",
    "EwsBlockList",
    "RecipientTypeDetails",
    "ArchiveStatus",
    "IsInactiveMailbox",
    "GrantSendOnBehalfTo",
    "PublicFoldersEnabled",
    "RootPublicFolderMailbox",
    COMPLETE,
];

/// The column by which the template says that nobody was left out: `ResultSize` with the value `Unlimited`. Without
/// that argument the cmdlets stop after 1,000 and say so on the screen only.
pub(super) const COMPLETE: &str = "ResultSize";

/// The column that the template writes into an organization's export made with the switch of the same name.
pub(super) const WITH_SWITCH: &str = "RetrieveEwsOperationAccessPolicy";

/// The known column of a name.
pub(super) fn column(name: &str) -> Option<&'static str> {
    let name = name.trim().trim_start_matches('\u{feff}');
    COLUMNS.iter().copied().chain([WITH_SWITCH]).find(|known| known.eq_ignore_ascii_case(name))
}

impl Table {
    /// A table of records; its columns are those that occur.
    pub(super) fn of(unit: &'static str, records: Vec<Record>) -> Self {
        let columns = records.iter().flat_map(|record| record.cells.keys().copied()).collect();
        Self { unit, columns, records }
    }
}
