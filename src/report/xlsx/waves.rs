//! `waves.xlsx`: the Waves sheet with a chart, everybody with his wave, and the ties that are cut.

use std::io::{Seek, Write};

use rust_xlsxwriter::{
    Chart, ChartLegendPosition, ChartLine, ChartSolidFill, ChartType, Color, DocProperties, Format, FormatAlign,
    Workbook, Worksheet, XlsxError,
};

use super::grid::{self, Book, Cell, Column, Grid};
use super::style::{Style, Tone, colour};
use crate::plan::measure::Measure;
use crate::report::ReportError;
use crate::report::waves::{WaveSum, Waves, terminal};
use crate::verdict::Verdict;

/// The sheet's columns: key among the texts, and width.
const COLUMNS: [(&str, u16); 12] = [
    ("wave", 8),
    ("date", 12),
    ("mailboxes", 11),
    ("capacity", 13),
    ("room", 9),
    ("full", 9),
    ("ready", 9),
    ("licence_first", 9),
    ("unready", 9),
    ("urgent", 11),
    ("shared", 17),
    ("departments", 64),
];
/// Places of the columns that the chart stacks, with the last of the table.
const READY: u16 = 6;
const ROOM: u16 = 4;
const WORDS: u16 = 11;
/// Departments named for a wave.
const DEPARTMENTS: usize = 4;

/// Writes the workbook.
///
/// # Errors
///
/// [`ReportError`] when `out` fails or scratch files cannot be made.
pub fn write<W: Write + Seek + Send>(view: &Waves<'_>, out: &mut W) -> Result<(), ReportError> {
    let failed = |error: XlsxError| ReportError::format("xlsx")(&error);
    let style = Style::new(&view.head.branding);
    let title = [view.texts.get("plan", "title"), &view.head.tenant.name].join(" · ");
    let book = Book { style: &style, texts: view.texts, page_header: grid::page_header(&title) };
    let mut workbook = Workbook::new();
    let properties = DocProperties::new().set_title(crate::report::clean::controls(&title).into_owned());
    let made = view.head.finished.or(view.head.started).and_then(grid::excel_time);
    workbook.set_properties(&properties.set_creation_datetime(&made.unwrap_or_else(super::epoch)));
    style.register(&mut workbook);
    let people = people(view, &mut workbook, &book).map_err(failed)?;
    let ties = ties(view, &mut workbook, &book).map_err(failed)?;
    let waves = Sheet { view, style: &style, sheet: Worksheet::new(), row: 0 }.fill(&book).map_err(failed)?;
    for sheet in [waves, people, ties] {
        workbook.push_worksheet(sheet);
    }
    workbook.save_to_writer(out).map_err(failed)
}

/// The sheet with the waves, while it is filled.
struct Sheet<'a> {
    view: &'a Waves<'a>,
    style: &'a Style,
    sheet: Worksheet,
    row: u32,
}

