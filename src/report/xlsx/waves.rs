//! `waves.xlsx`: the Waves sheet with a chart, everybody with his wave, and the ties that are cut.

use std::io::{Seek, Write};

use rust_xlsxwriter::{
    Chart, ChartLegendPosition, ChartLine, ChartSolidFill, ChartType, Color, DocProperties, Workbook, Worksheet,
    XlsxError,
};

use super::grid::{self, Book, Cell, Column, Grid};
use super::style::{Style, Tone, colour};
use crate::report::ReportError;
use crate::report::waves::{WaveSum, Waves, terminal};
use crate::verdict::Verdict;

/// The sheet's columns: key among the texts, and width.
const COLUMNS: [(&str, u16); 10] = [
    ("wave", 7),
    ("date", 12),
    ("mailboxes", 11),
    ("capacity", 10),
    ("full", 8),
    ("ready", 9),
    ("licence_first", 10),
    ("urgent", 12),
    ("shared", 12),
    ("departments", 58),
];
/// Departments named for a wave.
const DEPARTMENTS: usize = 6;

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
        self.sheet.set_print_area(0, 0, self.row, u16::try_from(COLUMNS.len() - 1).unwrap_or(9))?;
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
        self.sheet.set_row_height(self.row, 30)?;
        for (place, (key, _)) in (0_u16..).zip(COLUMNS) {
            self.sheet.write_string_with_format(self.row, place, texts.get("plan", key), &self.style.header)?;
        }
        self.row += 1;
        for sum in &self.view.sums {
            self.wave(sum)?;
        }
        let total = |value: fn(&WaveSum) -> u64| self.view.sums.iter().map(value).sum::<u64>() as f64;
        let totals = [
            total(|sum| sum.people),
            total(|sum| sum.capacity),
            0.0,
            total(|sum| sum.ready),
            total(|sum| sum.licences),
            total(|sum| sum.urgent),
            total(|sum| sum.shared),
        ];
        self.sheet.write_string_with_format(self.row, 0, texts.get("column", "total"), &self.style.total_text)?;
        for (place, value) in (2_u16..).zip(totals).filter(|(place, _)| *place != 4) {
            self.sheet.write_number_with_format(self.row, place, value, &self.style.total)?;
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
        let numbers =
            [(2, sum.people), (3, sum.capacity), (5, sum.ready), (6, sum.licences), (7, sum.urgent), (8, sum.shared)];
        for (place, value) in numbers {
            self.sheet.write_number_with_format(row, place, value as f64, &style.number)?;
        }
        let full = sum.people as f64 / sum.capacity.max(1) as f64;
        self.sheet.write_number_with_format(row, 4, full, &style.percent)?;
        let mark = match (sum.past, sum.pilot) {
            (true, _) => Some(self.view.texts.get("plan", "past").to_owned()),
            (_, true) => Some(self.view.texts.get("plan", "pilot").to_owned()),
            _ => None,
        };
        let named = sum.departments.iter().take(DEPARTMENTS).map(|(name, people)| format!("{name} {people}"));
        let more = (sum.departments.len() > DEPARTMENTS).then(|| "…".to_owned());
        let text = mark.into_iter().chain(named).chain(more).collect::<Vec<_>>().join(" · ");
        let text = crate::report::clean::controls(&text).into_owned();
        self.sheet.write_string_with_format(row, 9, text, style.text(Tone::Plain))?;
        self.row += 1;
        Ok(())
    }

    /// Loads as stacked columns, the capacity as a line above them.
    fn chart(&mut self, header: u32) -> Result<(), XlsxError> {
        let Some(count) = u32::try_from(self.view.sums.len()).ok().filter(|count| *count > 0) else { return Ok(()) };
        let (first, last) = (header + 1, header + count);
        let name = self.view.texts.get("plan", "sheet_waves");
        let mut chart = Chart::new(ChartType::ColumnStacked);
        let parts =
            [(5, "ready", colour(Verdict::MoveToGraphEac)), (6, "licence_first", colour(Verdict::NeedsLicenseUpgrade))];
        for (place, key, fill) in parts {
            chart
                .add_series()
                .set_name(self.view.texts.get("plan", key))
                .set_categories((name, first, 1, last, 1))
                .set_values((name, first, place, last, place))
                .set_format(ChartSolidFill::new().set_color(fill))
                .set_gap(45);
        }
        let mut line = Chart::new(ChartType::Line);
        line.add_series()
            .set_name(self.view.texts.get("plan", "capacity"))
            .set_categories((name, first, 1, last, 1))
            .set_values((name, first, 3, last, 3))
            .set_format(ChartLine::new().set_color(0x5B6470).set_width(1.5));
        chart.combine(&line);
        chart.title().set_name(self.view.texts.get("plan", "load"));
        chart.legend().set_position(ChartLegendPosition::Bottom);
        chart.y_axis().set_min(0).set_major_gridlines_line(ChartLine::new().set_color(0xE3E7EB));
        chart.x_axis().set_text_axis(true).set_num_format("dd mmm");
        let height = 300;
        chart.set_width(1050).set_height(height).set_alt_text(self.view.texts.get("plan", "load"));
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
        let columns = ["waves", "last_wave", "spare_days", "cut", "waits", "", "", "", "", "variant"];
        for (place, key) in (0_u16..).zip(columns) {
            let title = if key.is_empty() { "" } else { texts.get("plan", key) };
            self.sheet.write_string_with_format(self.row, place, title, &self.style.header)?;
        }
        self.row += 1;
        let own = (texts.get("plan", "this_plan"), Ok(&view.plan.measure));
        let others = view.variants.iter().map(|one| (one.name.as_str(), one.outcome.as_ref()));
        for (name, outcome) in std::iter::once(own).chain(others) {
            let note = match outcome {
                Ok(measure) => {
                    let last = measure.last.and_then(grid::excel_day);
                    self.sheet.write_number_with_format(self.row, 0, measure.waves as f64, &self.style.number)?;
                    if let Some(day) = last {
                        self.sheet.write_datetime_with_format(self.row, 1, day, &self.style.day)?;
                    }
                    let numbers =
                        [(2, f64::from(measure.spare_days)), (3, measure.cut as f64), (4, measure.waits as f64)];
                    for (place, value) in numbers {
                        self.sheet.write_number_with_format(self.row, place, value, &self.style.number)?;
                    }
                    name.to_owned()
                }
                Err(short) => format!("{name}: {short}"),
            };
            self.sheet.write_string_with_format(self.row, 9, note, self.style.text(Tone::Plain))?;
            self.row += 1;
        }
        Ok(())
    }
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
