//! `rollup.xlsx`: all tenants on one page with what needs somebody, a line a tenant, each one's course, and the causes of
//! all of them.

use std::io::Cursor;

use rust_xlsxwriter::{
    Chart, ChartLegendPosition, ChartLine, ChartSolidFill, ChartType, DocProperties, Sparkline, Workbook, Worksheet,
    XlsxError,
};

use super::grid::{self, Book, Cell, Column, Grid};
use super::style::{Style, Tone, colour};
use crate::report::head::Branding;
use crate::report::rollup::{COLUMNS, Figures, Rollup, State, TenantLine, Totals, cells, outlook, question};
use crate::report::{Texts, clean, rollup};
use crate::verdict::Verdict;

/// Tenants the chart shows: those with most left to do.
const CHARTED: usize = 15;
/// Causes on the first sheet.
const CAUSES: usize = 10;
/// Widths of the first sheet: a name, numbers, and a sentence.
const WIDTHS: [u32; 8] = [46, 14, 14, 14, 14, 14, 22, 62];
const WORDS: u16 = 7;
const ROW_PIXELS: u32 = 20;

/// The workbook.
///
/// # Errors
/// When the writer fails.
pub fn write(rollup: &Rollup, texts: &Texts) -> Result<Vec<u8>, XlsxError> {
    let style = Style::new(&Branding::default());
    let title = format!("{} · {}", texts.get("rollup", "title"), rollup.as_of);
    let book = Book { style: &style, texts, page_header: grid::page_header(&title) };
    let mut workbook = Workbook::new();
    // A fixed moment: the same stores give the same bytes.
    workbook.set_properties(&DocProperties::new().set_title(&title).set_creation_datetime(&super::epoch()));
    style.register(&mut workbook);
    let totals = rollup.totals();
    let (tenants, course) = (tenants(rollup, &mut workbook, &book)?, course(rollup, &mut workbook, &book)?);
    let causes = causes(&totals, &mut workbook, &book)?;
    let overview = Overview { rollup, totals: &totals, book: &book, sheet: Worksheet::new(), row: 0 }.fill(&title)?;
    for sheet in [overview, tenants, course, causes] {
        workbook.push_worksheet(sheet);
    }
    let mut out = Cursor::new(Vec::new());
    workbook.save_to_writer(&mut out)?;
    Ok(out.into_inner())
}

/// The first sheet, while it is filled.
struct Overview<'a> {
    rollup: &'a Rollup,
    totals: &'a Totals,
    book: &'a Book<'a>,
    sheet: Worksheet,
    row: u32,
}

