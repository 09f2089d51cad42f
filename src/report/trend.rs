//! The course over all runs: as JSON, in sentences, and as a drawing for the page.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;

use super::Texts;
use crate::compare::Trend;
use crate::compare::forecast::{Course, Forecast};
use crate::compare::trend::Point;
use crate::verdict::Verdict;

/// The trend, as JSON.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "trend")]
pub struct TrendJson<'a> {
    /// One point a run, oldest first, all judged by today's rules.
    points: Vec<PointJson<'a>>,
    /// The burn-down to the date EWS ends; null without a date.
    forecast: Option<&'a Forecast>,
    /// Users blocked for three months or more.
    long_blocked: Vec<LongJson<'a>>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "trend_point")]
struct PointJson<'a> {
    run: &'a str,
    #[schemars(with = "String", extend("format" = "date"))]
    day: Date,
    rows: u64,
    /// Whether so few rows are not assessed that the run counts for the pace.
    complete: bool,
    /// Entries per verdict id; every verdict is present.
    verdicts: BTreeMap<&'static str, u64>,
    causes: Vec<CauseJson<'a>>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "trend_cause")]
struct CauseJson<'a> {
    verdict: &'static str,
    /// Id of the rule that decided.
    reason: &'a str,
    users: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "long_blocked")]
struct LongJson<'a> {
    /// Id of today's cause.
    reason: &'a str,
    /// The roster's owner; empty: none.
    owner: &'a str,
    users: u64,
    /// Since when the first of them is blocked without a break.
    #[schemars(with = "String", extend("format" = "date"))]
    since: Date,
}

impl<'a> TrendJson<'a> {
    /// All of a trend.
    #[must_use]
    pub fn new(trend: &'a Trend) -> Self {
        let causes = |point: &'a Point| {
            let line = |(outcome, users): (&'a crate::compare::Outcome, &u64)| CauseJson {
                verdict: outcome.verdict.id(),
                reason: &outcome.reason,
                users: *users,
            };
            point.causes.iter().map(line).collect()
        };
        let point = |point: &'a Point| PointJson {
            run: &point.label.run,
            day: point.label.day(),
            rows: point.rows,
            complete: point.is_complete(),
            verdicts: Verdict::ALL.iter().map(|verdict| (verdict.id(), point.verdict(*verdict))).collect(),
            causes: causes(point),
        };
        let long = trend.long_blocked.iter().map(|line| LongJson {
            reason: &line.reason,
            owner: &line.owner,
            users: line.users,
            since: line.since,
        });
        Self {
            points: trend.points.iter().map(point).collect(),
            forecast: trend.forecast.as_ref(),
            long_blocked: long.collect(),
        }
    }
}

/// The forecast in sentences.
#[must_use]
pub fn sentences(trend: &Trend, texts: &Texts) -> Vec<String> {
    let Some(forecast) = &trend.forecast else { return Vec::new() };
    let deadline = forecast.deadline.to_string();
    // Adding zero takes the sign off a rounded-away negative number.
    let decimal =
        |value: f64| format!("{:.1}", (value * 10.0).round() / 10.0 + 0.0).replace('.', texts.get("number", "decimal"));
    let mut said = vec![match forecast.needed_per_week {
        Some(needed) => texts.fill("trend", "needed_per_week", &[("deadline", &deadline), ("n", &decimal(needed))]),
        None => texts.fill("trend", "past", &[("deadline", &deadline)]),
    }];
    match &forecast.pace {
        None => said.push(texts.get("trend", "no_pace").to_owned()),
        Some(pace) => {
            let [average, slowest, fastest] =
                [&pace.average, &pace.slowest, &pace.fastest].map(|course| decimal(course.per_week));
            let values = [("n", &*average), ("slowest", &slowest), ("fastest", &fastest)];
            said.push(texts.fill("trend", "pace", &values));
            let day = |course: &Course| match course.done {
                Some(day) => day.to_string(),
                None => texts.get("trend", "never").to_owned(),
            };
            let [day, late, early] = [&pace.average, &pace.slowest, &pace.fastest].map(day);
            said.push(texts.fill("trend", "done", &[("day", &day), ("early", &early), ("late", &late)]));
            let [n, high, low] =
                [&pace.average, &pace.slowest, &pace.fastest].map(|course| texts.number(course.left_at_deadline));
            let values = [("deadline", &*deadline), ("n", &n), ("low", &low), ("high", &high)];
            said.push(texts.fill("trend", "left_then", &values));
        }
    }
    if forecast.left_out > 0 {
        said.push(texts.fill("trend", "left_out", &[("n", &texts.number(forecast.left_out))]));
    }
    said
}

