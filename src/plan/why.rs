//! From packed units to a plan: who is in which wave, why, and what that cuts.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::bound::Limit;
use super::calendar::Slot;
use super::groups::{FREE, LAST, Node, URGENT, Unit};
use super::measure::Measure;
use super::pack::Packed;
use super::setup::Setup;
use super::ties::{Tie, TieKind};
use super::{CutBy, CutTie, Plan, Seat};

/// What put somebody into a wave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The plan file names him for the pilot.
    Pilot,
    /// Somebody he belongs to is in the pilot.
    WithPilot,
    /// The roster's wave column fixes it, for him or for somebody he belongs to.
    Fixed,
    /// EWS is refused for him today.
    Urgent,
    /// EWS is refused today for somebody he belongs to.
    WithUrgent,
    /// It is the turn of his integration: its place in the rules.
    Turn(u8),
    /// He, or somebody he belongs to, is not ready and comes last.
    Last,
    /// The roster's wave column wishes it.
    Wish,
    /// His like (department, site) are in it.
    Together,
    /// The earlier plan had him there.
    Kept,
    /// The wave had room: the loads are even.
    Even,
    /// The wave is over.
    Past,
}

impl Reason {
    /// Its key among the texts.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Pilot => "pilot",
            Self::WithPilot => "with_pilot",
            Self::Fixed => "fixed",
            Self::Urgent => "urgent",
            Self::WithUrgent => "with_urgent",
            Self::Turn(_) => "turn",
            Self::Last => "last",
            Self::Wish => "wish",
            Self::Together => "together",
            Self::Kept => "kept",
            Self::Even => "even",
            Self::Past => "past",
        }
    }
}

/// Why somebody is in his wave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Why {
    /// What put him there.
    pub reason: Reason,
    /// Whom in the same wave he is tied to most (an index into the census), and how.
    pub with: Option<(u32, TieKind)>,
}

/// The waves of everybody in the census, past ones first.
pub(super) fn plan(setup: &Setup<'_>, packed: Packed, least: (usize, Limit)) -> Plan {
    let past = u16::try_from(setup.past.len()).unwrap_or(u16::MAX);
    let used = packed.wave.iter().max().map_or(0, |wave| usize::from(*wave) + 1);
    let waves: Vec<Slot> = setup.past.iter().chain(setup.slots.iter().take(used)).copied().collect();
    let mut seats = vec![Seat::Waits; setup.census.members.len()];
    for (member, wave) in &setup.done {
        let why = Why { reason: Reason::Past, with: None };
        seats[*member as usize] = Seat::Wave { wave: *wave, group: 0, part: 0, why };
    }
    let names = Names::of(&packed);
    for (unit, wave) in packed.units.iter().zip(&packed.wave) {
        let (group, part) = names.name(unit, *wave);
        for node in &unit.nodes {
            let reason = reason(setup, &setup.nodes[*node as usize], unit, *wave);
            let why = Why { reason, with: None };
            seats[setup.who[*node as usize] as usize] = Seat::Wave { wave: wave + past, group, part, why };
        }
    }
    let (cut, waiting) = ties(setup, &mut seats, past);
    let measure = Measure::of(setup, &waves, &seats, &cut, least);
    Plan { waves, past: setup.past.len(), seats, cut, waiting, measure }
}

fn reason(setup: &Setup<'_>, node: &Node, unit: &Unit, wave: u16) -> Reason {
    let pilot = setup.rules.pilot.is_some() && unit.pin == Some(0);
    match unit.rank {
        _ if pilot && node.pin == Some(0) => Reason::Pilot,
        _ if pilot => Reason::WithPilot,
        _ if unit.pin.is_some() => Reason::Fixed,
        LAST => Reason::Last,
        URGENT if node.rank == URGENT => Reason::Urgent,
        URGENT => Reason::WithUrgent,
        FREE if unit.wish == Some(wave) => Reason::Wish,
        FREE if unit.together != 0 => Reason::Together,
        FREE if unit.keep == Some(wave) => Reason::Kept,
        FREE => Reason::Even,
        turn => Reason::Turn(turn - URGENT - 1),
    }
}

/// Numbers of groups, from 1, for those of more than one, in roster order; and of their parts, by wave.
struct Names {
    numbers: HashMap<u32, u32>,
    waves: BTreeMap<u32, BTreeSet<u16>>,
}

impl Names {
    fn of(packed: &Packed) -> Self {
        let mut waves: BTreeMap<u32, BTreeSet<u16>> = BTreeMap::new();
        let mut people: BTreeMap<u32, usize> = BTreeMap::new();
        for (unit, wave) in packed.units.iter().zip(&packed.wave) {
            waves.entry(unit.group).or_default().insert(*wave);
            *people.entry(unit.group).or_default() += unit.nodes.len();
        }
        let several = people.into_iter().filter(|(_, count)| *count > 1).map(|(group, _)| group);
        Self { numbers: several.zip(1..).collect(), waves }
    }

    fn name(&self, unit: &Unit, wave: u16) -> (u32, u16) {
        let Some(number) = self.numbers.get(&unit.group) else { return (0, 0) };
        let waves = &self.waves[&unit.group];
        let part = match waves.len() {
            1 => 0,
            _ => waves.range(..=wave).count(),
        };
        (*number, u16::try_from(part).unwrap_or(u16::MAX))
    }
}

/// Who goes with whom, which ties are cut, and which lead to somebody who waits.
fn ties(setup: &Setup<'_>, seats: &mut [Seat], past: u16) -> (Vec<CutTie>, Vec<Tie>) {
    let group_of: HashMap<u32, u32> = setup.who.iter().copied().zip(setup.groups.of.iter().copied()).collect();
    let large = |member: u32| {
        let size = group_of.get(&member).and_then(|group| setup.groups.sizes.get(*group as usize));
        size.is_some_and(|size| *size > setup.capacity.iter().max().copied().unwrap_or(0))
    };
    let (mut cut, mut waiting) = (Vec::new(), Vec::new());
    let mut strongest: HashMap<u32, (u32, std::cmp::Reverse<u32>, TieKind)> = HashMap::new();
    for tie in &setup.census.ties.ties {
        match (seats[tie.a as usize].wave(), seats[tie.b as usize].wave()) {
            (Some(from), Some(to)) if from == to => {
                for (member, other) in [(tie.a, tie.b), (tie.b, tie.a)] {
                    let this = (tie.weight, std::cmp::Reverse(other), tie.kind);
                    let best = strongest.entry(member).or_insert(this);
                    *best = (*best).max(this);
                }
            }
            (Some(from), Some(to)) => {
                let by = match from.min(to) < past {
                    true => CutBy::Past,
                    false if large(tie.a) => CutBy::Capacity,
                    false => CutBy::Fixed,
                };
                cut.push(CutTie { tie: *tie, from, to, by });
            }
            (None, None) => {}
            _ => waiting.push(*tie),
        }
    }
    for (member, (_, other, kind)) in strongest {
        if let Seat::Wave { why, .. } = &mut seats[member as usize] {
            why.with = Some((other.0, kind));
        }
    }
    cut.sort_by_key(|cut| (std::cmp::Reverse(cut.tie.weight), cut.tie.a, cut.tie.b));
    (cut, waiting)
}
