//! Workbooks as rosters: sheets, titles, hidden and merged cells, formulas, damage and bombs.
#![cfg(test)]

use std::io::Write;
use std::path::PathBuf;

use ewsready::roster::{self, Entry, Input, Options, Roster, RosterError, Unusable};
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

struct Sample {
    _folder: TempDir,
    path: PathBuf,
}

fn saved(mut workbook: Workbook) -> Sample {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("roster.xlsx");
    workbook.save(&path).expect("saves");
    Sample { _folder: folder, path }
}

/// A workbook with one sheet, of parts written by hand.
fn by_hand(sheet: &str, strings: Option<&str>) -> Sample {
    by_hand_with(1, sheet, strings)
}

/// The same with several sheets, which are all the same part.
fn by_hand_with(sheets: usize, sheet: &str, strings: Option<&str>) -> Sample {
    let relationships = "http://schemas.openxmlformats.org/package/2006/relationships";
    let kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let relation = |id: &str, what: &str, target: &str| {
        format!("<Relationship Id=\"{id}\" Type=\"{kind}/{what}\" Target=\"{target}\"/>")
    };
    let list = |inner: String| format!("<Relationships xmlns=\"{relationships}\">{inner}</Relationships>");
    let sheets = "<sheet name=\"People\" sheetId=\"1\" r:id=\"rId1\"/>".repeat(sheets);
    let mut parts = vec![
        ("_rels/.rels", list(relation("rId1", "officeDocument", "xl/workbook.xml"))),
        (
            "xl/workbook.xml",
            format!("<workbook xmlns=\"{main}\" xmlns:r=\"{kind}\"><sheets>{sheets}</sheets></workbook>"),
        ),
        ("xl/_rels/workbook.xml.rels", list(relation("rId1", "worksheet", "worksheets/sheet1.xml"))),
        ("xl/worksheets/sheet1.xml", sheet.to_owned()),
    ];
    if let Some(strings) = strings {
        parts.push(("xl/sharedStrings.xml", strings.to_owned()));
    }
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("roster.xlsx");
    let mut zip = ZipWriter::new(std::fs::File::create(&path).expect("file"));
    for (name, content) in parts {
        zip.start_file(name, SimpleFileOptions::default().compression_level(Some(1))).expect("part");
        zip.write_all(content.as_bytes()).expect("writes");
    }
    zip.finish().expect("finishes");
    Sample { _folder: folder, path }
}

fn sheet(rows: &str) -> String {
    format!("<worksheet><sheetData>{rows}</sheetData></worksheet>")
}

fn text(cell: &str, value: &str) -> String {
    format!("<c r=\"{cell}\" t=\"inlineStr\"><is><t>{value}</t></is></c>")
}

fn open(sample: &Sample, options: &Options) -> Result<Roster, RosterError> {
    roster::open(&[Input::from(sample.path.clone())], options)
}

fn read(sample: &Sample) -> (Roster, Vec<Entry>) {
    let mut roster = open(sample, &Options::default()).unwrap_or_else(|error| panic!("{error}"));
    let entries = roster.entries().map(|entry| entry.expect("reads")).collect();
    (roster, entries)
}

fn refused(sample: &Sample) -> RosterError {
    match open(sample, &Options::default()) {
        Ok(roster) => panic!("read: {}", roster.sources()[0]),
        Err(error) => {
            assert!(!error.hint().is_empty(), "{error}");
            error
        }
    }
}

fn keys(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.address.as_ref().map_or("-", |address| address.key())).collect()
}

