//! The sheets about earlier runs: what moved since the last one, and the course over all of them.

use rust_xlsxwriter::{Chart, ChartLegendPosition, ChartSolidFill, ChartType, Workbook, Worksheet, XlsxError};

use super::grid::{self, Book, Cell, Column, Grid};
use super::style::{Tone, colour};
use crate::compare::{Change, Kind, Outcome};
use crate::plan::progress::{Line, State};
use crate::report::{Texts, View, standing, trend};
use crate::verdict::Verdict;

/// Every change since the run before, one row each, then who is behind or ahead of the plan or has moved; only the
/// header when there is neither.
pub fn changes(view: &View, workbook: &mut Workbook, book: &Book<'_>) -> Result<Worksheet, XlsxError> {
    let texts = book.texts;
    let column = |section: &str, id: &'static str, width| Column::new(texts.get(section, id), width);
    let columns = vec![
        column("change", "kind", 34),
        column("column", "address", 40),
        column("change", "was_address", 40),
        column("change", "before", 26),
        column("column", "reason", 34),
        column("change", "after", 26),
        column("column", "reason", 34),
        column("column", "cause", 60),
        column("column", "owner", 24),
        column("column", "object_id", 38),
    ];
    let changes: &[Change] = view.history.changes.as_ref().map_or(&[], |changes| &changes.users);
    let planned = view.history.plan.as_ref();
    let rows = changes.len() + planned.map_or(0, |against| standing::named(against).count());
    let mut sheet = Grid::new(workbook, book, texts.get("sheet", "changes"), columns, rows)?;
    sheet.freeze(2)?;
    // What a sheet cannot hold stands in the JSON file.
    for change in changes.iter().take(grid::DATA_ROWS) {
        let verdict = |outcome: &Option<Outcome>| match outcome {
            Some(outcome) => {
                Cell::Text(texts.get("verdict", outcome.verdict.id()).to_owned().into(), Tone::Verdict(outcome.verdict))
            }
            None => Cell::text(""),
        };
        let reason = |outcome: &Option<Outcome>| {
            Cell::text(outcome.as_ref().map(|outcome| outcome.reason.to_string()).unwrap_or_default())
        };
        sheet.push([
            Cell::Text(texts.get("change", change.kind.id()).into(), tone(change.kind)),
            Cell::text(&*change.address),
            Cell::text(change.was_address.as_deref().unwrap_or_default()),
            verdict(&change.before),
            reason(&change.before),
            verdict(&change.after),
            reason(&change.after),
            Cell::text(&*change.cause),
            Cell::text(&*change.owner),
            Cell::text(&*change.object_id),
        ])?;
    }
    for line in planned.into_iter().flat_map(standing::named).take(grid::DATA_ROWS.saturating_sub(changes.len())) {
        sheet.push(planned_row(line, texts))?;
    }
    sheet.finish(8)
}

/// How somebody stands against the plan, in the columns of the changes.
fn planned_row<'a>(line: &'a Line, texts: &Texts) -> [Cell<'a>; 10] {
    let none = || Cell::text("");
    let kind = texts.fill("plan_progress", "kind", &[("state", standing::word(line.state, texts))]);
    [
        Cell::Text(kind.into(), if line.state == State::Behind { Tone::Bad } else { Tone::Good }),
        Cell::text(&*line.address),
        none(),
        none(),
        none(),
        none(),
        none(),
        Cell::text(standing::dates(line, texts)),
        none(),
        Cell::text(&*line.key),
    ]
}

fn tone(kind: Kind) -> Tone {
    match kind {
        _ if kind.regressed() => Tone::Bad,
        Kind::NotAssessed | Kind::OtherCause => Tone::Risk,
        Kind::NewlyReady | Kind::NoLongerBlocked => Tone::Good,
        _ => Tone::Plain,
    }
}

const WIDTHS: [u32; 9] = [16, 16, 12, 16, 16, 16, 16, 16, 60];
/// Rows a chart takes.
const CHART_ROWS: u32 = 16;

