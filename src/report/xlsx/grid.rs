//! A worksheet that grows: header in the first row, one row after the other, nothing kept in memory.
//!
//! Widths are measured while rows go by (the library's own measuring sees only the last row in this mode), heights are
//! set from them, and what does not fit Excel's row limit goes on in further sheets.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_xlsxwriter::{ExcelDateTime, Format, Url, Workbook, Worksheet, XlsxError};
use unicode_width::UnicodeWidthStr as _;

use super::style::{Style, Tone};
use crate::report::{Texts, clean};

/// Rows of a worksheet, the header's included (Excel's limit).
const SHEET_ROWS: u32 = 1_048_576;
/// Data rows a worksheet holds below its header.
pub const DATA_ROWS: usize = SHEET_ROWS as usize - 1;
/// Height of one line of text, in points.
const LINE_HEIGHT: f64 = 13.5;
/// Lines shown of a cell; the whole text is in it all the same.
const MAX_LINES: usize = 8;
/// Rows from which all are equally high: the library keeps each height in memory, and programs take long to lay out
/// many different ones.
const EVEN_FROM: usize = 20_000;
/// A4.
const PAPER: u8 = 9;

/// A column: its title and how wide it may get, in characters.
#[derive(Debug, Clone)]
pub struct Column {
    /// Title in the header.
    pub title: String,
    /// Width beyond which text is wrapped.
    pub max_width: usize,
}

impl Column {
    /// A column.
    pub fn new(title: impl Into<String>, max_width: usize) -> Self {
        Self { title: title.into(), max_width }
    }
}

/// What stands in a cell.
#[derive(Debug)]
pub enum Cell<'a> {
    /// Text, always written as text.
    Text(Cow<'a, str>, Tone),
    /// Words that lead to another sheet of the workbook; for sheets that do not grow, as Excel takes 65,530 links.
    Link {
        /// The words.
        words: &'a str,
        /// The sheet.
        sheet: &'a str,
        /// Their tone.
        tone: Tone,
    },
    /// A whole number.
    Number(u64),
    /// A whole number that may be below nought.
    Signed(i64),
    /// A number with one decimal.
    Decimal(f64),
    /// A point in time; written in UTC.
    Time(Option<Timestamp>),
    /// A day.
    Day(Option<Date>),
}

impl<'a> Cell<'a> {
    /// Text without a tone.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into(), Tone::Plain)
    }
}

/// What all sheets of a workbook share.
#[derive(Debug)]
pub struct Book<'a> {
    /// Formats.
    pub style: &'a Style,
    /// Labels.
    pub texts: &'a Texts,
    /// Left page header, already escaped.
    pub page_header: String,
}

/// One worksheet while it is filled.
pub struct Grid<'a> {
    sheet: Worksheet,
    book: &'a Book<'a>,
    columns: Vec<Column>,
    widths: Vec<usize>,
    even: bool,
    next: u32,
    /// The last row there will be.
    last: u32,
}

impl<'a> Grid<'a> {
    /// Starts a sheet in `workbook` with its header; the sheet is pushed when it is filled. `rows`: how many it will
    /// hold.
    pub fn new(
        workbook: &mut Workbook,
        book: &'a Book<'a>,
        name: &str,
        columns: Vec<Column>,
        rows: usize,
    ) -> Result<Self, XlsxError> {
        let mut sheet = workbook.new_worksheet_with_constant_memory()?;
        sheet.set_name(name)?;
        let even = rows > EVEN_FROM;
        if even {
            sheet.set_default_row_height(LINE_HEIGHT * 2.0);
        }
        sheet.set_row_height(0, LINE_HEIGHT * 2.2)?;
        for (place, column) in (0_u16..).zip(&columns) {
            sheet.write_string_with_format(
                0,
                place,
                clean::cell(&column.title, |n| cut_note(book.texts, n)),
                &book.style.header,
            )?;
            // Most cells are plain text: they take the column's format, which needs no looking up by all it consists of.
            sheet.set_column_format(place, book.style.text(Tone::Plain))?;
        }
        // Room for the filter's arrow beside the title.
        let widths = columns.iter().map(|column| longest_word(&column.title) + 4).collect();
        Ok(Self { sheet, book, columns, widths, even, next: 1, last: u32::try_from(rows).unwrap_or(u32::MAX) })
    }

