//! Exports of Salesforce, Dynamics 365, the admin center and the audit search: read before a run begins, joined to its
//! roster by address when the directory is known, and kept with the run.

mod audit;
mod join;
mod kinds;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Date;

use crate::evidence::joined::{AppUse, DynamicsMailbox, ExportKind, SalesforceConnection, SalesforceUser};
use crate::failure::Failure;
use table::Line;

pub use join::join;

/// The exports that a profile names.
pub type Files = BTreeMap<ExportKind, PathBuf>;

/// Exports as they were read.
#[derive(Debug, Default)]
pub struct Exports {
    read: Vec<Read>,
    people: BTreeMap<Arc<str>, Person>,
    /// Every application id once: an audit search repeats a handful of them in each line.
    apps: BTreeSet<Arc<str>>,
    usage: BTreeMap<String, AppUse>,
}

/// One file, as far as it is known before it is joined.
#[derive(Debug)]
struct Read {
    pub kind: ExportKind,
    pub file: String,
    pub lines: u64,
    pub matched: u64,
    pub blank: u64,
    /// Lines about something else than EWS.
    pub other: u64,
    /// Lines to be matched: line and address.
    pub waiting: Vec<(u64, Arc<str>)>,
}

/// What the exports say under one address.
#[derive(Debug, Default)]
struct Person {
    pub user: Option<SalesforceUser>,
    pub connection: Option<SalesforceConnection>,
    pub dynamics: Option<DynamicsMailbox>,
    /// What the audit search saw; a mailbox has few applications.
    pub uses: Vec<Use>,
}

/// One application in one mailbox.
#[derive(Debug)]
struct Use {
    pub app: Arc<str>,
    pub calls: u64,
    pub last: Option<Date>,
}

impl Exports {
    /// Reads every export.
    ///
    /// # Errors
    /// In words: a file cannot be read, or is of another kind than its key says.
    pub fn read(files: &Files) -> Result<Self, Failure> {
        let mut exports = Self::default();
        for (kind, path) in files {
            exports.add(*kind, path)?;
        }
        Ok(exports)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.read.is_empty()
    }

    fn add(&mut self, kind: ExportKind, path: &Path) -> Result<(), Failure> {
        let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut read = Read { kind, file, lines: 0, matched: 0, blank: 0, other: 0, waiting: Vec::new() };
        table::read(path, kind, kinds::forms(kind), |line| {
            read.lines += 1;
            match kind {
                ExportKind::EwsUsage => self.take_usage(line, &mut read),
                ExportKind::EwsAudit => self.take_audit(&audit::Record::of(line), line.number, &mut read),
                _ => self.take_person(kind, line, &mut read),
            }
            Ok(())
        })?;
        if read.lines == read.blank {
            let what = format!("the {} {} has no usable line", kind.name(), path.display());
            return Err(Failure::usage(what, "export it again, or leave it out of the profile's sources"));
        }
        self.read.push(read);
        Ok(())
    }

    fn take_usage(&mut self, line: &Line<'_>, read: &mut Read) {
        use kinds::usage::{ACTION, APP, CALLS, LAST};
        let Some(app) = app_id(line.cell(APP)) else {
            read.blank += 1;
            return;
        };
        read.matched += 1;
        let known = self.usage.entry(app.clone()).or_insert_with(|| AppUse { app_id: app, ..AppUse::default() });
        let calls = number(line.cell(CALLS));
        match known.actions.iter_mut().find(|(action, _)| action == line.cell(ACTION)) {
            Some((_, sum)) => *sum = sum.saturating_add(calls),
            None => known.actions.push((line.cell(ACTION).to_owned(), calls)),
        }
        known.last = known.last.max(day(line.cell(LAST)));
    }

    fn take_audit(&mut self, record: &audit::Record, number: u64, read: &mut Read) {
        if !record.is_ews() {
            read.other += 1;
            return;
        }
        let address = record.mailbox.to_lowercase();
        let Some(app) = app_id(&record.app).filter(|_| address.contains('@')) else {
            read.blank += 1;
            return;
        };
        let app = match self.apps.get(app.as_str()) {
            Some(known) => Arc::clone(known),
            None => {
                let app: Arc<str> = app.into();
                self.apps.insert(Arc::clone(&app));
                app
            }
        };
        let (calls, last) = (record.calls.max(1), record.day);
        let uses = &mut self.person(&address, number, read).uses;
        match uses.iter_mut().find(|known| known.app == app) {
            Some(known) => {
                known.calls = known.calls.saturating_add(calls);
                known.last = known.last.max(last);
            }
            None => uses.push(Use { app, calls, last }),
        }
    }

