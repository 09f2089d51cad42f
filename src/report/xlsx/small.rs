//! The sheets that do not grow with the roster: actions, integrations, apps, licences, domains, throttling, method.

use rust_xlsxwriter::{Workbook, Worksheet, XlsxError};

use super::grid::{Book, Cell, Column, Grid};
use super::style::Tone;
use super::users::integration_tone;
use crate::evidence::store::Annotation;
use crate::report::View;
use crate::report::sentences::purchases;
use crate::report::summary::Group;
use crate::verdict::Urgency;

/// All of them, in the order of their tabs.
pub fn sheets(view: &View, workbook: &mut Workbook, book: &Book<'_>) -> Result<Vec<Worksheet>, XlsxError> {
    Ok(vec![
        actions(view, workbook, book)?,
        integrations(view, workbook, book)?,
        apps(view, workbook, book)?,
        licences(view, workbook, book)?,
        domains(view, workbook, book)?,
        throttling(view, workbook, book)?,
        method(view, workbook, book)?,
    ])
}

/// A sheet with the columns of these ids and widths.
fn grid<'a>(
    workbook: &mut Workbook,
    book: &'a Book<'a>,
    sheet: &str,
    columns: &[(&str, usize)],
) -> Result<Grid<'a>, XlsxError> {
    let columns = columns.iter().map(|&(id, width)| Column::new(book.texts.get("column", id), width)).collect();
    let mut grid = Grid::new(workbook, book, book.texts.get("sheet", sheet), columns, 0)?;
    grid.freeze(0)?;
    Ok(grid)
}

const ALL_COLUMNS: u16 = u16::MAX;

/// One row a cause, with room for an owner, a date and a comment; what came back in an earlier one is filled in.
fn actions(view: &View, workbook: &mut Workbook, book: &Book<'_>) -> Result<Worksheet, XlsxError> {
    let columns = [
        ("verdict", 24),
        ("users", 10),
        ("users_now", 14),
        ("urgency", 14),
        ("cause", 56),
        ("remedy", 60),
        ("alternative_users", 14),
        ("owner", 24),
        ("due", 14),
        ("comment", 40),
        ("reason", 34),
        ("example", 36),
    ];
    let mut grid = grid(workbook, book, "actions", &columns)?;
    for action in &view.summary.actions {
        let note = view.history.note(&action.reason);
        let input = |read: fn(&Annotation) -> &String| {
            Cell::Text(note.map(|note| read(note).as_str()).unwrap_or_default().into(), Tone::Input)
        };
        let verdict = Cell::Link {
            words: book.texts.get("verdict", action.verdict.id()),
            sheet: book.texts.get("sheet", action.verdict.id()),
            tone: Tone::Verdict(action.verdict),
        };
        grid.push([
            verdict,
            Cell::Number(action.users),
            Cell::Number(action.urgent(Urgency::Now)),
            Cell::text(book.texts.get("urgency_short", action.worst().id())),
            Cell::text(&*action.cause),
            Cell::text(&*action.action),
            Cell::Number(action.alternative),
            input(|note| &note.owner),
            input(|note| &note.due),
            input(|note| &note.comment),
            Cell::text(&*action.reason),
            Cell::text(&*action.example),
        ])?;
    }
    grid.finish(ALL_COLUMNS)
}

fn integrations(view: &View, workbook: &mut Workbook, book: &Book<'_>) -> Result<Worksheet, XlsxError> {
    let columns = [
        ("integration", 38),
        ("state", 14),
        ("users", 10),
        ("ends", 14),
        ("cause", 60),
        ("remedy", 60),
        ("reason", 34),
        ("id", 28),
    ];
    let mut grid = grid(workbook, book, "integrations", &columns)?;
    for sum in &view.summary.integrations {
        grid.push([
            Cell::text(book.texts.get("integration", &sum.integration)),
            Cell::Text(book.texts.get("integration_state", &sum.state).into(), integration_tone(&sum.state)),
            Cell::Number(sum.users),
            Cell::Day(view.head.integration_end(&sum.integration)),
            Cell::text(&*sum.text),
            Cell::text(&*sum.action),
            Cell::text(&*sum.rule),
            Cell::text(&*sum.integration),
        ])?;
    }
    grid.finish(ALL_COLUMNS)
}

fn apps(view: &View, workbook: &mut Workbook, book: &Book<'_>) -> Result<Worksheet, XlsxError> {
    let columns = [
        ("app", 40),
        ("state", 40),
        ("permissions", 44),
        ("enabled", 12),
        ("maker", 30),
        ("last_seen", 14),
        ("advice", 60),
        ("app_need", 44),
        ("calls", 12),
        ("actions_seen", 44),
        ("mailboxes_seen", 12),
        ("at_end", 60),
        ("app_id", 38),
    ];
    let mut grid = grid(workbook, book, "apps", &columns)?;
    for app in &view.head.apps {
        let tone = match app.state.as_str() {
            "listed" => Tone::Good,
            "not_listed" => Tone::Bad,
            _ => Tone::Muted,
        };
        let enabled = match app.enabled {
            Some(true) => "✔",
            Some(false) => "✖",
            None => "",
        };
        let actions: Vec<String> = app.calls.iter().map(|line| format!("{} ({})", line.action, line.calls)).collect();
        grid.push([
            Cell::text(&*app.name),
            Cell::Text(book.texts.get("app_state", &app.state).into(), tone),
            Cell::text(app.permissions.join(", ")),
            Cell::text(enabled),
            Cell::text(&*app.owner),
            Cell::Day(app.last_seen),
            Cell::text(&*app.advice),
            Cell::text(book.texts.get("app_need", &app.need)),
            Cell::Number(app.calls.iter().map(|line| line.calls).sum()),
            Cell::text(actions.join(", ")),
            Cell::Number(app.mailboxes),
            Cell::text(&*app.at_end),
            Cell::text(&*app.app_id),
        ])?;
    }
    grid.finish(ALL_COLUMNS)
}

