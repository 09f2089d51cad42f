//! The first sheet: what a steering committee needs, on one page.
//!
//! Seven columns: a label, five numbers, and a wide one for sentences and charts.

mod charts;

use rust_xlsxwriter::{Format, Url, Worksheet, XlsxError};

use super::grid::{self, Book};
use super::style::{Style, Tone, accent};
use crate::report::page::{self, has_names, shown_groups};
use crate::report::sentences::{deadline_sentence, demand_sentence, need_sentence};
use crate::report::summary::Group;
use crate::report::{Texts, View, clean};
use crate::verdict::{Urgency, Verdict};

/// The wide column.
const WIDE: u16 = 6;
const WIDTHS: [u32; 7] = [34, 13, 13, 13, 13, 13, 70];
/// Characters of a sentence on one line, from the second column on.
const SENTENCE: usize = 110;
/// Actions shown under "what to do first".
const FIRST: usize = 6;
/// Groups a chart can show.
const CHART_GROUPS: usize = 14;
/// Per cent at which the seven columns fill an A4 page.
const SCALE: u16 = 62;
/// Rows of the usual height on such a page, and how many an action takes.
const PAGE_ROWS: u32 = 51;
const ACTION_ROWS: u32 = 2;

/// The sheet. `split`: sheets that go on in further ones.
pub fn sheet(view: &View, book: &Book<'_>, split: &[(String, usize)]) -> Result<Worksheet, XlsxError> {
    let mut page = Page::new(view, book)?;
    page.title()?;
    page.facts()?;
    page.verdicts()?;
    page.first_actions()?;
    page.new_page();
    page.groups("waves", "wave", &view.summary.waves)?;
    page.groups("departments", "department", &view.summary.departments)?;
    page.new_page();
    page.urgency()?;
    page.demand()?;
    page.not_assessed()?;
    page.groups("domains", "domain", &view.summary.domains)?;
    page.splits(split)?;
    page.finish()
}

/// The sheet while it is filled, from top to bottom.
struct Page<'a> {
    sheet: Worksheet,
    view: &'a View,
    texts: &'a Texts,
    style: &'a Style,
    header: &'a str,
    row: u32,
    breaks: Vec<u32>,
}

impl<'a> Page<'a> {
    fn new(view: &'a View, book: &'a Book<'_>) -> Result<Self, XlsxError> {
        let mut sheet = Worksheet::new();
        sheet.set_name(book.texts.get("sheet", "summary"))?.set_screen_gridlines(false);
        for (column, width) in (0_u16..).zip(WIDTHS) {
            sheet.set_column_width(column, width)?;
        }
        Ok(Self {
            sheet,
            view,
            texts: book.texts,
            style: book.style,
            header: &book.page_header,
            row: 0,
            breaks: Vec::new(),
        })
    }

    /// Lets a new page begin here on paper, unless nothing came since the last one.
    fn new_page(&mut self) {
        if self.breaks.last() != Some(&(self.row + 1)) {
            self.breaks.push(self.row + 1);
        }
    }

