//! The line of a tenant for programs and sheets: one list of columns for CSV, JSON and the workbook.

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::{Cause, Figures, Rollup, TenantLine};
use crate::report::clean;
use crate::verdict::Verdict;

/// The columns. New ones go to the end.
pub const COLUMNS: [&str; 26] = [
    "tenant",
    "state",
    "exit_code",
    "entries",
    "blocked",
    "needs_license_upgrade",
    "move_to_graph_eac",
    "not_assessed",
    "run",
    "report",
    "message",
    "hint",
    "name",
    "day",
    "days_left",
    "runs",
    "left",
    "left_change",
    "newly_ready",
    "regressed",
    "per_week",
    "needed_per_week",
    "done",
    "plan_behind",
    "causes",
    "store",
];
/// Causes named of a tenant on its line.
const CAUSES: usize = 3;

/// What stands in a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nobody knows, or there is nothing to say.
    Nothing,
    /// A whole number.
    Count(i64),
    /// A number with one decimal.
    Decimal(f64),
    /// A day.
    Day(Date),
    /// A text.
    Text(String),
}

impl Cell {
    fn text(text: &str) -> Self {
        if text.is_empty() { Self::Nothing } else { Self::Text(text.to_owned()) }
    }

    fn count(count: u64) -> Self {
        Self::Count(i64::try_from(count).unwrap_or(i64::MAX))
    }

    fn decimal(value: f64) -> Self {
        // Adding zero takes the sign off a rounded-away negative number.
        Self::Decimal((value * 10.0).round() / 10.0 + 0.0)
    }
}

/// The cells of a line, in the order of [`COLUMNS`].
#[must_use]
pub fn cells(line: &TenantLine) -> [Cell; COLUMNS.len()] {
    let figures = line.figures.as_ref();
    let of = |read: &dyn Fn(&Figures) -> Cell| figures.map_or(Cell::Nothing, read);
    let count = |read: fn(&Figures) -> u64| of(&|figures| Cell::count(read(figures)));
    let verdict = |verdict| of(&|figures| Cell::count(figures.verdict(verdict)));
    let maybe = |read: &dyn Fn(&Figures) -> Option<Cell>| of(&|figures| read(figures).unwrap_or(Cell::Nothing));
    [
        Cell::text(&line.tenant),
        Cell::text(line.state.id()),
        Cell::count(line.exit_code.into()),
        count(|figures| figures.rows),
        verdict(Verdict::Blocked),
        verdict(Verdict::NeedsLicenseUpgrade),
        verdict(Verdict::MoveToGraphEac),
        verdict(Verdict::NotAssessed),
        of(&|figures| Cell::text(&figures.run)),
        Cell::text(&line.report),
        Cell::text(&line.message),
        Cell::text(&line.hint),
        of(&|figures| Cell::text(&figures.name)),
        of(&|figures| Cell::Day(figures.day)),
        maybe(&|figures| figures.days_left.map(|days| Cell::Count(days.into()))),
        count(|figures| figures.course.len() as u64),
        count(Figures::left),
        maybe(&|figures| figures.moved.map(|moved| Cell::Count(moved.left))),
        maybe(&|figures| figures.moved.map(|moved| Cell::count(moved.ready))),
        maybe(&|figures| figures.moved.map(|moved| Cell::count(moved.regressed))),
        maybe(&|figures| figures.pace.map(|pace| Cell::decimal(pace.per_week))),
        maybe(&|figures| figures.pace?.needed_per_week.map(Cell::decimal)),
        maybe(&|figures| figures.pace?.done.map(Cell::Day)),
        maybe(&|figures| figures.behind.map(Cell::count)),
        of(&|figures| Cell::text(&causes(figures))),
        Cell::text(&line.store),
    ]
}

/// The worst causes of a tenant by rule id.
fn causes(figures: &Figures) -> String {
    let named = figures.causes.iter().take(CAUSES).map(|cause| format!("{}: {}", cause.reason, cause.users));
    named.collect::<Vec<_>>().join(", ")
}

/// `rollup.csv`.
pub(super) fn csv(rollup: &Rollup) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for line in &rollup.tenants {
        writer.write_record(cells(line).map(|cell| match cell {
            Cell::Nothing => String::new(),
            Cell::Count(number) => number.to_string(),
            Cell::Decimal(number) => number.to_string(),
            Cell::Day(day) => day.to_string(),
            Cell::Text(text) => clean::csv_field(&text).into_owned(),
        }))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// `rollup.json`: the same columns, empty ones as null, with all causes and runs of each tenant, and the sums.
pub(super) fn json(rollup: &Rollup) -> serde_json::Result<Vec<u8>> {
    let totals = rollup.totals();
    let cause = |cause: &Cause| json!({ "verdict": cause.verdict.id(), "reason": cause.reason, "users": cause.users });
    let verdicts = |counts: &[u64]| -> Map<String, Value> {
        Verdict::ALL.iter().zip(counts).map(|(verdict, users)| (verdict.id().to_owned(), json!(users))).collect()
    };
    let tenant = |line: &TenantLine| {
        let values = cells(line).map(|cell| match cell {
            Cell::Nothing => Value::Null,
            Cell::Count(number) => json!(number),
            Cell::Decimal(number) => json!(number),
            Cell::Day(day) => json!(day),
            Cell::Text(text) => json!(text),
        });
        let mut object: Map<String, Value> = COLUMNS.iter().map(|name| (*name).to_owned()).zip(values).collect();
        let figures = line.figures.as_ref();
        let runs = figures.into_iter().flat_map(|figures| &figures.course).map(|point| {
            json!({ "day": point.day, "entries": point.rows, "complete": point.complete, "left": point.left,
                "verdicts": verdicts(&point.verdicts) })
        });
        object.insert("course".to_owned(), runs.collect());
        let causes = figures.into_iter().flat_map(|figures| &figures.causes).map(cause);
        object.insert("causes".to_owned(), causes.collect());
        Value::Object(object)
    };
    let all_causes = totals.causes.iter().map(|(one, tenants)| {
        let mut one = cause(one);
        one["tenants"] = json!(tenants);
        one
    });
    let file = json!({
        "schema": "ewsready/rollup/1",
        "exit_code": rollup.exit.code(),
        "as_of": rollup.as_of,
        "totals": { "tenants": totals.tenants, "failed": totals.failed, "without_figures": totals.without,
            "late": totals.late, "entries": totals.rows, "verdicts": verdicts(&totals.verdicts) },
        "causes": all_causes.collect::<Vec<_>>(),
        "tenants": rollup.tenants.iter().map(tenant).collect::<Vec<_>>(),
    });
    let mut file = serde_json::to_vec_pretty(&file)?;
    file.push(b'\n');
    Ok(file)
}
