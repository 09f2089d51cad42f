//! The sheets that hold users: all of them in roster order, and each verdict's sorted by wave.

use std::borrow::Cow;
use std::ops::Range;

use rust_xlsxwriter::{Workbook, Worksheet, XlsxError};

use super::grid::{Book, Cell, Column, DATA_ROWS, Grid};
use super::style::{Tone, colour};
use crate::report::row::Row;
use crate::report::{ReportError, Texts, View, columns};
use crate::verdict::{EwsToday, GraphState, LicenceState, RoutingState, Urgency, Verdict};

/// The first columns, id and greatest width: what a reader needs on paper.
const PRINTED: [(&str, usize); 10] = [
    ("row", 8),
    ("address", 38),
    ("display_name", 26),
    ("wave", 18),
    ("department", 22),
    ("verdict", 24),
    ("cause", 52),
    ("next_action", 52),
    ("urgency", 14),
    ("what_stops", 44),
];
/// The columns after them, up to the integrations'.
const FURTHER: [(&str, usize); 9] = [
    ("owner", 24),
    ("alternative", 44),
    ("reason", 32),
    ("licence", 26),
    ("products", 40),
    ("ews_today", 22),
    ("routing", 18),
    ("graph", 20),
    ("domain", 26),
];
/// The columns after the integrations', before the roster's own.
const LAST: [(&str, usize); 2] = [("object_id", 38), ("checked_at", 20)];
/// Columns that stay in sight when the reader scrolls to the right: row and address.
const FROZEN: u16 = 2;

/// Where a sheet's rows come from.
#[derive(Debug, Clone)]
enum Order {
    /// All, as they are.
    Roster(Range<usize>),
    /// Chosen and sorted: positions in the roster.
    Chosen(Vec<u32>),
}

impl Order {
    fn len(&self) -> usize {
        match self {
            Self::Roster(range) => range.len(),
            Self::Chosen(positions) => positions.len(),
        }
    }
}

/// One sheet to be filled.
struct Job<'a> {
    grid: Grid<'a>,
    order: Order,
}

/// The plan of the sheets with users, ready to be filled side by side.
pub struct UserSheets<'a> {
    view: &'a View,
    jobs: Vec<Job<'a>>,
    /// Sheets that had to be split: name, number of further sheets.
    pub split: Vec<(String, usize)>,
}

impl<'a> UserSheets<'a> {
    /// Lays out the sheets: all users, then each verdict's; each split where it holds more than `limit` rows.
    pub fn plan(view: &'a View, workbook: &mut Workbook, book: &'a Book<'a>, limit: usize) -> Result<Self, XlsxError> {
        let mut sheets = Self { view, jobs: Vec::new(), split: Vec::new() };
        let limit = limit.clamp(1, DATA_ROWS);
        let all = view.spool.len();
        let parts = (0..all.max(1)).step_by(limit).map(|start| Order::Roster(start..(start + limit).min(all)));
        sheets.add(workbook, book, book.texts.get("sheet", "users"), None, parts.collect())?;
        for &verdict in Verdict::ALL {
            let order = by_wave(view, verdict);
            let mut parts: Vec<Order> = order.chunks(limit).map(|part| Order::Chosen(part.to_vec())).collect();
            if parts.is_empty() {
                parts.push(Order::Chosen(Vec::new()));
            }
            sheets.add(workbook, book, book.texts.get("sheet", verdict.id()), Some(verdict), parts)?;
        }
        Ok(sheets)
    }

    fn add(
        &mut self,
        workbook: &mut Workbook,
        book: &'a Book<'a>,
        name: &str,
        verdict: Option<Verdict>,
        parts: Vec<Order>,
    ) -> Result<(), XlsxError> {
        if parts.len() > 1 {
            self.split.push((name.to_owned(), parts.len() - 1));
        }
        for (number, order) in (1_usize..).zip(parts) {
            let name = if number == 1 { name.to_owned() } else { format!("{name} {number}") };
            let mut grid = Grid::new(workbook, book, &name, columns_of(self.view), order.len())?;
            grid.freeze(FROZEN)?;
            if let Some(verdict) = verdict {
                grid.tab(colour(verdict));
            }
            self.jobs.push(Job { grid, order });
        }
        Ok(())
    }

    /// Fills the sheets, several at a time, and gives them in the order of the plan.
    pub fn fill(self) -> Result<Vec<Worksheet>, ReportError> {
        use rayon::prelude::*;
        let view = self.view;
        self.jobs.into_par_iter().map(|job| fill(view, job)).collect()
    }
}

/// Positions of a verdict's rows, sorted by wave and, within it, as in the roster.
fn by_wave(view: &View, verdict: Verdict) -> Vec<u32> {
    let marks = view.spool.marks();
    let mut order: Vec<u32> =
        (0_u32..).zip(marks).filter(|(_, mark)| mark.verdict == verdict).map(|(position, _)| position).collect();
    order.sort_by_key(|&position| marks[position as usize].wave);
    order
}

fn fill(view: &View, job: Job<'_>) -> Result<Worksheet, ReportError> {
    match job.order {
        Order::Roster(range) => fill_from(view, job.grid, view.spool.rows_at(range)?),
        Order::Chosen(positions) => {
            fill_from(view, job.grid, view.spool.rows_at(positions.into_iter().map(|position| position as usize))?)
        }
    }
}

