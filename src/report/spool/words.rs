//! Texts that come again: rules say the same to thousands of users, and such a text is kept once.

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::RandomState;
use std::collections::{HashMap, HashSet};

/// Texts kept at most, and their bytes: enough for what rules, products, departments and domains have to say.
const MOST: usize = 1 << 16;
const MOST_BYTES: usize = 4 << 20;
/// Longer texts are not looked for.
const LONGEST: usize = 2048;
/// Texts remembered as seen once, by their digest alone.
const SEEN: usize = 1 << 16;

/// Finds out which texts come again, while rows are written.
#[derive(Debug, Default)]
pub struct Words {
    texts: Vec<Arc<str>>,
    places: HashMap<Arc<str>, u32, RandomState>,
    /// Seen once: the second time they are worth keeping. Names and addresses never come that far.
    seen: HashSet<u64, RandomState>,
    bytes: usize,
}

impl Words {
    /// The place of a text that is kept.
    pub fn place(&mut self, text: &str) -> Option<u32> {
        if text.len() > LONGEST {
            return None;
        }
        if let Some(place) = self.places.get(text) {
            return Some(*place);
        }
        if self.texts.len() >= MOST || self.bytes + text.len() > MOST_BYTES {
            return None;
        }
        if self.seen.len() >= SEEN {
            self.seen.clear();
        }
        if self.seen.insert(self.places.hasher().hash_one(text)) {
            return None;
        }
        let place = u32::try_from(self.texts.len()).ok()?;
        let kept: Arc<str> = text.into();
        self.bytes += kept.len();
        self.texts.push(Arc::clone(&kept));
        self.places.insert(kept, place);
        Some(place)
    }

    /// The texts by place, for reading.
    pub fn finish(self) -> Vec<Arc<str>> {
        self.texts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_from_its_second_time_on() {
        let mut words = Words::default();
        assert_eq!(
            [words.place("ada"), words.place("x"), words.place("x"), words.place("x")],
            [None, None, Some(0), Some(0)]
        );
        assert_eq!(words.place(&"y".repeat(LONGEST + 1)), None);
        assert_eq!(words.finish(), [Arc::from("x")]);
    }

    #[test]
    fn it_never_grows_beyond_its_bound() {
        let mut words = Words::default();
        for number in 0..3 * MOST {
            let text = format!("{number}");
            words.place(&text);
            words.place(&text);
        }
        assert_eq!(words.texts.len(), MOST);
        assert!(words.seen.len() <= SEEN);
    }
}
