//! How a project stands against the plan it made: who moved, who is ahead, who is behind.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use jiff::civil::Date;

use super::kept::Kept;
use super::people::Standing;

/// How somebody stands against the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// His wave is over, and nothing stands against his move: taken as moved.
    Moved,
    /// His wave is over, and he could not move; or he cannot any more; or the new plan has him later.
    Behind,
    /// He waited and is ready now; or the new plan has him earlier.
    Ahead,
    /// His wave is to come, and nothing changed.
    OnPlan,
    /// He waited, and still does.
    Waits,
    /// He came on the roster after the plan was made.
    Joined,
    /// He left the roster.
    Left,
}

impl State {
    /// All of them, in the order a report shows them.
    pub const ALL: [Self; 7] =
        [Self::Behind, Self::Moved, Self::Ahead, Self::OnPlan, Self::Waits, Self::Joined, Self::Left];

    /// The identifier in CSV and JSON.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Moved => "moved",
            Self::Behind => "behind",
            Self::Ahead => "ahead",
            Self::OnPlan => "on_plan",
            Self::Waits => "waits",
            Self::Joined => "joined",
            Self::Left => "left",
        }
    }
}

/// Somebody as a later run found him.
#[derive(Debug, Clone)]
pub struct Person<'a> {
    /// Directory object id, lower case; empty: not known.
    pub object_id: Cow<'a, str>,
    /// Address.
    pub address: &'a str,
    /// Whether he can be moved.
    pub standing: Standing,
}

/// How one mailbox stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Object id or address, as the plan has it; of one who joined, as the run has it.
    pub key: Box<str>,
    /// Address; empty: he left, and only his key is known.
    pub address: Box<str>,
    /// How he stands.
    pub state: State,
    /// The day the plan had for him.
    pub planned: Option<Date>,
    /// The day the new plan has for him.
    pub now: Option<Date>,
}

/// Everybody against the plan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// A line for everybody of roster or plan: the roster's order, then who left.
    pub lines: Vec<Line>,
}

impl Progress {
    /// How many are in a state.
    #[must_use]
    pub fn count(&self, state: State) -> usize {
        self.of(state).count()
    }

    /// Those in a state, in the roster's order.
    pub fn of(&self, state: State) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(move |line| line.state == state)
    }
}

/// A later run held against the plan of an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Against {
    /// The run the plan was made for.
    pub run: String,
    /// The day it was made.
    pub made: Date,
    /// How everybody stands.
    pub progress: Progress,
}

impl Against {
    /// Holds people against `plan`. `newer`: the plan made for the later run, where there is one.
    #[must_use]
    pub fn of<'a>(
        plan: &Kept,
        people: impl IntoIterator<Item = Person<'a>>,
        today: Date,
        newer: Option<&Kept>,
    ) -> Self {
        let made = plan.made.to_zoned(jiff::tz::TimeZone::UTC).date();
        Self { run: plan.run.clone(), made, progress: against(plan, people, today, newer) }
    }
}

/// Compares the people of a later run with an earlier plan. `newer`: the plan made for the later run, where there is
/// one.
#[must_use]
pub fn against<'a>(
    plan: &Kept,
    people: impl IntoIterator<Item = Person<'a>>,
    today: Date,
    newer: Option<&Kept>,
) -> Progress {
    let planned = plan.dates();
    let now: HashMap<&str, Date> = newer.map(Kept::dates).unwrap_or_default();
    let waited: HashSet<&str> = plan.waiting.iter().map(String::as_str).collect();
    let mut here: HashSet<&str> = HashSet::with_capacity(planned.len());
    let mut lines = Vec::with_capacity(planned.len());
    for person in people {
        let keys = [&*person.object_id, person.address];
        let keys = || keys.into_iter().filter(|key| !key.is_empty());
        // The plan knows by the address whom the directory did not show then.
        let in_plan = |key: &str| planned.get_key_value(key).map(|(key, _)| *key).or_else(|| waited.get(key).copied());
        let known = keys().find_map(in_plan);
        here.extend(known);
        let key = known.or_else(|| keys().next()).unwrap_or_default();
        let planned = planned.get(key).copied();
        let now = keys().find_map(|key| now.get(key).copied());
        let state = match planned {
            Some(day) => with_date(day, now, today, person.standing),
            None if known.is_none() => State::Joined,
            None if matches!(person.standing, Standing::Ready | Standing::Licence { .. }) => State::Ahead,
            None => State::Waits,
        };
        lines.push(Line { key: key.into(), address: person.address.into(), state, planned, now });
    }
    let gone = plan.waves.iter().flat_map(|wave| &wave.people).chain(&plan.waiting).map(String::as_str);
    for key in gone.filter(|key| !here.contains(key)) {
        let planned = planned.get(key).copied();
        lines.push(Line { key: key.into(), address: "".into(), state: State::Left, planned, now: None });
    }
    Progress { lines }
}

