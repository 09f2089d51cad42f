//! What a file is, by its first bytes: a text, a workbook, or something that is no roster.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::encoding::read_full;

/// How many bytes at the beginning tell what a file is.
const SAMPLE: usize = 4096;
/// How much of a compound file is searched for the names of its streams, in bytes.
const COMPOUND_LIMIT: u64 = 64 * 1024 * 1024;
/// One control character in this many bytes is still a text.
const CONTROLS: usize = 50;

const EXPORT: &str = "export the list as CSV or XLSX";
const SAVE_AS: &str = "open it and save it as an Excel workbook (.xlsx) or as CSV UTF-8";
const UNPACK: &str = "unpack it and give the CSV or XLSX file inside";

/// What a file is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Characters, in an encoding still to be found.
    Text,
    /// A ZIP container: a workbook, perhaps.
    Zip,
    /// No roster: what it is, and what to give instead.
    Foreign(&'static str, &'static str),
}

/// Formats by the bytes they start with.
const SIGNATURES: &[(&[u8], &str, &str)] = &[
    (b"%PDF-", "a PDF document", "ask for the list itself, as CSV or XLSX; a printed list cannot be read reliably"),
    (b"\x1f\x8b", "a gzip archive", UNPACK),
    (b"BZh", "a bzip2 archive", UNPACK),
    (b"\xfd7zXZ\0", "an xz archive", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", UNPACK),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive", UNPACK),
    (b"{\\rtf", "a rich text document", SAVE_AS),
    (b"\x89PNG", "a picture", EXPORT),
    (b"\xff\xd8\xff", "a picture", EXPORT),
    (b"GIF8", "a picture", EXPORT),
    (b"SQLite format 3\0", "an SQLite database", EXPORT),
    (b"!BDN", "an Outlook data file (PST)", EXPORT),
    (b"\0\x01\0\0Standard ", "an Access database", EXPORT),
    (b"MZ", "a Windows program", EXPORT),
    (b"\x7fELF", "a program", EXPORT),
    (b"PAR1", "a Parquet file", EXPORT),
    (b"\x09\x08\x10\x00\x00\x06\x05\x00", "an old Excel workbook (.xls)", SAVE_AS),
];

/// Text formats by how they start, in lower case.
const MARKUP: &[(&str, &str, &str)] = &[
    ("<!doctype html", "an HTML page, whatever its name says", SAVE_AS),
    ("<html", "an HTML page, whatever its name says", SAVE_AS),
    ("<table", "an HTML table, whatever its name says", SAVE_AS),
    ("<head", "an HTML page, whatever its name says", SAVE_AS),
    ("<meta", "an HTML page, whatever its name says", SAVE_AS),
    ("<?xml", "an XML document", SAVE_AS),
    ("begin:vcard", "a vCard address book", EXPORT),
    ("begin:vcalendar", "a calendar", EXPORT),
    ("-----begin ", "a key or certificate", "give the list of users; keys do not belong in a roster"),
    ("received: ", "a mail message", "save its attachment and give that"),
    ("return-path: ", "a mail message", "save its attachment and give that"),
    ("mime-version: ", "a mail message or a web archive", "save its attachment and give that"),
];

/// Streams that tell what a compound file (MS-CFB) holds.
const STREAMS: &[(&str, &str, &str)] = &[
    (
        "EncryptedPackage",
        "a workbook protected with a password",
        "open it in Excel, remove the password (File, Info, Protect Workbook) and save it, or save the sheet as CSV",
    ),
    ("Workbook", "an old Excel workbook (.xls)", SAVE_AS),
    ("Book", "an old Excel workbook (.xls)", SAVE_AS),
    ("WordDocument", "a Word document", SAVE_AS),
    ("PowerPoint Document", "a presentation", EXPORT),
    ("__properties_version1.0", "an Outlook message", "save its attachment and give that"),
];

/// Tells what a file is and winds it back.
pub(super) fn of(file: &mut File) -> io::Result<Kind> {
    let mut sample = vec![0; SAMPLE];
    file.seek(SeekFrom::Start(0))?;
    let read = read_full(file, &mut sample)?;
    sample.truncate(read);
    file.seek(SeekFrom::Start(0))?;
    if sample.starts_with(b"PK\x03\x04") || sample.starts_with(b"PK\x05\x06") || sample.starts_with(b"PK\x07\x08") {
        return Ok(Kind::Zip);
    }
    if sample.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        let (what, hint) = compound(file)?;
        file.seek(SeekFrom::Start(0))?;
        return Ok(Kind::Foreign(what, hint));
    }
    Ok(of_sample(&sample))
}

