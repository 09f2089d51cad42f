//! How fast rosters are read, and how much memory that takes: `cargo bench --bench roster`.
#![expect(clippy::expect_used, reason = "a benchmark that cannot make its files has nothing to measure")]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use divan::counter::{BytesCount, ItemsCount};
use divan::{AllocProfiler, Bencher};
use ewsready::roster::{self, Address, Input, Options};
use rust_xlsxwriter::Workbook;

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

/// Lines of the text.
const LINES: usize = 1_000_000;
/// Rows and columns of the sheet.
const ROWS: u32 = 100_000;
const COLUMNS: u16 = 30;

static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().expect("folder"));

/// One million lines, about 60 MB.
static TEXT: LazyLock<PathBuf> = LazyLock::new(|| {
    let path = FOLDER.path().join("million.csv");
    let mut file = BufWriter::new(File::create(&path).expect("file"));
    writeln!(file, "E-Mail-Adresse;Anzeigename;Abteilung;Welle").expect("writes");
    for n in 0..LINES {
        writeln!(file, "user.number{n:07}@contoso.example;Jürgen Weiß {n:07};Vertrieb;{}", n % 9).expect("writes");
    }
    path
});

static SHEET: LazyLock<PathBuf> = LazyLock::new(|| {
    let path = FOLDER.path().join("wide.xlsx");
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet_with_constant_memory().expect("sheet");
    for column in 0..COLUMNS {
        let name = if column == 3 { "Email".to_owned() } else { format!("Attribute {column}") };
        sheet.write(0, column, name).expect("writes");
    }
    for row in 1..=ROWS {
        for column in 0..COLUMNS {
            match column {
                3 => sheet.write(row, column, format!("user{row}@contoso.example")).expect("writes"),
                20.. => sheet.write(row, column, f64::from(row) + f64::from(column)).expect("writes"),
                _ => sheet.write(row, column, format!("value {row} of {column}")).expect("writes"),
            };
        }
    }
    workbook.save(&path).expect("saves");
    path
});

fn read(path: &Path) -> u64 {
    let mut roster = roster::open(&[Input::from(path.to_owned())], &Options::default()).expect("a roster");
    let usable = roster.entries().filter(|entry| entry.as_ref().is_ok_and(|entry| entry.address.is_ok())).count();
    assert_eq!(roster.totals().entries, usable as u64);
    roster.totals().entries
}

#[divan::bench(sample_count = 5)]
fn a_text_of_a_million_lines(bencher: Bencher) {
    let size = TEXT.metadata().expect("size").len();
    bencher.counter(ItemsCount::new(LINES)).counter(BytesCount::new(size)).bench(|| read(&TEXT));
}

#[divan::bench(sample_count = 5)]
fn only_to_understand_a_text_of_a_million_lines(bencher: Bencher) {
    let size = TEXT.metadata().expect("size").len();
    let open = || roster::open(&[Input::from(TEXT.clone())], &Options::default()).is_ok();
    bencher.counter(BytesCount::new(size)).bench(open);
}

#[divan::bench(sample_count = 5)]
fn a_sheet_of_100_000_rows_and_30_columns(bencher: Bencher) {
    LazyLock::force(&SHEET);
    bencher.counter(ItemsCount::new(ROWS)).bench(|| read(&SHEET));
}

#[divan::bench(args = ["jane.doe@contoso.example", "Jane Doe <Jane.Doe@contoso.example>", "info@bücher.example", "tbd"])]
fn one_cell(bencher: Bencher, cell: &str) {
    bencher.bench(|| divan::black_box(cell).parse::<Address>().is_ok());
}

fn main() {
    divan::main();
}
