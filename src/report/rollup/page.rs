//! `rollup.html` and `rollup.md`: the roll-up for people. The page runs no script and asks no server for anything.

use jiff::civil::Date;
use minijinja::{Value, context};
use serde::Serialize;

use super::text::named;
use super::{Figures, Rollup, TenantLine};
use crate::report::page::percent;
use crate::report::{ReportError, Templates, Texts, html};
use crate::rules::{self, Field};
use crate::verdict::Verdict;

/// Causes over all tenants that are shown.
const CAUSES: usize = 15;
/// The field a course is drawn in, and the room around it.
const WIDTH: f64 = 108.0;
const HEIGHT: f64 = 24.0;
const EDGE: f64 = 3.0;

/// `rollup.html`.
pub(super) fn html(rollup: &Rollup, texts: &Texts, templates: &Templates) -> Result<Vec<u8>, ReportError> {
    let css = templates.text("report.css")? + &templates.text("dark.css")? + &templates.text("rollup.css")?;
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'",
        html::hash(&css)
    );
    let context = context! {
        policy,
        css => Value::from_safe_string(css),
        ..context(rollup, texts)
    };
    let mut page = Vec::new();
    templates.render("rollup.html", context, &mut page)?;
    Ok(page)
}

/// `rollup.md`.
pub(super) fn markdown(rollup: &Rollup, texts: &Texts, templates: &Templates) -> Result<Vec<u8>, ReportError> {
    let mut page = Vec::new();
    templates.render("rollup.md", context(rollup, texts), &mut page)?;
    Ok(page)
}

fn context(rollup: &Rollup, texts: &Texts) -> Value {
    let totals = rollup.totals();
    let number = |count: u64| texts.number(count);
    let simulated = rollup.tenants.iter().filter_map(|line| line.figures.as_ref()).any(|figures| figures.simulated);
    let failed = (totals.failed > 0)
        .then(|| texts.fill("rollup", "failed", &[("n", &number(totals.failed)), ("total", &number(totals.tenants))]));
    let verdicts = Verdict::ALL.iter().zip(totals.verdicts);
    let most = totals.causes.first().map_or(1, |(cause, _)| cause.users);
    context! {
        t => Value::from_serialize(texts.sections()),
        language => texts.language(),
        tool_version => env!("CARGO_PKG_VERSION"),
        as_of => rollup.as_of.to_string(),
        simulated,
        failed => failed.unwrap_or_default(),
        tenants => totals.tenants,
        late => totals.late,
        without => totals.without,
        rows => totals.rows,
        verdicts => Value::from_serialize(verdicts.map(|(verdict, users)| VerdictLine {
            id: verdict.id(),
            name: texts.get("verdict", verdict.id()),
            sign: texts.get("verdict_sign", verdict.id()),
            users,
            share: format!("{:.1}", percent(users, totals.rows)).replace('.', texts.get("number", "decimal")),
        }).collect::<Vec<_>>()),
        lines => Value::from_serialize(rollup.tenants.iter().map(|line| line_of(line, texts)).collect::<Vec<_>>()),
        causes => Value::from_serialize(totals.causes.iter().take(CAUSES).map(|(cause, tenants)| CauseLine {
            verdict: cause.verdict.id(),
            verdict_name: texts.get("verdict", cause.verdict.id()),
            reason: &cause.reason,
            question: question(&cause.reason, texts),
            users: cause.users,
            tenants: *tenants,
            width: format!("{:.2}", percent(cause.users, most)),
        }).collect::<Vec<_>>()),
        more_causes => totals.causes.len().saturating_sub(CAUSES),
    }
}

/// What a rule asks, in the language of the texts; empty for a rule that this program does not know.
pub fn question(reason: &str, texts: &Texts) -> String {
    rules::rule(reason).map_or_else(String::new, |rule| {
        texts.judging().get(&Field::Question.key(rule)).cloned().unwrap_or_else(|| rule.question.to_owned())
    })
}

#[derive(Serialize)]
struct VerdictLine<'a> {
    id: &'static str,
    name: &'a str,
    sign: &'a str,
    users: u64,
    share: String,
}

#[derive(Serialize)]
struct CauseLine<'a> {
    verdict: &'static str,
    verdict_name: &'a str,
    reason: &'a str,
    question: String,
    users: u64,
    tenants: u64,
    width: String,
}

/// A tenant's line for templates.
#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    /// The tenant's own name, where the line is called by something else.
    full: &'a str,
    state: &'static str,
    state_name: &'a str,
    /// Whether nothing was found out this time.
    failed: bool,
    message: &'a str,
    hint: &'a str,
    /// Where its report lies; empty: none, or not as a page.
    report: String,
    figures: Option<FiguresLine>,
}