/// Products of the tenant, and those that are asked for beside them.
fn licences(view: &View, workbook: &mut Workbook, book: &Book<'_>) -> Result<Worksheet, XlsxError> {
    let columns = [
        ("product", 50),
        ("part_number", 34),
        ("mailbox", 30),
        ("status", 14),
        ("units", 12),
        ("assigned", 12),
        ("free", 12),
        ("wanted", 12),
        ("to_buy", 12),
        ("id", 38),
    ];
    let mut grid = grid(workbook, book, "licences", &columns)?;
    let mut wanted = purchases(view);
    for line in &view.head.licences {
        let users = wanted.remove(line.name.as_str()).unwrap_or(0);
        let mailbox = line.mailbox.map_or("", |state| book.texts.get("licence", state.id()));
        let tone = if line.status == "Enabled" { Tone::Plain } else { Tone::Risk };
        grid.push([
            Cell::text(&*line.name),
            Cell::text(&*line.part_number),
            Cell::text(mailbox),
            Cell::Text((&*line.status).into(), tone),
            Cell::Number(u64::try_from(line.enabled).unwrap_or(0)),
            Cell::Number(u64::try_from(line.consumed).unwrap_or(0)),
            Cell::Number(line.free()),
            Cell::Number(users),
            Cell::Number(users.saturating_sub(line.free())),
            Cell::text(&*line.sku),
        ])?;
    }
    for (product, users) in wanted {
        let none = || Cell::text("");
        let counts = [0, 0, 0, users, users].map(Cell::Number);
        grid.push([Cell::text(product), none(), none(), none()].into_iter().chain(counts).chain([none()]))?;
    }
    grid.finish(ALL_COLUMNS)
}

fn domains(view: &View, workbook: &mut Workbook, book: &Book<'_>) -> Result<Worksheet, XlsxError> {
    let columns =
        [("domain", 36), ("users", 10), ("verified", 14), ("mail_exchanger", 50), ("autodiscover", 50), ("note", 60)];
    let mut grid = grid(workbook, book, "domains", &columns)?;
    for domain in &view.head.domains {
        let users = view.summary.domains.iter().find(|group| group.name.text() == Some(&domain.name));
        grid.push([
            Cell::text(&*domain.name),
            Cell::Number(users.map_or(0, Group::users)),
            Cell::text(if domain.verified { "✔" } else { "✖" }),
            Cell::text(&*domain.mail_exchanger),
            Cell::text(&*domain.autodiscover),
            Cell::text(&*domain.note),
        ])?;
    }
    grid.finish(ALL_COLUMNS)
}

fn throttling(view: &View, workbook: &mut Workbook, book: &Book<'_>) -> Result<Worksheet, XlsxError> {
    let columns = [
        ("service", 34),
        ("requests", 12),
        ("retries", 12),
        ("pushbacks", 14),
        ("waited", 14),
        ("gave_up", 12),
        ("limit", 60),
    ];
    let mut grid = grid(workbook, book, "throttling", &columns)?;
    for line in &view.head.services {
        grid.push([
            Cell::text(&*line.service),
            Cell::Number(line.requests),
            Cell::Number(line.retries),
            Cell::Number(line.pushbacks),
            Cell::Number(line.waited_ms.div_ceil(1_000)),
            Cell::Number(line.gave_up),
            Cell::text(&*line.limit),
        ])?;
    }
    grid.finish(ALL_COLUMNS)
}

/// How it was found out: the run, permissions, known limits, then every rule with its date and source.
fn method(view: &View, workbook: &mut Workbook, book: &Book<'_>) -> Result<Worksheet, XlsxError> {
    let columns = [("what", 34), ("value", 60), ("effect", 60), ("as_of", 14), ("source", 70)];
    let mut grid = grid(workbook, book, "method", &columns)?;
    let head = &view.head;
    let label = |key: &'static str| book.texts.get("method", key);
    let time = |at: Option<jiff::Timestamp>| at.map_or_else(String::new, |at| at.to_string());
    let run = [
        (label("run"), head.run_id.clone()),
        (label("tool_version"), head.tool_version.clone()),
        (label("started"), time(head.started)),
        (label("finished"), time(head.finished)),
        (book.texts.get("summary", "roster"), head.roster.join(", ")),
    ];
    let parameters = head.parameters.iter().map(|(name, value)| (book.texts.get("parameter", name), value.clone()));
    let permissions = head.permissions.iter().map(|permission| (label("permissions"), permission.clone()));
    let caveats = head.caveats.iter().map(|caveat| (label("lag"), caveat.clone()));
    for (name, value) in run.into_iter().chain(parameters).chain(permissions).chain(caveats) {
        let as_of = Cell::Day(None);
        grid.push([Cell::text(name), Cell::text(value), Cell::text(""), as_of, Cell::text("")])?;
    }
    for rule in &head.rules {
        grid.push([
            Cell::text(&*rule.id),
            Cell::text(&*rule.question),
            Cell::text(&*rule.shown),
            Cell::Day(Some(rule.as_of)),
            Cell::text(&*rule.source),
        ])?;
    }
    grid.finish(ALL_COLUMNS)
}
