//! `waves.html`: one page that runs no script and asks no server for anything.

use std::collections::BTreeMap;
use std::io::Write;

use jiff::civil::Date;
use jiff::{ToSpan as _, Unit};
use minijinja::{Value, context};
use serde::Serialize;

use super::{Waves, shown, terminal, weekday};
use crate::plan::people::Standing;
use crate::report::page::percent;
use crate::report::standing::StandingPage;
use crate::report::{ReportError, html};

/// Cut ties shown; the workbook holds all.
const TIES: usize = 100;
/// Departments named for a wave.
const DEPARTMENTS: usize = 4;

/// Writes the page.
pub(super) fn write(view: &Waves<'_>, out: &mut dyn Write) -> Result<(), ReportError> {
    // The client's accent is for light paper: the dark colours come after it.
    let css = view.templates.text("report.css")?
        + &html::accent(&view.head.branding)
        + &view.templates.text("dark.css")?
        + &view.templates.text("waves.css")?;
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'",
        html::hash(&css)
    );
    let (head, texts, measure) = (view.head, view.texts, &view.plan.measure);
    let context = context! {
        policy,
        css => Value::from_safe_string(css),
        logo => html::logo(&head.branding),
        t => Value::from_serialize(texts.sections()),
        language => texts.language(),
        tenant => head.tenant.name,
        client => head.branding.client,
        author => head.branding.author,
        run_id => head.run_id,
        tool_version => head.tool_version,
        simulated => head.simulated,
        as_of => head.as_of.to_string(),
        headline => terminal::headline(view),
        measure => Value::from_serialize(measure),
        kept_share => share(measure.ties - measure.cut, measure.ties),
        quality => view.quality(),
        gaps => view.gaps(),
        waves => Value::from_serialize(waves(view)),
        months => Value::from_serialize(months(view)),
        variants => Value::from_serialize(variants(view)),
        cut => Value::from_serialize(cut(view)),
        cut_total => view.plan.cut.len(),
        waiting => Value::from_serialize(waiting(view)),
        progress => Value::from_serialize(
            view.progress.as_ref().map(|against| StandingPage::new(against, view.texts)),
        ),
    };
    let mut page = Vec::new();
    view.templates.render("waves.html", context, &mut page)?;
    out.write_all(&page).map_err(|error| ReportError::format("html")(&error))
}

/// A share in per cent, without decimals; all of nothing is all.
fn share(part: u64, whole: u64) -> String {
    if whole == 0 { "100".to_owned() } else { format!("{:.1}", percent(part, whole)).trim_end_matches(".0").to_owned() }
}

#[derive(Serialize)]
struct Wave<'a> {
    number: u64,
    date: String,
    weekday: &'a str,
    people: u64,
    capacity: u64,
    full: String,
    past: bool,
    pilot: bool,
    licences: u64,
    unready: u64,
    urgent: u64,
    shared: u64,
    groups: u64,
    departments: String,
    /// Room in per cent of the largest wave.
    room: String,
    segments: Vec<Segment>,
}

/// Part of a load bar, in per cent of the largest wave.
#[derive(Serialize)]
struct Segment {
    class: &'static str,
    users: u64,
    x: String,
    width: String,
}

fn waves<'a>(view: &'a Waves<'a>) -> Vec<Wave<'a>> {
    let widest = view.sums.iter().map(|sum| sum.capacity.max(sum.people)).max().unwrap_or(1);
    let wave = |sum: &'a super::WaveSum| {
        let parts = [("ready", sum.ready), ("licence", sum.licences), ("unready", sum.unready)];
        let mut before = 0;
        let mut segments = Vec::new();
        for (class, users) in parts {
            let (x, width) = (percent(before, widest), percent(users, widest));
            segments.push(Segment { class, users, x: format!("{x:.2}"), width: format!("{width:.2}") });
            before += users;
        }
        let mut departments: Vec<String> =
            sum.departments.iter().take(DEPARTMENTS).map(|(name, people)| format!("{name} ({people})")).collect();
        if sum.departments.len() > DEPARTMENTS {
            departments.push("…".to_owned());
        }
        Wave {
            number: Waves::number(sum.wave),
            date: sum.date.to_string(),
            weekday: weekday(view.texts, sum.date),
            people: sum.people,
            capacity: sum.capacity,
            full: format!("{:.0}", percent(sum.people, sum.capacity)),
            past: sum.past,
            pilot: sum.pilot,
            licences: sum.licences,
            unready: sum.unready,
            urgent: sum.urgent,
            shared: sum.shared,
            groups: sum.groups,
            departments: departments.join(" · "),
            room: format!("{:.2}", percent(sum.capacity, widest)),
            segments,
        }
    };
    view.sums.iter().map(wave).collect()
}

#[derive(Serialize)]
struct Month {
    name: String,
    weeks: Vec<Vec<Cell>>,
}

/// A day of the calendar; a number of 0 is a day of another month.
#[derive(Default, Serialize)]
struct Cell {
    day: i8,
    wave: u64,
    people: u64,
    class: &'static str,
    title: String,
}

/// Months shown up to the end; where the waves are over long before, the calendar ends with them.
const MONTHS_TO_END: i32 = 8;