impl Overview<'_> {
    fn fill(mut self, title: &str) -> Result<Worksheet, XlsxError> {
        let (texts, style) = (self.book.texts, self.book.style);
        self.sheet.set_name(texts.get("sheet", "summary"))?.set_screen_gridlines(false);
        for (column, width) in (0_u16..).zip(WIDTHS) {
            self.sheet.set_column_width(column, width)?;
        }
        self.sheet.set_row_height(0, 30)?;
        self.line(title, &style.title)?;
        let tenants = format!("{}: {}", texts.get("rollup", "tenants"), texts.number(self.totals.tenants));
        self.line(&tenants, &style.subtitle)?;
        let figures = self.rollup.tenants.iter().filter_map(|line| line.figures.as_ref());
        if figures.clone().any(|figures| figures.simulated) {
            self.line(texts.get("summary", "simulated"), &style.alarm)?;
        }
        self.needs()?;
        self.sums()?;
        self.worst()?;
        self.most_left()?;
        self.sheet.set_print_area(0, 0, self.row, WORDS)?;
        grid::page(&mut self.sheet, &self.book.page_header);
        self.sheet.set_active(true);
        Ok(self.sheet)
    }

    fn put(&mut self, column: u16, text: &str, format: &rust_xlsxwriter::Format) -> Result<(), XlsxError> {
        let text = clean::cell(text, |n| grid::cut_note(self.book.texts, n));
        self.sheet.write_string_with_format(self.row, column, text, format)?;
        Ok(())
    }

    fn line(&mut self, text: &str, format: &rust_xlsxwriter::Format) -> Result<(), XlsxError> {
        self.put(0, text, format)?;
        self.row += 1;
        Ok(())
    }

    fn section(&mut self, title: &str) -> Result<(), XlsxError> {
        self.row += 1;
        self.line(title, &self.book.style.section)
    }

    fn headers(&mut self, titles: &[&str]) -> Result<(), XlsxError> {
        self.sheet.set_row_height(self.row, 30)?;
        for (column, title) in (0_u16..).zip(titles) {
            self.put(column, title, &self.book.style.header)?;
        }
        self.row += 1;
        Ok(())
    }

    fn counts(&mut self, from: u16, counts: impl IntoIterator<Item = u64>) -> Result<(), XlsxError> {
        for (column, count) in (from..).zip(counts) {
            // Counts stay far below 2^53, where whole numbers end to be exact in Excel.
            self.sheet.write_number_with_format(self.row, column, count as f64, &self.book.style.number)?;
        }
        Ok(())
    }

    /// Tenants of which nothing was found out, with what to do.
    fn needs(&mut self) -> Result<(), XlsxError> {
        let (texts, style, rollup) = (self.book.texts, self.book.style, self.rollup);
        if self.totals.failed == 0 {
            return Ok(());
        }
        let counts = [texts.number(self.totals.failed), texts.number(self.totals.tenants)];
        let title = texts.fill("rollup", "failed", &[("n", &counts[0]), ("total", &counts[1])]);
        self.row += 1;
        self.line(&title, &style.alarm)?;
        for line in rollup.tenants.iter().filter(|line| line.state.failed()) {
            self.put(0, name(line), style.text(Tone::Bad))?;
            self.put(1, texts.get("rollup_state", line.state.id()), &style.value)?;
            for told in [&line.message, &line.hint].into_iter().filter(|told| !told.is_empty()) {
                self.put(3, told, if told == &line.hint { &style.note } else { &style.label })?;
                self.row += 1;
            }
        }
        Ok(())
    }

    fn sums(&mut self) -> Result<(), XlsxError> {
        let (texts, style) = (self.book.texts, self.book.style);
        self.section(texts.get("rollup", "all"))?;
        for (verdict, users) in Verdict::ALL.iter().zip(self.totals.verdicts) {
            self.put(0, texts.get("verdict", verdict.id()), style.text(Tone::Verdict(*verdict)))?;
            self.counts(1, [users])?;
            let share = if self.totals.rows == 0 { 0.0 } else { users as f64 / self.totals.rows as f64 };
            self.sheet.write_number_with_format(self.row, 2, share, &style.percent)?;
            self.row += 1;
        }
        self.put(0, texts.get("column", "total"), &style.total_text)?;
        self.sheet.write_number_with_format(self.row, 1, self.totals.rows as f64, &style.total)?;
        self.row += 1;
        for (key, count) in [("late_tenants", self.totals.late), ("without_tenants", self.totals.without)] {
            self.put(0, texts.get("rollup", key), style.text(Tone::Plain))?;
            self.counts(1, [count])?;
            self.row += 1;
        }
        Ok(())
    }

    /// The tenants with most left to do, with a chart.
    fn most_left(&mut self) -> Result<(), XlsxError> {
        let (texts, style) = (self.book.texts, self.book.style);
        let with = self.rollup.tenants.iter().filter_map(|line| Some((line, line.figures.as_ref()?)));
        let mut most: Vec<(&TenantLine, &Figures)> = with.filter(|(_, figures)| figures.left() > 0).collect();
        most.sort_by_key(|(_, figures)| std::cmp::Reverse(figures.left()));
        most.truncate(CHARTED);
        if most.is_empty() {
            return Ok(());
        }
        self.sheet.set_page_breaks(&[self.row + 1])?;
        self.section(texts.get("rollup", "most_left"))?;
        let mut titles = vec![texts.get("rollup", "tenant")];
        titles.extend(verdict_names(texts));
        titles.extend([texts.get("trend", "left"), texts.get("rollup", "done"), texts.get("rollup", "worst")]);
        self.headers(&titles)?;
        let first = self.row;
        for (line, figures) in most {
            self.put(0, name(line), style.text(Tone::Plain))?;
            self.counts(1, figures.verdicts.into_iter().chain([figures.left()]))?;
            let late = figures.pace.is_some_and(|pace| pace.late);
            let tone = if late { Tone::Bad } else { Tone::Plain };
            self.put(6, &outlook(figures, texts), style.text(tone))?;
            let worst = figures.causes.first().map(|cause| format!("{}: {}", cause.reason, texts.number(cause.users)));
            self.put(WORDS, &worst.unwrap_or_default(), style.text(Tone::Plain))?;
            self.row += 1;
        }
        self.chart(first, self.row - 1)
    }

    fn chart(&mut self, first: u32, last: u32) -> Result<(), XlsxError> {
        let texts = self.book.texts;
        let sheet = texts.get("sheet", "summary");
        let mut chart = Chart::new(ChartType::BarStacked);
        for (column, &verdict) in (1_u16..).zip(Verdict::ALL) {
            chart
                .add_series()
                .set_name(texts.get("verdict", verdict.id()))
                .set_categories((sheet, first, 0, last, 0))
                .set_values((sheet, first, column, last, column))
                .set_format(ChartSolidFill::new().set_color(colour(verdict)))
                .set_gap(40);
        }
        chart.title().set_hidden();
        chart.legend().set_position(ChartLegendPosition::Bottom);
        // The first tenant at the top, as in the table.
        chart.y_axis().set_reverse();
        chart.x_axis().set_major_gridlines_line(ChartLine::new().set_color(0xE3E7EB));
        let height = (last - first + 1) * 22 + 90;
        chart.set_width(1180).set_height(height).set_alt_text(texts.get("rollup", "most_left"));
        self.sheet.insert_chart_with_offset(self.row, 0, &chart, 4, 8)?;
        self.row += height.div_ceil(ROW_PIXELS) + 1;
        Ok(())
    }

    fn worst(&mut self) -> Result<(), XlsxError> {
        let (texts, style, totals) = (self.book.texts, self.book.style, self.totals);
        if totals.causes.is_empty() {
            return Ok(());
        }
        self.section(texts.get("rollup", "causes"))?;
        let titles = [texts.get("column", "reason"), texts.get("column", "users"), texts.get("rollup", "tenants")];
        self.headers(&[titles[0], titles[1], titles[2], texts.get("column", "question"), "", "", "", ""])?;
        for (cause, tenants) in totals.causes.iter().take(CAUSES) {
            self.put(0, &cause.reason, style.text(Tone::Verdict(cause.verdict)))?;
            self.counts(1, [cause.users, *tenants])?;
            self.put(3, &question(&cause.reason, texts), &style.label)?;
            self.row += 1;
        }
        Ok(())
    }
}