/// A hand-made workbook: a cover sheet, and a list with everything people do to lists.
fn hand_made() -> Sample {
    let mut workbook = Workbook::new();
    let cover = workbook.add_worksheet().set_name("Cover").expect("name");
    cover.write(0, 0, "EWS cutover").expect("writes");
    cover.write(1, 0, "Contact").expect("writes").write(1, 1, "it@contoso.example").expect("writes");
    let bold = Format::new().set_bold();
    let day = Format::new().set_num_format("dd.mm.yyyy");
    let list = workbook.add_worksheet().set_name("Pilot users").expect("name");
    list.merge_range(0, 0, 0, 5, "Pilot users of the cutover", &bold).expect("merges");
    list.write(1, 0, "As of").expect("writes");
    for (column, name) in ["Department", "No.", "Name", "E-Mail", "Since", "Secret"].iter().enumerate() {
        list.write_with_format(3, column as u16, *name, &bold).expect("writes");
    }
    let people = [("Ada", "ada@contoso.example"), ("Alan", "Alan@Contoso.example"), ("Grace", "grace@contoso,example")];
    for (at, (name, address)) in people.iter().enumerate() {
        let row = 4 + at as u32;
        list.write(row, 1, at as u32 + 1).expect("writes").write(row, 2, *name).expect("writes");
        list.write(row, 3, *address).expect("writes").write(row, 5, "x").expect("writes");
        let date = ExcelDateTime::from_ymd(2026, 4, 1 + at as u8).expect("date");
        list.write_datetime_with_format(row, 4, &date, &day).expect("writes");
    }
    list.merge_range(4, 0, 6, 0, "Research", &bold).expect("merges");
    list.write(8, 0, "Sales").expect("writes").write(8, 2, "Lin").expect("writes");
    list.write_formula(8, 3, Formula::new("LOWER(\"LIN@contoso.example\")").set_result("lin@contoso.example"))
        .expect("writes");
    list.write(9, 0, "Total").expect("writes").write(9, 1, 4).expect("writes");
    list.set_column_hidden(5).expect("hides").set_row_hidden(5).expect("hides");
    workbook.add_worksheet().set_name("Notes").expect("name");
    saved(workbook)
}

#[test]
fn a_hand_made_workbook_is_read_with_all_that_was_done_to_it() {
    let (roster, entries) = read(&hand_made());
    let source = &roster.sources()[0];
    assert_eq!((source.form.as_str(), source.encoding, source.sheet.as_deref()), ("XLSX", None, Some("Pilot users")));
    assert_eq!((source.header_line, source.above_header), (Some(4), 2));
    assert_eq!(source.address_column, "E-Mail");
    let summary = source.to_string();
    for said in [
        "other sheets: 'Cover', 'Notes'",
        "hidden columns read too: F",
        "1 hidden or filtered rows read too",
        "2 merged ranges",
        "left out: 1 totals row (row 10)",
        "(2 rows above it not read)",
    ] {
        assert!(summary.contains(said), "{said}: {summary}");
    }
    assert_eq!(keys(&entries), ["ada@contoso.example", "alan@contoso.example", "-", "lin@contoso.example"]);
    assert_eq!(roster.columns(), ["Department", "No.", "Name", "E-Mail", "Since", "Secret"]);
    assert_eq!(entries[0].columns, ["Research", "1", "Ada", "ada@contoso.example", "2026-04-01", "x"]);
    // The value of a merged cell holds for all its rows.
    assert_eq!(entries[2].known.department.as_deref(), Some("Research"));
    assert_eq!(entries[3].known.department.as_deref(), Some("Sales"));
    assert_eq!(entries.iter().map(|entry| entry.line).collect::<Vec<_>>(), [5, 6, 7, 9]);
    assert_eq!((roster.totals().blanks, roster.totals().left_out), (1, 1));
}

#[test]
fn the_sheet_asked_for_decides() {
    let sample = hand_made();
    let ask = |sheet: &str, column: Option<&str>| {
        let options = Options { address_column: column.map(str::to_owned), sheet: Some(sheet.to_owned()) };
        open(&sample, &options)
    };
    assert_eq!(ask("pilot users", None).expect("by name").sources()[0].sheet.as_deref(), Some("Pilot users"));
    assert_eq!(ask("2", None).expect("by number").sources()[0].sheet.as_deref(), Some("Pilot users"));
    assert_eq!(ask("Cover", Some("B")).expect("cover").sources()[0].address_column, "column 2");
    let error = ask("Pilots", None).err().expect("no such sheet");
    assert!(
        error.message().contains("has no sheet 'Pilots'") && error.hint().contains("'Cover', 'Pilot users', 'Notes'"),
        "{error}"
    );
    let error = ask("Notes", None).err().expect("empty sheet");
    assert!(error.message().contains("'Notes'"), "{error}");
    let error = ask("Pilot users", Some("UPN")).err().expect("no such column");
    assert!(error.message().contains("has no column 'UPN'"), "{error}");
}

