//! How few waves there could be at best, whatever the packing: what the plan is measured against.

use super::groups::{Node, Unit};
use super::pack::Terms;

/// What no plan can get below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limit {
    /// The waves have to take everybody.
    Capacity,
    /// The pilot's wave comes first.
    Pilot,
    /// Groups of more than half a wave cannot share one.
    LargeGroups,
    /// Licences come month by month.
    Licences,
    /// No wave may take too much of one value.
    Spread,
    /// Somebody is fixed to that wave.
    Fixed,
}

impl Limit {
    /// Its key among the texts.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Capacity => "capacity",
            Self::Pilot => "pilot",
            Self::LargeGroups => "large_groups",
            Self::Licences => "licences",
            Self::Spread => "spread",
            Self::Fixed => "fixed",
        }
    }
}

/// The least number of waves, and what asks for so many. More than there are capacities: they do not suffice.
#[must_use]
pub fn least_waves(nodes: &[Node], units: &[Unit], terms: &Terms<'_>) -> (usize, Limit) {
    let pilots = units.iter().filter(|unit| terms.pilot && unit.pin == Some(0)).map(Unit::size).sum::<u32>();
    let first = usize::from(terms.pilot);
    let people: u64 = nodes.len() as u64 - u64::from(pilots);
    let licences: u32 = units.iter().map(|unit| unit.licences).sum();
    let fixed = units.iter().filter_map(|unit| unit.pin).max().map_or(0, |pin| usize::from(pin) + 1);
    let limits = [
        (first + enough(terms.capacity.get(first..).unwrap_or_default(), people), Limit::Capacity),
        (first, Limit::Pilot),
        (first + large_groups(units, terms, first), Limit::LargeGroups),
        (licences_come(terms, licences), Limit::Licences),
        (first + spread_out(nodes, units, terms), Limit::Spread),
        (fixed, Limit::Fixed),
    ];
    // Of equal bounds the first named: capacity is the one a lead can change most easily.
    limits.into_iter().rev().max_by_key(|(waves, _)| *waves).unwrap_or((0, Limit::Capacity))
}

/// How many of these waves take so many people.
fn enough(capacity: &[u32], people: u64) -> usize {
    let mut left = people;
    for (place, room) in capacity.iter().enumerate() {
        if left == 0 {
            return place;
        }
        left = left.saturating_sub(u64::from(*room));
    }
    if left == 0 { capacity.len() } else { capacity.len() + 1 }
}

/// Of groups larger than a `k + 1`th of the largest wave, at most `k` share one; groups that may be cut are left out.
fn large_groups(units: &[Unit], terms: &Terms<'_>, first: usize) -> usize {
    let largest = terms.capacity.get(first..).unwrap_or_default().iter().max().copied().unwrap_or(0);
    let whole = units.iter().filter(|unit| !unit.split && unit.pin.is_none());
    let mut sizes: Vec<u32> = whole.map(Unit::size).filter(|size| *size > 1).collect();
    sizes.sort_unstable_by_key(|size| std::cmp::Reverse(*size));
    let sharing = |size: u32| (largest / size.max(1)).max(1) as usize;
    // Each size in turn as the smallest counted: all before it are at least as large, so no more of them fit together.
    (1..).zip(&sizes).map(|(count, size): (usize, &u32)| count.div_ceil(sharing(*size))).max().unwrap_or(0)
}

/// The wave by which enough licences have come.
fn licences_come(terms: &Terms<'_>, licences: u32) -> usize {
    if licences == 0 {
        return 0;
    }
    let wave = terms.licences.iter().position(|come| *come >= licences);
    wave.map_or(terms.capacity.len() + 1, |wave| wave + 1)
}

/// A value of which at most `most` may be in a wave takes at least its people divided by that; a group with more of it
/// than that is kept together and takes a wave alone.
fn spread_out(nodes: &[Node], units: &[Unit], terms: &Terms<'_>) -> usize {
    let (mut small, mut alone) = (vec![0_u32; terms.spread.len()], vec![0_u32; terms.spread.len()]);
    for unit in units.iter().filter(|unit| unit.pin.is_none()) {
        let mut values: Vec<u32> = unit.nodes.iter().map(|node| nodes[*node as usize].spread).collect();
        values.sort_unstable();
        for run in values.chunk_by(|a, b| a == b) {
            let value = run[0] as usize;
            let count = u32::try_from(run.len()).unwrap_or(u32::MAX);
            match terms.spread.get(value) {
                Some(most) if count > *most && !unit.split => alone[value] += 1,
                Some(_) => small[value] += count,
                None => {}
            }
        }
    }
    let waves = |value: usize| alone[value] + small[value].div_ceil(terms.spread[value].max(1));
    (1..terms.spread.len()).map(waves).max().unwrap_or(0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::groups::FREE;

    #[test]
    fn the_tightest_of_the_limits_is_named() {
        let nodes = vec![Node { rank: FREE, licence: true, ..Node::default() }; 10];
        let units: Vec<Unit> = (0..10).map(|node| Unit::of(&nodes, vec![node], node, false)).collect();
        let plenty = [u32::MAX; 6];
        let terms = |capacity, licences| Terms { capacity, licences, pilot: false, spread: &[] };
        assert_eq!(least_waves(&nodes, &units, &terms(&[3; 6], &plenty)), (4, Limit::Capacity));
        assert_eq!(least_waves(&nodes, &units, &terms(&[5; 6], &[0, 0, 4, 4, 12, 12])), (5, Limit::Licences));
        assert_eq!(least_waves(&nodes, &units, &terms(&[1; 6], &plenty)).0, 7, "more than there are");
        let pair = vec![Unit::of(&nodes, vec![0, 1, 2], 0, false), Unit::of(&nodes, vec![3, 4, 5], 1, false)];
        assert_eq!(least_waves(&nodes[..6], &pair, &terms(&[4; 6], &plenty)), (2, Limit::Capacity));
        let three = [pair, vec![Unit::of(&nodes, vec![6, 7, 8], 2, false)]].concat();
        assert_eq!(least_waves(&nodes[..9], &three, &terms(&[5; 6], &plenty)), (3, Limit::LargeGroups));
    }
}
