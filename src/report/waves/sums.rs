//! Each wave added up.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::plan::people::{Census, Standing};
use crate::plan::{Plan, Reason, Seat};
use crate::verdict::Urgency;

/// One wave, added up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaveSum {
    /// Its number, from 0.
    pub wave: u16,
    /// Its day.
    pub date: Date,
    /// Mailboxes it takes.
    pub capacity: u64,
    /// Mailboxes in it.
    pub people: u64,
    /// Of them, ready.
    pub ready: u64,
    /// Of them, who needs a licence first.
    pub licences: u64,
    /// Of them, blocked or not assessed: they come last, if resolved by then.
    pub unready: u64,
    /// Of them, whose EWS is refused today.
    pub urgent: u64,
    /// Of them, shared, room and equipment mailboxes.
    pub shared: u64,
    /// Groups of more than one.
    pub groups: u64,
    /// Departments, the largest first.
    pub departments: Vec<(String, u64)>,
    /// Whether it is over.
    pub past: bool,
    /// Whether it is the pilot's.
    pub pilot: bool,
}

/// Adds up every wave.
pub fn sums(plan: &Plan, census: &Census) -> Vec<WaveSum> {
    let empty = |(wave, slot): (u16, &crate::plan::calendar::Slot)| WaveSum {
        wave,
        date: slot.date,
        capacity: slot.capacity.into(),
        people: 0,
        ready: 0,
        licences: 0,
        unready: 0,
        urgent: 0,
        shared: 0,
        groups: 0,
        departments: Vec::new(),
        past: usize::from(wave) < plan.past,
        pilot: false,
    };
    let mut sums: Vec<WaveSum> = (0_u16..).zip(&plan.waves).map(empty).collect();
    let mut departments: Vec<BTreeMap<&str, u64>> = vec![BTreeMap::new(); sums.len()];
    let mut groups: Vec<BTreeSet<u32>> = vec![BTreeSet::new(); sums.len()];
    for (member, seat) in census.members.iter().zip(&plan.seats) {
        let Seat::Wave { wave, group, why, .. } = seat else { continue };
        let wave = usize::from(*wave);
        let Some(sum) = sums.get_mut(wave) else { continue };
        sum.people += 1;
        match member.standing {
            Standing::Ready => sum.ready += 1,
            Standing::Licence { .. } => sum.licences += 1,
            Standing::Blocked | Standing::NotAssessed => sum.unready += 1,
        }
        sum.urgent += u64::from(member.urgency == Urgency::Now);
        sum.shared += u64::from(member.kind.is_shared());
        sum.pilot |= why.reason == Reason::Pilot;
        if *group != 0 {
            groups[wave].insert(*group);
        }
        if !member.department.is_empty() {
            *departments[wave].entry(&member.department).or_default() += 1;
        }
    }
    for ((sum, departments), groups) in sums.iter_mut().zip(departments).zip(groups) {
        sum.groups = groups.len() as u64;
        sum.departments = departments.into_iter().map(|(name, people)| (name.to_owned(), people)).collect();
        sum.departments.sort_by_key(|(_, people)| std::cmp::Reverse(*people));
    }
    sums
}
