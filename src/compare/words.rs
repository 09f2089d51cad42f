//! Texts that many rows share, each held once.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A text that many rows share; one pointer wide, because a row holds several.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word(Arc<Box<str>>);

impl From<&str> for Word {
    fn from(text: &str) -> Self {
        Self(Arc::new(text.into()))
    }
}

impl Deref for Word {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Word {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.pad(self)
    }
}

impl Borrow<str> for Word {
    fn borrow(&self) -> &str {
        self
    }
}

/// Rule ids, owners and causes: a million rows share a few hundred.
#[derive(Debug, Default)]
pub struct Words(HashSet<Word>);

impl Words {
    /// The one word with this text.
    pub fn word(&mut self, text: &str) -> Word {
        if let Some(word) = self.0.get(text) {
            return word.clone();
        }
        let word = Word::from(text);
        self.0.insert(word.clone());
        word
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_is_held_once() {
        let mut words = Words::default();
        let (one, again, other) = (words.word("no_licence"), words.word("no_licence"), words.word("on_hold"));
        assert!(Arc::ptr_eq(&one.0, &again.0) && one != other);
        assert_eq!((&*one, size_of::<Word>()), ("no_licence", size_of::<usize>()));
    }
}