#[test]
fn the_dynamics_export_with_its_hidden_columns() {
    let mut workbook = Workbook::new();
    let list = workbook.add_worksheet().set_name("Active Mailboxes").expect("name");
    let names = [
        "(Do Not Modify) Mailbox",
        "(Do Not Modify) Row Checksum",
        "(Do Not Modify) Modified On",
        "Name",
        "Email Address",
        "Regarding",
        "Server Profile",
        "Incoming Email Status",
    ];
    for (column, name) in names.iter().enumerate() {
        list.write(0, column as u16, *name).expect("writes");
    }
    let row = [
        "5f0c5e0a-6f0b-4a53-9d7e-0c5a9b1d2e01",
        "kq8=",
        "46341.5",
        "Lea",
        "lea@contoso.example",
        "Lea",
        "Exchange Online",
        "Success",
    ];
    for (column, cell) in row.iter().enumerate() {
        list.write(1, column as u16, *cell).expect("writes");
    }
    for column in 0..3 {
        list.set_column_hidden(column).expect("hides");
    }
    workbook
        .add_worksheet()
        .set_name("hiddenSheet")
        .expect("name")
        .set_hidden(true)
        .write(0, 0, "Email")
        .expect("writes");
    let (roster, entries) = read(&saved(workbook));
    assert_eq!(roster.sources()[0].tool.as_deref(), Some("Dynamics 365 mailbox list"));
    assert_eq!(roster.sources()[0].address_column, "Email Address");
    assert_eq!(entries[0].known.dynamics_profile.as_deref(), Some("Exchange Online"));
    // The id of the mailbox record is not that of the account.
    assert_eq!(entries[0].known.object_id, None);
}

#[test]
fn cells_and_rows_without_references_are_counted_by_their_place() {
    let rows = "<row><c t=\"inlineStr\"><is><t>Name</t></is></c><c t=\"inlineStr\"><is><t>Email</t></is></c></row>\
                <row><c t=\"inlineStr\"><is><t>Ada</t></is></c><c t=\"inlineStr\"><is><r><t>ada@</t></r><r><t>contoso.example</t></r></is></c></row>";
    let (_, entries) = read(&by_hand(&sheet(rows), None));
    assert_eq!((keys(&entries), entries[0].line), (vec!["ada@contoso.example"], 2));
}

#[test]
fn a_formula_without_a_stored_result_is_named() {
    let rows = format!(
        "<row r=\"1\">{}{}</row><row r=\"2\">{}<c r=\"B2\"><f>LOWER(C2)</f></c></row><row r=\"3\">{}{}</row>",
        text("A1", "Name"),
        text("B1", "Email"),
        text("A2", "Ada"),
        text("A3", "Alan"),
        text("B3", "alan@contoso.example"),
    );
    let (roster, entries) = read(&by_hand(&sheet(&rows), None));
    assert_eq!(entries[0].address, Err(Unusable::NoResult));
    assert_eq!(keys(&entries), ["-", "alan@contoso.example"]);
    assert!(roster.sources()[0].to_string().contains("1 formulas without a stored result"));
}

#[test]
fn errors_in_cells_are_named() {
    let rows = format!(
        "<row r=\"1\">{}</row><row r=\"2\"><c r=\"A2\" t=\"e\"><f>VLOOKUP(1,B:C,2)</f><v>#N/A</v></c></row><row r=\"3\">{}</row>",
        text("A1", "Email"),
        text("A3", "alan@contoso.example"),
    );
    let (_, entries) = read(&by_hand(&sheet(&rows), None));
    assert_eq!(entries[0].address, Err(Unusable::SheetError("#N/A".to_owned())));
}

