//! Who works with whom in a generated tenant: departments, teams, assistants, shared mailboxes and rooms.
//!
//! Positions are cut into blocks, blocks into departments of very different sizes, departments into teams. A mailbox
//! names nobody beyond its block but where departments share an assistant, and everything follows from position and
//! seed: one mailbox is answered without a look at the rest of a million, and one account more at the end changes
//! nothing but its own department.

use std::ops::Range;

use super::{Case, Generated, pick};
use crate::simulator::tenant::person::{CalendarRole, Delegate, Person};

/// Positions whose departments are cut together.
const BLOCK: u32 = 512;
/// Positions of a team, the lead's included.
const TEAM: u32 = 8;
/// A department from this size on has an assistant; from [`LARGE`] on two.
const WITH_ASSISTANT: usize = 12;
const LARGE: usize = 100;
/// People a shared mailbox has beyond a team's: of the department, and of a large one.
const WIDE: usize = 25;
const WIDEST: usize = 60;

const FUNCTIONS: [&str; 8] =
    ["Sales", "Service", "Finance", "Logistics", "Production", "Legal", "Research", "Marketing"];

/// What a roll is for.
mod rolls {
    pub const DOUBLINGS: u64 = 20;
    pub const SIZE: u64 = 21;
    pub const FUNCTION: u64 = 22;
    pub const DEPUTY: u64 = 23;
    pub const COLLEAGUE: u64 = 24;
    pub const SHARED: u64 = 25;
    pub const NEIGHBOUR: u64 = 26;
}

/// A department: its positions, and how many of the block come before it.
pub(super) struct Unit {
    range: Range<u32>,
    ordinal: u32,
}

impl Generated {
    /// The department of a position. Half of them have 8 to 16 positions; of the others, each doubling is half as
    /// frequent as the last.
    pub(super) fn unit(self, index: u32) -> Unit {
        let first = index - index % BLOCK;
        let last = first.saturating_add(BLOCK).min(self.users);
        let (mut start, mut ordinal) = (first, 0);
        loop {
            let doublings = self.roll(start, rolls::DOUBLINGS).trailing_zeros().min(5);
            let size = (8 + (self.roll(start, rolls::SIZE) % 9) as u32) << doublings;
            let end = start.saturating_add(size).min(last);
            if index < end || end == last {
                return Unit { range: start..end, ordinal };
            }
            (start, ordinal) = (end, ordinal + 1);
        }
    }

    /// Its name, which no other bears.
    pub(super) fn department(self, index: u32) -> String {
        let unit = self.unit(index);
        let function = pick(&FUNCTIONS, self.roll(unit.range.start, rolls::FUNCTION));
        format!("{function} {}.{}", index / BLOCK + 1, unit.ordinal + 1)
    }

    /// Whether a position is a person who works in a mailbox.
    fn works(self, index: u32) -> bool {
        let (case, product) = self.case(index);
        let person = matches!(
            case,
            Case::Plain | Case::OnPremises | Case::AliasOnRoster | Case::OtherUpn | Case::EwsOff | Case::Delegates
        );
        person && product.is_some_and(|product| product.plans.iter().any(|plan| plan.gives_mailbox()))
    }

    fn workers(self, range: Range<u32>) -> impl Iterator<Item = u32> {
        range.filter(move |index| self.works(*index))
    }

    fn team(self, index: u32, unit: &Unit) -> Range<u32> {
        let start = index - (index - unit.range.start) % TEAM;
        start..start.saturating_add(TEAM).min(unit.range.end)
    }

    /// Who works for a department's head: the second worker of the department.
    fn assistant(self, unit: &Unit) -> Option<u32> {
        self.workers(unit.range.clone()).nth(1).filter(|_| unit.range.len() >= WITH_ASSISTANT)
    }

    /// Workers of a range in the order of a walk that begins anywhere.
    fn walk(self, range: Range<u32>, roll: u64) -> impl Iterator<Item = u32> {
        let length = u64::from(range.end - range.start).max(1);
        let from = range.start + (roll % length) as u32;
        self.workers(from..range.end).chain(self.workers(range.start..from))
    }

    /// Who may open the calendar of a position, and how.
    fn grants(self, index: u32) -> Vec<(u32, CalendarRole)> {
        let unit = self.unit(index);
        let mut grants = match self.case(index).0 {
            Case::Shared => self.shared(index, &unit),
            Case::Room | Case::Equipment => {
                let desk = self.assistant(&unit).or_else(|| self.workers(unit.range.clone()).next());
                desk.map(|desk| (desk, CalendarRole::Write)).into_iter().collect()
            }
            _ if self.works(index) => self.of_worker(index, &unit),
            _ => Vec::new(),
        };
        let mut named = std::collections::HashSet::from([index]);
        grants.retain(|(other, _)| named.insert(*other));
        grants
    }

