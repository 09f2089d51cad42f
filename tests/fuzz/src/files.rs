//! What people hand in: rosters, workbooks, exports, settings.

use std::cell::RefCell;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use ewsready::compare::notes;
use ewsready::config::{Environment, File, Overrides, profile};
use ewsready::evidence::joined::ExportKind;
use ewsready::facts::Facts;
use ewsready::imports::integrations::{Exports, Files};
use ewsready::imports::{cas_mailboxes, mailboxes, organization};
use ewsready::plan::calendar::Calendar;
use ewsready::plan::constraints::Rules;
use ewsready::roster::{self as rosters, Input, Options};
use ewsready::simulator::Tenant;
use tempfile::TempDir;

use super::{chosen, parts};

thread_local! {
    static FOLDER: RefCell<Option<TempDir>> = const { RefCell::new(None) };
}

/// A path in a folder of this thread's own.
pub(crate) fn path(name: &str) -> PathBuf {
    FOLDER.with_borrow_mut(|folder| {
        folder.get_or_insert_with(|| tempfile::tempdir().expect("a folder")).path().join(name)
    })
}

/// The bytes as a file.
pub(crate) fn file(name: &str, data: &[u8]) -> PathBuf {
    let path = path(name);
    std::fs::write(&path, data).expect("a file");
    path
}

/// A roster, whatever it is.
pub fn roster(data: &[u8]) {
    read_roster(&file("roster", data));
}

fn read_roster(path: &Path) {
    let Ok(mut roster) = rosters::open(&[Input::from(path.to_owned())], &Options::default()) else { return };
    let entries = roster.entries().take_while(Result::is_ok).count() as u64;
    assert!(entries <= roster.totals().entries, "more entries than were counted");
    let _ = (roster.sources(), roster.fingerprint());
}

/// Parts of a workbook, in the order of the input.
const PARTS: [&str; 7] = [
    "xl/worksheets/sheet1.xml",
    "xl/sharedStrings.xml",
    "xl/workbook.xml",
    "xl/styles.xml",
    "xl/_rels/workbook.xml.rels",
    "_rels/.rels",
    "xl/worksheets/sheet2.xml",
];
/// What stands for a part that the input leaves out or empty.
const PLAIN: [&str; 7] = [
    r#"<worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>Email</t></is></c></row><row r="2"><c r="A2" t="s"><v>0</v></c></row></sheetData></worksheet>"#,
    r#"<sst uniqueCount="1"><si><t>ada@contoso.example</t></si></sst>"#,
    r#"<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Actions" sheetId="1" r:id="rId1"/></sheets></workbook>"#,
    r#"<styleSheet><cellXfs><xf numFmtId="14"/></cellXfs></styleSheet>"#,
    r#"<Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#,
    r#"<Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
    "",
];

/// A workbook, as a roster or as the Actions that came back: its parts in a sound container, or the container itself.
/// The Actions come more rarely: whoever reads them reads the program's own texts first, which takes longer than all else.
pub fn workbook(data: &[u8]) {
    let (kind, rest) = chosen(data);
    let bytes = if kind % 4 == 3 { rest.to_vec() } else { packed(rest) };
    let path = file("roster.xlsx", &bytes);
    match kind / 4 % 8 {
        7 => drop(notes::read(&path)),
        _ => read_roster(&path),
    }
}

fn packed(data: &[u8]) -> Vec<u8> {
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let mut given = parts(data);
    for (name, plain) in PARTS.iter().zip(PLAIN) {
        let part = given.next().filter(|part| !part.is_empty()).unwrap_or(plain.as_bytes());
        if !part.is_empty() {
            zip.start_file(*name, options).expect("a part");
            zip.write_all(part).expect("a part");
        }
    }
    zip.finish().expect("a container").into_inner()
}

/// Exports of Exchange and of other products, and, rarely for the same reason, the Actions as CSV.
pub fn exports(data: &[u8]) {
    let (kind, rest) = chosen(data);
    let path = file("export", rest);
    match kind % 32 {
        0 => drop(notes::read(&path)),
        kind => match kind % 8 {
            0 => drop(organization(&path)),
            1 => drop(cas_mailboxes(&path)),
            2 => drop(mailboxes(&path)),
            other => {
                let kind = ExportKind::ALL[other - 3];
                let _ = Exports::read(&Files::from([(kind, path)]));
            }
        },
    }
}

/// Configuration, plan files, facts, the simulator's tenant files.
pub fn settings(data: &[u8]) {
    let (kind, rest) = chosen(data);
    match kind % 4 {
        0 => configuration(&file("ewsready.toml", rest)),
        1 => plan(&file("plan.toml", rest)),
        2 => facts(rest),
        _ => drop(std::str::from_utf8(rest).map(|text| Tenant::from_toml("tenant.toml", text))),
    }
}

/// One file of facts beside the built-in ones, of which the longest is there in short: all are read for each input.
fn facts(data: &[u8]) {
    let (which, rest) = chosen(data);
    let names = Facts::embedded().files();
    let folder = path("facts");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("products.csv"), products()).expect("a file");
    std::fs::write(folder.join(names[which % names.len()].name), rest).expect("a file");
    if let Ok(facts) = Facts::load(&folder) {
        let today = jiff::civil::date(2026, 11, 20);
        let _ = (facts.aged(today), facts.as_of());
    }
}

/// The head of the built-in products, and those that the other files name.
fn products() -> &'static str {
    static PRODUCTS: OnceLock<String> = OnceLock::new();
    let naming = concat!(
        include_str!("../../../src/facts/data/upgrades.csv"),
        include_str!("../../../src/facts/data/licensing.toml")
    );
    let wanted = |line: &&str| {
        let mut fields = line.split(',').take(2);
        line.starts_with('#') || line.starts_with("sku_id") || fields.any(|field| naming.contains(field))
    };
    PRODUCTS.get_or_init(|| {
        let all = include_str!("../../../src/facts/data/products.csv");
        let some: String = all.split_inclusive('\n').filter(wanted).collect();
        assert!(some.len() < all.len() / 2, "the products are as many as before");
        some
    })
}

fn configuration(path: &Path) {
    let Ok(file) = File::read(Some(path)) else { return };
    for name in file.names() {
        let settings = file.settings(&name, &Environment::of_process(), &Overrides::default());
        let _ = settings.and_then(|settings| profile(&settings, Facts::embedded()));
    }
}

fn plan(path: &Path) {
    let Ok(rules) = Rules::read(path) else { return };
    if rules.check().is_ok() {
        let day = |month, day| jiff::civil::date(2026, month, day);
        let calendar = Calendar::of(&rules, day(11, 20), jiff::civil::date(2027, 4, 1));
        let _ = calendar.endless(&rules);
    }
}
