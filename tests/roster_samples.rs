//! Rosters as people have them: every sample file is read for what it is.
#![cfg(test)]

use std::path::Path;

use ewsready::roster::{self, Entry, Input, Options, Roster};

#[path = "rosters/expected.rs"]
mod expected;
use expected::SAMPLES;

fn sample(file: &str) -> Input {
    Input::from(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rosters").join(file))
}

fn read(inputs: &[Input], options: &Options) -> (Roster, Vec<Entry>) {
    let mut roster = roster::open(inputs, options).unwrap_or_else(|error| panic!("{error}"));
    let entries = roster.entries().map(|entry| entry.unwrap_or_else(|error| panic!("{error}"))).collect();
    (roster, entries)
}

fn told(entry: &Entry) -> String {
    match &entry.address {
        Ok(address) => address.key().to_owned(),
        Err(unusable) => format!("!{unusable}"),
    }
}

#[test]
fn every_sample_is_read_for_what_it_is() {
    for expected in SAMPLES {
        let name = expected.file;
        let (roster, entries) = read(&[sample(name)], &Options::default());
        let source = &roster.sources()[0];
        assert_eq!(source.form, expected.form, "{name}");
        assert_eq!(source.encoding, Some(expected.encoding), "{name}");
        assert_eq!(source.header_line, expected.header, "{name}");
        assert_eq!(source.address_column, expected.column, "{name}");
        assert_eq!(source.tool.as_deref(), expected.tool, "{name}");
        let told: Vec<String> = entries.iter().map(told).collect();
        assert_eq!(told.len(), expected.entries.len(), "{name}: {told:#?}");
        for (told, expected) in told.iter().zip(expected.entries) {
            let alike = if expected.starts_with('!') { told.starts_with(expected) } else { told == expected };
            assert!(alike, "{name}: {told} instead of {expected}");
        }
        let totals = roster.totals();
        assert_eq!((totals.blanks, totals.repeats, totals.left_out), expected.counts, "{name}");
        assert_eq!(totals.entries, entries.len() as u64, "{name}");
        assert_eq!(totals.unusable, told.iter().filter(|told| told.starts_with('!')).count() as u64, "{name}");
        assert!(entries.iter().enumerate().all(|(at, entry)| entry.row == at as u64 + 1), "{name}");
        assert!(entries.iter().all(|entry| entry.columns.len() == roster.columns().len()), "{name}");
    }
}

#[test]
fn what_was_understood_fits_two_lines() {
    let mut all = Vec::new();
    for expected in SAMPLES {
        let (roster, _) = read(&[sample(expected.file)], &Options::default());
        let summary = roster.sources()[0].to_string();
        assert_eq!(summary.lines().count(), 2, "{summary}");
        all.push(summary.replace(&*Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rosters").to_string_lossy(), ""));
    }
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn known_columns_are_recognised_in_every_language() {
    let first = |file: &str| read(&[sample(file)], &Options::default()).1.swap_remove(0).known;
    let known = first("entra-users.csv");
    assert_eq!(known.display_name.as_deref(), Some("Amira Haddad"));
    assert_eq!(known.object_id.as_deref(), Some("3f0c5e0a-6f0b-4a53-9d7e-0c5a9b1d2e01"));
    assert_eq!(known.user_principal_name.as_deref(), Some("amira.haddad@contoso.example"));
    assert_eq!(known.department.as_deref(), Some("Purchasing"));
    let known = first("salesforce-users.csv");
    assert_eq!(known.display_name.as_deref(), Some("Kim Lee"));
    assert_eq!(known.salesforce_email.as_deref(), Some("kim.lee@contoso.example"));
    assert_eq!(known.sign_in_name.as_deref(), Some("kim.lee@contoso.crm"));
    let known = first("dynamics-mailboxes-de.csv");
    assert_eq!(known.dynamics_profile.as_deref(), Some("Microsoft Exchange Online"));
    assert_eq!(known.owner.as_deref(), Some("Systemadministrator"));
    let known = first("google-users.csv");
    assert_eq!(known.manager.as_deref(), Some("boss@fabrikam.example"));
    assert_eq!(known.department.as_deref(), Some("Sales"));
    let known = first("excel-german.csv");
    assert_eq!((known.wave.as_deref(), known.display_name.as_deref()), (Some("1"), Some("Jürgen Weiß")));
    let known = first("excel-french-sep.csv");
    assert_eq!((known.department.as_deref(), known.wave.as_deref()), (Some("Achats"), Some("1")));
    let known = first("excel-spanish-unicode.txt");
    assert_eq!((known.department.as_deref(), known.wave.as_deref()), (Some("Ventas"), Some("1")));
    let known = first("mac-excel.csv");
    assert_eq!(known.department.as_deref(), Some("Büro München"));
}

#[test]
fn cells_travel_as_written() {
    let (roster, entries) = read(&[sample("line-breaks.csv")], &Options::default());
    assert_eq!(roster.columns(), ["Email", "Notes", "Name"]);
    assert_eq!(entries[0].columns[1], "prefers mornings,\r\nnever Fridays\r\n\r\ncall first");
    assert_eq!(entries[1].columns[1], "said \"later\"");
    assert_eq!(entries.iter().map(|entry| entry.line).collect::<Vec<_>>(), [2, 6, 8]);
    let (roster, entries) = read(&[sample("ragged.csv")], &Options::default());
    assert_eq!(roster.columns(), ["Email", "Name", "Name (2)", "column 4", "Dept", "column 6", "column 7"]);
    assert_eq!(entries[1].columns, ["Doe", " Jane", "jane@contoso.example", "x", "y", "Sales", "more"]);
}

#[test]
fn several_files_are_one_roster() {
    let inputs = ["excel-german.csv", "mac-excel.csv", "list.txt"].map(sample);
    let (roster, entries) = read(&inputs, &Options::default());
    assert_eq!(
        roster.columns(),
        ["Nachname", "Vorname", "E-Mail-Adresse", "Abteilung", "Welle", "Name", "E-Mail", "address"]
    );
    assert_eq!(entries.len(), 5 + 2 + 10);
    assert_eq!((entries[5].row, entries[5].file, entries[5].line), (6, 1, 2));
    // The same person in the second file.
    assert_eq!(entries[5].repeat_of, Some(1));
    assert_eq!(
        entries[5].columns,
        ["", "", "", "Büro München", "", "Jürgen Weiß", "juergen.weiss@contoso.example", ""]
    );
    assert_eq!(roster.totals().entries, 17);
    assert_eq!(roster.sources()[1].totals.repeats, 1);
}

#[test]
fn the_fingerprint_is_that_of_the_content() {
    let print = |inputs: &[Input], options: &Options| {
        let (roster, _) = read(inputs, options);
        roster.fingerprint().expect("read to the end").to_owned()
    };
    let default = Options::default();
    let once = print(&[sample("salesforce-users.csv")], &default);
    assert_eq!(once.len(), 64);
    assert_eq!(once, print(&[sample("salesforce-users.csv")], &default));
    let by_login = Options { address_column: Some("Username".to_owned()), sheet: None };
    assert_ne!(once, print(&[sample("salesforce-users.csv")], &by_login));
    assert_ne!(once, print(&[sample("google-users.csv")], &default));
    let both = [sample("google-users.csv"), sample("list.txt")];
    let turned = [sample("list.txt"), sample("google-users.csv")];
    assert_ne!(print(&both, &default), print(&turned, &default));

    let mut roster = roster::open(&both, &default).expect("rosters");
    assert_eq!(roster.entries().take(3).count(), 3);
    assert_eq!(roster.fingerprint(), None, "not read to the end");
    let first: Vec<_> = roster.entries().map(|entry| entry.expect("reads")).collect();
    let again: Vec<_> = roster.entries().map(|entry| entry.expect("reads")).collect();
    assert_eq!(first, again);
    assert_eq!(roster.fingerprint(), Some(print(&both, &default).as_str()));
}

#[test]
fn the_column_asked_for_decides_in_every_form() {
    let by = |file: &str, column: &str| {
        let options = Options { address_column: Some(column.to_owned()), sheet: None };
        let (roster, entries) = read(&[sample(file)], &options);
        (roster.sources()[0].address_column.clone(), told(&entries[0]))
    };
    assert_eq!(by("salesforce-users.csv", "username"), ("Username".to_owned(), "kim.lee@contoso.crm".to_owned()));
    let login = ("USERNAME".to_owned(), "ana@contoso.example.uat".to_owned());
    assert_eq!(by("salesforce-sandbox.csv", "B"), login);
    let proxies = ("Proxy addresses".to_owned(), "pia.dahl@contoso.example".to_owned());
    assert_eq!(by("m365-active-users.csv", "Proxy addresses"), proxies);
    assert_eq!(by("no-header.csv", "3"), ("column 3".to_owned(), "ada@contoso.example".to_owned()));
}
