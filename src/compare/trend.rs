//! Counts over all runs of a tenant, and who has been blocked for long.

use std::collections::{BTreeMap, HashMap};

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::forecast::{Forecast, Left, forecast};
use super::{Judged, Outcome, RunLabel, Word};
use crate::evidence::ObjectId;
use crate::verdict::Verdict;

/// A run with more of its rows not assessed than this, in per cent, says nothing about the pace.
pub const INCOMPLETE_PERCENT: u64 = 5;
/// A user blocked for so many months is blocked for long.
pub const LONG_MONTHS: i32 = 3;

/// One run's counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// The run.
    pub label: RunLabel,
    /// Roster entries.
    pub rows: u64,
    /// Entries per verdict, in the order of [`Verdict::ALL`].
    pub verdicts: [u64; Verdict::ALL.len()],
    /// Entries per verdict and cause.
    pub causes: BTreeMap<Outcome, u64>,
}

impl Point {
    /// Entries with this verdict.
    #[must_use]
    pub fn verdict(&self, verdict: Verdict) -> u64 {
        self.verdicts[verdict as usize]
    }

    /// Entries that cannot move yet, or of which it is not known.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.rows - self.verdict(Verdict::MoveToGraphEac)
    }

    /// Whether nearly all entries are assessed.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.verdict(Verdict::NotAssessed) * 100 <= self.rows * INCOMPLETE_PERCENT
    }
}

/// Users who have been blocked for long, with one cause and one owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LongBlocked {
    /// Rule id of today's cause.
    pub reason: Word,
    /// The roster's owner; empty: none.
    pub owner: Box<str>,
    /// Users.
    pub users: u64,
    /// Since when the first of them is blocked without a break.
    pub since: Date,
}

/// All runs of a tenant up to one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trend {
    /// One point a run, oldest first, all judged by today's rules.
    pub points: Vec<Point>,
    /// Blocked for [`LONG_MONTHS`] months or more, most users first.
    pub long_blocked: Vec<LongBlocked>,
    /// The burn-down; `None` without a date or a nearly complete run.
    pub forecast: Option<Forecast>,
}

/// Puts a trend together from runs given newest first.
#[derive(Debug, Default)]
pub struct TrendBuilder {
    points: Vec<Point>,
    blocked: Vec<Streak>,
    by_id: HashMap<ObjectId, usize>,
    by_address: HashMap<Box<str>, usize>,
    /// No older run follows: nobody need be looked for in one.
    alone: bool,
}

/// A user blocked at the newest run.
#[derive(Debug)]
struct Streak {
    reason: Word,
    owner: Word,
    since: Date,
    /// Whether the object id is known, so that the address does not decide who it is.
    identified: bool,
    /// Whether the streak may go farther back.
    open: bool,
    /// How many runs back the user was last found on the roster.
    seen: usize,
}

impl TrendBuilder {
    /// For a first run, which no older one follows.
    #[must_use]
    pub fn of_one() -> Self {
        Self { alone: true, ..Self::default() }
    }

    /// Adds the next older run.
    pub fn add(&mut self, label: RunLabel, rows: &[Judged]) {
        let day = label.day();
        if self.points.is_empty() {
            if !self.alone {
                self.begin(day, rows);
            }
        } else {
            self.go_back(day, rows);
        }
        let mut point = Point { label, rows: 0, verdicts: [0; Verdict::ALL.len()], causes: BTreeMap::new() };
        for judged in rows {
            point.rows += 1;
            point.verdicts[judged.outcome.verdict as usize] += 1;
            match point.causes.get_mut(&judged.outcome) {
                Some(users) => *users += 1,
                None => drop(point.causes.insert(judged.outcome.clone(), 1)),
            }
        }
        self.points.push(point);
    }

    fn begin(&mut self, day: Date, rows: &[Judged]) {
        for judged in rows.iter().filter(|judged| !judged.repeat && judged.outcome.verdict == Verdict::Blocked) {
            let place = self.blocked.len();
            if !judged.object_id.is_empty() {
                self.by_id.entry(judged.object_id.clone()).or_insert(place);
            }
            self.by_address.entry(judged.address.clone()).or_insert(place);
            let (reason, owner) = (judged.outcome.reason.clone(), judged.owner.clone());
            self.blocked.push(Streak {
                reason,
                owner,
                since: day,
                identified: !judged.object_id.is_empty(),
                open: true,
                seen: 0,
            });
        }
    }