/// The trend for a terminal.
#[must_use]
pub fn text(trend: &Trend, texts: &Texts) -> String {
    let mut text = format!("{}\n", texts.get("trend", "title"));
    for point in &trend.points {
        let counts: Vec<String> = Verdict::ALL
            .iter()
            .map(|verdict| format!("{}: {}", texts.get("verdict", verdict.id()), texts.number(point.verdict(*verdict))))
            .collect();
        let remark = if point.is_complete() { "" } else { texts.get("trend", "incomplete") };
        let line = format!("  {}  {}  {remark}", point.label.day(), counts.join("  "));
        let _ = writeln!(text, "{}", line.trim_end());
    }
    for sentence in sentences(trend, texts) {
        let _ = writeln!(text, "  {sentence}");
    }
    let title = if trend.long_blocked.is_empty() { "long_none" } else { "long" };
    let _ = writeln!(text, "  {}", texts.get("trend", title));
    for line in &trend.long_blocked {
        let owner = super::terminal::plain(&line.owner);
        let owner = if owner.is_empty() { texts.get("column", "group_empty").to_owned() } else { owner };
        let since = format!("{} {}", texts.get("trend", "since"), line.since);
        let _ = writeln!(text, "    {}  {}  {owner}  {since}", texts.users(line.users), line.reason);
    }
    text
}

/// What templates see of a trend.
#[derive(Debug, Serialize)]
pub struct TrendPage {
    points: Vec<PointLine>,
    sentences: Vec<String>,
    long: Vec<LongLine>,
    /// The drawing; none with fewer than two days.
    drawing: Option<Drawing>,
}

#[derive(Debug, Serialize)]
struct PointLine {
    day: String,
    run: String,
    rows: u64,
    verdicts: Vec<u64>,
    left: u64,
    remark: String,
}

#[derive(Debug, Serialize)]
struct LongLine {
    reason: String,
    owner: String,
    users: u64,
    since: String,
}

/// Lines in a field of [`WIDTH`] by [`HEIGHT`].
#[derive(Debug, Serialize)]
struct Drawing {
    width: f64,
    height: f64,
    /// Those who cannot move yet, run by run: `x,y x,y`.
    left: String,
    dots: Vec<Dot>,
    /// The forecast at the average pace.
    average: String,
    /// Between the slowest and the fastest.
    spread: String,
    most: u64,
    first: String,
    last: String,
    /// Where the date to make stands.
    deadline_x: String,
}