/// One row a run with a chart, the forecast in words, and who has been blocked for long.
pub fn trend(view: &View, book: &Book<'_>) -> Result<Worksheet, XlsxError> {
    let (trend, texts, style) = (&view.history.trend, book.texts, book.style);
    let mut sheet = Worksheet::new();
    sheet.set_name(texts.get("sheet", "trend"))?;
    for (column, width) in (0_u16..).zip(WIDTHS) {
        sheet.set_column_width(column, width)?;
    }
    let verdicts = Verdict::ALL.iter().map(|verdict| texts.get("verdict", verdict.id()));
    let first = ["day", "made", "rows"].map(|id| texts.get("trend", id));
    let last = ["left", "causes"].map(|id| texts.get("trend", id));
    for (column, title) in (0_u16..).zip(first.into_iter().chain(verdicts).chain(last)) {
        sheet.write_string_with_format(0, column, title, &style.header)?;
    }
    let mut row = 0;
    for point in &trend.points {
        row += 1;
        // A text, so that the chart has a step a run.
        sheet.write_string_with_format(row, 0, point.label.day().to_string(), style.text(Tone::Plain))?;
        sheet.write_string_with_format(row, 1, point.label.short(), style.text(Tone::Plain))?;
        let counts = [point.rows].into_iter().chain(point.verdicts).chain([point.left()]);
        for (column, count) in (2_u16..).zip(counts) {
            // Counts stay far below 2^53, where whole numbers end to be exact in Excel.
            sheet.write_number_with_format(row, column, count as f64, &style.number)?;
        }
        let causes = point.causes.iter().filter(|(outcome, _)| outcome.verdict != Verdict::MoveToGraphEac);
        let causes: Vec<String> = causes.map(|(outcome, users)| format!("{}: {users}", outcome.reason)).collect();
        sheet.write_string_with_format(row, 8, causes.join(", "), style.text(Tone::Plain))?;
    }
    sheet.autofilter(0, 0, row, 8)?;
    if row > 0 {
        chart(&mut sheet, view, row)?;
        row += CHART_ROWS + 2;
    }
    for sentence in trend::sentences(trend, texts) {
        row += 1;
        sheet.write_string_with_format(row, 0, sentence, &style.note)?;
    }
    long_blocked(&mut sheet, view, book, row + 2)?;
    grid::page(&mut sheet, &book.page_header);
    sheet.set_freeze_panes(1, 1)?;
    Ok(sheet)
}

fn chart(sheet: &mut Worksheet, view: &View, last: u32) -> Result<(), XlsxError> {
    let name = sheet.name();
    let mut chart = Chart::new(ChartType::ColumnStacked);
    for (column, &verdict) in (3_u16..).zip(Verdict::ALL) {
        chart
            .add_series()
            .set_name(view.texts.get("verdict", verdict.id()))
            .set_categories((name.as_str(), 1, 0, last, 0))
            .set_values((name.as_str(), 1, column, last, column))
            .set_format(ChartSolidFill::new().set_color(colour(verdict)))
            .set_gap(60);
    }
    chart.title().set_hidden();
    chart.legend().set_position(ChartLegendPosition::Bottom);
    chart.set_width(760).set_height(CHART_ROWS * 18).set_alt_text(view.texts.get("trend", "title"));
    sheet.insert_chart(last + 2, 0, &chart)?;
    Ok(())
}

fn long_blocked(sheet: &mut Worksheet, view: &View, book: &Book<'_>, mut row: u32) -> Result<(), XlsxError> {
    let (texts, style, long) = (book.texts, book.style, &view.history.trend.long_blocked);
    let title = texts.get("trend", if long.is_empty() { "long_none" } else { "long" });
    sheet.write_string_with_format(row, 0, title, &style.section)?;
    for line in long {
        row += 1;
        sheet.write_string_with_format(row, 0, line.since.to_string(), style.text(Tone::Plain))?;
        sheet.write_number_with_format(row, 2, line.users as f64, &style.number)?;
        sheet.write_string_with_format(row, 3, &*line.reason, &style.label)?;
        let owner = crate::report::clean::cell(&line.owner, |n| grid::cut_note(texts, n));
        sheet.write_string_with_format(row, 6, owner, &style.label)?;
    }
    Ok(())
}
