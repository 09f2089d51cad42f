//! Whether the date is made: a plain forecast from the pace so far, with its spread.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;

/// Users who cannot move yet, at one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// Day of the run.
    pub day: Date,
    /// Users blocked, in need of a licence, or not assessed.
    pub users: u64,
}

/// The burn-down to a date.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Forecast {
    /// The run it starts from: the last one that is nearly complete.
    #[schemars(with = "String", extend("format" = "date"))]
    pub from: Date,
    /// Users who cannot move yet at that run.
    pub left: u64,
    /// The date to make.
    #[schemars(with = "String", extend("format" = "date"))]
    pub deadline: Date,
    /// Users a week who must become ready to make it; null once the date is past.
    pub needed_per_week: Option<f64>,
    /// The pace so far; null with fewer than two runs on different days.
    pub pace: Option<Pace>,
    /// Runs left out because too many of their rows are not assessed.
    pub left_out: u64,
}

/// Users a week who became ready, net of those who fell back or joined, and where that leads.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Pace {
    /// Over all runs.
    pub average: Course,
    /// As in the worst stretch between two runs.
    pub slowest: Course,
    /// As in the best stretch between two runs.
    pub fastest: Course,
}

/// One pace and where it leads.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Course {
    /// Users a week; negative: more are left from run to run.
    pub per_week: f64,
    /// The day nobody is left; null: never at this pace.
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub done: Option<Date>,
    /// Users left on the date to make.
    pub left_at_deadline: u64,
}

/// Farther ahead than this nothing is forecast, in days.
const HORIZON: f64 = 3650.0;

/// Makes the forecast from runs oldest first; `None` without any run.
#[must_use]
pub fn forecast(runs: &[Left], left_out: u64, deadline: Date) -> Option<Forecast> {
    let last = *runs.last()?;
    let days_left = days(last.day, deadline);
    let needed_per_week = (days_left > 0.0).then(|| last.users as f64 * 7.0 / days_left);
    let course = |per_day: f64| course(last, per_day, days_left);
    let stretches = runs.array_windows().filter_map(|[from, to]| per_day(*from, *to));
    let (mut slowest, mut fastest) = (f64::INFINITY, f64::NEG_INFINITY);
    for pace in stretches {
        (slowest, fastest) = (slowest.min(pace), fastest.max(pace));
    }
    let average = runs.first().and_then(|first| per_day(*first, last));
    let pace = average.filter(|_| slowest.is_finite()).map(|average| Pace {
        average: course(average),
        slowest: course(slowest),
        fastest: course(fastest),
    });
    Some(Forecast { from: last.day, left: last.users, deadline, needed_per_week, pace, left_out })
}

/// Users a day who became ready between two runs; `None` on the same day.
fn per_day(from: Left, to: Left) -> Option<f64> {
    let days = days(from.day, to.day);
    (days > 0.0).then(|| (from.users as f64 - to.users as f64) / days)
}

fn course(last: Left, per_day: f64, days_left: f64) -> Course {
    let users = last.users as f64;
    let needed = if users == 0.0 { 0.0 } else { users / per_day };
    let reaches = users == 0.0 || (per_day > 0.0 && needed <= HORIZON);
    // Below the horizon, so the conversion is exact.
    let done = reaches.then(|| jiff::Span::new().days(needed.ceil() as i64));
    let left = (users - per_day * days_left.max(0.0)).max(0.0).round();
    Course {
        per_week: per_day * 7.0,
        done: done.and_then(|span| last.day.checked_add(span).ok()),
        left_at_deadline: left as u64,
    }
}

fn days(from: Date, to: Date) -> f64 {
    from.until(to).map_or(0.0, |span| f64::from(span.get_days()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn runs(counts: &[(i8, u64)]) -> Vec<Left> {
        counts.iter().map(|(month, users)| Left { day: date(2026, *month, 1), users: *users }).collect()
    }

    #[test]
    fn the_rate_needed_and_the_spread_come_from_the_runs() {
        // 31 days to August, 31 to September: 62 fewer, then 31 fewer.
        let forecast = forecast(&runs(&[(7, 200), (8, 138), (9, 107)]), 1, date(2026, 12, 1)).unwrap();
        assert_eq!((forecast.left, forecast.left_out), (107, 1));
        assert!((forecast.needed_per_week.unwrap() - 107.0 * 7.0 / 91.0).abs() < 1e-9);
        let pace = forecast.pace.unwrap();
        assert_eq!((pace.average.per_week, pace.slowest.per_week, pace.fastest.per_week), (10.5, 7.0, 14.0));
        assert_eq!(pace.average.done, Some(date(2026, 11, 12)));
        assert_eq!((pace.slowest.left_at_deadline, pace.average.left_at_deadline), (16, 0));
        assert_eq!(pace.slowest.done, Some(date(2026, 12, 17)));
    }

    #[test]
    fn a_pace_that_goes_backwards_never_ends() {
        let forecast = forecast(&runs(&[(7, 100), (8, 131)]), 0, date(2026, 9, 1)).unwrap();
        let average = forecast.pace.unwrap().average;
        assert_eq!((average.per_week, average.done, average.left_at_deadline), (-7.0, None, 162));
    }

    #[test]
    fn one_run_or_one_day_gives_no_pace_and_nobody_left_is_done() {
        assert_eq!(forecast(&[], 0, date(2027, 4, 1)), None);
        assert!(forecast(&runs(&[(7, 5), (7, 3)]), 0, date(2027, 4, 1)).unwrap().pace.is_none());
        let done = forecast(&runs(&[(7, 5), (8, 0)]), 0, date(2027, 4, 1)).unwrap();
        assert_eq!(done.needed_per_week, Some(0.0));
        assert_eq!(done.pace.unwrap().average.done, Some(date(2026, 8, 1)));
        assert_eq!(forecast(&runs(&[(7, 5)]), 0, date(2026, 7, 1)).unwrap().needed_per_week, None);
    }
}
