//! Many tenants on one sheet: a row a tenant, its course and its worst causes.

use std::io::{Cursor, Write as _};

use jiff::civil::Date;
use rust_xlsxwriter::{DocProperties, Format, Workbook, XlsxError};
use serde::Serialize;

use super::template::markdown;
use super::terminal::plain;
use super::{ReportError, Texts, clean};
use crate::verdict::Verdict;

/// One tenant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TenantLine {
    /// Profile of the tenant; of a store that cannot be read, empty.
    pub tenant: String,
    /// The store it is in.
    pub store: String,
    /// `complete`, `incomplete` (rows not assessed), `interrupted` (no complete run) or `failed`.
    pub state: State,
    /// What is wrong, in words; empty: nothing.
    pub detail: String,
    /// What its newest complete run says.
    #[serde(flatten)]
    pub run: Option<RunLine>,
}

/// How far a tenant's figures can be trusted. What needs somebody comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Its store cannot be read.
    Failed,
    /// It has no complete run.
    Interrupted,
    /// Some of its rows are not assessed.
    Incomplete,
    /// Every row is assessed.
    Complete,
}

impl State {
    /// Its id in files.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
            Self::Incomplete => "incomplete",
            Self::Complete => "complete",
        }
    }
}

/// The newest complete run of a tenant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunLine {
    /// Id of the run.
    pub run: String,
    /// Day of the run.
    pub day: Date,
    /// Runs there are.
    pub runs: u64,
    /// Roster entries.
    pub rows: u64,
    /// Blocked.
    pub blocked: u64,
    /// In need of a license upgrade.
    pub needs_license_upgrade: u64,
    /// Ready.
    pub move_to_graph_eac: u64,
    /// Not assessed.
    pub not_assessed: u64,
    /// Change of those who cannot move yet since the run before; null: there is none.
    pub left_change: Option<i64>,
    /// Users worse off than at the run before.
    pub regressed: Option<u64>,
    /// Users a week who became ready so far.
    pub per_week: Option<f64>,
    /// Users a week who must become ready to make the date.
    pub needed_per_week: Option<f64>,
    /// The day nobody is left at that pace; null: never, or not known.
    pub done: Option<Date>,
    /// The worst causes: rule id and users.
    pub causes: Vec<(String, u64)>,
}

impl RunLine {
    /// Entries with this verdict.
    #[must_use]
    pub fn verdict(&self, verdict: Verdict) -> u64 {
        match verdict {
            Verdict::Blocked => self.blocked,
            Verdict::NeedsLicenseUpgrade => self.needs_license_upgrade,
            Verdict::MoveToGraphEac => self.move_to_graph_eac,
            Verdict::NotAssessed => self.not_assessed,
        }
    }

    fn causes(&self) -> String {
        self.causes.iter().map(|(reason, users)| format!("{reason}: {users}")).collect::<Vec<_>>().join(", ")
    }
}

/// A file the roll-up is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum RollupFormat {
    /// `tenants.csv`
    Csv,
    /// `tenants.json`
    Json,
    /// `tenants.xlsx`
    Xlsx,
    /// `tenants.md`
    Md,
}

impl RollupFormat {
    /// Its file's name.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Csv => "tenants.csv",
            Self::Json => "tenants.json",
            Self::Xlsx => "tenants.xlsx",
            Self::Md => "tenants.md",
        }
    }

    /// The file.
    ///
    /// # Errors
    /// [`ReportError`] when its writer fails.
    pub fn render(self, lines: &[TenantLine], texts: &Texts) -> Result<Vec<u8>, ReportError> {
        match self {
            Self::Csv => csv(lines).map_err(|error| ReportError::format("csv")(&error)),
            Self::Json => json(lines).map_err(|error| ReportError::format("json")(&error)),
            Self::Xlsx => xlsx(lines, texts).map_err(|error| ReportError::format("xlsx")(&error)),
            Self::Md => Ok(md(lines, texts).into_bytes()),
        }
    }
}

const COLUMNS: [&str; 17] = [
    "tenant",
    "state",
    "day",
    "runs",
    "rows",
    "blocked",
    "needs_license_upgrade",
    "move_to_graph_eac",
    "not_assessed",
    "left_change",
    "regressed",
    "per_week",
    "needed_per_week",
    "done",
    "causes",
    "detail",
    "store",
];

/// The cells of a line, in the order of [`COLUMNS`]; numbers apart from texts.
fn cells(line: &TenantLine) -> [Cell; 17] {
    let run = line.run.as_ref();
    let count = |read: fn(&RunLine) -> u64| run.map_or(Cell::Nothing, |run| Cell::Number(read(run) as f64));
    let rate = |read: fn(&RunLine) -> Option<f64>| {
        run.and_then(read).map_or(Cell::Nothing, |rate| Cell::Number((rate * 10.0).round() / 10.0 + 0.0))
    };
    let text = |text: String| if text.is_empty() { Cell::Nothing } else { Cell::Text(text) };
    [
        text(line.tenant.clone()),
        text(line.state.id().to_owned()),
        text(run.map(|run| run.day.to_string()).unwrap_or_default()),
        count(|run| run.runs),
        count(|run| run.rows),
        count(|run| run.blocked),
        count(|run| run.needs_license_upgrade),
        count(|run| run.move_to_graph_eac),
        count(|run| run.not_assessed),
        rate(|run| run.left_change.map(|change| change as f64)),
        rate(|run| run.regressed.map(|users| users as f64)),
        rate(|run| run.per_week),
        rate(|run| run.needed_per_week),
        text(run.and_then(|run| run.done).map(|day| day.to_string()).unwrap_or_default()),
        text(run.map(RunLine::causes).unwrap_or_default()),
        text(line.detail.clone()),
        text(line.store.clone()),
    ]
}

