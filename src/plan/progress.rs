//! How a project stands against the plan it made: who moved, who is ahead, who is behind.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;

use super::kept::Kept;
use super::people::{Census, Standing};

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

/// How one mailbox stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Object id or address.
    pub key: String,
    /// Index into the census; none: he left.
    pub member: Option<u32>,
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
        self.lines.iter().filter(|line| line.state == state).count()
    }
}

/// Compares a later run with an earlier plan. `newer`: the plan made for the later run, where there is one.
#[must_use]
pub fn against(plan: &Kept, census: &Census, today: Date, newer: Option<&Kept>) -> Progress {
    let planned = plan.dates();
    let now: HashMap<&str, Date> = newer.map(Kept::dates).unwrap_or_default();
    let waited: HashSet<&str> = plan.waiting.iter().map(String::as_str).collect();
    let mut here: HashSet<&str> = HashSet::with_capacity(census.members.len());
    let mut lines = Vec::with_capacity(census.members.len());
    for (place, member) in (0_u32..).zip(&census.members) {
        here.insert(&member.key);
        let (planned, now) = (planned.get(&*member.key).copied(), now.get(&*member.key).copied());
        let known = waited.contains(&*member.key);
        let state = match planned {
            Some(day) => with_date(day, now, today, member.standing),
            None if !known => State::Joined,
            None if matches!(member.standing, Standing::Ready | Standing::Licence { .. }) => State::Ahead,
            None => State::Waits,
        };
        lines.push(Line { key: member.key.to_string(), member: Some(place), state, planned, now });
    }
    let gone = plan.waves.iter().flat_map(|wave| &wave.people).chain(&plan.waiting);
    for key in gone.filter(|key| !here.contains(key.as_str())) {
        let planned = planned.get(key.as_str()).copied();
        lines.push(Line { key: key.clone(), member: None, state: State::Left, planned, now: None });
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
    use crate::plan::people::tests::member;
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
        let mut census = Census::default();
        for name in ["done", "late", "same", "sooner", "later", "broke", "freed", "stuck", "new"] {
            census.members.push(member(name));
        }
        for (place, standing) in [(1, Standing::NotAssessed), (5, Standing::Blocked), (7, Standing::Blocked)] {
            census.members[place].standing = standing;
        }
        let progress = against(&old, &census, date(2026, 12, 20), Some(&new));
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
}