fn with_date(planned: Date, now: Option<Date>, today: Date, standing: Standing) -> State {
    let cannot = matches!(standing, Standing::Blocked | Standing::NotAssessed);
    match now {
        _ if planned <= today && standing == Standing::Ready => State::Moved,
        _ if planned <= today || cannot => State::Behind,
        Some(now) if now < planned => State::Ahead,
        Some(now) if now > planned => State::Behind,
        _ => State::OnPlan,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::calendar::Slot;
    use crate::plan::constraints::Rules;
    use crate::plan::kept::KeptWave;
    use crate::plan::people::Census;
    use jiff::civil::date;

    fn kept(waves: &[(Date, &[&str])], waiting: &[&str]) -> Kept {
        let census = Census::default();
        let rules = Rules { start: Some(date(2027, 1, 1)), ..Rules::default() };
        let request = crate::plan::Request {
            census: &census,
            rules: &rules,
            today: date(2026, 11, 20),
            retirement: date(2027, 4, 1),
            earlier: None,
        };
        let crate::plan::Outcome::Plan(plan) = crate::plan::make(request).unwrap() else { panic!("no plan") };
        let mut kept = Kept::of(&plan, &census, &rules, "run", jiff::Timestamp::UNIX_EPOCH);
        let owned = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
        let wave =
            |(day, keys): &(Date, &[&str])| KeptWave { slot: Slot { date: *day, capacity: 9 }, people: owned(keys) };
        kept.waves = waves.iter().map(wave).collect();
        kept.waiting = owned(waiting);
        kept
    }

    #[test]
    fn everybody_is_told_how_he_stands() {
        let (first, second, third) = (date(2026, 12, 5), date(2027, 1, 9), date(2027, 1, 16));
        let old = kept(
            &[(first, &["done", "late"]), (second, &["same", "sooner", "later", "broke", "gone"])],
            &["freed", "stuck"],
        );
        let new = kept(&[(date(2027, 1, 2), &["sooner"]), (second, &["same"]), (third, &["later", "freed"])], &[]);
        let standing = |name| match name {
            "late" => Standing::NotAssessed,
            "broke" | "stuck" => Standing::Blocked,
            _ => Standing::Ready,
        };
        let people = ["done", "late", "same", "sooner", "later", "broke", "freed", "stuck", "new"].map(|name| Person {
            object_id: "".into(),
            address: name,
            standing: standing(name),
        });
        let progress = against(&old, people, date(2026, 12, 20), Some(&new));
        let states: Vec<_> = progress.lines.iter().map(|line| format!("{} {}", line.key, line.state.id())).collect();
        let expected = [
            "done moved",
            "late behind",
            "same on_plan",
            "sooner ahead",
            "later behind",
            "broke behind",
            "freed ahead",
            "stuck waits",
            "new joined",
            "gone left",
        ];
        assert_eq!(states, expected);
        let counted: usize = State::ALL.into_iter().map(|state| progress.count(state)).sum();
        assert_eq!(counted, progress.lines.len());
    }
    #[test]
    fn whom_the_directory_shows_only_now_is_found_by_the_address_the_plan_has() {
        let plan = kept(&[(date(2026, 12, 5), &["ada@c"])], &[]);
        let people = [Person { object_id: "1".into(), address: "ada@c", standing: Standing::Ready }];
        let progress = against(&plan, people, date(2026, 12, 20), None);
        assert_eq!(progress.lines.len(), 1, "nobody left: {:?}", progress.lines);
        assert_eq!((progress.lines[0].state, &*progress.lines[0].key), (State::Moved, "ada@c"));
    }
}