fn fill_from(
    view: &View,
    mut grid: Grid<'_>,
    rows: impl Iterator<Item = Result<Row, ReportError>>,
) -> Result<Worksheet, ReportError> {
    let failed = |error: XlsxError| ReportError::format("xlsx")(&error);
    for row in rows {
        grid.push(cells(view, &row?)).map_err(failed)?;
    }
    grid.finish(u16::try_from(PRINTED.len()).unwrap_or(u16::MAX)).map_err(failed)
}

fn columns_of(view: &View) -> Vec<Column> {
    let texts = &view.texts;
    let own = |&(id, width): &(&str, usize)| Column::new(texts.get("column", id), width);
    let mut columns: Vec<Column> = PRINTED.iter().chain(&FURTHER).map(own).collect();
    for id in &view.head.integrations {
        let name = texts.get("integration", id);
        columns.push(Column::new(name, 16));
        columns.push(Column::new(format!("{name}: {}", texts.get("column", "reason")), 32));
        columns.push(Column::new(format!("{name}: {}", texts.get("column", "action")), 44));
    }
    columns.extend(LAST.iter().map(own));
    let mut titles: Vec<String> = columns.iter().map(|column| column.title.clone()).collect();
    let known = titles.len();
    columns::extend_with_roster_columns(&mut titles, &view.head.extra_columns);
    columns.extend(titles.drain(known..).map(|title| Column::new(title, 40)));
    columns
}

/// The cells of a row, in the order of [`columns_of`].
fn cells<'a>(view: &'a View, row: &'a Row) -> impl Iterator<Item = Cell<'a>> {
    let texts = &view.texts;
    let own = PRINTED.iter().chain(&FURTHER).map(|(id, _)| own_cell(texts, row, id));
    let integrations = view.head.integrations.iter().flat_map(|id| {
        let [state, rule, action] = columns::integration(row, id);
        let words = if state.is_empty() { state } else { texts.get("integration_state", state) };
        [Cell::Text(words.into(), integration_tone(state)), Cell::text(rule), Cell::text(action)]
    });
    let last = LAST.iter().map(|(id, _)| own_cell(texts, row, id));
    let extras =
        (0..view.head.extra_columns.len()).map(|place| Cell::text(row.extras.get(place).map_or("", String::as_str)));
    own.chain(integrations).chain(last).chain(extras)
}

fn own_cell<'a>(texts: &'a Texts, row: &'a Row, id: &str) -> Cell<'a> {
    let word = |section: &str, key: &'static str, tone: Tone| Cell::Text(Cow::Borrowed(texts.get(section, key)), tone);
    match id {
        "row" => Cell::Number(row.row),
        "checked_at" => Cell::Time(columns::checked_at(row)),
        "verdict" => word("verdict", row.verdict.id(), Tone::Verdict(row.verdict)),
        "urgency" => word("urgency_short", row.urgency.id(), urgency_tone(row.urgency)),
        "licence" => word("licence", row.licence.id(), licence_tone(row.licence)),
        "ews_today" => word("ews_today", row.ews_today.id(), ews_tone(row.ews_today)),
        "routing" => word("routing", row.routing.id(), routing_tone(row.routing)),
        "graph" => word("graph", row.graph.id(), graph_tone(row.graph)),
        _ => Cell::text(columns::text(row, id)),
    }
}

/// The colour of an integration's state.
pub fn integration_tone(state: &str) -> Tone {
    match state {
        "ok" => Tone::Good,
        "broken" => Tone::Bad,
        "at_risk" => Tone::Risk,
        _ => Tone::Muted,
    }
}

fn urgency_tone(urgency: Urgency) -> Tone {
    match urgency {
        Urgency::Now => Tone::Bad,
        Urgency::Soon => Tone::Risk,
        Urgency::ByDeadline => Tone::Plain,
        Urgency::None | Urgency::Unknown => Tone::Muted,
    }
}

fn licence_tone(licence: LicenceState) -> Tone {
    match licence {
        LicenceState::Full => Tone::Good,
        LicenceState::Kiosk | LicenceState::Pending => Tone::Risk,
        LicenceState::F1NoMailboxRight
        | LicenceState::None
        | LicenceState::PlanOff
        | LicenceState::Suspended
        | LicenceState::Error => Tone::Bad,
        LicenceState::Unknown | LicenceState::NotAsked => Tone::Muted,
    }
}

fn ews_tone(ews: EwsToday) -> Tone {
    match ews {
        EwsToday::Works => Tone::Good,
        EwsToday::RefusedSwitch | EwsToday::RefusedPolicy | EwsToday::RefusedOther | EwsToday::NoMailbox => Tone::Bad,
        EwsToday::NotPermitted | EwsToday::Unknown | EwsToday::NotAsked => Tone::Muted,
    }
}

fn routing_tone(routing: RoutingState) -> Tone {
    match routing {
        RoutingState::ExchangeOnline => Tone::Good,
        RoutingState::OnPremises | RoutingState::NotExchange => Tone::Bad,
        RoutingState::Unresolved => Tone::Risk,
        RoutingState::Unknown | RoutingState::NotAsked => Tone::Muted,
    }
}

fn graph_tone(graph: GraphState) -> Tone {
    match graph {
        GraphState::Answers => Tone::Good,
        GraphState::NoMailbox | GraphState::RefusedPolicy => Tone::Bad,
        GraphState::NotPermitted | GraphState::Unknown | GraphState::NotAsked => Tone::Muted,
    }
}
