//! Any table in any form is read back as it was written, and no byte sequence makes an entry disappear.
#![cfg(test)]

use std::path::PathBuf;

use ewsready::roster::{self, Encoding, Entry, Input, Options, Roster};
use proptest::prelude::*;
use tempfile::TempDir;

/// How a table is written to a text.
#[derive(Debug, Clone)]
struct Form {
    delimiter: u8,
    end: &'static str,
    encoding: Encoding,
    quoted: bool,
    before: &'static str,
    titles: usize,
    header: usize,
}

/// Headers of tools and languages, with the place of the address column.
const HEADERS: [(&[&str], usize); 6] = [
    (&["Name", "Email", "Department"], 1),
    (&["E-Mail-Adresse", "Anzeigename", "Abteilung"], 0),
    (&["Nom complet", "Service", "Adresse e-mail"], 2),
    (&["Nombre completo", "Correo electrónico", "Departamento"], 1),
    (&["Username", "Email", "Profile"], 1),
    (&["PrimarySmtpAddress", "DisplayName", "UserPrincipalName"], 0),
];

const ENCODINGS: [Encoding; 8] = [
    Encoding::Utf8 { bom: false },
    Encoding::Utf8 { bom: true },
    Encoding::Utf16Le { bom: false },
    Encoding::Utf16Le { bom: true },
    Encoding::Utf16Be { bom: false },
    Encoding::Utf16Be { bom: true },
    Encoding::Windows1252,
    Encoding::MacRoman,
];

fn encoded(text: &str, encoding: Encoding) -> Vec<u8> {
    let wide = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    match encoding {
        Encoding::Utf8 { bom: false } => text.as_bytes().to_vec(),
        Encoding::Utf8 { bom: true } => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        Encoding::Utf16Le { bom: false } => wide(u16::to_le_bytes),
        Encoding::Utf16Le { bom: true } => [vec![0xff, 0xfe], wide(u16::to_le_bytes)].concat(),
        Encoding::Utf16Be { bom: false } => wide(u16::to_be_bytes),
        Encoding::Utf16Be { bom: true } => [vec![0xfe, 0xff], wide(u16::to_be_bytes)].concat(),
        Encoding::Windows1252 => encoding_rs::WINDOWS_1252.encode(text).0.into_owned(),
        Encoding::MacRoman => encoding_rs::MACINTOSH.encode(text).0.into_owned(),
    }
}

fn form() -> impl Strategy<Value = Form> {
    (
        prop::sample::select(vec![b',', b';', b'\t', b'|']),
        prop::sample::select(vec!["\n", "\r\n", "\r"]),
        prop::sample::select(ENCODINGS.to_vec()),
        any::<bool>(),
        prop::sample::select(vec!["", "sep", "#TYPE Selected.System.String", "version:v1.0"]),
        0..3_usize,
        0..HEADERS.len(),
    )
        .prop_map(|(delimiter, end, encoding, quoted, before, titles, header)| Form {
            delimiter,
            end,
            encoding,
            quoted,
            before,
            titles,
            header,
        })
}

/// A person: local part, other cells. Names have the letters that Windows-1252 and Mac Roman share.
fn people() -> impl Strategy<Value = Vec<(String, String, String)>> {
    let name = "[A-Z][a-zäöüéèñç]{2,8}( [A-Z][a-zäöüßéèñç]{2,8})?";
    let note = "[A-Z][a-z ,;|]{0,9}[a-z]";
    prop::collection::vec(("[a-z]{1,8}(\\.[a-z]{1,8})?", name, note), 2..30)
}

/// The same table as rows of cells, and the addresses in it.
fn table(people: &[(String, String, String)], header: usize) -> (Vec<Vec<String>>, Vec<String>) {
    let (names, at) = HEADERS[header];
    let mut rows = vec![names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()];
    let mut addresses = Vec::new();
    for (n, (local, name, note)) in people.iter().enumerate() {
        let address = format!("{local}{n}@contoso.example");
        let mut row = vec![name.clone(), note.clone()];
        row.insert(at, address.clone());
        if names[0] == "Username" {
            row[0] = format!("{local}{n}@contoso.crm");
        }
        if names[2] == "UserPrincipalName" {
            row[2] = format!("{local}{n}@contoso.local");
        }
        rows.push(row);
        addresses.push(address);
    }
    (rows, addresses)
}

fn written(rows: &[Vec<String>], form: &Form) -> String {
    let delimiter = char::from(form.delimiter);
    let cell = |cell: &String| {
        let must = cell.contains([delimiter, '"', '\n', '\r']);
        if form.quoted || must { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.clone() }
    };
    let mut lines: Vec<String> = Vec::new();
    match form.before {
        "" => {}
        "sep" => lines.push(format!("sep={delimiter}")),
        other => lines.push(other.to_owned()),
    }
    lines.extend((0..form.titles).map(|n| format!("Pilot group {n}")));
    lines.extend(rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>().join(&delimiter.to_string())));
    lines.join(form.end) + form.end
}

fn saved(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("writes");
    (folder, path)
}

fn read(path: PathBuf) -> Result<(Roster, Vec<Entry>), String> {
    let mut roster = roster::open(&[Input::from(path)], &Options::default()).map_err(|error| error.to_string())?;
    let entries = roster.entries().collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?;
    Ok((roster, entries))
}

