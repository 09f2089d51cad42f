use proptest::prelude::*;

use super::*;

fn sizes(parts: &[u32], net: &Net) -> Vec<u32> {
    let mut sizes = vec![0; parts.iter().max().map_or(0, |most| *most as usize + 1)];
    parts.iter().zip(&net.sizes).for_each(|(part, size)| sizes[*part as usize] += size);
    sizes
}

/// The least that must be cut, by trying every division.
fn least(net: &Net, capacity: u32) -> u64 {
    fn go(net: &Net, capacity: u32, node: usize, parts: &mut Vec<u32>, sizes: &mut Vec<u32>, cut: u64, best: &mut u64) {
        if cut >= *best {
            return;
        }
        if node == net.len() {
            *best = cut;
            return;
        }
        for part in 0..=sizes.len() {
            if part == sizes.len() {
                sizes.push(0);
            }
            if sizes[part] + net.sizes[node] <= capacity {
                let number = u32::try_from(part).unwrap();
                sizes[part] += net.sizes[node];
                parts.push(number);
                let earlier = net.of(u32::try_from(node).unwrap()).iter().filter(|(b, _)| (*b as usize) < node);
                let more: u64 = earlier.filter(|(b, _)| parts[*b as usize] != number).map(|(_, w)| u64::from(*w)).sum();
                go(net, capacity, node + 1, parts, sizes, cut + more, best);
                parts.pop();
                sizes[part] -= net.sizes[node];
            }
            if sizes[part] == 0 {
                sizes.truncate(part);
                break;
            }
        }
    }
    let mut best = u64::MAX;
    go(net, capacity, 0, &mut Vec::new(), &mut Vec::new(), 0, &mut best);
    best
}

#[test]
fn teams_tied_by_one_thread_are_cut_at_the_thread() {
    // Forty teams of ten, everybody tied to his lead and to the next, the leads in a chain.
    let mut links = Vec::new();
    for team in 0..40 {
        let lead = team * 10;
        links.extend((1..10).map(|n| (lead, lead + n, 5)));
        links.extend((1..9).map(|n| (lead + n, lead + n + 1, 2)));
        if team > 0 {
            links.push((lead - 10, lead, 1));
        }
    }
    let net = Net::new(vec![1; 400], links);
    let parts = parts(&net, 50);
    assert!(sizes(&parts, &net).iter().all(|size| *size <= 50));
    // Eight parts of five teams cut seven threads; that is the least.
    assert!(net.cut(&parts) <= 9, "{}", net.cut(&parts));
}

#[test]
fn the_distance_to_the_best_cut_of_small_groups_is_small() {
    let mut random = fastrand::Rng::with_seed(11);
    let (mut ours, mut best, mut exact) = (0, 0, 0);
    for _ in 0..150 {
        let count = random.u32(8..13);
        // Connected, as a group is, with as many further ties.
        let mut links: Vec<_> = (1..count).map(|node| (random.u32(..node), node, random.u32(1..10))).collect();
        links.extend((0..count).map(|_| (random.u32(..count), random.u32(..count), random.u32(1..10))));
        let net = Net::new(vec![1; count as usize], links);
        let capacity = random.u32(3..6);
        let (cut, least) = (net.cut(&parts(&net, capacity)), least(&net, capacity));
        let bound = crate::plan::tree::least_cut(&net, capacity);
        assert!(bound <= least, "the bound {bound} is above the least {least}");
        ours += cut;
        best += least;
        exact += u32::from(cut == least);
    }
    let over = ours as f64 / best as f64 - 1.0;
    println!("{over:.3} above the least, {exact} of 150 exact");
    assert!(over < 0.06, "{over:.3} above the least, {exact} of 150 exact");
}

proptest! {
    #[test]
    fn no_part_is_larger_than_a_wave(
        count in 2_u32..60, links in proptest::collection::vec((0_u32..60, 0_u32..60, 1_u32..9), 0..120), capacity in 1_u32..20,
    ) {
        let links = links.into_iter().map(|(a, b, weight)| (a % count, b % count, weight));
        let net = Net::new(vec![1; count as usize], links);
        let parts = parts(&net, capacity);
        prop_assert!(sizes(&parts, &net).iter().all(|size| *size <= capacity && *size > 0));
        let piece = piece(&net, capacity);
        prop_assert!(!piece.is_empty() && piece.len() <= capacity as usize);
    }
}