#[test]
fn what_a_damaged_or_hostile_workbook_declares_is_not_believed() {
    let good =
        format!("<row r=\"1\">{}</row><row r=\"2\">{}</row>", text("A1", "Email"), text("A2", "ada@contoso.example"));
    assert_eq!(keys(&read(&by_hand(&sheet(&good), None)).1), ["ada@contoso.example"]);
    let strings = "<sst uniqueCount=\"999999999999999\"><si><t>x</t></si></sst>";
    for (sheet, strings) in [
        (sheet(&good), Some(strings)),
        (sheet(&good.replace("r=\"A2\"", "r=\"A99999999999\"")), None),
        (sheet(&good.replace("r=\"A2\"", "r=\"ZZZZZZZZZZ2\"")), None),
        (sheet(&good.replace("<row r=\"2\">", "<row r=\"4294967296\">")), None),
        (sheet(&good).replace("<sheetData>", "<dimension ref=\"C9:A1\"/><sheetData>"), None),
        (
            sheet(&good.replace("</row><row", "<c r=\"B1\"><f t=\"shared\" si=\"99999999999\">A1</f></c></row><row")),
            None,
        ),
        (sheet(&good).replace("</sheetData></worksheet>", ""), None),
        (sheet(&good.replace("<t>ada", "<t>&nonsense;ada")), None),
        (String::new(), None),
    ] {
        let error = refused(&by_hand(&sheet, strings));
        assert!(error.message().contains("damaged workbook"), "{sheet}: {error}");
    }
}

#[test]
fn sheets_beyond_count_are_refused_before_any_is_looked_into() {
    let row = format!("<row r=\"1\">{}</row>", text("A1", "Email"));
    let error = refused(&by_hand_with(10_001, &sheet(&row), None));
    assert!(error.to_string().contains("more than 10000 sheets"), "{error}");
}

#[test]
fn a_bomb_is_not_unpacked() {
    // A cell of 64 MiB packs to some kilobytes.
    let huge =
        format!("<row r=\"1\">{}</row><row r=\"2\">{}</row>", text("A1", "Email"), text("A2", &"a".repeat(64 << 20)));
    let error = refused(&by_hand(&sheet(&huge), None));
    assert!(error.message().contains("unpacks to more than 1 MiB"), "{error}");
    let strings = format!("<sst><si><t>{}</t></si></sst>", "a".repeat(64 << 20));
    let good =
        format!("<row r=\"1\">{}</row><row r=\"2\">{}</row>", text("A1", "Email"), text("A2", "ada@contoso.example"));
    let error = refused(&by_hand(&sheet(&good), Some(&strings)));
    assert!(error.message().contains("sharedStrings.xml unpacks to more than 1 MiB"), "{error}");
    let nested = "<sst>".repeat(1_000_000);
    let error = refused(&by_hand(&sheet(&good), Some(&nested)));
    assert!(error.message().contains("nested deeper"), "{error}");
    let runs = format!("<sst><si>{}</si></sst>", "<r><t>aaaaaaaaaaaaaaaa</t></r>".repeat(100_000));
    let error = refused(&by_hand(&sheet(&good), Some(&runs)));
    assert!(error.message().contains("longer texts"), "{error}");
}

#[test]
fn containers_that_are_no_workbook_are_named() {
    let container = |parts: &[&str]| {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("roster.xlsx");
        let mut zip = ZipWriter::new(std::fs::File::create(&path).expect("file"));
        for part in parts {
            zip.start_file(*part, SimpleFileOptions::default()).expect("part");
            zip.write_all(b"x").expect("writes");
        }
        zip.finish().expect("finishes");
        refused(&Sample { _folder: folder, path })
    };
    assert!(container(&["word/document.xml"]).message().contains("a Word document"));
    assert!(container(&["xl/workbook.bin"]).message().contains("binary workbook"));
    assert!(container(&["mimetype", "content.xml"]).message().contains("OpenDocument"));
    let archive = container(&["export/users.csv", "readme.md"]);
    assert!(archive.message().contains("is a ZIP archive, not a roster"), "{archive}");
    assert!(archive.hint().contains("'export/users.csv'"), "{archive}");
    assert!(container(&["readme.md"]).hint().contains("there is none inside"));
}

#[test]
fn a_workbook_cut_short_is_refused() {
    let sample = hand_made();
    let bytes = std::fs::read(&sample.path).expect("reads");
    for length in [4, 100, bytes.len() / 2, bytes.len() - 10] {
        std::fs::write(&sample.path, &bytes[..length]).expect("writes");
        let error = refused(&sample);
        assert!(error.message().contains("damaged ZIP container"), "{error}");
    }
}