/// The names of all verdicts.
fn verdict_names(texts: &Texts) -> impl Iterator<Item = &str> {
    Verdict::ALL.iter().map(|verdict| texts.get("verdict", verdict.id()))
}

fn name(line: &TenantLine) -> &str {
    if line.tenant.is_empty() { &line.store } else { &line.tenant }
}

/// The title of a column among the texts.
fn title<'a>(texts: &'a Texts, id: &'static str) -> &'a str {
    let sections = ["rollup", "verdict", "column"];
    sections.into_iter().map(|section| texts.get(section, id)).find(|words| *words != id).unwrap_or(id)
}

/// The column that holds the drawing of a tenant's course.
const COURSE: &str = "course";
/// The roll-up's columns in the order people read them.
const SHEET: [&str; 27] = [
    "tenant",
    "name",
    "state",
    "day",
    "days_left",
    "entries",
    "blocked",
    "needs_license_upgrade",
    "move_to_graph_eac",
    "not_assessed",
    "left",
    "left_change",
    COURSE,
    "newly_ready",
    "regressed",
    "per_week",
    "needed_per_week",
    "done",
    "plan_behind",
    "causes",
    "message",
    "hint",
    "report",
    "runs",
    "exit_code",
    "run",
    "store",
];
/// Columns on paper.
const PRINTED: u16 = 18;

