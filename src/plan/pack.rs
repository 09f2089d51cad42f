//! Puts groups into waves. The objective, in this order: finish early (few waves), cut few ties, load the waves evenly.
//!
//! For a number of waves the groups are placed from the most to the least constrained: fixed ones, those the earlier plan
//! has, those in a hurry, the integrations in their order, those who come last (from the end), then everybody else,
//! larger groups first, each into the wave that is least full. What cannot be placed that way is tried once more into
//! the fullest wave that takes it (best fit decreasing). The caller looks for the smallest number.

use std::collections::HashMap;

use super::cut;
use super::groups::{FREE, LAST, Node, URGENT, Unit};
use super::net::Net;

/// What the waves take, and what is to be kept to.
#[derive(Debug, Clone)]
pub struct Terms<'a> {
    /// Capacity of every wave.
    pub capacity: &'a [u32],
    /// Licences that have come by each wave.
    pub licences: &'a [u32],
    /// Whether the first wave is the pilot's alone.
    pub pilot: bool,
    /// The greatest number of each value in one wave, by the value's number; the first is for none.
    pub spread: &'a [u32],
}

/// Groups in waves.
#[derive(Debug, Clone, Default)]
pub struct Packed {
    /// What was placed; parts that had to be cut further stand by themselves.
    pub units: Vec<Unit>,
    /// Wave of each unit.
    pub wave: Vec<u16>,
}

/// A group of more than this part of a wave is hard to place once the waves fill up.
const LARGE: u32 = 2;

/// How free groups choose among the waves that take them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    /// The least full: even loads.
    LeastFull,
    /// The fullest: room stays in one piece.
    Fullest,
}

/// Packs into the first `waves` waves; `None` where this way of packing does not fit. Parts of groups that had to be cut
/// are cut further only where nothing else does.
#[must_use]
pub fn pack(nodes: &[Node], net: &Net, units: &[Unit], terms: &Terms<'_>, waves: usize) -> Option<Packed> {
    let ways = [false, true].into_iter().flat_map(|split| [(Choice::LeastFull, split), (Choice::Fullest, split)]);
    ways.into_iter().find_map(|way| {
        let mut packing = Packing::new(nodes, net, units, terms, waves, way)?;
        packing.place_all()?;
        packing.heal();
        packing.in_order().then(|| packing.done())
    })
}

struct Packing<'a> {
    nodes: &'a [Node],
    net: &'a Net,
    terms: &'a Terms<'a>,
    choice: Choice,
    may_split: bool,
    waves: usize,
    units: Vec<Unit>,
    wave: Vec<Option<u16>>,
    load: Vec<u32>,
    /// What a wave holds when all are equally full.
    level: Vec<u32>,
    /// Licences taken up to each wave.
    licences: Vec<u32>,
    spread: HashMap<(u32, u16), u32>,
    together: HashMap<(u32, u16), u32>,
    node_wave: Vec<Option<u16>>,
}

impl<'a> Packing<'a> {
    fn new(
        nodes: &'a [Node],
        net: &'a Net,
        units: &[Unit],
        terms: &'a Terms<'a>,
        waves: usize,
        (choice, may_split): (Choice, bool),
    ) -> Option<Self> {
        if units.iter().any(|unit| unit.pin.is_some_and(|pin| usize::from(pin) >= waves)) {
            return None;
        }
        let first = usize::from(terms.pilot);
        let open: u64 = terms.capacity.get(first..waves)?.iter().map(|capacity| u64::from(*capacity)).sum();
        let pilot = |unit: &&Unit| !(terms.pilot && unit.pin == Some(0));
        let people: u64 = units.iter().filter(pilot).map(|unit| u64::from(unit.size())).sum();
        let level = |capacity: &u32| (u64::from(*capacity) * people).div_ceil(open.max(1));
        Some(Self {
            nodes,
            net,
            terms,
            choice,
            may_split,
            waves,
            wave: vec![None; units.len()],
            units: units.to_vec(),
            load: vec![0; waves],
            level: terms.capacity[..waves]
                .iter()
                .map(|capacity| u32::try_from(level(capacity)).unwrap_or(u32::MAX))
                .collect(),
            licences: vec![0; waves],
            spread: HashMap::new(),
            together: HashMap::new(),
            node_wave: vec![None; nodes.len()],
        })
    }

    fn first(&self) -> usize {
        usize::from(self.terms.pilot)
    }