#[derive(Serialize)]
struct FiguresLine {
    day: String,
    /// Empty, or that the figures are of an earlier day.
    old: String,
    days_left: Option<i32>,
    rows: u64,
    verdicts: Vec<u64>,
    segments: Vec<Segment>,
    left: u64,
    /// `+3`, `−12`, `±0`; empty: no earlier run.
    change: String,
    /// `better`, `worse`, `same`; empty: no earlier run.
    course: &'static str,
    ready: u64,
    regressed: u64,
    /// Where the pace leads, in words.
    outlook: String,
    late: bool,
    behind: u64,
    cause: String,
    cause_users: u64,
    drawing: Option<Drawing>,
}

#[derive(Serialize)]
struct Segment {
    verdict: &'static str,
    users: u64,
    x: String,
    width: String,
}

/// The course of those who cannot move yet, run by run.
#[derive(Serialize)]
struct Drawing {
    points: String,
    x: String,
    y: String,
    title: String,
}

fn line_of<'a>(line: &'a TenantLine, texts: &'a Texts) -> Line<'a> {
    let full = line.figures.as_ref().map_or("", |figures| figures.name.as_str());
    Line {
        name: named(line),
        full: if full == named(line) { "" } else { full },
        state: line.state.id(),
        state_name: texts.get("rollup_state", line.state.id()),
        failed: line.state.failed(),
        message: &line.message,
        hint: &line.hint,
        report: if line.has_page { format!("{}/readiness.html", line.report) } else { String::new() },
        figures: line.figures.as_ref().map(|figures| figures_of(figures, line.state.failed(), texts)),
    }
}

fn figures_of(figures: &Figures, failed: bool, texts: &Texts) -> FiguresLine {
    let day = figures.day.to_string();
    let mut before = 0;
    let mut segments = Vec::with_capacity(Verdict::ALL.len());
    for (verdict, users) in Verdict::ALL.iter().zip(figures.verdicts) {
        let (x, width) = (percent(before, figures.rows), percent(users, figures.rows));
        segments.push(Segment { verdict: verdict.id(), users, x: format!("{x:.2}"), width: format!("{width:.2}") });
        before += users;
    }
    let (change, course) = match figures.moved.map(|moved| moved.left) {
        None => (String::new(), ""),
        Some(0) => ("±0".to_owned(), "same"),
        Some(more @ 1..) => (format!("+{}", texts.number(more.unsigned_abs())), "worse"),
        Some(fewer) => (format!("−{}", texts.number(fewer.unsigned_abs())), "better"),
    };
    let worst = figures.causes.first();
    FiguresLine {
        old: if failed { texts.fill("rollup", "last_known", &[("day", &day)]) } else { String::new() },
        day,
        days_left: figures.days_left,
        rows: figures.rows,
        verdicts: figures.verdicts.to_vec(),
        segments,
        left: figures.left(),
        change,
        course,
        ready: figures.moved.map_or(0, |moved| moved.ready),
        regressed: figures.moved.map_or(0, |moved| moved.regressed),
        outlook: outlook(figures, texts),
        late: figures.pace.is_some_and(|pace| pace.late),
        behind: figures.behind.unwrap_or(0),
        cause: worst.map(|cause| cause.reason.clone()).unwrap_or_default(),
        cause_users: worst.map_or(0, |cause| cause.users),
        drawing: drawing(figures, texts),
    }
}

/// Where the pace leads: the day, never, or that it is not known yet.
pub fn outlook(figures: &Figures, texts: &Texts) -> String {
    match figures.pace {
        _ if figures.left() == 0 => texts.get("rollup", "all_ready").to_owned(),
        None => texts.get("rollup", "no_pace").to_owned(),
        Some(pace) => pace.done.map_or_else(|| texts.get("trend", "never").to_owned(), |day| day.to_string()),
    }
}

fn drawing(figures: &Figures, texts: &Texts) -> Option<Drawing> {
    let (first, last) = (figures.course.first()?, figures.course.last()?);
    let days = |from: Date, to: Date| from.until(to).map_or(0.0, |span| f64::from(span.get_days()));
    let span = days(first.day, last.day);
    if span <= 0.0 {
        return None;
    }
    let most = figures.course.iter().map(|point| point.left).max().unwrap_or(0).max(1);
    let x = |day: Date| EDGE + (WIDTH - 2.0 * EDGE) * days(first.day, day) / span;
    let y = |left: u64| EDGE + (HEIGHT - 2.0 * EDGE) * (1.0 - left as f64 / most as f64);
    let points: Vec<String> =
        figures.course.iter().map(|point| format!("{:.1},{:.1}", x(point.day), y(point.left))).collect();
    let told = |point: &super::CoursePoint| format!("{}: {}", point.day, texts.number(point.left));
    Some(Drawing {
        points: points.join(" "),
        x: format!("{:.1}", x(last.day)),
        y: format!("{:.1}", y(last.left)),
        title: figures.course.iter().map(told).collect::<Vec<_>>().join(", "),
    })
}
