//! The workbook in a real spreadsheet program. Needs LibreOffice Calc; says so and passes where there is none.

use std::fs;
use std::process::Command;

use ewsready::report::{FormatKind, write_all};

use super::fixture;

/// Export filter: comma, double quotes, UTF-8, all columns as shown, no formulas, sheet number.
fn filter(sheet: usize) -> String {
    format!("csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,{sheet}")
}

#[test]
fn libreoffice_opens_the_workbook_and_reads_every_user() {
    let (view, _rows) = fixture::view();
    let folder = tempfile::tempdir().unwrap();
    let files = write_all(&view, folder.path(), &[FormatKind::Xlsx]).unwrap();
    let profile = format!("-env:UserInstallation=file://{}", folder.path().join("profile").display());
    let out = folder.path().join("csv");
    let mut command = Command::new("soffice");
    command.args([&profile, "--headless", "--convert-to", &filter(2), "--outdir"]).arg(&out).arg(&files[0]);
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => {
            eprintln!("SKIPPED: the workbook is not tried in LibreOffice, because soffice cannot be started ({error})");
            return;
        }
    };
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && !told.contains("could not be loaded"), "{told}");
    let sheet = fs::read_dir(&out).unwrap().next().expect("a sheet was exported").unwrap().path();
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(sheet).unwrap();
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), 60);
    assert_eq!(&records[2][1], "user00003@contoso.example");
    assert_eq!(&records[20][2], "=cmd|' /C calc'!A0", "text stays text");
    assert_eq!(&records[25][2], "<script>alert(1)</script>");
}
