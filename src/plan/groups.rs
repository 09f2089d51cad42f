//! Groups that move together: components of the ties, cut only where one is larger than a wave or the roster fixes its
//! people to different waves.

use std::collections::HashMap;

use petgraph::unionfind::UnionFind;

use super::net::Net;
use super::{cut, tree};

/// The rank of those whose EWS is refused today.
pub const URGENT: u8 = 0;
/// The rank of those for whom no order is given.
pub const FREE: u8 = u8::MAX - 1;
/// The rank of those who come after everybody else.
pub const LAST: u8 = u8::MAX;

/// One mailbox to be put into a wave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Node {
    /// The wave it is fixed to.
    pub pin: Option<u16>,
    /// Its place in the order: urgent, integrations, free, last.
    pub rank: u8,
    /// Whether it takes a licence from the stock.
    pub licence: bool,
    /// The wave the roster would like it in.
    pub wish: Option<u16>,
    /// The wave the earlier plan has it in.
    pub keep: Option<u16>,
    /// Number of the value that should not all be in one wave; 0: none.
    pub spread: u32,
    /// Number of the value that should share waves; 0: none.
    pub together: u32,
}

/// People who go into one wave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unit {
    /// Who, in roster order.
    pub nodes: Vec<u32>,
    /// Number of the group, from 0, in the order of its first member.
    pub group: u32,
    /// Whether it is part of a group that had to be cut.
    pub split: bool,
    /// The wave it is fixed to.
    pub pin: Option<u16>,
    /// The most pressing rank among its people.
    pub rank: u8,
    /// People in a hurry.
    pub urgent: u32,
    /// Licences it takes.
    pub licences: u32,
    /// The wave most of its people wish.
    pub wish: Option<u16>,
    /// The wave most of its people had.
    pub keep: Option<u16>,
    /// The value most of its people share; 0: none.
    pub together: u32,
}

impl Unit {
    /// A unit of these people.
    #[must_use]
    pub fn of(all: &[Node], mut nodes: Vec<u32>, group: u32, split: bool) -> Self {
        nodes.sort_unstable();
        let each = || nodes.iter().map(|node| &all[*node as usize]);
        // One who comes last holds the others back: they stay together.
        let rank = match each().any(|node| node.rank == LAST) {
            true => LAST,
            false => each().map(|node| node.rank).min().unwrap_or(FREE),
        };
        Self {
            group,
            split,
            pin: most(each().filter_map(|node| node.pin)),
            rank,
            urgent: count(each().filter(|node| node.rank == URGENT)),
            licences: count(each().filter(|node| node.licence)),
            wish: most(each().filter_map(|node| node.wish)),
            keep: most(each().filter_map(|node| node.keep)),
            together: most(each().map(|node| node.together).filter(|value| *value != 0)).unwrap_or(0),
            nodes,
        }
    }

    /// How many people.
    #[must_use]
    pub fn size(&self) -> u32 {
        u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)
    }
}

fn count<'n>(nodes: impl Iterator<Item = &'n Node>) -> u32 {
    u32::try_from(nodes.count()).unwrap_or(u32::MAX)
}

/// The most frequent value; of equally frequent ones the smallest.
fn most<T: Ord + Copy>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    let runs = values.chunk_by(|a, b| a == b);
    runs.max_by_key(|run| (run.len(), std::cmp::Reverse(run[0]))).map(|run| run[0])
}

/// The groups, and why ties between them are cut.
#[derive(Debug, Default)]
pub struct Groups {
    /// What goes into one wave each.
    pub units: Vec<Unit>,
    /// People of each group.
    pub sizes: Vec<u32>,
    /// Group of each person.
    pub of: Vec<u32>,
    /// The least weight that must be cut, see [`tree::least_cut`].
    pub least_cut: u64,
}

/// Room in the waves, as far as grouping has to know it.
#[derive(Debug, Clone, Copy)]
pub struct Room<'a> {
    /// Capacity of every wave.
    pub waves: &'a [u32],
    /// Capacity of the largest wave that is open to everybody.
    pub largest: u32,
}

impl Room<'_> {
    /// How large a group may be: as its wave takes, where it is fixed to one.
    fn of(&self, pin: Option<u16>) -> u32 {
        pin.and_then(|wave| self.waves.get(usize::from(wave))).copied().unwrap_or(self.largest)
    }
}

/// Puts people into groups.
#[must_use]
pub fn group(nodes: &[Node], net: &Net, room: Room<'_>) -> Groups {
    let mut found = Groups { of: vec![0; nodes.len()], ..Groups::default() };
    for members in components(net) {
        let group = u32::try_from(found.sizes.len()).unwrap_or(u32::MAX);
        members.iter().for_each(|node| found.of[*node as usize] = group);
        found.sizes.push(u32::try_from(members.len()).unwrap_or(u32::MAX));
        let mut pins: Vec<u16> = members.iter().filter_map(|node| nodes[*node as usize].pin).collect();
        pins.sort_unstable();
        pins.dedup();
        let large = members.len() > room.of(pins.first().copied()) as usize;
        match pins.len() {
            0 | 1 if !large => found.units.push(Unit::of(nodes, members, group, false)),
            _ => {
                if large {
                    found.least_cut += tree::least_cut(&net.within(&members), room.largest);
                }
                for part in divided(nodes, net, &members, large, room.largest) {
                    found.units.push(Unit::of(nodes, part, group, true));
                }
            }
        }
    }
    found
}