    /// A user who was blocked here goes back so far; not assessed leaves it open; anything else, or not being on the
    /// roster, ends the streak.
    fn go_back(&mut self, day: Date, rows: &[Judged]) {
        let back = self.points.len();
        for judged in rows.iter().filter(|judged| !judged.repeat) {
            let by_address = || {
                let place = self.by_address.get(&judged.address)?;
                (judged.object_id.is_empty() || !self.blocked.get(*place)?.identified).then_some(place)
            };
            let place = self.by_id.get(&judged.object_id).or_else(by_address).copied();
            let Some(streak) = place.and_then(|place| self.blocked.get_mut(place)).filter(|streak| streak.open) else {
                continue;
            };
            streak.seen = back;
            match judged.outcome.verdict {
                Verdict::Blocked => streak.since = day,
                Verdict::NotAssessed => {}
                Verdict::NeedsLicenseUpgrade | Verdict::MoveToGraphEac => streak.open = false,
            }
        }
        for streak in &mut self.blocked {
            streak.open &= streak.seen == back;
        }
    }

    /// The trend, with a forecast to `deadline` where there is one.
    #[must_use]
    pub fn finish(mut self, deadline: Option<Date>) -> Trend {
        self.points.reverse();
        let complete = self.points.iter().filter(|point| point.is_complete());
        let left: Vec<Left> = complete.map(|point| Left { day: point.label.day(), users: point.left() }).collect();
        let left_out = (self.points.len() - left.len()) as u64;
        let forecast = deadline.and_then(|deadline| forecast(&left, left_out, deadline));
        Trend { long_blocked: self.long(), points: self.points, forecast }
    }

    fn long(&self) -> Vec<LongBlocked> {
        let Some(today) = self.points.last().map(|point| point.label.day()) else { return Vec::new() };
        let long = |streak: &&Streak| streak.since.checked_add(LONG_MONTHS.months()).is_ok_and(|day| day <= today);
        let mut groups: BTreeMap<(&Word, &str), (u64, Date)> = BTreeMap::new();
        for streak in self.blocked.iter().filter(long) {
            let (users, since) = groups.entry((&streak.reason, &streak.owner)).or_insert((0, streak.since));
            (*users, *since) = (*users + 1, (*since).min(streak.since));
        }
        let line = |((reason, owner), (users, since)): ((&Word, &str), _)| LongBlocked {
            reason: reason.clone(),
            owner: owner.into(),
            users,
            since,
        };
        let mut long: Vec<LongBlocked> = groups.into_iter().map(line).collect();
        long.sort_by_key(|line| std::cmp::Reverse(line.users));
        long
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::testing::{judged, label};
    use Verdict::{Blocked, MoveToGraphEac as Ready, NotAssessed as Unknown};
    use jiff::civil::date;

    fn months(runs: &[(i8, Vec<Judged>)]) -> Trend {
        let mut builder = TrendBuilder::default();
        for (month, rows) in runs.iter().rev() {
            builder.add(label(*month, 1), rows);
        }
        builder.finish(Some(date(2027, 4, 1)))
    }

    fn ada(verdict: Verdict) -> Vec<Judged> {
        vec![judged(1, "ada@c", "1", verdict, "a/b")]
    }

    #[test]
    fn a_streak_goes_back_over_what_was_not_assessed_and_over_a_rename_but_not_over_ready() {
        let renamed = vec![judged(1, "ada.smith@c", "1", Blocked, "a/b")];
        let trend = months(&[(5, ada(Ready)), (6, ada(Blocked)), (7, ada(Unknown)), (8, ada(Blocked)), (9, renamed)]);
        assert_eq!(trend.long_blocked.len(), 1);
        assert_eq!((trend.long_blocked[0].since, trend.long_blocked[0].users), (date(2026, 6, 1), 1));
        let trend = months(&[(6, ada(Blocked)), (7, ada(Ready)), (9, ada(Blocked))]);
        assert_eq!(trend.long_blocked, []);
        let trend = months(&[(6, ada(Blocked)), (7, Vec::new()), (9, ada(Blocked))]);
        assert_eq!(trend.long_blocked, [], "who was not on the roster was not waited for");
    }

    #[test]
    fn points_are_counted_oldest_first_and_incomplete_runs_do_not_set_the_pace() {
        let trend = months(&[(7, ada(Blocked)), (8, ada(Unknown)), (9, ada(Ready))]);
        let left: Vec<_> = trend.points.iter().map(|point| (point.label.day().month(), point.left())).collect();
        assert_eq!(left, [(7, 1), (8, 1), (9, 0)]);
        let forecast = trend.forecast.unwrap();
        assert_eq!((forecast.left, forecast.left_out), (0, 1));
        assert_eq!(trend.points[0].causes.values().sum::<u64>(), 1);
    }
}
