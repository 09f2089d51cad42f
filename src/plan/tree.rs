//! The heaviest spanning tree of a group, and its division into pieces: exact for trees, which organisations mostly are.

use petgraph::unionfind::UnionFind;

use super::net::Net;

/// The heaviest spanning tree of a connected net (Kruskal).
#[must_use]
pub fn heaviest(net: &Net) -> Net {
    let mut links: Vec<(u32, u32, u32)> = net.edges().collect();
    links.sort_unstable_by_key(|&(a, b, weight)| (std::cmp::Reverse(weight), a, b));
    let mut sets = UnionFind::<u32>::new(net.len());
    links.retain(|&(a, b, _)| sets.union(a, b));
    Net::new(net.sizes.clone(), links)
}

/// Divides a tree into the fewest connected pieces of at most `largest` (Kundu, Misra: "A Linear Tree Partitioning
/// Algorithm", 1977): from the leaves up, every node gives up the largest pieces below it until the rest fits. Gives the
/// piece of each node, numbered from 0; a forest is divided tree by tree.
#[must_use]
pub fn pieces(tree: &Net, largest: u32) -> Vec<u32> {
    let order = downwards(tree);
    let mut below: Vec<Vec<(u32, u32)>> = vec![Vec::new(); tree.len()];
    let mut given_up = vec![false; tree.len()];
    for &(node, parent) in order.iter().rev() {
        let mut children = std::mem::take(&mut below[node as usize]);
        children.sort_unstable();
        let mut whole = tree.sizes[node as usize] + children.iter().map(|(size, _)| size).sum::<u32>();
        while whole > largest {
            let Some((size, child)) = children.pop() else { break };
            whole -= size;
            given_up[child as usize] = true;
        }
        if let Some(parent) = parent {
            below[parent as usize].push((whole, node));
        }
    }
    let (mut piece, mut count) = (vec![0; tree.len()], 0);
    for (node, parent) in order {
        piece[node as usize] = match parent {
            Some(parent) if !given_up[node as usize] => piece[parent as usize],
            _ => {
                count += 1;
                count - 1
            }
        };
    }
    piece
}

/// Every node after the one it hangs on; a root hangs on none.
fn downwards(tree: &Net) -> Vec<(u32, Option<u32>)> {
    let mut seen = vec![false; tree.len()];
    let mut order: Vec<(u32, Option<u32>)> = Vec::with_capacity(tree.len());
    for root in tree.nodes() {
        if seen[root as usize] {
            continue;
        }
        let mut next = order.len();
        seen[root as usize] = true;
        order.push((root, None));
        while let Some(&(node, _)) = order.get(next) {
            next += 1;
            for (other, _) in tree.of(node) {
                if !std::mem::replace(&mut seen[*other as usize], true) {
                    order.push((*other, Some(node)));
                }
            }
        }
    }
    order
}

/// The least weight that dividing a connected group into waves of at most `largest` cuts. The division also divides the
/// group's heaviest spanning tree, into at least as many pieces as [`pieces`] needs, and so many links less one of that
/// tree weigh no less than its lightest.
#[must_use]
pub fn least_cut(group: &Net, largest: u32) -> u64 {
    let tree = heaviest(group);
    let cuts = pieces(&tree, largest.max(1)).into_iter().max().unwrap_or(0) as usize;
    let mut weights: Vec<u64> = tree.edges().map(|(.., weight)| weight.into()).collect();
    weights.sort_unstable();
    weights.iter().take(cuts).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organisation_of_teams_cannot_be_cut_at_fewer_links_than_it_has_teams_too_many() {
        // A head, seven leads, nine people each: no two whole teams fit, and only one team keeps the head.
        let links = (1..=7).flat_map(|lead| {
            let people = (0..9).map(move |person| (lead, 8 + (lead - 1) * 9 + person, 4));
            people.chain([(0, lead, 4)])
        });
        let net = Net::new(vec![1; 71], links);
        assert_eq!(least_cut(&net, 11), 6 * 4);
        assert_eq!(least_cut(&net, 71), 0);
        let chain = Net::new(vec![1; 10], (1..10).map(|node| (node - 1, node, node)));
        assert_eq!(least_cut(&chain, 4), 1 + 2);
        assert_eq!(pieces(&chain, 4).into_iter().max(), Some(2));
    }
}