    /// The label under `summary.key`.
    fn label(&self, key: &'static str) -> &'a str {
        self.texts.get("summary", key)
    }

    fn put(&mut self, column: u16, text: &str, format: &Format) -> Result<(), XlsxError> {
        let text = clean::cell(text, |n| grid::cut_note(self.texts, n));
        self.sheet.write_string_with_format(self.row, column, text, format)?;
        Ok(())
    }

    fn count(&mut self, column: u16, count: u64, format: &Format) -> Result<(), XlsxError> {
        // Counts stay far below 2^53, where whole numbers end to be exact in Excel.
        self.sheet.write_number_with_format(self.row, column, count as f64, format)?;
        Ok(())
    }

    fn section(&mut self, title: &str) -> Result<(), XlsxError> {
        self.row += 1;
        self.put(0, title, &self.style.section)?;
        self.row += 1;
        Ok(())
    }

    fn headers<const N: usize>(&mut self, titles: [&str; N]) -> Result<(), XlsxError> {
        self.sheet.set_row_height(self.row, 27)?;
        for (column, title) in (0_u16..).zip(titles) {
            self.put(column, title, &self.style.header)?;
        }
        self.row += 1;
        Ok(())
    }

    fn title(&mut self) -> Result<(), XlsxError> {
        let head = &self.view.head;
        self.sheet.set_row_height(0, 30)?;
        self.put(0, page::title(self.view), &self.style.title)?;
        self.insert_logo()?;
        self.row += 1;
        let named = [&head.branding.client, &head.tenant.name, &head.tenant.id];
        let line = named.into_iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(" · ");
        self.put(0, &line, &self.style.subtitle)?;
        self.row += 1;
        if head.simulated {
            self.put(0, self.label("simulated"), &self.style.alarm)?;
            self.row += 1;
        }
        for alarm in page::alarms(self.view) {
            self.put(0, &alarm, &self.style.alarm)?;
            self.row += 1;
        }
        Ok(())
    }

    /// The client's logo at the right; a file that is no picture is left out.
    fn insert_logo(&mut self) -> Result<(), XlsxError> {
        let Some(logo) = &self.view.head.branding.logo else { return Ok(()) };
        let Ok(image) = rust_xlsxwriter::Image::new_from_buffer(&logo.bytes) else { return Ok(()) };
        let image = image.set_scale_to_size(220, 64, true);
        self.sheet.insert_image_with_offset(0, WIDE, &image, 260, 2)?;
        Ok(())
    }

    /// A label and a sentence that runs over the empty cells at its right, over several rows if need be.
    fn fact(&mut self, label: &str, sentence: &str) -> Result<(), XlsxError> {
        self.put(0, label, &self.style.label)?;
        self.sentence(sentence, &self.style.value)
    }

    fn sentence(&mut self, sentence: &str, style: &Format) -> Result<(), XlsxError> {
        for line in lines(sentence, SENTENCE) {
            self.put(1, &line, style)?;
            self.row += 1;
        }
        Ok(())
    }

    fn facts(&mut self) -> Result<(), XlsxError> {
        let head = &self.view.head;
        self.row += 1;
        self.fact(self.label("deadline"), &deadline_sentence(self.view))?;
        self.fact(self.label("organization"), page::organization(self.view))?;
        for note in &head.organization.notes {
            self.sentence(note, &self.style.sentence)?;
        }
        self.put(0, self.label("roster"), &self.style.label)?;
        self.sentence(&page::roster(self.view), &self.style.sentence)?;
        self.fact(self.label("cloud"), &head.tenant.cloud)?;
        self.fact(self.label("as_of"), &head.as_of.to_string())?;
        self.fact(self.label("facts"), &head.facts_as_of.to_string())?;
        if let Some(finished) = head.finished {
            self.fact(self.label("collected"), &format!("{} UTC", finished.strftime("%Y-%m-%d %H:%M")))?;
        }
        for (label, value) in [("author", &head.branding.author), ("run", &head.run_id)] {
            if !value.is_empty() {
                self.fact(self.label(label), value)?;
            }
        }
        Ok(())
    }

    fn verdicts(&mut self) -> Result<(), XlsxError> {
        let texts = self.texts;
        self.section(self.label("verdicts"))?;
        let column = |id| texts.get("column", id);
        self.headers([column("verdict"), column("users"), column("share"), "", "", "", column("what")])?;
        let first = self.row;
        let total = self.view.summary.rows;
        for &verdict in Verdict::ALL {
            let meaning = texts.get("verdict_meaning", verdict.id());
            self.fit(meaning)?;
            self.verdict_link(verdict)?;
            let users = self.view.summary.verdict(verdict);
            self.count(1, users, &self.style.number)?;
            let share = if total == 0 { 0.0 } else { users as f64 / total as f64 };
            self.sheet.write_number_with_format(self.row, 2, share, &self.style.percent)?;
            self.put(WIDE, meaning, self.style.text(Tone::Plain))?;
            self.row += 1;
        }
        self.put(0, column("total"), &self.style.total_text)?;
        self.count(1, total, &self.style.total)?;
        self.row += 1;
        self.verdict_chart(first)
    }

    fn verdict_link(&mut self, verdict: Verdict) -> Result<(), XlsxError> {
        let (sheet, words) = (self.texts.get("sheet", verdict.id()), self.texts.get("verdict", verdict.id()));
        let tip = self.texts.fill("summary", "see_sheet", &[("sheet", sheet)]);
        let url = Url::new(format!("internal:'{sheet}'!A1")).set_text(words).set_tip(tip);
        self.sheet.write_url_with_format(self.row, 0, url, self.style.text(Tone::Verdict(verdict)))?;
        Ok(())
    }

    fn first_actions(&mut self) -> Result<(), XlsxError> {
        let texts = self.texts;
        // A heading alone at the foot of a page reads as an empty table.
        let actions = u32::try_from(self.view.summary.first_actions().take(FIRST).count()).unwrap_or_default();
        if self.row + 3 + actions * ACTION_ROWS > PAGE_ROWS {
            self.new_page();
        }
        self.section(self.label("first"))?;
        if self.view.summary.first_actions().next().is_none() {
            return self.remark(self.label("first_none"));
        }
        let column = |id| texts.get("column", id);
        self.headers([
            column("verdict"),
            column("users"),
            column("users_now"),
            column("reason"),
            "",
            "",
            column("action"),
        ])?;
        for action in self.view.summary.first_actions().take(FIRST) {
            let plain = self.style.text(Tone::Plain);
            self.fit(&action.action)?;
            self.put(0, texts.get("verdict", action.verdict.id()), self.style.text(Tone::Verdict(action.verdict)))?;
            self.count(1, action.users, &self.style.number)?;
            self.count(2, action.urgent(Urgency::Now), &self.style.number)?;
            self.put(3, &action.reason, &self.style.label)?;
            self.put(WIDE, &action.action, plain)?;
            self.row += 1;
        }
        self.see_sheet("actions")
    }

    /// Makes the row high enough for a text in the wide column.
    fn fit(&mut self, text: &str) -> Result<(), XlsxError> {
        // The font is smaller than the one widths are counted in.
        let needed = lines(text, WIDTHS[usize::from(WIDE)] as usize * 9 / 8).len();
        if needed > 1 {
            self.sheet.set_row_height(self.row, 13.5 * needed.min(8) as f64)?;
        }
        Ok(())
    }

    fn remark(&mut self, text: &str) -> Result<(), XlsxError> {
        self.put(0, text, &self.style.note)?;
        self.row += 1;
        Ok(())
    }

    /// A link to another sheet.
    fn see_sheet(&mut self, sheet: &'static str) -> Result<(), XlsxError> {
        let name = self.texts.get("sheet", sheet);
        let words = self.texts.fill("summary", "see_sheet", &[("sheet", name)]);
        let url = Url::new(format!("internal:'{name}'!A1")).set_text(words);
        self.sheet.write_url_with_format(self.row, 0, url, &self.style.link)?;
        self.row += 1;
        Ok(())
    }

    /// Users per verdict for each value of a roster column.
    fn groups(&mut self, title: &'static str, column: &'static str, groups: &[Group]) -> Result<(), XlsxError> {
        if !has_names(groups) {
            return Ok(());
        }
        let texts = self.texts;
        self.section(self.label(title))?;
        let verdict = |verdict: Verdict| texts.get("verdict", verdict.id());
        let [a, b, c, d] =
            [Verdict::Blocked, Verdict::NeedsLicenseUpgrade, Verdict::MoveToGraphEac, Verdict::NotAssessed];
        let name = texts.get("column", column);
        self.headers([name, verdict(a), verdict(b), verdict(c), verdict(d), texts.get("column", "total")])?;
        let first = self.row;
        let shown = shown_groups(groups, texts);
        for (name, counts) in &shown {
            self.put(0, name, self.style.text(Tone::Plain))?;
            for (place, &count) in (1_u16..).zip(counts) {
                self.count(place, count, &self.style.number)?;
            }
            self.count(5, counts.iter().sum(), &self.style.total)?;
            self.row += 1;
        }
        if shown.len() <= CHART_GROUPS { self.group_chart(title, first, &shown) } else { Ok(()) }
    }

    fn urgency(&mut self) -> Result<(), XlsxError> {
        self.section(self.label("urgency"))?;
        let texts = self.texts;
        for &urgency in Urgency::ALL {
            self.put(0, texts.get("urgency_short", urgency.id()), self.style.text(Tone::Plain))?;
            self.count(1, self.view.summary.urgencies[urgency as usize], &self.style.number)?;
            self.put(2, texts.get("urgency", urgency.id()), &self.style.label)?;
            self.row += 1;
        }
        Ok(())
    }

    fn demand(&mut self) -> Result<(), XlsxError> {
        let (summary, texts) = (&self.view.summary, self.texts);
        self.section(self.label("licence_demand"))?;
        if summary.demand.is_empty() {
            return self.remark(self.label("demand_none"));
        }
        let titles =
            ["licence", "users", "alternative_users", "products", "", "", "need"].map(|id| texts.get("column", id));
        self.headers(titles)?;
        for line in summary.demand.iter().take(FIRST) {
            let need = need_sentence(self.view, line);
            self.fit(&need)?;
            self.put(0, texts.get("licence", line.licence.id()), self.style.text(Tone::Plain))?;
            self.count(1, line.users, &self.style.number)?;
            self.count(2, line.alternative, &self.style.number)?;
            self.put(3, &line.products.join(", "), &self.style.label)?;
            self.put(WIDE, &need, self.style.text(Tone::Plain))?;
            self.row += 1;
        }
        self.remark(&demand_sentence(self.view))?;
        let without = texts.number(summary.could_go_without());
        self.remark(&texts.fill("summary", "demand_without", &[("n", &without)]))?;
        self.see_sheet("licences")
    }

    fn not_assessed(&mut self) -> Result<(), XlsxError> {
        let texts = self.texts;
        self.section(self.label("not_assessed"))?;
        if self.view.summary.not_assessed().next().is_none() {
            return self.remark(self.label("not_assessed_none"));
        }
        let column = |id| texts.get("column", id);
        self.headers([column("reason"), column("users"), "", "", "", "", column("cause")])?;
        for action in self.view.summary.not_assessed().take(FIRST) {
            self.fit(&action.cause)?;
            self.put(0, &action.reason, self.style.text(Tone::Plain))?;
            self.count(1, action.users, &self.style.number)?;
            self.put(WIDE, &action.cause, self.style.text(Tone::Plain))?;
            self.row += 1;
        }
        self.see_sheet("not_assessed")
    }

    fn splits(&mut self, split: &[(String, usize)]) -> Result<(), XlsxError> {
        for (sheet, further) in split {
            let values = [("sheet", sheet.as_str()), ("n", &further.to_string())];
            self.remark(&self.texts.fill("summary", "split", &values))?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Worksheet, XlsxError> {
        self.sheet.set_print_area(0, 0, self.row, WIDE)?;
        grid::page(&mut self.sheet, self.header);
        // Fitting to the page's width would switch the page breaks off.
        self.sheet.set_print_scale(SCALE).set_page_breaks(&self.breaks)?;
        self.sheet.set_active(true).set_tab_color(accent(&self.view.head.branding));
        Ok(self.sheet)
    }
}

/// A text in lines of at most `width` characters, broken between words; at least one line.
fn lines(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            lines.push(String::new());
            used = 0;
        }
        if let Some(line) = lines.last_mut() {
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += length;
        }
    }
    lines
}
