//! `--fail-on`: when a scheduler is to be told that a run went past what its owner accepts.

use std::fmt;
use std::str::FromStr;

use super::{Changes, Kind};
use crate::plan::progress::{Against, State};
use crate::verdict::Verdict;

/// One condition, for example `blocked>0` or `not_assessed>1%`.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    metric: Metric,
    operator: Operator,
    /// Users, or per cent of the roster.
    limit: f64,
    percent: bool,
    text: String,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Metric {
    Verdict(Verdict),
    Change(Kind),
    Regressed,
    /// Of the plan made before.
    Plan(State),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// What can be counted, by the names a condition uses.
const METRICS: &[(&str, Metric)] = &[
    ("blocked", Metric::Verdict(Verdict::Blocked)),
    ("needs_license_upgrade", Metric::Verdict(Verdict::NeedsLicenseUpgrade)),
    ("move_to_graph_eac", Metric::Verdict(Verdict::MoveToGraphEac)),
    ("not_assessed", Metric::Verdict(Verdict::NotAssessed)),
    ("regressed", Metric::Regressed),
    ("new_blocked", Metric::Change(Kind::NewlyBlocked)),
    ("new_needs_license", Metric::Change(Kind::NewlyNeedsLicence)),
    ("new_ready", Metric::Change(Kind::NewlyReady)),
    ("new_not_assessed", Metric::Change(Kind::NotAssessed)),
    ("other_cause", Metric::Change(Kind::OtherCause)),
    ("joined", Metric::Change(Kind::Joined)),
    ("left", Metric::Change(Kind::Left)),
    ("plan_behind", Metric::Plan(State::Behind)),
];

/// Operators, the longer first, because the shorter begin them.
const OPERATORS: &[(&str, Operator)] =
    &[(">=", Operator::GreaterOrEqual), ("<=", Operator::LessOrEqual), (">", Operator::Greater), ("<", Operator::Less)];

/// Why a condition cannot be read, for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConditionError {
    /// There is no operator.
    #[error("'{0}' is no condition: it has none of > >= < <=")]
    Operator(String),
    /// Nothing of this name is counted.
    #[error("'{0}' counts nothing that is known; the nearest is '{1}'")]
    Metric(String, &'static str),
    /// The limit is no number.
    #[error("'{0}' is no number of users and no per cent of the roster from 0 to 100")]
    Limit(String),
}

impl ConditionError {
    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> String {
        let names: Vec<&str> = METRICS.iter().map(|(name, _)| *name).collect();
        format!("write for example blocked>0, new_blocked>10 or not_assessed>1%; counted are {}", names.join(", "))
    }
}

impl FromStr for Condition {
    type Err = ConditionError;

    fn from_str(text: &str) -> Result<Self, ConditionError> {
        let text = text.trim();
        let at = text.find(['<', '>']).ok_or_else(|| ConditionError::Operator(text.to_owned()))?;
        let (name, rest) = text.split_at(at);
        let found = OPERATORS.iter().find_map(|(sign, operator)| Some((*operator, rest.strip_prefix(sign)?)));
        let (operator, limit) = found.ok_or_else(|| ConditionError::Operator(text.to_owned()))?;
        let (limit, name) = (limit.trim(), name.trim());
        let percent = limit.ends_with('%');
        let digits = limit.trim_end_matches('%').trim_end();
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || (percent && byte == b'.'));
        let number = digits.parse::<f64>().ok().filter(|number| plain && (!percent || *number <= 100.0));
        Ok(Self {
            metric: metric(name)?,
            operator,
            limit: number.ok_or_else(|| ConditionError::Limit(limit.to_owned()))?,
            percent,
            text: text.to_owned(),
        })
    }
}

fn metric(name: &str) -> Result<Metric, ConditionError> {
    if let Some((_, metric)) = METRICS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
        return Ok(*metric);
    }
    let likeness = |known: &str| strsim::jaro_winkler(known, name);
    let nearest = METRICS.iter().map(|(known, _)| *known).max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    Err(ConditionError::Metric(name.to_owned(), nearest.unwrap_or_default()))
}

/// What the conditions are held against.
#[derive(Debug, Clone, Copy)]
pub struct Counts<'a> {
    /// Roster entries.
    pub rows: u64,
    /// Entries per verdict, in the order of [`Verdict::ALL`].
    pub verdicts: [u64; Verdict::ALL.len()],
    /// What moved since the run before, if there is one.
    pub changes: Option<&'a Changes>,
    /// How the run stands against the plan made before, if there is one.
    pub plan: Option<&'a Against>,
}

/// What became of one condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It does not hold.
    Kept,
    /// It holds: so many users.
    Exceeded(u64),
    /// It asks for a comparison, and there is no earlier run.
    NothingToCompare,
    /// It asks for a plan, and nobody made one.
    NoPlan,
}