impl Sheet<'_> {
    fn fill(mut self, book: &Book<'_>) -> Result<Worksheet, XlsxError> {
        let view = self.view;
        self.sheet.set_name(view.texts.get("plan", "sheet_waves"))?;
        self.sheet.set_screen_gridlines(false);
        for (place, (_, width)) in (0_u16..).zip(COLUMNS) {
            self.sheet.set_column_width(place, width)?;
        }
        self.sheet.set_row_height(self.row, 28)?.set_row_height(self.row + 1, 18)?;
        self.line(view.texts.get("plan", "title"), |style| &style.title)?;
        self.line(&terminal::headline(view), |style| &style.subtitle)?;
        if view.head.simulated {
            self.line(view.texts.get("summary", "simulated"), |style| &style.alarm)?;
        }
        self.row += 1;
        let header = self.row;
        self.table()?;
        self.row += 1;
        self.chart(header)?;
        for line in view.quality() {
            self.line(&line, |style| &style.value)?;
        }
        for line in view.gaps() {
            self.line(&line, |style| &style.note)?;
        }
        self.variants()?;
        self.sheet.set_print_area(0, 0, self.row, WORDS)?;
        grid::page(&mut self.sheet, &book.page_header);
        self.sheet.set_active(true).set_tab_color(Color::RGB(0x1F4E79));
        Ok(self.sheet)
    }

    fn line(&mut self, text: &str, format: impl Fn(&Style) -> &rust_xlsxwriter::Format) -> Result<(), XlsxError> {
        let text = crate::report::clean::controls(text).into_owned();
        self.sheet.write_string_with_format(self.row, 0, text, format(self.style))?;
        self.row += 1;
        Ok(())
    }

    fn table(&mut self) -> Result<(), XlsxError> {
        let texts = self.view.texts;
        self.sheet.set_row_height(self.row, 42)?;
        for (place, (key, _)) in (0_u16..).zip(COLUMNS) {
            self.sheet.write_string_with_format(
                self.row,
                place,
                texts.get("plan", key),
                &heading(self.style, place),
            )?;
        }
        self.row += 1;
        for sum in &self.view.sums {
            self.wave(sum)?;
        }
        self.sheet.write_string_with_format(self.row, 0, texts.get("column", "total"), &self.style.total_text)?;
        self.sheet.write_blank(self.row, 1, &self.style.total_text)?;
        for (place, value) in figures() {
            let total: u64 = self.view.sums.iter().map(value).sum();
            self.sheet.write_number_with_format(self.row, place, total as f64, &self.style.total)?;
        }
        self.row += 1;
        Ok(())
    }

    fn wave(&mut self, sum: &WaveSum) -> Result<(), XlsxError> {
        let style = self.style;
        let row = self.row;
        self.sheet.write_number_with_format(row, 0, Waves::number(sum.wave) as f64, &style.number)?;
        match grid::excel_day(sum.date) {
            Some(day) => self.sheet.write_datetime_with_format(row, 1, day, &style.day)?,
            None => self.sheet.write_blank(row, 1, &style.day)?,
        };
        for (place, value) in figures() {
            self.sheet.write_number_with_format(row, place, value(sum) as f64, &style.number)?;
        }
        let full = sum.people as f64 / sum.capacity.max(1) as f64;
        self.sheet.write_number_with_format(row, 5, full, &style.percent)?;
        let mark = match (sum.past, sum.pilot) {
            (true, _) => Some(self.view.texts.get("plan", "past").to_owned()),
            (_, true) => Some(self.view.texts.get("plan", "pilot").to_owned()),
            _ => None,
        };
        let named = sum.departments.iter().take(DEPARTMENTS).map(|(name, people)| format!("{name} ({people})"));
        let more = (sum.departments.len() > DEPARTMENTS).then(|| "…".to_owned());
        let text = mark.into_iter().chain(named).chain(more).collect::<Vec<_>>().join(" · ");
        let text = crate::report::clean::controls(&text).into_owned();
        self.sheet.write_string_with_format(row, WORDS, text, &words(style))?;
        self.row += 1;
        Ok(())
    }

    /// Loads as stacked columns, the capacity as a line above them.
    fn chart(&mut self, header: u32) -> Result<(), XlsxError> {
        let Some(count) = u32::try_from(self.view.sums.len()).ok().filter(|count| *count > 0) else { return Ok(()) };
        let (first, last) = (header + 1, header + count);
        let name = self.view.texts.get("plan", "sheet_waves");
        let mut chart = Chart::new(ChartType::ColumnStacked);
        let parts = [
            (READY, "ready", colour(Verdict::MoveToGraphEac)),
            (READY + 1, "licence_first", colour(Verdict::NeedsLicenseUpgrade)),
            (READY + 2, "unready", colour(Verdict::Blocked)),
            (ROOM, "room", 0xE9ECF0),
        ];
        for (place, key, fill) in parts {
            chart
                .add_series()
                .set_name(self.view.texts.get("plan", key))
                .set_categories((name, first, 1, last, 1))
                .set_values((name, first, place, last, place))
                .set_format(ChartSolidFill::new().set_color(fill))
                .set_gap(45);
        }
        chart.title().set_name(self.view.texts.get("plan", "load"));
        chart.legend().set_position(ChartLegendPosition::Bottom);
        chart.y_axis().set_min(0).set_major_gridlines_line(ChartLine::new().set_color(0xE3E7EB));
        chart.x_axis().set_text_axis(true).set_num_format("dd mmm");
        let height = 300;
        chart.set_width(1180).set_height(height).set_alt_text(self.view.texts.get("plan", "load"));
        self.sheet.insert_chart_with_offset(self.row, 0, &chart, 4, 4)?;
        self.row += height.div_ceil(20) + 1;
        Ok(())
    }

    fn variants(&mut self) -> Result<(), XlsxError> {
        let (view, texts) = (self.view, self.view.texts);
        if view.variants.is_empty() {
            return Ok(());
        }
        self.row += 1;
        self.line(texts.get("plan", "what_if"), |style| &style.section)?;
        for (place, key) in (0_u16..).zip(VARIANT) {
            self.sheet.write_string_with_format(
                self.row,
                place,
                texts.get("plan", key),
                &heading(self.style, place),
            )?;
        }
        self.sheet.set_row_height(self.row, 30)?;
        self.row += 1;
        let own = (texts.get("plan", "this_plan"), Ok(&view.plan.measure));
        let others = view.variants.iter().map(|one| (one.name.as_str(), one.outcome.as_ref()));
        for (name, outcome) in std::iter::once(own).chain(others) {
            let note = match outcome {
                Ok(measure) => {
                    self.variant(measure)?;
                    name.to_owned()
                }
                Err(short) => {
                    self.sheet.set_row_height(self.row, 44)?;
                    format!("{name}: {short}")
                }
            };
            self.sheet.write_string_with_format(self.row, WORDS, note, &words(self.style))?;
            self.row += 1;
        }
        Ok(())
    }

    fn variant(&mut self, measure: &Measure) -> Result<(), XlsxError> {
        let (row, style) = (self.row, self.style);
        let count = |value: u64| value as f64;
        let numbers = [
            (0, measure.waves as f64),
            (2, measure.least_waves as f64),
            (3, f64::from(measure.spare_days)),
            (7, count(measure.ties)),
            (8, count(measure.cut)),
            (9, count(measure.moves)),
            (10, count(measure.waits)),
        ];
        for (place, value) in numbers {
            self.sheet.write_number_with_format(row, place, value, &style.number)?;
        }
        for (place, share) in [(4, measure.busiest), (5, measure.lightest), (6, measure.mean)] {
            self.sheet.write_number_with_format(row, place, share, &style.percent)?;
        }
        match measure.last.and_then(grid::excel_day) {
            Some(day) => self.sheet.write_datetime_with_format(row, 1, day, &style.day)?,
            None => self.sheet.write_blank(row, 1, &style.day)?,
        };
        Ok(())
    }
}