    fn place_all(&mut self) -> Option<()> {
        let mut order: Vec<usize> = (0..self.units.len()).collect();
        order.sort_by_key(|&place| {
            (std::cmp::Reverse(self.units[place].size()), self.units[place].nodes.first().copied())
        });
        for &unit in &order {
            if let Some(pin) = self.units[unit].pin {
                self.fits(unit, pin.into(), u32::MAX).then(|| self.put(unit, pin.into()))?;
            }
        }
        for &unit in &order {
            let kept =
                self.units[unit].keep.map(usize::from).filter(|wave| *wave >= self.first() && *wave < self.waves);
            if let (None, Some(wave)) = (self.wave[unit], kept)
                && self.fits(unit, wave, self.terms.capacity[wave])
            {
                self.put(unit, wave);
            }
        }
        self.place_rank(&self.by_hurry(&order), URGENT, self.first())?;
        let mut from = self.first();
        for rank in URGENT + 1..FREE {
            if self.units.iter().any(|unit| unit.rank == rank) {
                self.place_rank(&order, rank, from)?;
                let ended = (0..self.units.len())
                    .filter(|&unit| self.units[unit].rank == rank)
                    .filter_map(|unit| self.wave[unit]);
                from = ended.map(usize::from).max().unwrap_or(from).max(from);
            }
        }
        let until = self.place_last(&order)?;
        self.place_free(&order, until)
    }

    /// Whoever has most people in a hurry for his size first; where room is to stay in one piece, by size alone.
    fn by_hurry(&self, order: &[usize]) -> Vec<usize> {
        let mut order = order.to_vec();
        if self.choice == Choice::LeastFull {
            let share = |unit: &Unit| u64::from(unit.urgent) * 1_000_000 / u64::from(unit.size().max(1));
            order.sort_by_key(|&unit| std::cmp::Reverse(share(&self.units[unit])));
        }
        order
    }

    /// Everybody of a rank as early as there is room at an even load, else as early as there is room at all.
    fn place_rank(&mut self, order: &[usize], rank: u8, from: usize) -> Option<()> {
        for &unit in order {
            if self.units[unit].rank == rank && self.wave[unit].is_none() {
                let even = (from..self.waves).find(|&wave| self.fits(unit, wave, self.level[wave]));
                let any = || (from..self.waves).find(|&wave| self.fits(unit, wave, u32::MAX));
                match even.or_else(any) {
                    Some(wave) => self.put(unit, wave),
                    None => self.split(unit, from..self.waves)?,
                }
            }
        }
        Some(())
    }

    /// Those who come last, from the end; gives the last wave that is still open to others.
    fn place_last(&mut self, order: &[usize]) -> Option<usize> {
        let open = |unit: &usize| self.units[*unit].rank == LAST && self.wave[*unit].is_none();
        let mut people: u64 = order.iter().copied().filter(open).map(|unit| u64::from(self.units[unit].size())).sum();
        let placed =
            (0..self.units.len()).filter(|&unit| self.units[unit].rank == LAST && self.units[unit].pin.is_none());
        let kept = placed.filter_map(|unit| self.wave[unit]).map(usize::from).min();
        let mut from = self.waves;
        while people > 0 && from > self.first() {
            from -= 1;
            people = people.saturating_sub(self.level[from].saturating_sub(self.load[from]).into());
        }
        let from = from.min(kept.unwrap_or(self.waves));
        for &unit in order {
            if self.units[unit].rank == LAST && self.wave[unit].is_none() {
                let even = (from..self.waves).rev().find(|&wave| self.fits(unit, wave, self.level[wave]));
                let any = || (from..self.waves).rev().find(|&wave| self.fits(unit, wave, u32::MAX));
                match even.or_else(any) {
                    Some(wave) => self.put(unit, wave),
                    None => self.split(unit, from..self.waves)?,
                }
            }
        }
        Some(from.min(self.waves - 1))
    }

    /// Everybody else, larger groups first; where a column is to share waves, value by value.
    fn place_free(&mut self, order: &[usize], until: usize) -> Option<()> {
        let mut people: HashMap<u32, u64> = HashMap::new();
        for unit in &self.units {
            *people.entry(unit.together).or_default() += u64::from(unit.size());
        }
        let mut order: Vec<usize> = order.iter().copied().filter(|&unit| self.wave[unit].is_none()).collect();
        // The sort keeps the order by size within a value. Large groups come first whatever their value: once the rest
        // is placed, no wave would have the room.
        let largest = self.terms.capacity.iter().max().copied().unwrap_or(0);
        order.sort_by_key(|&unit| match self.units[unit].together {
            _ if self.units[unit].size() > largest / LARGE => (0, std::cmp::Reverse(0), 0),
            0 => (2, std::cmp::Reverse(0), 0),
            value => (1, std::cmp::Reverse(people[&value]), value),
        });
        for unit in order {
            match self.choose(unit, until) {
                Some(wave) => self.put(unit, wave),
                None => self.split(unit, self.first()..until + 1)?,
            }
        }
        Some(())
    }