#[derive(Debug, Serialize)]
struct Dot {
    x: String,
    y: String,
    title: String,
    complete: bool,
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 200.0;
/// Room at the left and below for the axes' words.
const MARGIN: f64 = 44.0;

impl TrendPage {
    /// The figures of a trend.
    #[must_use]
    pub fn new(trend: &Trend, texts: &Texts) -> Self {
        let point = |point: &Point| PointLine {
            day: point.label.day().to_string(),
            run: point.label.short().to_owned(),
            rows: point.rows,
            verdicts: point.verdicts.to_vec(),
            left: point.left(),
            remark: if point.is_complete() { String::new() } else { texts.get("trend", "incomplete").to_owned() },
        };
        let long = trend.long_blocked.iter().map(|line| LongLine {
            reason: line.reason.to_string(),
            owner: line.owner.to_string(),
            users: line.users,
            since: line.since.to_string(),
        });
        Self {
            points: trend.points.iter().map(point).collect(),
            sentences: if trend.points.len() > 1 { sentences(trend, texts) } else { Vec::new() },
            long: long.collect(),
            drawing: drawing(trend, texts),
        }
    }
}

fn drawing(trend: &Trend, texts: &Texts) -> Option<Drawing> {
    let (first, last) = (trend.points.first()?.label.day(), trend.points.last()?.label.day());
    let end = trend.forecast.as_ref().map_or(last, |forecast| forecast.deadline.max(last));
    if first == last {
        return None;
    }
    let most = trend.points.iter().map(Point::left).max().unwrap_or(0).max(1);
    let span = |from: Date, to: Date| from.until(to).map_or(0.0, |span| f64::from(span.get_days()));
    let x = |day: Date| MARGIN + (WIDTH - MARGIN) * span(first, day) / span(first, end).max(1.0);
    let y = |users: f64| (HEIGHT - MARGIN) * (1.0 - (users / most as f64).min(1.0)) + 8.0;
    let at = |day: Date, users: f64| format!("{:.1},{:.1}", x(day), y(users));
    let complete = || trend.points.iter().filter(|point| point.is_complete());
    let left: Vec<String> = complete().map(|point| at(point.label.day(), point.left() as f64)).collect();
    let dot = |point: &Point| Dot {
        x: format!("{:.1}", x(point.label.day())),
        y: format!("{:.1}", y(point.left() as f64)),
        title: format!("{}: {}", point.label.day(), texts.users(point.left())),
        complete: point.is_complete(),
    };
    let ahead = trend.forecast.as_ref().and_then(|forecast| Some((forecast, forecast.pace.as_ref()?)));
    let ahead = ahead.filter(|(forecast, _)| forecast.deadline > forecast.from);
    let (average, spread) = ahead.map_or_else(Default::default, |(forecast, pace)| {
        let start = at(forecast.from, forecast.left as f64);
        let then = |course: &Course| at(forecast.deadline, course.left_at_deadline as f64);
        (format!("{start} {}", then(&pace.average)), format!("{start} {} {}", then(&pace.slowest), then(&pace.fastest)))
    });
    Some(Drawing {
        width: WIDTH,
        height: HEIGHT,
        left: left.join(" "),
        dots: trend.points.iter().map(dot).collect(),
        average,
        spread,
        most,
        first: first.to_string(),
        last: end.to_string(),
        deadline_x: trend.forecast.as_ref().map(|forecast| format!("{:.1}", x(forecast.deadline))).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::TrendBuilder;
    use crate::compare::testing::{judged, label};

    fn example() -> Trend {
        let rows = |blocked: u64| -> Vec<_> {
            let verdict = |row| if row <= blocked { Verdict::Blocked } else { Verdict::MoveToGraphEac };
            (1..=10)
                .map(|row| judged(row, &format!("u{row}@c"), &row.to_string(), verdict(row), "identity/guest"))
                .collect()
        };
        let mut builder = TrendBuilder::default();
        for (month, blocked) in [(9, 4), (8, 6), (6, 9)] {
            builder.add(label(month, 1), &rows(blocked));
        }
        builder.finish(Some(jiff::civil::date(2027, 4, 1)))
    }

    #[test]
    fn people_read_counts_pace_and_who_waits() {
        insta::assert_snapshot!(text(&example(), &Texts::embedded("en").unwrap()));
    }

    #[test]
    fn the_drawing_stays_within_its_field() {
        let texts = Texts::embedded("en").unwrap();
        let drawing = TrendPage::new(&example(), &texts).drawing.unwrap();
        let inside = |pair: &str| {
            let (x, y) = pair.split_once(',').unwrap();
            (MARGIN..=WIDTH).contains(&x.parse().unwrap()) && (0.0..=HEIGHT).contains(&y.parse().unwrap())
        };
        let lines = [&drawing.left, &drawing.average, &drawing.spread];
        assert!(lines.iter().all(|line| line.split(' ').all(inside)), "{drawing:?}");
        assert_eq!(drawing.dots.len(), 3);
        let mut one = TrendBuilder::default();
        one.add(label(9, 1), &[]);
        assert!(TrendPage::new(&one.finish(None), &texts).drawing.is_none());
    }
}
