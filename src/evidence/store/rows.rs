//! Rows of a roster, a bit each: who was seen, who has an outcome.

use fixedbitset::FixedBitSet;

/// A set of rows.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    bits: FixedBitSet,
    count: u64,
}

/// No roster has so many rows; what is beyond them is no row, and takes no memory.
const MOST: u64 = 1 << 30;

impl Rows {
    /// Takes a row in.
    pub fn insert(&mut self, row: u64) {
        let Some(place) = place(row) else { return };
        if place >= self.bits.len() {
            self.bits.grow((place + 1).next_power_of_two());
        }
        self.count += u64::from(!self.bits.put(place));
    }

    /// Whether a row is in it.
    #[must_use]
    pub fn contains(&self, row: u64) -> bool {
        place(row).is_some_and(|place| self.bits.contains(place))
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }
}

fn place(row: u64) -> Option<usize> {
    usize::try_from(row).ok().filter(|_| row < MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_counts_once_and_none_is_too_large() {
        let mut rows = Rows::default();
        for row in [7, 1, 7, 200, u64::MAX, MOST] {
            rows.insert(row);
        }
        assert_eq!(rows.count(), 3);
        assert!([1, 7, 200].into_iter().all(|row| rows.contains(row)));
        assert!([0, 2, 199, 201, MOST, u64::MAX].into_iter().all(|row| !rows.contains(row)));
    }
}
