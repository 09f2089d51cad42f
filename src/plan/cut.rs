//! Cuts a group that is too large for one wave where it hurts least.
//!
//! The net is coarsened by size-constrained label propagation (Meyerhenke, Sanders, Schulz: "Partitioning Complex
//! Networks via Size-constrained Clustering", 2014), the coarsest one is put together by merging the pair that belongs
//! together most, and on the way back every level is refined by moving nodes to the part they are tied to most, with a
//! climb over worse divisions that is undone where it does not pay (Fiduccia, Mattheyses, 1982). Beside that the pieces of
//! the heaviest spanning tree are tried, which is exact where the net is a tree; the better of the two is taken.
//! Everything is deterministic: the same net is always cut the same way.

use std::collections::{BTreeMap, BinaryHeap};

use super::net::{Net, renumbered};
use super::tree;

/// Rounds of label propagation while coarsening, and of moves while refining.
const ROUNDS: usize = 6;
/// Coarsening ends where a round makes the net less than this much smaller.
const SHRINKS: f64 = 0.95;
/// A cluster of the coarse net is at most this share of a wave: pieces small enough to be put together well.
const PIECES: u32 = 8;
/// How many moves a climb may go on without finding a better division.
const PATIENCE: usize = 60;
/// Nets up to this size are climbed in; larger ones have enough moves that pay at once.
const CLIMBED: usize = 20_000;

/// A part for each node, numbered from 0, no part larger than `capacity` (a single node may be).
#[must_use]
pub fn parts(net: &Net, capacity: u32) -> Vec<u32> {
    if net.total() <= capacity {
        return vec![0; net.len()];
    }
    // Each way suits other nets: communities, and organisations.
    let ways = [by_clusters(net, capacity), by_tree(net, capacity)];
    ways.into_iter().min_by_key(|parts| net.cut(parts)).map(|parts| renumbered(&parts)).unwrap_or_default()
}

/// The pieces of the heaviest spanning tree, put together again and refined.
fn by_tree(net: &Net, capacity: u32) -> Vec<u32> {
    let pieces = tree::pieces(&tree::heaviest(net), capacity);
    let merged = best_merge(&net.contracted(&pieces), capacity);
    let mut parts: Vec<u32> = pieces.iter().map(|piece| merged[*piece as usize]).collect();
    refine(net, &mut parts, capacity);
    parts
}

/// Several levels of clusters, the coarsest put together, each refined.
fn by_clusters(net: &Net, capacity: u32) -> Vec<u32> {
    let mut levels: Vec<(Net, Vec<u32>)> = Vec::new();
    let mut net = net.clone();
    loop {
        let clusters = renumbered(&clusters(&net, (capacity / PIECES).max(1)));
        let coarse = net.contracted(&clusters);
        if coarse.len() as f64 > net.len() as f64 * SHRINKS {
            break;
        }
        levels.push((net, clusters));
        net = coarse;
    }
    let mut parts = best_merge(&net, capacity);
    while let Some((fine, clusters)) = levels.pop() {
        parts = clusters.iter().map(|cluster| parts[*cluster as usize]).collect();
        refine(&fine, &mut parts, capacity);
    }
    parts
}

