//! Which of the three formats a file is in, and its text.

use super::table::Table;
use super::{clixml, csv, json};

/// Reads a file of any of the formats; the message follows the file's name.
pub(super) fn table(bytes: &[u8]) -> Result<Table, String> {
    let text = decode(bytes)?;
    let start = text.trim_start();
    if start.is_empty() {
        return Err(" is empty".to_owned());
    }
    if start.starts_with(['{', '[']) {
        json::read(start)
    } else if start.starts_with('<') {
        clixml::read(start)
    } else {
        csv::read(&text)
    }
}

/// The text of a file: UTF-8 or UTF-16 with or without mark, else the code page of western Windows.
fn decode(bytes: &[u8]) -> Result<String, String> {
    let (encoding, skip) = match bytes {
        [0xff, 0xfe, ..] => (encoding_rs::UTF_16LE, 2),
        [0xfe, 0xff, ..] => (encoding_rs::UTF_16BE, 2),
        [0xef, 0xbb, 0xbf, ..] => (encoding_rs::UTF_8, 3),
        // Every format begins with two characters of ASCII, which show the order of bytes.
        [_, 0, _, 0, ..] => (encoding_rs::UTF_16LE, 0),
        [0, _, 0, _, ..] => (encoding_rs::UTF_16BE, 0),
        _ if std::str::from_utf8(bytes).is_ok() => (encoding_rs::UTF_8, 0),
        _ => (encoding_rs::WINDOWS_1252, 0),
    };
    let (text, damaged) = encoding.decode_without_bom_handling(bytes.get(skip..).unwrap_or_default());
    if damaged || text.contains('\0') {
        return Err(format!(" is damaged, or no text (read as {})", encoding.name()));
    }
    Ok(text.into_owned())
}