/// The months from the first wave to the last, and on to the end where it is not too far.
fn months(view: &Waves<'_>) -> Vec<Month> {
    let Some(first) = view.sums.first().map(|sum| sum.date) else { return Vec::new() };
    let last = view.sums.last().map_or(first, |sum| sum.date);
    let end = view.plan.measure.end;
    let near = first.until((Unit::Month, end)).is_ok_and(|span| span.get_months() < MONTHS_TO_END);
    let last = if near { last.max(end) } else { last };
    let mut month = first.first_of_month();
    let mut months = Vec::new();
    while month <= last && months.len() < 24 {
        months.push(self::month(view, month));
        month = month.saturating_add(1.month());
    }
    months
}

fn month(view: &Waves<'_>, first: Date) -> Month {
    let before = i64::from(first.weekday().to_monday_zero_offset());
    let mut day = first.saturating_sub(before.days());
    let mut weeks = Vec::new();
    while day <= first.last_of_month() {
        let mut week = Vec::with_capacity(7);
        for _ in 0..7 {
            week.push(if day.month() == first.month() { cell(view, day) } else { Cell::default() });
            day = day.saturating_add(1.day());
        }
        weeks.push(week);
    }
    let name = view.texts.get("plan_month", MONTHS[usize::try_from(first.month() - 1).unwrap_or(0) % 12]);
    Month { name: format!("{name} {}", first.year()), weeks }
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

fn cell(view: &Waves<'_>, day: Date) -> Cell {
    let own = Cell { day: day.day(), ..Cell::default() };
    let title = |key: &'static str| view.texts.get("plan", key).to_owned();
    if let Some(sum) = view.sums.iter().find(|sum| sum.date == day) {
        let class = match (sum.past, sum.pilot) {
            (true, _) => "past",
            (_, true) => "pilot",
            _ => "wave",
        };
        let number = view.texts.number(sum.people);
        let title =
            view.texts.fill("plan", "calendar_wave", &[("wave", &Waves::number(sum.wave).to_string()), ("n", &number)]);
        return Cell { wave: Waves::number(sum.wave), people: sum.people, class, title, ..own };
    }
    if day == view.plan.measure.end {
        return Cell { class: "end", title: title("calendar_end"), ..own };
    }
    if view.rules.blackout.iter().any(|days| days.contains(day)) {
        return Cell { class: "blackout", title: title("calendar_blackout"), ..own };
    }
    own
}

#[derive(Serialize)]
struct Variant<'a> {
    name: &'a str,
    measure: Option<&'a crate::plan::measure::Measure>,
    busiest: String,
    short: &'a str,
}

fn variants<'a>(view: &'a Waves<'a>) -> Vec<Variant<'a>> {
    if view.variants.is_empty() {
        return Vec::new();
    }
    let row = |name: &'a str, outcome: Result<&'a crate::plan::measure::Measure, &'a str>| Variant {
        name,
        measure: outcome.ok(),
        busiest: outcome.map(|measure| format!("{:.0}", measure.busiest * 100.0)).unwrap_or_default(),
        short: outcome.err().unwrap_or_default(),
    };
    let plan = row(view.texts.get("plan", "this_plan"), Ok(&view.plan.measure));
    let others = view.variants.iter().map(|one| row(&one.name, one.outcome.as_ref().map_err(String::as_str)));
    std::iter::once(plan).chain(others).collect()
}

#[derive(Serialize)]
struct Cut<'a> {
    who: &'a str,
    whom: &'a str,
    tie: String,
    weight: u32,
    from: u64,
    to: u64,
    by: &'a str,
    /// A shared mailbox that moves before somebody who works in it.
    early: bool,
}

fn cut<'a>(view: &'a Waves<'a>) -> Vec<Cut<'a>> {
    let name = |member: u32| shown(&view.census.members[member as usize]);
    let line = |cut: &'a crate::plan::CutTie| Cut {
        who: name(cut.tie.a),
        whom: name(cut.tie.b),
        tie: view.tie(cut.tie.kind),
        weight: cut.tie.weight,
        from: Waves::number(cut.from),
        to: Waves::number(cut.to),
        by: view.cut_by(cut.by),
        early: view.early(cut),
    };
    view.plan.cut.iter().take(TIES).map(line).collect()
}

#[derive(Serialize)]
struct Waiting<'a> {
    verdict: &'a str,
    class: &'static str,
    cause: &'a str,
    users: u64,
}

/// Who waits, by cause, the most frequent first.
fn waiting<'a>(view: &'a Waves<'a>) -> Vec<Waiting<'a>> {
    let mut causes: BTreeMap<&str, (u64, &crate::plan::people::Member)> = BTreeMap::new();
    for (member, seat) in view.census.members.iter().zip(&view.plan.seats) {
        if seat.wave().is_none() {
            causes.entry(member.reason).or_insert((0, member)).0 += 1;
        }
    }
    let line = |(users, member): (u64, &'a crate::plan::people::Member)| Waiting {
        verdict: view.standing(member),
        class: if member.standing == Standing::Blocked { "blocked" } else { "not_assessed" },
        cause: &member.cause,
        users,
    };
    let mut lines: Vec<Waiting<'_>> = causes.into_values().map(line).collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.users));
    lines
}

impl Waves<'_> {
    /// Whether a cut tie moves a shared mailbox before somebody who works in it.
    pub(in crate::report) fn early(&self, cut: &crate::plan::CutTie) -> bool {
        let shared = |member: u32| self.census.members[member as usize].kind.is_shared();
        shared(cut.tie.a) && cut.from < cut.to || shared(cut.tie.b) && cut.to < cut.from
    }
}