    /// The wave for a free group: the one wished, then where its like are, then by fullness.
    fn choose(&self, unit: usize, until: usize) -> Option<usize> {
        let waves = || self.first()..=until;
        let wish = self.units[unit].wish.map(usize::from).filter(|wave| waves().contains(wave));
        if let Some(wave) = wish.filter(|&wave| self.fits(unit, wave, u32::MAX)) {
            return Some(wave);
        }
        let value = self.units[unit].together;
        if value != 0 {
            let like = |wave: usize| self.together.get(&(value, narrow(wave))).copied().unwrap_or(0);
            let open = waves().filter(|&wave| like(wave) > 0 && self.fits(unit, wave, self.level[wave]));
            let nearest = open.max_by_key(|&wave| (like(wave), std::cmp::Reverse(wave)));
            let next = || {
                let beside = waves().filter(|&wave| like(wave) > 0).max().unwrap_or(self.first());
                (beside..=until).chain(self.first()..beside).find(|&wave| self.fits(unit, wave, self.level[wave]))
            };
            if let Some(wave) = nearest.or_else(next) {
                return Some(wave);
            }
        }
        let size = u64::from(self.units[unit].size());
        let fullness =
            |wave: usize| (u64::from(self.load[wave]) + size) * 1_000_000 / u64::from(self.terms.capacity[wave].max(1));
        let open = waves().filter(|&wave| self.fits(unit, wave, u32::MAX));
        match self.choice {
            Choice::LeastFull => open.min_by_key(|&wave| (fullness(wave), wave)),
            Choice::Fullest => open.max_by_key(|&wave| (fullness(wave), std::cmp::Reverse(wave))),
        }
    }

    /// Whether a wave takes a group, filled no further than `most`.
    fn fits(&self, unit: usize, wave: usize, most: u32) -> bool {
        let size = self.units[unit].size();
        let most = most.min(self.terms.capacity[wave]);
        if self.load[wave].saturating_add(size) > most {
            return false;
        }
        let licences = self.units[unit].licences;
        if licences > 0 && (wave..self.waves).any(|later| self.licences[later] + licences > self.terms.licences[later])
        {
            return false;
        }
        self.terms.spread.is_empty() || self.spreads(unit, wave)
    }

    /// Whether no value has more in a wave than it may; a group that alone has more is still kept together.
    fn spreads(&self, unit: usize, wave: usize) -> bool {
        let mut own: HashMap<u32, u32> = HashMap::new();
        for node in &self.units[unit].nodes {
            *own.entry(self.nodes[*node as usize].spread).or_default() += 1;
        }
        own.into_iter().filter(|(value, _)| *value != 0).all(|(value, more)| {
            let there = self.spread.get(&(value, narrow(wave))).copied().unwrap_or(0);
            let most = self.terms.spread.get(value as usize).copied().unwrap_or(u32::MAX);
            there == 0 && more > most || there + more <= most
        })
    }

    fn put(&mut self, unit: usize, wave: usize) {
        let at = narrow(wave);
        self.wave[unit] = Some(at);
        self.load[wave] += self.units[unit].size();
        let licences = self.units[unit].licences;
        self.licences[wave..].iter_mut().for_each(|taken| *taken += licences);
        for place in 0..self.units[unit].nodes.len() {
            let node = self.units[unit].nodes[place] as usize;
            self.node_wave[node] = Some(at);
            *self.spread.entry((self.nodes[node].spread, at)).or_default() += 1;
        }
        let together = self.units[unit].together;
        if together != 0 {
            *self.together.entry((together, at)).or_default() += self.units[unit].size();
        }
    }

    /// Cuts a part of a group that is too large anyway into what the waves have room for.
    fn split(&mut self, unit: usize, waves: std::ops::Range<usize>) -> Option<()> {
        if !self.may_split || !self.units[unit].split || self.units[unit].size() < 2 {
            return None;
        }
        let room = |wave: &usize| self.terms.capacity[*wave] - self.load[*wave].min(self.terms.capacity[*wave]);
        let wave = waves.clone().max_by_key(|wave| (room(wave), std::cmp::Reverse(*wave)))?;
        let room = room(&wave).min(self.units[unit].size() - 1);
        if room == 0 {
            return None;
        }
        let whole = self.units[unit].clone();
        let taken = cut::piece(&self.net.within(&whole.nodes), room);
        let (mut piece, mut rest) = (Vec::new(), Vec::new());
        let taken: std::collections::HashSet<u32> = taken.into_iter().collect();
        for (place, node) in (0_u32..).zip(&whole.nodes) {
            if taken.contains(&place) { piece.push(*node) } else { rest.push(*node) }
        }
        self.units[unit] = Unit::of(self.nodes, piece, whole.group, true);
        self.units.push(Unit::of(self.nodes, rest, whole.group, true));
        self.wave.push(None);
        let rest = self.units.len() - 1;
        for part in [unit, rest] {
            let first = (part == unit).then_some(wave);
            let open = first.into_iter().chain(waves.clone()).find(|&wave| self.fits(part, wave, u32::MAX));
            match open {
                Some(wave) => self.put(part, wave),
                None => self.split(part, waves.clone())?,
            }
        }
        Some(())
    }

