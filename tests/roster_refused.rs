//! What is no roster gets a sentence: what it is, and what to give instead.
#![cfg(test)]

use std::path::PathBuf;

use ewsready::roster::{self, Input, Options};
use tempfile::TempDir;

fn refused(name: &str, bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("writes");
    told(&folder, path)
}

fn told(folder: &TempDir, path: PathBuf) -> String {
    let error = roster::open(&[Input::from(path)], &Options::default()).err().expect("refused");
    assert!(!error.hint().is_empty(), "{error}");
    let message = error.message().replace(&format!("{}/", folder.path().display()), "");
    format!("{message}\n  hint: {}", error.hint())
}

fn compound(stream: &str) -> Vec<u8> {
    let mut bytes = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    bytes.resize(1024, 0);
    bytes.extend("Root Entry\0".encode_utf16().flat_map(u16::to_le_bytes));
    bytes.resize(1152, 0);
    bytes.extend(stream.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
    bytes.resize(4096, 0);
    bytes
}

#[test]
fn each_kind_of_file_that_is_no_roster_is_named() {
    let zip = {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        zip.start_file("users.csv", zip::write::SimpleFileOptions::default()).expect("part");
        zip.finish().expect("finishes").into_inner()
    };
    let garbage: Vec<u8> = (0..8192_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let samples: Vec<(&str, Vec<u8>)> = vec![
        ("empty.csv", Vec::new()),
        ("blank.csv", b"\xef\xbb\xbf\r\n\r\n".to_vec()),
        ("archive.zip", zip),
        ("list.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec()),
        ("report.xls", b"<html><table><tr><td>ada@contoso.example</td></tr></table></html>".to_vec()),
        ("protected.xlsx", compound("EncryptedPackage")),
        ("old.xls", compound("Workbook")),
        ("list.csv.gz", b"\x1f\x8b\x08\0\0\0\0\0".to_vec()),
        ("users.json", b"{\"value\": [{\"mail\": \"ada@contoso.example\"}]}".to_vec()),
        ("screenshot.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec()),
        ("garbage.bin", garbage),
        ("prices.csv", b"Product;Price\nPen;3\nInk;4\n".to_vec()),
        ("letter.txt", b"Dear Ada,\nplease send the list.\n".to_vec()),
        ("servers.csv", b"Server;Owner\nweb1;it@contoso.example\n".to_vec()),
    ];
    let told: Vec<String> = samples.iter().map(|(name, bytes)| refused(name, bytes)).collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_path_that_leads_nowhere_is_named() {
    let folder = tempfile::tempdir().expect("folder");
    assert!(told(&folder, folder.path().join("no.csv")).starts_with("no.csv: no such file"));
    let error = roster::open(&[Input::from(folder.path().to_owned())], &Options::default()).err().expect("refused");
    assert!(error.message().ends_with("is a folder, not a roster"), "{error}");
    let error = roster::open(&[Input::Stdin, Input::Stdin], &Options::default()).err();
    assert!(error.is_some());
}

#[test]
fn one_file_that_is_no_roster_refuses_them_all() {
    let folder = tempfile::tempdir().expect("folder");
    let good = folder.path().join("good.csv");
    let bad = folder.path().join("bad.csv");
    std::fs::write(&good, "Email\nada@contoso.example\n").expect("writes");
    std::fs::write(&bad, "%PDF-1.4").expect("writes");
    let error = roster::open(&[Input::from(good), Input::from(bad)], &Options::default()).err().expect("refused");
    assert!(error.message().contains("bad.csv: is a PDF document"), "{error}");
}