fn of_sample(sample: &[u8]) -> Kind {
    // A few letters may also be the beginning of a header ("MZ-Nr"): then the rest has to be binary, too.
    let certain = |start: &[u8]| start.len() > 4 || !start.is_ascii() || start.iter().any(u8::is_ascii_control);
    let signed =
        |(start, ..): &&(&[u8], &str, &str)| sample.starts_with(start) && (certain(start) || is_binary(sample));
    if let Some((_, what, hint)) = SIGNATURES.iter().find(signed) {
        return Kind::Foreign(what, hint);
    }
    let marks = [b"\xef\xbb\xbf".as_slice(), b"\xff\xfe", b"\xfe\xff"];
    let inked = marks.iter().find_map(|mark| sample.strip_prefix(*mark)).unwrap_or(sample);
    if sample.len() < SAMPLE && inked.iter().all(u8::is_ascii_whitespace) {
        return Kind::Foreign("empty", EXPORT);
    }
    let start: String =
        sample.iter().filter(|b| b.is_ascii_graphic() || **b == b' ').take(64).map(|b| char::from(*b)).collect();
    let start = start.trim_start().to_ascii_lowercase();
    if let Some((_, what, hint)) = MARKUP.iter().find(|(markup, ..)| start.starts_with(markup)) {
        return Kind::Foreign(what, hint);
    }
    if start.starts_with("{\"") || start.starts_with("[{") || start.starts_with("{ \"") || start.starts_with("[ {") {
        return Kind::Foreign("a JSON document", EXPORT);
    }
    if is_binary(sample) { Kind::Foreign("not a text: it holds binary data", EXPORT) } else { Kind::Text }
}

/// Zero bytes outside UTF-16, or many control characters.
fn is_binary(sample: &[u8]) -> bool {
    let zeros = [0, 1].map(|side| sample.iter().skip(side).step_by(2).filter(|b| **b == 0).count());
    let marked = sample.starts_with(b"\xff\xfe") || sample.starts_with(b"\xfe\xff");
    let total = zeros[0] + zeros[1];
    // In UTF-16 of western text the zeros are all on one side.
    if total > 0 && !marked && (zeros[0].min(zeros[1]) * 10 >= total || total * 4 < sample.len()) {
        return true;
    }
    let control = |b: &&u8| b.is_ascii_control() && !matches!(b, 0 | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c | 0x1a | 0x7f);
    let controls = sample.iter().filter(control).count();
    controls > 4 && controls * CONTROLS > sample.len()
}

/// Looks for the names of streams, which a compound file holds in UTF-16.
fn compound(file: &mut File) -> io::Result<(&'static str, &'static str)> {
    let names: Vec<Vec<u8>> = STREAMS
        .iter()
        .map(|(name, ..)| [name, "\0"].concat().encode_utf16().flat_map(u16::to_le_bytes).collect())
        .collect();
    let mut found = STREAMS.len();
    let mut window: Vec<u8> = Vec::new();
    let mut chunk = vec![0; 64 * 1024];
    let mut from = file.take(COMPOUND_LIMIT);
    loop {
        let read = read_full(&mut from, &mut chunk)?;
        if read == 0 {
            break;
        }
        window.extend_from_slice(chunk.get(..read).unwrap_or_default());
        let hits = names.iter().map(|name| memchr::memmem::find(&window, name).is_some());
        found = hits.enumerate().find(|(_, hit)| *hit).map_or(found, |(at, _)| found.min(at));
        // A name may lie across two chunks.
        window.drain(..window.len().saturating_sub(64));
    }
    Ok(STREAMS.get(found).map_or(("an old Office document", SAVE_AS), |(_, what, hint)| (*what, *hint)))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn what(bytes: &[u8]) -> Kind {
        let mut file = tempfile::tempfile().expect("file");
        file.write_all(bytes).expect("write");
        of(&mut file).expect("reads")
    }

    fn foreign(bytes: &[u8]) -> &'static str {
        match what(bytes) {
            Kind::Foreign(what, hint) => {
                assert!(!hint.is_empty());
                what
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn names_what_is_no_roster() {
        assert_eq!(foreign(b"%PDF-1.7\n"), "a PDF document");
        assert_eq!(foreign(b""), "empty");
        assert_eq!(foreign(b"\r\n \n"), "empty");
        assert_eq!(foreign(b"\xef\xbb\xbf"), "empty");
        assert_eq!(foreign(b"\xef\xbb\xbf \n<HTML><body>"), "an HTML page, whatever its name says");
        assert_eq!(foreign(b"\n<!DOCTYPE html>"), "an HTML page, whatever its name says");
        assert_eq!(foreign(b"{\"value\": []}"), "a JSON document");
        assert_eq!(foreign(b"BEGIN:VCARD\r\n"), "a vCard address book");
        assert_eq!(foreign(&[0, 1, 2, 3, 200, 0, 0, 7, 8, 9]), "not a text: it holds binary data");
    }

    #[test]
    fn tells_a_protected_workbook_from_an_old_one() {
        let compound = |name: &str| {
            let mut bytes = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
            bytes.resize(64 * 1024 - 7, 0);
            bytes.extend(name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
            bytes
        };
        assert_eq!(foreign(&compound("EncryptedPackage")), "a workbook protected with a password");
        assert_eq!(foreign(&compound("Workbook")), "an old Excel workbook (.xls)");
        assert_eq!(foreign(&compound("Else")), "an old Office document");
    }

    #[test]
    fn texts_of_all_encodings_are_texts() {
        let text = "Name,Mail\r\nJürgen,j@contoso.example\r\n";
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [text.as_bytes(), &le, &be, &[b"\xff\xfe", le.as_slice()].concat(), b"J\xfcrgen\x1a", b"\xe9\xe8"]
        {
            assert_eq!(what(bytes), Kind::Text, "{bytes:?}");
        }
        assert_eq!(what(b"PK\x03\x04rest"), Kind::Zip);
        assert_eq!(what(b"MZ-Nr;Email\n1;ada@contoso.example\n"), Kind::Text);
        assert_eq!(foreign(b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0"), "a Windows program");
    }
}