/// A row a tenant, with its course drawn among the columns.
fn tenants(rollup: &Rollup, workbook: &mut Workbook, book: &Book<'_>) -> Result<Worksheet, XlsxError> {
    let texts = book.texts;
    let wide = |id| match id {
        "message" | "hint" | "causes" => 60,
        "tenant" | "name" | "state" | "run" | "report" | "store" => 42,
        _ => 18,
    };
    let columns = SHEET.iter().map(|id| Column::new(title(texts, id), wide(*id))).collect();
    let mut grid = Grid::new(workbook, book, texts.get("rollup", "title"), columns, rollup.tenants.len())?;
    grid.freeze(1)?;
    for line in &rollup.tenants {
        let cells = cells(line);
        let cell = |id: &&str| COLUMNS.iter().position(|known| known == id).map(|place| &cells[place]);
        grid.push(SHEET.iter().map(|id| match cell(id) {
            _ if *id == "tenant" => Cell::text(name(line)),
            None | Some(rollup::Cell::Nothing) => Cell::text(""),
            Some(rollup::Cell::Count(count)) => Cell::Signed(*count),
            Some(rollup::Cell::Decimal(value)) => Cell::Decimal(*value),
            Some(rollup::Cell::Day(day)) => Cell::Day(Some(*day)),
            Some(rollup::Cell::Text(_)) if *id == "state" => {
                Cell::Text(texts.get("rollup_state", line.state.id()).into(), tone(line.state))
            }
            Some(rollup::Cell::Text(text)) => Cell::text(&**text),
        }))?;
    }
    let drawn = SHEET.iter().position(|id| *id == COURSE).and_then(|place| u16::try_from(place).ok()).unwrap_or(0);
    let mut sheet = grid.finish(PRINTED)?;
    sheet.set_column_width(drawn, 24)?;
    let mut from = 1;
    for (row, line) in (1_u32..).zip(&rollup.tenants) {
        let runs = line.figures.as_ref().map_or(0, |figures| figures.course.len());
        let runs = u32::try_from(runs).unwrap_or(0);
        if runs > 1 {
            let range = (texts.get("rollup", "course_sheet"), from, LEFT, from + runs - 1, LEFT);
            let line = Sparkline::new().set_range(range).set_sparkline_color(0x0072B2).show_last_point(true);
            sheet.add_sparkline(row, drawn, &line)?;
        }
        from += runs;
    }
    Ok(sheet)
}

fn tone(state: State) -> Tone {
    match state {
        State::Assessed => Tone::Good,
        state if state.failed() => Tone::Bad,
        _ => Tone::Risk,
    }
}

/// The column of those who cannot move yet on the sheet of the courses.
const LEFT: u16 = 3;

/// A row a tenant and run: what the lines are drawn from.
fn course(rollup: &Rollup, workbook: &mut Workbook, book: &Book<'_>) -> Result<Worksheet, XlsxError> {
    let texts = book.texts;
    let mut columns = vec![
        Column::new(texts.get("rollup", "tenant"), 34),
        Column::new(texts.get("trend", "day"), 14),
        Column::new(texts.get("trend", "rows"), 14),
        Column::new(texts.get("trend", "left"), 18),
    ];
    columns.extend(verdict_names(texts).map(|name| Column::new(name, 18)));
    columns.push(Column::new(texts.get("column", "note"), 40));
    let rows = rollup.tenants.iter().filter_map(|line| line.figures.as_ref()).map(|figures| figures.course.len()).sum();
    let printed = u16::try_from(columns.len()).unwrap_or(u16::MAX);
    let mut grid = Grid::new(workbook, book, texts.get("rollup", "course_sheet"), columns, rows)?;
    grid.freeze(2)?;
    for (line, figures) in rollup.tenants.iter().filter_map(|line| Some((line, line.figures.as_ref()?))) {
        for point in &figures.course {
            let counts = [point.rows, point.left].into_iter().chain(point.verdicts).map(Cell::Number);
            let note = if point.complete { "" } else { texts.get("trend", "incomplete") };
            let who = [Cell::text(name(line)), Cell::Day(Some(point.day))];
            grid.push(who.into_iter().chain(counts).chain([Cell::text(note)]))?;
        }
    }
    grid.finish(printed)
}

/// Every cause over all tenants.
fn causes(totals: &Totals, workbook: &mut Workbook, book: &Book<'_>) -> Result<Worksheet, XlsxError> {
    let texts = book.texts;
    let columns = vec![
        Column::new(texts.get("column", "verdict"), 24),
        Column::new(texts.get("column", "reason"), 40),
        Column::new(texts.get("column", "question"), 80),
        Column::new(texts.get("column", "users"), 14),
        Column::new(texts.get("rollup", "tenants"), 14),
    ];
    let mut grid = Grid::new(workbook, book, texts.get("rollup", "causes_sheet"), columns, totals.causes.len())?;
    grid.freeze(0)?;
    for (cause, tenants) in &totals.causes {
        grid.push([
            Cell::Text(texts.get("verdict", cause.verdict.id()).into(), Tone::Verdict(cause.verdict)),
            Cell::text(&*cause.reason),
            Cell::text(question(&cause.reason, texts)),
            Cell::Number(cause.users),
            Cell::Number(*tenants),
        ])?;
    }
    grid.finish(u16::MAX)
}