    /// Moves single people of cut groups to the wave they are tied to most, where it has room and nothing forbids it.
    fn heal(&mut self) {
        const ROUNDS: usize = 8;
        if !self.units.iter().any(|unit| unit.split) {
            return;
        }
        let movable: Vec<usize> = (0..self.units.len())
            .filter(|&unit| self.units[unit].split && self.units[unit].pin.is_none())
            .flat_map(|unit| self.units[unit].nodes.iter().map(|node| *node as usize))
            .filter(|&node| {
                let node = &self.nodes[node];
                node.pin.is_none() && node.rank == FREE && !node.licence && node.spread == 0
            })
            .collect();
        let until = self.until();
        let mut moved = HashMap::new();
        for _ in 0..ROUNDS {
            let before = moved.len();
            let mut changed = false;
            for &node in &movable {
                let Some(from) = self.node_wave[node] else { continue };
                if let Some(to) = self.better(node, from, until) {
                    self.load[usize::from(from)] -= 1;
                    self.load[usize::from(to)] += 1;
                    self.node_wave[node] = Some(to);
                    moved.insert(node, to);
                    changed = true;
                }
            }
            if !changed && moved.len() == before {
                break;
            }
        }
        if !moved.is_empty() {
            self.regroup();
        }
    }

    /// The last wave open to people without an order, so that healing keeps those who come last behind.
    fn until(&self) -> u16 {
        let last =
            (0..self.units.len()).filter(|&unit| self.units[unit].rank == LAST && self.units[unit].pin.is_none());
        last.filter_map(|unit| self.wave[unit]).min().unwrap_or_else(|| narrow(self.waves - 1))
    }

    fn better(&self, node: usize, from: u16, until: u16) -> Option<u16> {
        let mut pull: HashMap<u16, u32> = HashMap::new();
        for (other, weight) in self.net.of(u32::try_from(node).ok()?) {
            *pull.entry(self.node_wave[*other as usize]?).or_default() += weight;
        }
        let own = pull.get(&from).copied().unwrap_or(0);
        let first = narrow(self.first());
        pull.into_iter()
            .filter(|(wave, weight)| *weight > own && (first..=until).contains(wave))
            .filter(|(wave, _)| self.load[usize::from(*wave)] < self.terms.capacity[usize::from(*wave)])
            .max_by_key(|(wave, weight)| (*weight, std::cmp::Reverse(*wave)))
            .map(|(wave, _)| wave)
    }

    /// Makes units again of people who were moved one by one, and of parts that met in one wave.
    fn regroup(&mut self) {
        let mut parts: std::collections::BTreeMap<(u32, u16), Vec<u32>> = std::collections::BTreeMap::new();
        let (mut units, mut waves) = (Vec::new(), Vec::new());
        for (unit, wave) in self.units.iter().zip(&self.wave) {
            if unit.split && unit.pin.is_none() {
                for node in &unit.nodes {
                    if let Some(wave) = self.node_wave[*node as usize] {
                        parts.entry((unit.group, wave)).or_default().push(*node);
                    }
                }
            } else {
                units.push(unit.clone());
                waves.push(*wave);
            }
        }
        for ((group, wave), nodes) in parts {
            units.push(Unit::of(self.nodes, nodes, group, true));
            waves.push(Some(wave));
        }
        (self.units, self.wave) = (units, waves);
    }

    /// Whether the integrations are in their order, and nobody comes after those who come last.
    fn in_order(&self) -> bool {
        let mut span: std::collections::BTreeMap<u8, (u16, u16)> = std::collections::BTreeMap::new();
        for (unit, wave) in self.units.iter().zip(&self.wave) {
            if let (Some(wave), None) = (*wave, unit.pin) {
                let range = span.entry(unit.rank).or_insert((wave, wave));
                *range = (range.0.min(wave), range.1.max(wave));
            }
        }
        let ordered: Vec<_> = span.range(URGENT + 1..FREE).map(|(_, range)| *range).collect();
        let last = span.get(&LAST).copied();
        let others = span.iter().filter(|(rank, _)| **rank != LAST).map(|(_, range)| range.1).max();
        ordered.is_sorted_by(|earlier, later| earlier.1 <= later.0)
            && last.zip(others).is_none_or(|(last, others)| others <= last.0)
    }

    fn done(self) -> Packed {
        let placed = self.units.into_iter().zip(self.wave).filter_map(|(unit, wave)| Some((unit, wave?)));
        let (units, wave) = placed.unzip();
        Packed { units, wave }
    }
}

fn narrow(wave: usize) -> u16 {
    u16::try_from(wave).unwrap_or(u16::MAX)
}
