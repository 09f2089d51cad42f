//! A weighted net of people in the form the cutting wants: neighbours side by side.

/// Nodes with a size, and weighted links between them, each stored at both ends.
#[derive(Debug, Clone, Default)]
pub struct Net {
    first: Vec<u32>,
    links: Vec<(u32, u32)>,
    /// People in each node.
    pub sizes: Vec<u32>,
}

impl Net {
    /// A net of `sizes.len()` nodes. Links between the same two are added up; a link to oneself is left out.
    #[must_use]
    pub fn new(sizes: Vec<u32>, links: impl IntoIterator<Item = (u32, u32, u32)>) -> Self {
        let mut all: Vec<(u32, u32, u32)> = links.into_iter().filter(|(a, b, _)| a != b).collect();
        let mirrored: Vec<_> = all.iter().map(|&(a, b, weight)| (b, a, weight)).collect();
        all.extend(mirrored);
        all.sort_unstable_by_key(|&(a, b, _)| (a, b));
        all.dedup_by(|next, kept| {
            let same = (next.0, next.1) == (kept.0, kept.1);
            if same {
                kept.2 = kept.2.saturating_add(next.2);
            }
            same
        });
        let mut first = vec![0_u32; sizes.len() + 1];
        for &(a, ..) in &all {
            first[a as usize + 1] += 1;
        }
        for place in 1..first.len() {
            first[place] += first[place - 1];
        }
        Self { first, links: all.into_iter().map(|(_, b, weight)| (b, weight)).collect(), sizes }
    }

    /// How many nodes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sizes.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sizes.is_empty()
    }

    /// People in all nodes.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.sizes.iter().sum()
    }

    /// The neighbours of a node, with the weight of the link.
    #[must_use]
    pub fn of(&self, node: u32) -> &[(u32, u32)] {
        let node = node as usize;
        &self.links[self.first[node] as usize..self.first[node + 1] as usize]
    }

    /// Every node.
    pub fn nodes(&self) -> impl Iterator<Item = u32> + use<> {
        0..u32::try_from(self.len()).unwrap_or(u32::MAX)
    }

    /// Every link once.
    pub fn edges(&self) -> impl Iterator<Item = (u32, u32, u32)> + '_ {
        self.nodes()
            .flat_map(|a| self.of(a).iter().filter(move |(b, _)| a < *b).map(move |&(b, weight)| (a, b, weight)))
    }

    /// What a division into parts cuts, by weight.
    #[must_use]
    pub fn cut(&self, parts: &[u32]) -> u64 {
        let cut = self.edges().filter(|(a, b, _)| parts[*a as usize] != parts[*b as usize]);
        cut.map(|(.., weight)| u64::from(weight)).sum()
    }

    /// The net whose nodes are the parts, numbered from 0 without gaps.
    #[must_use]
    pub fn contracted(&self, parts: &[u32]) -> Self {
        let mut sizes = vec![0_u32; parts.iter().max().map_or(0, |most| *most as usize + 1)];
        for (part, size) in parts.iter().zip(&self.sizes) {
            sizes[*part as usize] += size;
        }
        let link = |(a, b, weight): (u32, u32, u32)| (parts[a as usize], parts[b as usize], weight);
        Self::new(sizes, self.edges().map(link))
    }

    /// The net of some of the nodes, in the order given.
    #[must_use]
    pub fn within(&self, nodes: &[u32]) -> Self {
        let mut place = vec![u32::MAX; self.len()];
        for (new, old) in (0_u32..).zip(nodes) {
            place[*old as usize] = new;
        }
        let links =
            nodes.iter().flat_map(|&a| self.of(a).iter().filter(move |(b, _)| a < *b).map(move |&(b, w)| (a, b, w)));
        let inside = links.map(|(a, b, weight)| (place[a as usize], place[b as usize], weight));
        Self::new(
            nodes.iter().map(|node| self.sizes[*node as usize]).collect(),
            inside.filter(|(a, b, _)| *a != u32::MAX && *b != u32::MAX).collect::<Vec<_>>(),
        )
    }
}

/// Numbers the parts from 0 without gaps, in the order they are met.
#[must_use]
pub fn renumbered(parts: &[u32]) -> Vec<u32> {
    let mut number = std::collections::HashMap::new();
    parts
        .iter()
        .map(|part| {
            let next = u32::try_from(number.len()).unwrap_or(u32::MAX);
            *number.entry(*part).or_insert(next)
        })
        .collect()
}
