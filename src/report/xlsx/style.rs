//! The looks of the workbook: every format there is, named by what it says.

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, FormatUnderline, Workbook};

use crate::report::head::Branding;
use crate::report::page;
use crate::verdict::Verdict;

/// The built-in accent colour.
const ACCENT: u32 = 0x1F4E79;
const LINE: u32 = 0xD9DEE4;
const INK: u32 = 0x1B1F24;
const MUTED: u32 = 0x5B6470;

/// What a cell says by its colour, beside its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Nothing.
    Plain,
    /// A verdict.
    Verdict(Verdict),
    /// In order.
    Good,
    /// Broken or refused.
    Bad,
    /// At risk, soon.
    Risk,
    /// Unknown, not asked.
    Muted,
    /// To be filled in by the reader.
    Input,
}

/// All formats of the workbook.
#[derive(Debug)]
pub struct Style {
    /// Title of the workbook.
    pub title: Format,
    /// Line under the title.
    pub subtitle: Format,
    /// Title of a block on the summary.
    pub section: Format,
    /// Header of a table.
    pub header: Format,
    /// Label of a value on the summary.
    pub label: Format,
    /// Value on the summary that may run over empty cells.
    pub value: Format,
    /// Sentence on the summary that may run over empty cells.
    pub sentence: Format,
    /// Date value on the summary.
    pub value_date: Format,
    /// What must not be overlooked.
    pub alarm: Format,
    /// A remark.
    pub note: Format,
    /// A link within the workbook.
    pub link: Format,
    /// Whole number.
    pub number: Format,
    /// Number with one decimal.
    pub decimal: Format,
    /// Whole number in a sum line.
    pub total: Format,
    /// Text in a sum line.
    pub total_text: Format,
    /// Share of the whole.
    pub percent: Format,
    /// Point in time, UTC.
    pub time: Format,
    /// Day.
    pub day: Format,
    plain: Format,
    verdicts: [Format; Verdict::ALL.len()],
    good: Format,
    bad: Format,
    risk: Format,
    muted: Format,
    input: Format,
}

impl Style {
    /// The formats, with the client's accent colour.
    pub fn new(branding: &Branding) -> Self {
        let accent = accent(branding);
        let base = Format::new().set_font_size(10).set_font_color(INK).set_align(FormatAlign::Top);
        let cell = base.clone().set_border_bottom(FormatBorder::Thin).set_border_bottom_color(LINE);
        let text = cell.clone().set_text_wrap();
        let tinted = |fill: u32, ink: u32| text.clone().set_background_color(fill).set_font_color(ink);
        // A gap at the right, so that a number does not touch the text in the next column.
        let number = cell.clone().set_num_format("#,##0").set_align(FormatAlign::Right).set_indent(1);
        let section = base.clone().set_bold().set_font_size(12).set_font_color(accent);
        Self {
            title: base.clone().set_bold().set_font_size(20).set_font_color(accent),
            subtitle: base.clone().set_font_size(12).set_font_color(MUTED),
            header: base
                .clone()
                .set_bold()
                .set_text_wrap()
                .set_font_color(Color::White)
                .set_background_color(accent)
                .set_align(FormatAlign::VerticalCenter),
            label: base.clone().set_font_color(MUTED),
            value: base.clone().set_bold().set_align(FormatAlign::Left),
            sentence: base.clone().set_align(FormatAlign::Left),
            value_date: base.clone().set_bold().set_align(FormatAlign::Left).set_num_format("yyyy-mm-dd"),
            alarm: base.clone().set_bold().set_font_color(0xB00020),
            note: base.clone().set_italic().set_font_color(MUTED),
            link: text.clone().set_font_color(0x0B57D0).set_underline(FormatUnderline::Single),
            number: number.clone(),
            decimal: number.clone().set_num_format("#,##0.0"),
            total: number.clone().set_bold(),
            total_text: text.clone().set_bold(),
            percent: number.clone().set_num_format("0.0%"),
            time: cell.clone().set_num_format("yyyy-mm-dd hh:mm:ss").set_align(FormatAlign::Left),
            day: cell.clone().set_num_format("yyyy-mm-dd").set_align(FormatAlign::Left),
            verdicts: Verdict::ALL
                .iter()
                .map(|&verdict| tinted(fill(verdict), INK).set_bold())
                .collect::<Vec<_>>()
                .try_into()
                .unwrap_or_else(|_| std::array::from_fn(|_| text.clone())),
            good: tinted(0xDDEBF7, INK),
            bad: tinted(0xFBE0D6, INK),
            risk: tinted(0xFFF0CC, INK),
            muted: text.clone().set_font_color(MUTED),
            input: tinted(0xFFFFE5, INK),
            plain: text,
            section,
        }
    }

    /// Makes the formats known in a fixed order: sheets are filled side by side, and whoever came first would number
    /// them differently from run to run.
    pub fn register(&self, workbook: &mut Workbook) {
        let named = [
            &self.title,
            &self.subtitle,
            &self.section,
            &self.header,
            &self.label,
            &self.value,
            &self.sentence,
            &self.value_date,
            &self.alarm,
            &self.note,
            &self.link,
            &self.number,
            &self.decimal,
            &self.total,
            &self.total_text,
            &self.percent,
            &self.time,
            &self.day,
            &self.plain,
            &self.good,
            &self.bad,
            &self.risk,
            &self.muted,
            &self.input,
        ];
        for format in named.into_iter().chain(&self.verdicts) {
            workbook.register_format(format);
        }
    }

    /// The format of a text with this tone.
    pub fn text(&self, tone: Tone) -> &Format {
        match tone {
            Tone::Plain => &self.plain,
            Tone::Verdict(verdict) => &self.verdicts[verdict as usize],
            Tone::Good => &self.good,
            Tone::Bad => &self.bad,
            Tone::Risk => &self.risk,
            Tone::Muted => &self.muted,
            Tone::Input => &self.input,
        }
    }
}

/// The client's accent colour, else ours.
pub fn accent(branding: &Branding) -> u32 {
    page::accent(branding).unwrap_or(ACCENT)
}

/// Colours that stay apart for colour-blind readers (after Okabe and Ito), strong for charts and tabs.
pub fn colour(verdict: Verdict) -> u32 {
    match verdict {
        Verdict::Blocked => 0xD55E00,
        Verdict::NeedsLicenseUpgrade => 0xE69F00,
        Verdict::MoveToGraphEac => 0x0072B2,
        Verdict::NotAssessed => 0x8A929C,
    }
}

/// The same, light enough for dark text on it.
fn fill(verdict: Verdict) -> u32 {
    match verdict {
        Verdict::Blocked => 0xF9CDB0,
        Verdict::NeedsLicenseUpgrade => 0xFFE2A3,
        Verdict::MoveToGraphEac => 0xBFDDF2,
        Verdict::NotAssessed => 0xDDE1E6,
    }
}