    /// What is known under an address, of which a line speaks that is to be matched.
    fn person(&mut self, address: &str, number: u64, read: &mut Read) -> &mut Person {
        let address: Arc<str> = match self.people.get_key_value(address) {
            Some((known, _)) => Arc::clone(known),
            None => address.into(),
        };
        read.waiting.push((number, Arc::clone(&address)));
        self.people.entry(address).or_default()
    }

    fn take_person(&mut self, kind: ExportKind, line: &Line<'_>, read: &mut Read) {
        let address = address_cell(kind, line).to_lowercase();
        if !address.contains('@') {
            read.blank += 1;
            return;
        }
        let person = self.person(&address, line.number, read);
        match kind {
            ExportKind::SalesforceUsers => {
                let active = flag(line.cell(kinds::user::ACTIVE));
                // Of several records with one address the active one counts.
                if person.user.as_ref().is_none_or(|known| known.active == Some(false)) {
                    person.user = Some(SalesforceUser { email: line.cell(kinds::user::EMAIL).to_owned(), active });
                }
            }
            ExportKind::SalesforceConnections => {
                use kinds::connection::{ADDRESS, CONFIGURATION, STATE};
                let cell = |column| line.cell(column).to_owned();
                let (address, state, configuration) = (cell(ADDRESS), cell(STATE), cell(CONFIGURATION));
                person.connection.get_or_insert(SalesforceConnection { address, state, configuration });
            }
            ExportKind::DynamicsMailboxes => {
                person.dynamics.get_or_insert(dynamics_mailbox(line));
            }
            ExportKind::EwsAudit | ExportKind::EwsUsage => {}
        }
    }
}

fn address_cell<'a>(kind: ExportKind, line: &Line<'a>) -> &'a str {
    line.cell(match kind {
        ExportKind::SalesforceUsers => kinds::user::EMAIL,
        ExportKind::DynamicsMailboxes => kinds::dynamics::ADDRESS,
        ExportKind::SalesforceConnections | ExportKind::EwsUsage | ExportKind::EwsAudit => kinds::connection::ADDRESS,
    })
}

fn dynamics_mailbox(line: &Line<'_>) -> DynamicsMailbox {
    use kinds::dynamics::{ADDRESS, PROFILE, STATES};
    let failed = STATES.iter().filter(|(column, _)| is_failure(line.cell(*column)));
    DynamicsMailbox {
        address: line.cell(ADDRESS).to_owned(),
        profile: line.cell(PROFILE).to_owned(),
        failed: failed.map(|(_, name)| (*name).to_owned()).collect(),
    }
}

/// `Failure`, and 2 in an export of the raw values.
fn is_failure(cell: &str) -> bool {
    ["failure", "failed", "2", "fehler", "échec", "error"].contains(&cell.to_lowercase().as_str())
}

fn app_id(cell: &str) -> Option<String> {
    uuid::Uuid::try_parse(cell.trim_matches(['{', '}'])).ok().map(|id| id.to_string())
}

/// A count, however its thousands are set apart.
fn number(cell: &str) -> u64 {
    let digits: String = cell.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

fn flag(cell: &str) -> Option<bool> {
    match cell.to_lowercase().as_str() {
        "1" | "true" | "yes" | "wahr" | "ja" | "vrai" | "x" => Some(true),
        "0" | "false" | "no" | "falsch" | "nein" | "faux" => Some(false),
        _ => None,
    }
}

/// The day of a time in one of the forms that exports use: ISO 8601, or month before day as the admin center writes it.
fn day(cell: &str) -> Option<Date> {
    let first = cell.split([' ', 'T']).next().unwrap_or_default();
    first.parse().ok().or_else(|| Date::strptime("%m/%d/%Y", first).ok())
}

#[cfg(test)]
mod tests;
