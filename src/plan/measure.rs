//! How good a plan is, beside what no plan could beat.

use jiff::Unit;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::bound::Limit;
use super::calendar::Slot;
use super::people::Standing;
use super::setup::Setup;
use super::{CutBy, CutTie, Seat};

/// The figures of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// Waves from the first to the last that somebody is in, past ones not counted.
    pub waves: usize,
    /// Waves there must be at least.
    pub least_waves: usize,
    /// What asks for so many; see [`Limit::id`].
    pub limit: String,
    /// Day of the first wave.
    pub first: Option<Date>,
    /// Day of the last wave.
    pub last: Option<Date>,
    /// Everything must be done before this day.
    pub end: Date,
    /// Days between the last wave and that day.
    pub spare_days: i32,
    /// Mailboxes in waves to come.
    pub moves: u64,
    /// Mailboxes in waves that are over.
    pub moved: u64,
    /// Mailboxes that wait.
    pub waits: u64,
    /// Of those in waves to come, who needs a licence first.
    pub licences: u64,
    /// Groups of more than one.
    pub groups: u64,
    /// People of the largest group.
    pub largest_group: u32,
    /// Ties among mailboxes in waves.
    pub ties: u64,
    /// Of them, cut.
    pub cut: u64,
    /// Weight of all ties.
    pub tie_weight: u64,
    /// Weight of the cut ones.
    pub cut_weight: u64,
    /// Weight that any division cuts at least, because groups exceed a wave.
    pub least_cut: u64,
    /// Load of the busiest wave, as a share of its capacity; the pilot's is not counted.
    pub busiest: f64,
    /// Load of the least busy wave.
    pub lightest: f64,
    /// Load if all were equal: no plan has a lower busiest wave.
    pub mean: f64,
    /// Wishes of the roster's wave column, and how many are met.
    pub wishes: (u64, u64),
    /// People the earlier plan had, and how many of them changed their wave.
    pub kept: (u64, u64),
}

impl Measure {
    pub(super) fn of(setup: &Setup<'_>, waves: &[Slot], seats: &[Seat], cut: &[CutTie], least: (usize, Limit)) -> Self {
        let past = setup.past.len();
        let coming = waves.get(past..).unwrap_or_default();
        let mut load = vec![0_u32; coming.len()];
        let place = |seat: &Seat| seat.wave().and_then(|wave| usize::from(wave).checked_sub(past));
        seats.iter().filter_map(place).for_each(|wave| load[wave] += 1);
        let moves: u64 = load.iter().map(|people| u64::from(*people)).sum();
        let counted = usize::from(setup.rules.pilot.is_some() && coming.len() > 1);
        let share = |(people, slot): (&u32, &Slot)| f64::from(*people) / f64::from(slot.capacity.max(1));
        let shares: Vec<f64> = load.iter().zip(coming).skip(counted).map(share).collect();
        let room: f64 = coming.iter().skip(counted).map(|slot| f64::from(slot.capacity)).sum();
        let people: f64 = load.iter().skip(counted).map(|people| f64::from(*people)).sum();
        let node_seats = || setup.nodes.iter().zip(setup.who.iter().map(|member| place(&seats[*member as usize])));
        let count = |own: fn(&super::groups::Node) -> Option<u16>, same: bool| {
            let found = node_seats()
                .filter(|(node, seat)| own(node).is_some_and(|wave| !same || *seat == Some(usize::from(wave))));
            found.count() as u64
        };
        let among =
            |tie: &&super::ties::Tie| seats[tie.a as usize].wave().is_some() && seats[tie.b as usize].wave().is_some();
        let ties = setup.census.ties.ties.iter().filter(among);
        let (ties, tie_weight) = ties.fold((0, 0), |(n, sum), tie| (n + 1, sum + u64::from(tie.weight)));
        let licence = |seat: &(usize, &Seat)| {
            matches!(setup.census.members[seat.0].standing, Standing::Licence { buys: true }) && place(seat.1).is_some()
        };
        let last = coming.last().map(|slot| slot.date);
        let end = setup.calendar.end;
        let days = |last: Date| last.until((Unit::Day, end)).map_or(0, |span| span.get_days());
        let kept = count(|node| node.keep, false);
        Self {
            waves: coming.len(),
            least_waves: least.0,
            limit: least.1.id().to_owned(),
            first: coming.first().map(|slot| slot.date),
            last,
            end,
            spare_days: last.map_or(0, days),
            moves,
            moved: setup.done.len() as u64,
            waits: seats.iter().filter(|seat| **seat == Seat::Waits).count() as u64,
            licences: seats.iter().enumerate().filter(licence).count() as u64,
            groups: setup.groups.sizes.iter().filter(|size| **size > 1).count() as u64,
            largest_group: setup.groups.sizes.iter().copied().max().unwrap_or(0),
            ties,
            cut: cut.len() as u64,
            tie_weight,
            cut_weight: cut.iter().filter(|cut| cut.by != CutBy::Past).map(|cut| u64::from(cut.tie.weight)).sum(),
            least_cut: setup.groups.least_cut,
            busiest: shares.iter().copied().fold(0.0, f64::max),
            lightest: shares.iter().copied().fold(f64::INFINITY, f64::min).min(1.0),
            mean: if room > 0.0 { people / room } else { 0.0 },
            wishes: (count(|node| node.wish, false), count(|node| node.wish, true)),
            kept: (kept, kept - count(|node| node.keep, true)),
        }
    }
}
