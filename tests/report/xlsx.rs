//! `readiness.xlsx`, read back as a spreadsheet program reads it, and as the XML it is.

use std::io::{Cursor, Read as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use calamine::{Data, Range, Reader as _, Xlsx};
use ewsready::report::head::Logo;
use ewsready::report::{View, xlsx};

use super::fixture;

const SHEETS: [&str; 15] = [
    "Summary",
    "Users",
    "Blocked",
    "License",
    "Graph-EAC",
    "Not assessed",
    "Actions",
    "Integrations",
    "Apps",
    "Licences",
    "Domains",
    "Throttling",
    "Method",
    "Changes",
    "Trend",
];

fn bytes(view: &View) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    xlsx::write(view, &mut out).unwrap();
    out.into_inner()
}

fn sheet(bytes: &[u8], name: &str) -> Range<Data> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    book.worksheet_range(name).unwrap()
}

fn column(range: &Range<Data>, title: &str) -> Vec<String> {
    let place = range.headers().unwrap().iter().position(|header| header == title).unwrap();
    range.rows().skip(1).map(|row| row[place].to_string()).collect()
}

#[test]
fn every_sheet_is_there_even_when_nothing_is() {
    for rows in [fixture::rows(), Vec::new()] {
        let (view, _rows) = fixture::view_of(fixture::head(), rows);
        let book: Xlsx<_> = Xlsx::new(Cursor::new(bytes(&view))).unwrap();
        assert_eq!(book.sheet_names(), SHEETS);
    }
}

#[test]
fn every_user_stands_in_roster_order_and_once_under_his_verdict() {
    let (view, _rows) = fixture::view();
    let bytes = bytes(&view);
    let users = column(&sheet(&bytes, "Users"), "Row");
    assert_eq!(users, (1..=60).map(|row| row.to_string()).collect::<Vec<_>>());
    let mut rows: Vec<u32> = Vec::new();
    for name in &SHEETS[2..6] {
        rows.extend(column(&sheet(&bytes, name), "Row").iter().map(|row| row.parse::<u32>().unwrap()));
    }
    rows.sort_unstable();
    assert_eq!(rows, (1..=60).collect::<Vec<_>>());
}

#[test]
fn a_verdict_sheet_is_sorted_by_wave() {
    let (view, _rows) = fixture::view();
    let mut waves = column(&sheet(&bytes(&view), "Graph-EAC"), "Wave");
    waves.dedup();
    assert_eq!(waves, ["Pilot", "Wave 1", "Wave 2", "Wave 10", ""]);
}

#[test]
fn cells_have_real_types() {
    let (view, _rows) = fixture::view();
    let users = sheet(&bytes(&view), "Users");
    let place = |title: &str| users.headers().unwrap().iter().position(|header| header == title).unwrap();
    assert!(matches!(users.rows().nth(1).unwrap()[place("Row")], Data::Float(row) if row == 1.0));
    assert!(matches!(users.rows().nth(1).unwrap()[place("Checked at (UTC)")], Data::DateTime(_)));
}

#[test]
fn hostile_text_stays_text() {
    let (view, _rows) = fixture::view();
    let bytes = bytes(&view);
    let names = column(&sheet(&bytes, "Users"), "Display name");
    assert_eq!(names[20], "=cmd|' /C calc'!A0");
    assert_eq!(names[25], "<script>alert(1)</script>");
    assert_eq!(names[31], "NUL\u{fffd}and bell\u{fffd}");
    assert_eq!(names[41].encode_utf16().count(), 32_767);
    assert!(names[41].ends_with("in the CSV and JSON files]"), "the cut is told");
    for (name, xml) in parts(&bytes) {
        assert!(!xml.contains("<f>") && !xml.contains("<f "), "{name} has a formula");
        if name.starts_with("xl/worksheets/_rels") {
            assert!(!xml.contains("http://evil"), "{name} has a link from outside");
        }
    }
}

#[test]
fn sheets_that_grow_have_a_filter_a_frozen_header_and_a_page_setup() {
    let (view, _rows) = fixture::view();
    let parts = parts(&bytes(&view));
    let sheets: Vec<&String> =
        parts.iter().filter(|(name, _)| name.starts_with("xl/worksheets/sheet")).map(|(_, xml)| xml).collect();
    assert_eq!(sheets.len(), SHEETS.len());
    for xml in sheets.iter().filter(|xml| !xml.contains("<drawing")) {
        for part in ["<autoFilter", "state=\"frozen\"", "<cols>", "orientation=\"landscape\""] {
            assert!(xml.contains(part), "{part}");
        }
    }
}

#[test]
fn no_entry_uses_the_large_format_that_libreoffice_refuses() {
    let (view, _rows) = fixture::view();
    let bytes = bytes(&view);
    // A zip64 extra field of a local header begins with id 0x0001 and, in a streamed entry, both sizes all ones.
    assert!(!bytes.windows(8).any(|window| window == [0xff; 8]));
}

#[test]
fn a_logo_is_shown_and_one_that_is_no_picture_is_left_out() {
    // The smallest PNG there is: one grey pixel.
    let pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mOoBwAAgQCA4jOmDwAAAABJRU5ErkJggg==";
    for (logo, shown) in [(STANDARD.decode(pixel).unwrap(), true), (b"GIF?".to_vec(), false)] {
        let mut head = fixture::head();
        head.branding.logo = Some(Logo { media_type: "image/png".to_owned(), bytes: logo });
        let (view, _rows) = fixture::view_of(head, fixture::rows());
        let bytes = bytes(&view);
        let archive = zip::ZipArchive::new(Cursor::new(&bytes)).unwrap();
        assert_eq!(archive.file_names().flatten().any(|name| name == "xl/media/image1.png"), shown);
    }
}

/// The members of the workbook's archive by name, as text.
fn parts(bytes: &[u8]) -> Vec<(String, String)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    (0..archive.len())
        .map(|place| {
            let mut member = archive.by_index(place).unwrap();
            let mut xml = String::new();
            member.read_to_string(&mut xml).unwrap();
            (member.name().unwrap().into_owned(), xml)
        })
        .collect()
}
