//! `readiness.xlsx`: the workbook that is handed over.
//!
//! Sheets that grow with the roster are written row by row to disk and filled side by side; only the summary, which
//! has charts, is kept in memory. Every sheet is always there, even if empty. Texts are always written as texts, so
//! that nothing starts a formula. The same view gives the same bytes.

mod grid;
mod history;
pub(super) mod rollup;
mod small;
mod style;
mod summary;
mod users;
pub(super) mod waves;

use std::io::{Seek, Write};

use rust_xlsxwriter::{DocProperties, Workbook, XlsxError};

use self::grid::{Book, DATA_ROWS};
use self::style::Style;
use self::users::UserSheets;
use super::page::title;
use super::{ReportError, View};

/// Excel's own choice of compression: a third faster than the library's, an eighth larger.
const COMPRESSION: u8 = 3;

/// Bytes of rows' texts from which a worksheet may pass the 4 GB of an ordinary zip entry. Below, the larger entry format is
/// avoided: LibreOffice refuses workbooks that use it.
const ZIP64_FROM: u64 = 1 << 30;

/// Writes the workbook.
///
/// # Errors
///
/// [`ReportError`] when `out` fails, scratch files cannot be made, or the rows cannot be read.
pub fn write<W: Write + Seek + Send>(view: &View, out: &mut W) -> Result<(), ReportError> {
    write_split(view, out, DATA_ROWS)
}

/// Writes the workbook with at most `rows_per_sheet` users on a sheet.
fn write_split<W: Write + Seek + Send>(view: &View, out: &mut W, rows_per_sheet: usize) -> Result<(), ReportError> {
    let failed = |error: XlsxError| ReportError::format("xlsx")(&error);
    let style = Style::new(&view.head.branding);
    let book = Book { style: &style, texts: &view.texts, page_header: page_header(view) };
    let mut workbook = Workbook::new();
    workbook.set_tempdir(view.spool.folder()).map_err(failed)?;
    workbook.set_zip_compression_level(COMPRESSION).use_zip_large_file(view.spool.text_bytes() > ZIP64_FROM);
    workbook.set_properties(&properties(view));
    style.register(&mut workbook);

    let users = UserSheets::plan(view, &mut workbook, &book, rows_per_sheet).map_err(failed)?;
    let summary = summary::sheet(view, &book, &users.split).map_err(failed)?;
    let users = users.fill()?;
    let small = small::sheets(view, &mut workbook, &book).map_err(failed)?;
    let changes = history::changes(view, &mut workbook, &book).map_err(failed)?;
    let trend = history::trend(view, &book).map_err(failed)?;
    workbook.push_worksheet(summary);
    for sheet in users.into_iter().chain(small).chain([changes, trend]) {
        workbook.push_worksheet(sheet);
    }
    workbook.save_to_writer(out).map_err(failed)
}

fn page_header(view: &View) -> String {
    let parts = [title(view), &view.head.tenant.name, &view.head.branding.client];
    grid::page_header(&parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · "))
}

/// Document properties; the time is the run's, so that a second rendering gives the same file.
fn properties(view: &View) -> DocProperties {
    let head = &view.head;
    let clean = |text: &str| super::clean::controls(text).into_owned();
    let properties = DocProperties::new()
        .set_title(clean(title(view)))
        .set_subject(clean(&head.tenant.name))
        .set_company(clean(&head.branding.client))
        .set_author(clean(&head.branding.author))
        .set_comment(format!("ewsready {}, run {}", clean(&head.tool_version), clean(&head.run_id)));
    let made = head.finished.or(head.started).and_then(grid::excel_time);
    properties.set_creation_datetime(&made.unwrap_or_else(epoch))
}

/// A fixed moment for a run without times.
pub(super) fn epoch() -> rust_xlsxwriter::ExcelDateTime {
    grid::excel_time(jiff::Timestamp::UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use calamine::{Reader as _, Xlsx};

    use super::*;
    use crate::report::row::Row;
    use crate::report::{Head, SpoolWriter};
    use crate::verdict::{EwsToday, GraphState, LicenceState, RoutingState, Urgency, Verdict};

    fn row(number: u64) -> Row {
        Row {
            row: number,
            address: format!("user{number}@contoso.example"),
            display_name: String::new(),
            object_id: String::new(),
            verdict: if number.is_multiple_of(3) { Verdict::Blocked } else { Verdict::MoveToGraphEac },
            reason: "graph/answers".to_owned(),
            cause: String::new(),
            what_stops: String::new(),
            next_action: String::new(),
            urgency: Urgency::Soon,
            alternative: String::new(),
            licence: LicenceState::Full,
            ews_today: EwsToday::Works,
            routing: RoutingState::ExchangeOnline,
            graph: GraphState::Answers,
            products: Vec::new(),
            wave: String::new(),
            department: String::new(),
            owner: String::new(),
            domain: String::new(),
            evidence: Vec::new(),
            findings: Vec::new(),
            integrations: Vec::new(),
            extras: Vec::new(),
        }
    }

    #[test]
    fn what_a_sheet_cannot_hold_goes_on_in_further_ones_and_the_summary_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = SpoolWriter::create_in(folder.path()).unwrap();
        for number in 1..=7 {
            writer.push(&row(number)).unwrap();
        }
        let (spool, sums) = writer.finish().unwrap();
        let view = View::new(Head::default(), spool, sums).unwrap();
        let mut out = Cursor::new(Vec::new());
        write_split(&view, &mut out, 3).unwrap();

        let mut book: Xlsx<_> = Xlsx::new(out).unwrap();
        let names = book.sheet_names()[..7].join(",");
        assert_eq!(names, "Summary,Users,Users 2,Users 3,Blocked,License,Graph-EAC");
        let mut rows = Vec::new();
        for name in ["Users", "Users 2", "Users 3"] {
            let sheet = book.worksheet_range(name).unwrap();
            assert_eq!(sheet.rows().next().unwrap()[1].to_string(), "Address", "each part has its header");
            rows.extend(sheet.rows().skip(1).map(|row| row[0].to_string()));
        }
        assert_eq!(rows, ["1", "2", "3", "4", "5", "6", "7"]);
        let summary = book.worksheet_range("Summary").unwrap();
        let told = summary.rows().any(|row| row[0].to_string().starts_with("Users holds more rows"));
        assert!(told, "the summary says so");
    }
}