enum Cell {
    Nothing,
    Number(f64),
    Text(String),
}

fn csv(lines: &[TenantLine]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for line in lines {
        writer.write_record(cells(line).map(|cell| match cell {
            Cell::Nothing => String::new(),
            Cell::Number(number) => number.to_string(),
            Cell::Text(text) => clean::csv_field(&text).into_owned(),
        }))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

fn json(lines: &[TenantLine]) -> serde_json::Result<Vec<u8>> {
    let mut file = serde_json::to_vec_pretty(&serde_json::json!({ "schema": "ewsready/tenants/1", "tenants": lines }))?;
    file.push(b'\n');
    Ok(file)
}

fn title(texts: &Texts, id: &'static str) -> String {
    for section in ["rollup", "verdict", "trend", "column"] {
        let words = texts.get(section, id);
        if words != id {
            return words.to_owned();
        }
    }
    id.to_owned()
}

fn xlsx(lines: &[TenantLine], texts: &Texts) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    // A fixed moment: the same stores give the same bytes.
    let made = super::xlsx::epoch();
    workbook.set_properties(&DocProperties::new().set_title(texts.get("rollup", "title")).set_creation_datetime(&made));
    let header = Format::new().set_bold().set_text_wrap();
    let sheet = workbook.add_worksheet();
    sheet.set_name(texts.get("rollup", "title"))?.set_freeze_panes(1, 1)?;
    for (column, id) in (0_u16..).zip(COLUMNS) {
        sheet.write_string_with_format(0, column, title(texts, id), &header)?;
        sheet.set_column_width(column, if matches!(id, "tenant" | "store") { 30 } else { 14 })?;
        if matches!(id, "causes" | "detail") {
            sheet.set_column_width(column, 60)?;
        }
    }
    for (row, line) in (1_u32..).zip(lines) {
        for (column, cell) in (0_u16..).zip(cells(line)) {
            match cell {
                Cell::Nothing => {}
                Cell::Number(number) => {
                    sheet.write_number(row, column, number)?;
                }
                Cell::Text(text) => {
                    sheet.write_string(row, column, clean::cell(&text, |n| format!("… [{n}]")))?;
                }
            }
        }
    }
    let last = u32::try_from(lines.len()).unwrap_or(u32::MAX);
    sheet.autofilter(0, 0, last, COLUMNS.len() as u16 - 1)?;
    let mut out = Cursor::new(Vec::new());
    workbook.save_to_writer(&mut out)?;
    Ok(out.into_inner())
}

/// The columns people read.
const SHOWN: [usize; 11] = [0, 1, 2, 5, 6, 7, 8, 9, 11, 12, 13];

fn md(lines: &[TenantLine], texts: &Texts) -> String {
    let titles = SHOWN.map(|place| markdown(&title(texts, COLUMNS[place])));
    let mut out =
        format!("# {}\n\n| {} |\n|{}\n", texts.get("rollup", "title"), titles.join(" | "), "---|".repeat(SHOWN.len()));
    for line in lines {
        let cells = cells(line);
        let shown = SHOWN.map(|place| match &cells[place] {
            Cell::Nothing => String::new(),
            Cell::Number(number) => number.to_string(),
            Cell::Text(text) => markdown(text),
        });
        out.push_str(&format!("| {} |\n", shown.join(" | ")));
    }
    for line in lines {
        let causes = line.run.as_ref().map(RunLine::causes).unwrap_or_default();
        let told = [causes, line.detail.clone()].into_iter().filter(|text| !text.is_empty());
        for text in told {
            out.push_str(&format!("\n- {}: {}", markdown(&line.tenant), markdown(&text)));
        }
    }
    out.push('\n');
    out
}

/// The roll-up for a terminal.
#[must_use]
pub fn text(lines: &[TenantLine], texts: &Texts) -> String {
    let mut out = Vec::new();
    for line in lines {
        let name = if line.tenant.is_empty() { &line.store } else { &line.tenant };
        let _ = write!(out, "{}: {}", plain(name), line.state.id());
        if let Some(run) = &line.run {
            let _ = write!(out, ", {}", run.day);
            for verdict in Verdict::ALL {
                let _ = write!(out, ", {} {}", texts.get("verdict", verdict.id()), texts.number(run.verdict(*verdict)));
            }
            let _ = write!(out, "; {}", plain(&run.causes()));
        }
        if !line.detail.is_empty() {
            let _ = write!(out, "; {}", plain(&line.detail));
        }
        let _ = writeln!(out);
    }
    String::from_utf8_lossy(&out).into_owned()
}