/// Label propagation: everybody joins the cluster he is tied to most, as long as it does not get larger than `most`.
fn clusters(net: &Net, most: u32) -> Vec<u32> {
    let mut label: Vec<u32> = net.nodes().collect();
    let mut size = net.sizes.clone();
    let mut pull = Pull::new(net.len());
    // Nodes with few ties first: they have the least choice.
    let mut order: Vec<u32> = net.nodes().collect();
    order.sort_by_key(|node| net.of(*node).len());
    for _ in 0..ROUNDS {
        let mut moved = false;
        for &node in &order {
            let (own, weight) = (label[node as usize], net.sizes[node as usize]);
            let fits = |target: u32| target == own || size[target as usize].saturating_add(weight) <= most;
            let best = pull.strongest(net, node, &label, own, fits);
            if best != own {
                size[own as usize] -= weight;
                size[best as usize] += weight;
                label[node as usize] = best;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    label
}

/// The weight with which a node is drawn to each part, kept in one buffer for all nodes.
struct Pull {
    weight: Vec<u64>,
    touched: Vec<u32>,
}

impl Pull {
    fn new(parts: usize) -> Self {
        Self { weight: vec![0; parts], touched: Vec::new() }
    }

    /// Adds up the ties of a node by part.
    fn gather(&mut self, net: &Net, node: u32, part: &[u32]) {
        for old in self.touched.drain(..) {
            self.weight[old as usize] = 0;
        }
        for &(other, weight) in net.of(node) {
            let target = part[other as usize];
            if self.weight[target as usize] == 0 {
                self.touched.push(target);
            }
            self.weight[target as usize] += u64::from(weight);
        }
    }

    /// The part a node is tied to most among those that fit; its own where none is better.
    fn strongest(&mut self, net: &Net, node: u32, part: &[u32], own: u32, fits: impl Fn(u32) -> bool) -> u32 {
        self.gather(net, node, part);
        let mut best = (self.weight[own as usize], own);
        for &target in &self.touched {
            let weight = self.weight[target as usize];
            if weight > best.0 && fits(target) {
                best = (weight, target);
            }
        }
        best.1
    }
}

/// How the gain of merging two clusters is rated; each suits other nets, so all are tried.
const RATINGS: [fn(f64, f64, f64) -> f64; 3] =
    [|weight, a, b| weight * weight / (a * b), |weight, a, b| weight / a.min(b), |weight, a, b| weight / (a + b)];

/// The best of several ways to merge, each refined.
fn best_merge(net: &Net, capacity: u32) -> Vec<u32> {
    let tried = RATINGS.iter().map(|rating| {
        let mut parts = merged(net, capacity, rating);
        refine(net, &mut parts, capacity);
        let count = parts.iter().collect::<std::collections::HashSet<_>>().len();
        ((net.cut(&parts), count), parts)
    });
    tried.min_by_key(|(cut, _)| *cut).map(|(_, parts)| parts).unwrap_or_default()
}

/// Merges the best-rated neighbours until nothing more fits together.
fn merged(net: &Net, capacity: u32, rating: &fn(f64, f64, f64) -> f64) -> Vec<u32> {
    let mut leader: Vec<u32> = net.nodes().collect();
    let mut size = net.sizes.clone();
    let mut ties: Vec<BTreeMap<u32, u64>> =
        net.nodes().map(|node| net.of(node).iter().map(|&(b, weight)| (b, u64::from(weight))).collect()).collect();
    let rate = |size: &[u32], a: u32, b: u32, weight: u64| {
        let score = rating(weight as f64, f64::from(size[a as usize]), f64::from(size[b as usize]));
        // Positive and finite: the order of its bits is the order of the numbers.
        (score.to_bits(), std::cmp::Reverse((a, b)), weight, size[a as usize], size[b as usize])
    };
    let mut queue: BinaryHeap<_> = net.edges().map(|(a, b, weight)| rate(&size, a, b, u64::from(weight))).collect();
    while let Some((_, std::cmp::Reverse((a, b)), weight, size_a, size_b)) = queue.pop() {
        let current = ties[a as usize].get(&b) == Some(&weight);
        let unchanged = (size[a as usize], size[b as usize]) == (size_a, size_b);
        if !current || !unchanged || size_a.saturating_add(size_b) > capacity {
            continue;
        }
        // The one with fewer ties goes into the other.
        let (into, from) = if ties[a as usize].len() >= ties[b as usize].len() { (a, b) } else { (b, a) };
        size[into as usize] += size[from as usize];
        leader[from as usize] = into;
        let moved = std::mem::take(&mut ties[from as usize]);
        for (other, weight) in moved {
            ties[other as usize].remove(&from);
            if other != into {
                *ties[into as usize].entry(other).or_default() += weight;
                *ties[other as usize].entry(into).or_default() += weight;
            }
        }
        let around: Vec<(u32, u64)> = ties[into as usize].iter().map(|(other, weight)| (*other, *weight)).collect();
        for (other, weight) in around {
            queue.push(rate(&size, into.min(other), into.max(other), weight));
        }
    }
    net.nodes()
        .map(|mut node| {
            while leader[node as usize] != node {
                node = leader[node as usize];
            }
            node
        })
        .collect()
}

/// Moves nodes to the part they are tied to most, then climbs.
fn refine(net: &Net, parts: &mut Vec<u32>, capacity: u32) {
    *parts = renumbered(parts);
    let count = parts.iter().max().map_or(0, |most| *most as usize + 1);
    let mut size = vec![0_u32; count];
    for (part, people) in parts.iter().zip(&net.sizes) {
        size[*part as usize] += people;
    }
    let mut pull = Pull::new(count);
    for _ in 0..ROUNDS {
        let mut moved = false;
        for node in net.nodes() {
            let (own, weight) = (parts[node as usize], net.sizes[node as usize]);
            let fits = |target: u32| size[target as usize].saturating_add(weight) <= capacity;
            let best = pull.strongest(net, node, parts, own, fits);
            if best != own {
                size[own as usize] -= weight;
                size[best as usize] += weight;
                parts[node as usize] = best;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    if net.len() <= CLIMBED {
        while climb(net, parts, &mut size, &mut pull, capacity) {}
    }
}

/// One pass of moves that may make things worse for a while; kept up to the best point. Tells whether it paid.
fn climb(net: &Net, parts: &mut [u32], size: &mut [u32], pull: &mut Pull, capacity: u32) -> bool {
    let mut locked = vec![false; net.len()];
    let mut queue: BinaryHeap<(i64, std::cmp::Reverse<u32>)> = BinaryHeap::new();
    for node in net.nodes() {
        if let Some((gain, _)) = best_move(net, node, parts, size, pull, capacity) {
            queue.push((gain, std::cmp::Reverse(node)));
        }
    }
    let mut path: Vec<(u32, u32)> = Vec::new();
    let (mut gained, mut best) = (0_i64, (0_i64, 0_usize));
    while let Some((gain, std::cmp::Reverse(node))) = queue.pop() {
        if locked[node as usize] {
            continue;
        }
        let Some((now, target)) = best_move(net, node, parts, size, pull, capacity) else { continue };
        if now < gain {
            queue.push((now, std::cmp::Reverse(node)));
            continue;
        }
        let own = parts[node as usize];
        size[own as usize] -= net.sizes[node as usize];
        size[target as usize] += net.sizes[node as usize];
        parts[node as usize] = target;
        locked[node as usize] = true;
        path.push((node, own));
        gained += now;
        if gained > best.0 {
            best = (gained, path.len());
        } else if path.len() - best.1 > PATIENCE {
            break;
        }
        for &(other, _) in net.of(node) {
            if !locked[other as usize]
                && let Some((gain, _)) = best_move(net, other, parts, size, pull, capacity)
            {
                queue.push((gain, std::cmp::Reverse(other)));
            }
        }
    }
    for (node, from) in path.drain(best.1..).rev() {
        size[parts[node as usize] as usize] -= net.sizes[node as usize];
        size[from as usize] += net.sizes[node as usize];
        parts[node as usize] = from;
    }
    best.0 > 0
}

/// The neighbouring part that takes a node and saves most (or costs least), with what it saves.
fn best_move(net: &Net, node: u32, parts: &[u32], size: &[u32], pull: &mut Pull, capacity: u32) -> Option<(i64, u32)> {
    pull.gather(net, node, parts);
    let own = parts[node as usize];
    let weight = net.sizes[node as usize];
    let signed = |part: u32| i64::try_from(pull.weight[part as usize]).unwrap_or(i64::MAX);
    let targets = pull.touched.iter().copied().filter(|target| *target != own);
    let room = targets.filter(|target| size[*target as usize].saturating_add(weight) <= capacity);
    room.map(|target| (signed(target) - signed(own), target))
        .max_by_key(|(gain, target)| (*gain, std::cmp::Reverse(*target)))
}

/// Takes at most `room` people off a net, so that few ties are cut: grows a region from the node with the fewest
/// ties, always adding who is tied to it most and to the rest least. Gives the nodes taken; at least one, if any fits.
#[must_use]
pub fn piece(net: &Net, room: u32) -> Vec<u32> {
    let mut inside = vec![0_i64; net.len()];
    let mut taken = vec![false; net.len()];
    let degree = |node: u32| -> i64 { net.of(node).iter().map(|(_, weight)| i64::from(*weight)).sum() };
    let mut order: Vec<u32> = net.nodes().filter(|node| net.sizes[*node as usize] <= room).collect();
    order.sort_by_key(|node| (degree(*node), *node));
    let mut seeds = order.into_iter();
    let mut queue: BinaryHeap<(i64, std::cmp::Reverse<u32>)> = BinaryHeap::new();
    let (mut piece, mut size) = (Vec::new(), 0_u32);
    let (mut cut, mut best) = (0_i64, (i64::MAX, 0_usize));
    loop {
        let next = std::iter::from_fn(|| queue.pop())
            .find(|(gain, node)| !taken[node.0 as usize] && *gain == 2 * inside[node.0 as usize] - degree(node.0))
            .map(|(_, node)| node.0)
            .or_else(|| seeds.find(|node| !taken[*node as usize]));
        let Some(node) = next else { break };
        let people = net.sizes[node as usize];
        if size + people > room {
            continue;
        }
        taken[node as usize] = true;
        size += people;
        piece.push(node);
        cut += degree(node) - 2 * inside[node as usize];
        // Of divisions that cut equally little the larger one: it leaves less to place.
        if size * 2 >= room && cut <= best.0 || best.0 == i64::MAX {
            best = (if size * 2 >= room { cut } else { i64::MAX }, piece.len());
        }
        for &(other, weight) in net.of(node) {
            inside[other as usize] += i64::from(weight);
            if !taken[other as usize] {
                queue.push((2 * inside[other as usize] - degree(other), std::cmp::Reverse(other)));
            }
        }
    }
    piece.truncate(best.1);
    piece
}

#[cfg(test)]
mod tests;