    /// Adds a row.
    pub fn push<'c>(&mut self, cells: impl IntoIterator<Item = Cell<'c>>) -> Result<(), XlsxError> {
        let row = self.next;
        let mut ready: Vec<Cell<'c>> = Vec::with_capacity(self.columns.len());
        let mut lines = 1;
        for (place, cell) in cells.into_iter().take(self.columns.len()).enumerate() {
            lines = lines.max(self.measure(place, &cell));
            ready.push(cell);
        }
        if lines > 1 && !self.even {
            // Lines are counted, not measured in points: far below the precision of the type.
            self.sheet.set_row_height(row, LINE_HEIGHT * lines.min(MAX_LINES) as f64)?;
        }
        for (place, cell) in (0_u16..).zip(&ready) {
            self.write(row, place, cell)?;
        }
        self.next += 1;
        Ok(())
    }

    fn write(&mut self, row: u32, column: u16, cell: &Cell<'_>) -> Result<(), XlsxError> {
        let style = self.book.style;
        match cell {
            Cell::Text(text, tone) if text.is_empty() => self.sheet.write_blank(row, column, style.text(*tone))?,
            Cell::Text(text, Tone::Plain) if row < self.last => {
                self.sheet.write_string(row, column, clean::cell(text, |n| cut_note(self.book.texts, n)))?
            }
            Cell::Text(text, tone) => {
                let text = clean::cell(text, |n| cut_note(self.book.texts, n));
                self.sheet.write_string_with_format(row, column, text, style.text(*tone))?
            }
            Cell::Link { words, sheet, tone } => {
                let url = Url::new(format!("internal:'{sheet}'!A1")).set_text(*words);
                self.sheet.write_url_with_format(row, column, url, style.text(*tone))?
            }
            // Counts stay far below 2^53, where whole numbers end to be exact in Excel.
            Cell::Number(number) => self.sheet.write_number_with_format(row, column, *number as f64, &style.number)?,
            Cell::Signed(number) => self.sheet.write_number_with_format(row, column, *number as f64, &style.number)?,
            Cell::Decimal(number) => self.sheet.write_number_with_format(row, column, *number, &style.decimal)?,
            Cell::Time(at) => match at.and_then(excel_time) {
                Some(at) => self.sheet.write_datetime_with_format(row, column, at, &style.time)?,
                None => self.sheet.write_blank(row, column, &style.time)?,
            },
            Cell::Day(day) => match day.and_then(excel_day) {
                Some(day) => self.sheet.write_datetime_with_format(row, column, day, &style.day)?,
                None => self.sheet.write_blank(row, column, &style.day)?,
            },
        };
        Ok(())
    }

    /// Notes the width a cell asks for; gives the lines it takes at the column's greatest width.
    fn measure(&mut self, place: usize, cell: &Cell<'_>) -> usize {
        let (Some(column), Some(widest)) = (self.columns.get(place), self.widths.get_mut(place)) else { return 1 };
        let text = match cell {
            Cell::Text(text, _) => &**text,
            Cell::Link { words, .. } => words,
            Cell::Number(_) | Cell::Signed(_) | Cell::Decimal(_) => {
                *widest = (*widest).max(10);
                return 1;
            }
            Cell::Time(_) => {
                *widest = (*widest).max(20);
                return 1;
            }
            Cell::Day(_) => {
                *widest = (*widest).max(12);
                return 1;
            }
        };
        let mut lines = 0;
        for line in text.split('\n').take(MAX_LINES) {
            let width = line.width() + 2;
            *widest = (*widest).max(width);
            // Words do not break where the column ends, but the font is smaller than the one widths are counted in.
            lines += if width <= column.max_width { 1 } else { width.div_ceil(column.max_width) };
        }
        lines.max(1)
    }

    /// Sets what depends on all rows and gives the sheet. `printed`: how many of the columns a page shows.
    pub fn finish(mut self, printed: u16) -> Result<Worksheet, XlsxError> {
        let last_row = self.next - 1;
        let last_column = u16::try_from(self.columns.len().saturating_sub(1)).unwrap_or(u16::MAX);
        for ((place, column), widest) in (0_u16..).zip(&self.columns).zip(&self.widths) {
            let width = (*widest).min(column.max_width).max(6);
            self.sheet.set_column_width(place, u32::try_from(width).unwrap_or(60))?;
            // The rows have it by now, all but the last, which is written when the sheet is; below there is no table.
            self.sheet.set_column_format(place, &Format::default())?;
        }
        self.sheet.autofilter(0, 0, last_row, last_column)?;
        self.sheet.set_print_area(0, 0, last_row, printed.saturating_sub(1).min(last_column))?;
        page(&mut self.sheet, &self.book.page_header);
        self.sheet.set_repeat_rows(0, 0)?;
        Ok(self.sheet)
    }

    /// Keeps the header and the first `columns` in sight.
    pub fn freeze(&mut self, columns: u16) -> Result<(), XlsxError> {
        self.sheet.set_freeze_panes(1, columns)?;
        Ok(())
    }

    /// The colour of the sheet's tab.
    pub fn tab(&mut self, colour: u32) {
        self.sheet.set_tab_color(colour);
    }
}

/// Page set-up shared by all sheets: A4 landscape, one page wide, name and page number.
pub fn page(sheet: &mut Worksheet, header: &str) {
    sheet.set_paper_size(PAPER).set_landscape().set_print_fit_to_pages(1, 0).set_margins(0.4, 0.4, 0.6, 0.6, 0.3, 0.3);
    sheet.set_header(header).set_footer("&L&A&R&P / &N");
}

/// A page header of untrusted text: `&` starts a code there, and Excel takes 255 characters.
pub fn page_header(text: &str) -> String {
    let text: String = clean::controls(text).chars().map(|c| if c.is_control() { ' ' } else { c }).take(100).collect();
    format!("&L{}", text.replace('&', "&&"))
}

/// The note at the place where a text was cut to Excel's limit.
pub fn cut_note(texts: &Texts, characters: usize) -> String {
    texts.fill("summary", "cut", &[("n", &characters.to_string())])
}

/// A point in time as Excel knows it, UTC; `None` for years it does not know.
pub fn excel_time(at: Timestamp) -> Option<ExcelDateTime> {
    ExcelDateTime::from_timestamp(at.as_second()).ok()
}

/// A day as Excel knows it; `None` for years it does not know.
pub fn excel_day(day: Date) -> Option<ExcelDateTime> {
    let year = u16::try_from(day.year()).ok()?;
    ExcelDateTime::from_ymd(year, u8::try_from(day.month()).ok()?, u8::try_from(day.day()).ok()?).ok()
}

fn longest_word(title: &str) -> usize {
    title.split_whitespace().map(|word| word.width()).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_header_has_no_codes_from_outside() {
        assert_eq!(page_header("Müller & Söhne\n&P"), "&LMüller && Söhne &&P");
        assert!(page_header(&"&".repeat(5_000)).len() < 255);
    }
}