/// The columns of the variants, under those of the waves.
const VARIANT: [&str; 12] = [
    "waves",
    "last_wave",
    "least",
    "spare_days",
    "busiest",
    "lightest",
    "mean",
    "ties",
    "cut",
    "mailboxes",
    "waits",
    "variant",
];

/// Words beside a number, with a gap between the two.
fn words(style: &Style) -> Format {
    style.text(Tone::Plain).clone().set_align(FormatAlign::Left).set_indent(1)
}

/// The heading of a column, over its numbers at the right.
fn heading(style: &Style, place: u16) -> Format {
    let heading = style.header.clone().set_indent(1);
    if place == 1 || place == WORDS { heading } else { heading.set_align(FormatAlign::Right) }
}

/// One figure of a wave.
type Figure = fn(&WaveSum) -> u64;

/// The figures of a wave, by column.
fn figures() -> [(u16, Figure); 8] {
    [
        (2, |sum| sum.people),
        (3, |sum| sum.capacity),
        (ROOM, |sum| sum.capacity.saturating_sub(sum.people)),
        (READY, |sum| sum.ready),
        (READY + 1, |sum| sum.licences),
        (READY + 2, |sum| sum.unready),
        (9, |sum| sum.urgent),
        (10, |sum| sum.shared),
    ]
}

/// Everybody with his wave, in roster order.
fn people(view: &Waves<'_>, workbook: &mut Workbook, book: &Book<'_>) -> Result<Worksheet, XlsxError> {
    let texts = view.texts;
    let own = |key, width| Column::new(texts.get("plan", key), width);
    let column = |key, width| Column::new(texts.get("column", key), width);
    let columns = vec![
        column("address", 38),
        column("display_name", 26),
        own("wave", 8),
        own("date", 12),
        own("group", 10),
        own("why", 70),
        column("department", 22),
        column("owner", 22),
        column("verdict", 24),
    ];
    let mut grid = Grid::new(workbook, book, texts.get("plan", "sheet_people"), columns, view.census.members.len())?;
    grid.freeze(1)?;
    for (place, (member, seat)) in view.census.members.iter().zip(&view.plan.seats).enumerate() {
        let wave = seat.wave();
        grid.push([
            Cell::text(&*member.address),
            Cell::text(&*member.name),
            wave.map_or(Cell::text(""), |wave| Cell::Number(Waves::number(wave))),
            Cell::Day(wave.and_then(|wave| view.date(wave))),
            Cell::text(Waves::group(seat)),
            Cell::text(view.why(place)),
            Cell::text(&*member.department),
            Cell::text(&*member.owner),
            Cell::text(view.standing(member)),
        ])?;
    }
    grid.finish(7)
}

/// Every tie that is cut.
fn ties(view: &Waves<'_>, workbook: &mut Workbook, book: &Book<'_>) -> Result<Worksheet, XlsxError> {
    let texts = view.texts;
    let own = |key, width| Column::new(texts.get("plan", key), width);
    let columns = vec![
        own("who", 38),
        own("wave", 8),
        own("whom", 38),
        own("wave", 8),
        own("tie", 26),
        own("weight", 9),
        own("cut_why", 40),
        own("note", 50),
    ];
    let mut grid = Grid::new(workbook, book, texts.get("plan", "sheet_ties"), columns, view.plan.cut.len())?;
    grid.freeze(0)?;
    for cut in &view.plan.cut {
        let address = |member: u32| Cell::text(&*view.census.members[member as usize].address);
        grid.push([
            address(cut.tie.a),
            Cell::Number(Waves::number(cut.from)),
            address(cut.tie.b),
            Cell::Number(Waves::number(cut.to)),
            Cell::text(view.tie(cut.tie.kind)),
            Cell::Number(cut.tie.weight.into()),
            Cell::text(view.cut_by(cut.by)),
            Cell::text(if view.early(cut) { texts.get("plan", "early") } else { "" }),
        ])?;
    }
    grid.finish(u16::MAX)
}