fn shown(entries: &[Entry]) -> Vec<String> {
    entries
        .iter()
        .map(|entry| entry.address.as_ref().map_or_else(ToString::to_string, |a| a.shown().to_owned()))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_table_in_any_form_is_read_back(people in people(), form in form()) {
        let (rows, addresses) = table(&people, form.header);
        let (_folder, path) = saved("table.dat", &encoded(&written(&rows, &form), form.encoding));
        let (roster, entries) = read(path).map_err(|error| TestCaseError::fail(format!("{error}\n{form:?}")))?;
        let source = &roster.sources()[0];
        prop_assert_eq!(shown(&entries), addresses, "{}", source);
        let columns: Vec<Vec<String>> = entries.iter().map(|entry| entry.columns.clone()).collect();
        prop_assert_eq!(&columns, &rows[1..], "{}", source);
        prop_assert_eq!(roster.columns(), rows[0].as_slice());
        let first = u64::from(!form.before.is_empty()) + form.titles as u64 + 2;
        let lines: Vec<u64> = entries.iter().map(|entry| entry.line).collect();
        prop_assert_eq!(lines, (first..).take(entries.len()).collect::<Vec<_>>());
        // ASCII alone does not tell the single-byte encodings from UTF-8.
        let ascii = rows.iter().flatten().all(|cell| cell.is_ascii());
        if !ascii || !matches!(form.encoding, Encoding::Windows1252 | Encoding::MacRoman) {
            prop_assert_eq!(source.encoding, Some(form.encoding));
        }
    }

    #[test]
    fn a_list_is_read_back_however_it_is_pasted(
        people in people(),
        encoding in prop::sample::select(ENCODINGS.to_vec()),
        end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
        style in 0..6_usize,
    ) {
        let (rows, addresses) = table(&people, 0);
        let paste = |(n, address): (usize, &String)| match style {
            0 => address.clone(),
            1 => format!("{} <{address}>", rows[n + 1][0]),
            2 => format!("<{address}>;"),
            3 => format!("mailto:{address}"),
            4 => format!("Doe, {} <{address}>", rows[n + 1][0]),
            _ => format!("  {address}\t"),
        };
        let lines: Vec<String> = addresses.iter().enumerate().map(paste).collect();
        let (_folder, path) = saved("list", &encoded(&lines.join(end), encoding));
        let (roster, entries) = read(path).map_err(TestCaseError::fail)?;
        prop_assert_eq!(shown(&entries), addresses, "{}", &roster.sources()[0]);
        prop_assert_eq!(roster.sources()[0].form.as_str(), "plain list");
    }

    #[test]
    fn no_line_disappears_whatever_the_bytes(bytes in prop::collection::vec(any::<u8>(), 0..3000), zeros in any::<bool>()) {
        let mut text = b"Email,Name\nada@contoso.example,Ada\n".to_vec();
        // Without quotation marks every line end ends a record, so lines can be counted independently.
        text.extend(bytes.iter().map(|b| if *b == b'"' || *b == 0 && !zeros { b'x' } else { *b }));
        let (_folder, path) = saved("bytes.csv", &text);
        if let Ok((roster, entries)) = read(path) {
            let ends = text.iter().enumerate().filter(|(at, b)| match b {
                b'\n' => *at == 0 || text[at - 1] != b'\r',
                b'\r' => true,
                _ => false,
            });
            let lines = ends.count() as u64 + u64::from(!text.ends_with(b"\n") && !text.ends_with(b"\r"));
            let totals = roster.totals();
            let skipped = roster.sources()[0].header_line.unwrap_or(0);
            prop_assert_eq!(totals.entries, entries.len() as u64);
            prop_assert_eq!(totals.entries + totals.blanks + totals.left_out + skipped, lines, "{}", &roster.sources()[0]);
            prop_assert!(entries.windows(2).all(|pair| pair[0].line < pair[1].line));
        } else {
            prop_assert!(zeros || bytes.iter().any(u8::is_ascii_control), "refused without binary data");
        }
    }

    #[test]
    fn arbitrary_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..2000), start in 0..6_usize) {
        let start: &[u8] = [&b""[..], b"a@b.example\n", b"\"", b"\xff\xfe", b"PK\x03\x04", b"Email;X\n\"a@b.example\";\""][start];
        let (_folder, path) = saved("bytes", &[start, &bytes].concat());
        match read(path) {
            Ok((roster, entries)) => prop_assert_eq!(roster.totals().entries, entries.len() as u64),
            Err(error) => prop_assert!(error.contains("bytes: "), "{}", error),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn a_table_in_a_workbook_is_read_back(
        people in people(),
        header in 0..HEADERS.len(),
        titles in 0..4_u32,
        before in 0..3_usize,
        gap in 0..3_u32,
    ) {
        let (rows, addresses) = table(&people, header);
        let mut workbook = rust_xlsxwriter::Workbook::new();
        for n in 0..before {
            workbook.add_worksheet().write(n as u32, 0, "Notes").expect("writes");
        }
        let sheet = workbook.add_worksheet();
        sheet.set_name("People").expect("name");
        for title in 0..titles {
            sheet.write(title, 0, "Pilot group").expect("writes");
        }
        for (at, row) in rows.iter().enumerate() {
            let down = titles + at as u32 + if at > 1 { gap } else { 0 };
            for (across, cell) in row.iter().enumerate() {
                sheet.write_string(down, across as u16 + 1, cell).expect("writes");
            }
        }
        let (_folder, path) = saved("table.xlsx", &workbook.save_to_buffer().expect("saves"));
        let (roster, entries) = read(path).map_err(TestCaseError::fail)?;
        prop_assert_eq!(shown(&entries), addresses, "{}", &roster.sources()[0]);
        let columns: Vec<Vec<String>> = entries.iter().map(|entry| entry.columns.clone()).collect();
        prop_assert_eq!(&columns, &rows[1..]);
        prop_assert_eq!(roster.sources()[0].sheet.as_deref(), Some("People"));
        prop_assert_eq!(roster.totals().blanks, if entries.len() > 1 { u64::from(gap) } else { 0 });
        prop_assert_eq!(entries[0].line, u64::from(titles) + 2);
    }
}