impl Condition {
    /// Whether it is about the plan made before, and about nothing else.
    #[must_use]
    pub fn is_of_the_plan(&self) -> bool {
        matches!(self.metric, Metric::Plan(_))
    }

    /// Whether the condition holds.
    #[must_use]
    pub fn test(&self, counts: &Counts<'_>) -> Answer {
        let users = match self.metric {
            Metric::Verdict(verdict) => Ok(counts.verdicts[verdict as usize]),
            Metric::Change(kind) => counts.changes.map(|changes| changes.count(kind)).ok_or(Answer::NothingToCompare),
            Metric::Regressed => counts.changes.map(Changes::regressed).ok_or(Answer::NothingToCompare),
            Metric::Plan(state) => {
                counts.plan.map(|against| against.progress.count(state) as u64).ok_or(Answer::NoPlan)
            }
        };
        let users = match users {
            Ok(users) => users,
            Err(answer) => return answer,
        };
        // Counts stay far below 2^53, where whole numbers end to be exact.
        let value = match (self.percent, counts.rows) {
            (false, _) => users as f64,
            (true, 0) => 0.0,
            (true, rows) => users as f64 * 100.0 / rows as f64,
        };
        let holds = match self.operator {
            Operator::Greater => value > self.limit,
            Operator::GreaterOrEqual => value >= self.limit,
            Operator::Less => value < self.limit,
            Operator::LessOrEqual => value <= self.limit,
        };
        if holds { Answer::Exceeded(users) } else { Answer::Kept }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::testing::{judged, label};
    use crate::compare::{Earlier, compare};
    use proptest::prelude::*;

    fn test(condition: &str, counts: &Counts<'_>) -> Answer {
        condition.parse::<Condition>().unwrap().test(counts)
    }

    #[test]
    fn users_and_per_cent_are_held_against_the_limit() {
        let counts = Counts { rows: 200, verdicts: [5, 20, 173, 2], changes: None, plan: None };
        assert_eq!(test("blocked>0", &counts), Answer::Exceeded(5));
        assert_eq!(test(" Blocked > 5 ", &counts), Answer::Kept);
        assert_eq!(test("blocked>=5", &counts), Answer::Exceeded(5));
        assert_eq!(test("not_assessed>1%", &counts), Answer::Kept);
        assert_eq!(test("not_assessed>=1%", &counts), Answer::Exceeded(2));
        assert_eq!(test("needs_license_upgrade>9.9%", &counts), Answer::Exceeded(20));
        assert_eq!(test("move_to_graph_eac<90 %", &counts), Answer::Exceeded(173));
        assert_eq!(test("new_blocked>0", &counts), Answer::NothingToCompare);
        assert_eq!(test("plan_behind>0", &counts), Answer::NoPlan);
        let empty = Counts { rows: 0, verdicts: [0; 4], changes: None, plan: None };
        assert_eq!(test("blocked>0%", &empty), Answer::Kept);
    }

    #[test]
    fn changes_are_counted_where_there_is_an_earlier_run() {
        let row = |verdict| judged(1, "ada@c", "1", verdict, "a/b");
        let old = [Earlier { judged: row(Verdict::MoveToGraphEac), reported: None }];
        let changes = compare(label(9, 1), &old, label(10, 1), &[row(Verdict::Blocked)]);
        let counts = Counts { rows: 1, verdicts: [1, 0, 0, 0], changes: Some(&changes), plan: None };
        assert_eq!(test("new_blocked>0", &counts), Answer::Exceeded(1));
        assert_eq!(test("regressed>=1", &counts), Answer::Exceeded(1));
        assert_eq!(test("joined>0", &counts), Answer::Kept);
    }

    #[test]
    fn what_cannot_be_read_is_told_with_what_was_meant() {
        let said = |text: &str| text.parse::<Condition>().unwrap_err().to_string();
        assert_eq!(said("blocked"), "'blocked' is no condition: it has none of > >= < <=");
        assert_eq!(said("bloked>0"), "'bloked' counts nothing that is known; the nearest is 'blocked'");
        for limit in ["", "x", "-1", "1.5", "101%", "1e3", "inf", "NaN%", "%"] {
            let told = said(&format!("blocked>{limit}"));
            assert!(told.contains("no number of users"), "{limit}: {told}");
        }
        assert!("x>1".parse::<Condition>().unwrap_err().hint().contains("new_blocked>10"));
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "\\PC{0,24}") {
            let _ = text.parse::<Condition>();
        }

        #[test]
        fn a_condition_shows_itself_as_written(limit in 0_u32..10_000, percent in any::<bool>()) {
            let text = if percent { format!("blocked>{}%", limit % 100) } else { format!("new_blocked<={limit}") };
            prop_assert_eq!(text.parse::<Condition>().unwrap().to_string(), text);
        }
    }
}
