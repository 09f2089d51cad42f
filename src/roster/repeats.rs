//! Recognises addresses that came before, in little memory.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};

/// Tables the addresses are spread over, so that growing one of them does not copy all.
const TABLES: usize = 64;

/// Half of a hash in each part: aligned to four bytes, an entry takes twelve.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Key {
    high: u32,
    low: u32,
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(u64::from(self.high) << 32 | u64::from(self.low));
    }
}

/// Hands on what is a hash already.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

type Table = HashMap<Key, u32, BuildHasherDefault<Hashed>>;

/// The row on which each address came first, by a 64-bit hash of the address (SipHash). Among a million addresses the
/// chance that two different ones share a hash is below one in thirty million.
pub(super) struct Repeats {
    tables: Vec<Table>,
}

impl Repeats {
    pub(super) fn new() -> Self {
        Self { tables: (0..TABLES).map(|_| Table::default()).collect() }
    }

    /// The earlier row with the same address, if there is one; else remembers this row. Rows beyond 2^32 are not told
    /// apart.
    pub(super) fn first(&mut self, key: &str, row: u64) -> Option<u64> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let hash = hasher.finish();
        let [high, low] = [(hash >> 32) as u32, hash as u32];
        // The tables themselves use the lowest and the highest bits.
        let table = self.tables.get_mut(high as usize % TABLES)?;
        let row = u32::try_from(row).unwrap_or(u32::MAX);
        let first = *table.entry(Key { high, low }).or_insert(row);
        (first != row).then_some(u64::from(first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_first_row_of_each_address() {
        let mut repeats = Repeats::new();
        for row in 1..=10_000 {
            assert_eq!(repeats.first(&format!("user{row}@contoso.example"), row), None, "{row}");
        }
        for row in 1..=10_000 {
            assert_eq!(repeats.first(&format!("user{row}@contoso.example"), row + 10_000), Some(row));
        }
        assert!(repeats.tables.iter().all(|table| !table.is_empty()), "all tables are used");
        assert_eq!(std::mem::size_of::<(Key, u32)>(), 12);
    }
}