    fn of_worker(self, index: u32, unit: &Unit) -> Vec<(u32, CalendarRole)> {
        use CalendarRole::{DelegateWithPrivateEventAccess, DelegateWithoutPrivateEventAccess, Read, Write};
        let mut grants = Vec::new();
        let team = self.team(index, unit);
        let walk = team.clone();
        let colleagues =
            || self.walk(walk.clone(), self.roll(index, rolls::COLLEAGUE)).filter(move |other| *other != index);
        if self.workers(unit.range.clone()).next() == Some(index) {
            grants.extend(self.assistant(unit).map(|assistant| (assistant, DelegateWithPrivateEventAccess)));
            let second = self.workers(unit.range.clone()).nth(2).filter(|_| unit.range.len() >= LARGE);
            grants.extend(second.map(|second| (second, DelegateWithoutPrivateEventAccess)));
            grants.extend(self.stand_in(unit).map(|other| (other, Write)));
        } else if self.workers(team).next() == Some(index) {
            match self.roll(index, rolls::DEPUTY) % 10 {
                0..5 => grants.extend(colleagues().take(1).map(|other| (other, DelegateWithoutPrivateEventAccess))),
                5..7 => grants.extend(self.assistant(unit).map(|assistant| (assistant, Write))),
                _ => {}
            }
        }
        if self.case(index).0 == Case::Delegates {
            let count = 1 + self.roll(index, rolls::DEPUTY).trailing_zeros().min(3) as usize;
            let roles = [DelegateWithoutPrivateEventAccess, Write, Read].into_iter().cycle();
            grants.extend(colleagues().take(count).zip(roles));
        }
        grants
    }

    /// The assistant of the next department, where the two stand in for each other: one department in four.
    fn stand_in(self, unit: &Unit) -> Option<u32> {
        let next = unit.range.end;
        let near = next < self.users && next / BLOCK == unit.range.start / BLOCK;
        let does = near && self.roll(unit.range.start, rolls::NEIGHBOUR).is_multiple_of(4);
        does.then(|| self.unit(next)).and_then(|next| self.assistant(&next))
    }

    /// Who works in a shared mailbox: mostly a team, now and then a good part of the department.
    fn shared(self, index: u32, unit: &Unit) -> Vec<(u32, CalendarRole)> {
        let roll = self.roll(index, rolls::SHARED);
        let (range, most) = match roll % 20 {
            0..14 => (self.team(index, unit), TEAM as usize),
            14..19 => (unit.range.clone(), WIDE),
            _ => (unit.range.clone(), WIDEST),
        };
        let role = |place: usize| if place % 4 == 3 { CalendarRole::Read } else { CalendarRole::Write };
        let members = self.walk(range, roll >> 8).take(most);
        members.enumerate().map(|(place, member)| (member, role(place))).collect()
    }

    /// Writes into an account who works with it.
    pub(super) fn acquaint(self, person: &mut Person, index: u32) {
        for (other, role) in self.grants(index) {
            let (name, _, address) = self.names(other, self.case(other).0);
            if role == CalendarRole::DelegateWithPrivateEventAccess {
                person.mailbox.send_on_behalf.push(name.clone());
            }
            person.mailbox.delegates.push(Delegate { name, address, role });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::simulator::tenant::people::People;

    const USERS: u32 = 20_000;
    const PEOPLE: Generated = Generated { users: USERS, seed: 11 };

    fn grants() -> impl Iterator<Item = (u32, Vec<(u32, CalendarRole)>)> {
        (0..USERS).map(|index| (index, PEOPLE.grants(index)))
    }

    #[test]
    fn everybody_named_in_a_calendar_is_a_live_mailbox_by_that_address_and_name() {
        let people = People::Generated(PEOPLE);
        let mut named = 0;
        for index in 0..4_000 {
            let person = PEOPLE.person(index);
            for delegate in &person.mailbox.delegates {
                let found = people.recipient(&delegate.address).expect("somebody answers to the address");
                assert_eq!(found.display_name, delegate.name);
                assert_eq!(found.primary.as_deref(), Some(&*delegate.address));
                assert_ne!(found.id, person.id, "nobody is his own delegate");
                assert!(found.mailbox.place != crate::simulator::tenant::Place::Nowhere, "{}", delegate.address);
                named += 1;
            }
            let on_behalf = &person.mailbox.send_on_behalf;
            assert!(on_behalf.iter().all(|name| person.mailbox.delegates.iter().any(|other| other.name == *name)));
        }
        assert!(named > 1_500, "only {named}");
    }

    #[test]
    fn departments_follow_one_another_and_few_hold_many() {
        let mut sizes: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        (0..USERS).for_each(|index| sizes.entry(PEOPLE.department(index)).or_default().push(index));
        for (name, members) in &sizes {
            let span = members[members.len() - 1] - members[0];
            assert_eq!(span as usize, members.len() - 1, "{name} is one stretch");
        }
        let of = |least: usize| sizes.values().filter(|members| members.len() >= least).count();
        assert!(of(1) > 300 && of(64) > 30 && of(192) > 5, "{} {} {}", of(1), of(64), of(192));
        assert!(of(64) * 4 < of(1), "most are small");
    }

    #[test]
    fn some_are_named_by_many_and_most_by_nobody() {
        let mut named: BTreeMap<u32, u32> = BTreeMap::new();
        let mut ties = 0;
        for (_, others) in grants() {
            ties += others.len();
            others.iter().for_each(|(other, _)| *named.entry(*other).or_default() += 1);
        }
        assert!((USERS as usize / 3..USERS as usize).contains(&ties), "{ties} ties");
        let of = |least: u32| named.values().filter(|times| **times >= least).count();
        assert!(of(1) * 3 < USERS as usize * 2, "{}", of(1));
        assert!(of(8) > 30 && of(8) * 20 < of(1), "{} of {}", of(8), of(1));
    }

    #[test]
    fn one_account_more_changes_only_its_own_department() {
        let more = Generated { users: USERS + 1, ..PEOPLE };
        let last = more.unit(USERS);
        let changed: BTreeSet<u32> = (0..USERS).filter(|index| PEOPLE.person(*index) != more.person(*index)).collect();
        assert!(changed.iter().all(|index| last.range.contains(index)), "{changed:?}");
    }
}