/// The components, each in roster order, in the order of their first members.
fn components(net: &Net) -> Vec<Vec<u32>> {
    let mut sets = UnionFind::<u32>::new(net.len());
    for (a, b, _) in net.edges() {
        sets.union(a, b);
    }
    let mut place: HashMap<u32, usize> = HashMap::new();
    let mut components: Vec<Vec<u32>> = Vec::new();
    for node in net.nodes() {
        let place = *place.entry(sets.find_mut(node)).or_insert(components.len());
        if place == components.len() {
            components.push(Vec::new());
        }
        components[place].push(node);
    }
    components
}

/// Divides a group that cannot stay whole: who is fixed goes to his wave; the others follow the earlier plan where there
/// is one, else are cut where it hurts least.
fn divided(nodes: &[Node], net: &Net, members: &[u32], large: bool, largest: u32) -> Vec<Vec<u32>> {
    let target = |node: &u32| nodes[*node as usize].pin;
    let mut wave: HashMap<u32, u16> = members.iter().filter_map(|node| Some((*node, target(node)?))).collect();
    let free = |wave: &HashMap<u32, u16>| -> Vec<u32> {
        members.iter().copied().filter(|node| !wave.contains_key(node)).collect()
    };
    if !large {
        follow(net, members, &mut wave);
    }
    let mut parts = by_wave(&wave);
    let rest = free(&wave);
    let kept: HashMap<u32, u16> = rest.iter().filter_map(|node| Some((*node, nodes[*node as usize].keep?))).collect();
    // An earlier plan of nearly everybody is followed: cutting anew would move half the company for one newcomer.
    if kept.len() * 10 >= rest.len() * 9 {
        parts.extend(by_wave(&kept));
        parts.extend(rest.into_iter().filter(|node| !kept.contains_key(node)).map(|node| vec![node]));
        return parts;
    }
    let inside = net.within(&rest);
    let numbers = cut::parts(&inside, largest);
    let mut cut: Vec<Vec<u32>> = vec![Vec::new(); numbers.iter().max().map_or(0, |most| *most as usize + 1)];
    for (node, part) in rest.iter().zip(&numbers) {
        cut[*part as usize].push(*node);
    }
    parts.extend(cut);
    parts
}

/// Everybody who is free follows the one he is tied to most among those who have a wave.
fn follow(net: &Net, members: &[u32], wave: &mut HashMap<u32, u16>) {
    loop {
        let mut joined = Vec::new();
        for node in members.iter().filter(|node| !wave.contains_key(node)) {
            let mut pull: HashMap<u16, u32> = HashMap::new();
            for (other, weight) in net.of(*node) {
                if let Some(target) = wave.get(other) {
                    *pull.entry(*target).or_default() += weight;
                }
            }
            let best = pull.into_iter().max_by_key(|(target, weight)| (*weight, std::cmp::Reverse(*target)));
            joined.extend(best.map(|(target, _)| (*node, target)));
        }
        if joined.is_empty() {
            return;
        }
        wave.extend(joined);
    }
}

fn by_wave(wave: &HashMap<u32, u16>) -> Vec<Vec<u32>> {
    let mut ordered: Vec<(u16, u32)> = wave.iter().map(|(node, wave)| (*wave, *node)).collect();
    ordered.sort_unstable();
    ordered.chunk_by(|a, b| a.0 == b.0).map(|part| part.iter().map(|(_, node)| *node).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn free(count: usize) -> Vec<Node> {
        vec![Node { rank: FREE, ..Node::default() }; count]
    }

    fn parts(groups: &Groups) -> Vec<Vec<u32>> {
        let mut parts: Vec<_> = groups.units.iter().map(|unit| unit.nodes.clone()).collect();
        parts.sort();
        parts
    }

    #[test]
    fn who_is_tied_stays_together_while_a_wave_takes_them() {
        let net = Net::new(vec![1; 6], [(0, 3, 5), (3, 5, 1), (1, 2, 1)]);
        let found = group(&free(6), &net, Room { waves: &[3, 3], largest: 3 });
        assert_eq!(parts(&found), [vec![0, 3, 5], vec![1, 2], vec![4]]);
        assert_eq!((found.least_cut, found.sizes), (0, vec![3, 2, 1]));
        let tight = group(&free(6), &net, Room { waves: &[2, 2], largest: 2 });
        assert_eq!(parts(&tight), [vec![0, 3], vec![1, 2], vec![4], vec![5]]);
        assert_eq!(tight.least_cut, 1);
    }

    #[test]
    fn whom_the_roster_fixes_apart_is_followed_by_who_belongs_to_him() {
        let mut nodes = free(5);
        (nodes[0].pin, nodes[4].pin) = (Some(0), Some(1));
        let net = Net::new(vec![1; 5], [(0, 1, 3), (1, 2, 3), (2, 3, 1), (3, 4, 3)]);
        let found = group(&nodes, &net, Room { waves: &[9, 9], largest: 9 });
        assert_eq!(parts(&found), [vec![0, 1, 2], vec![3, 4]]);
        assert!(found.units.iter().all(|unit| unit.split && unit.pin.is_some()));
    }

    #[test]
    fn one_who_comes_last_holds_his_group_back_and_one_in_a_hurry_pulls_it_forward() {
        let mut nodes = free(4);
        (nodes[0].rank, nodes[2].rank, nodes[3].rank) = (URGENT, URGENT, LAST);
        let net = Net::new(vec![1; 4], [(0, 1, 1), (2, 3, 1)]);
        let found = group(&nodes, &net, Room { waves: &[9], largest: 9 });
        assert_eq!(found.units.iter().map(|unit| unit.rank).collect::<Vec<_>>(), [URGENT, LAST]);
    }
}
