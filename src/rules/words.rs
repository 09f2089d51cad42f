//! The sentences of reports that belong to no rule, and how a sentence gets its parameters.
//!
//! Rules carry their own sentences. All of them are English and can be overridden one by one: a rule's by
//! `rule id` + `.` + field (`says`, `stops`, `next`, `alternative`, `question`), these by their key.

use std::collections::BTreeMap;
use std::sync::Arc;

pub use super::english::WORDS;
use super::rule::{Params, Rule};

/// The language of the texts: English, with what a catalogue overrides.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Texts(Arc<BTreeMap<String, String>>);

/// The fields of a rule that are sentences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// What it asks.
    Question,
    /// What was found.
    Says,
    /// What stops, and when.
    Stops,
    /// What to do next.
    Next,
    /// Another way out.
    Alternative,
}

impl Field {
    /// Every field.
    pub const ALL: [Self; 5] = [Self::Question, Self::Says, Self::Stops, Self::Next, Self::Alternative];

    /// The field's name in a catalogue's keys.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Question => "question",
            Self::Says => "says",
            Self::Stops => "stops",
            Self::Next => "next",
            Self::Alternative => "alternative",
        }
    }

    /// The key of a rule's sentence in a catalogue.
    #[must_use]
    pub fn key(self, rule: &Rule) -> String {
        format!("{}.{}", rule.id, self.id())
    }

    /// The English sentence of a rule.
    #[must_use]
    pub fn of(self, rule: &Rule) -> &'static str {
        match self {
            Self::Question => rule.question,
            Self::Says => rule.texts.says,
            Self::Stops => rule.texts.stops,
            Self::Next => rule.texts.next,
            Self::Alternative => rule.texts.alternative,
        }
    }
}

impl Texts {
    /// English, with some sentences overridden by key.
    #[must_use]
    pub fn with(overrides: BTreeMap<String, String>) -> Self {
        Self(Arc::new(overrides))
    }

    /// A sentence of a rule, with its parameters.
    #[must_use]
    pub fn rule(&self, rule: &Rule, field: Field, params: &Params) -> String {
        if self.0.is_empty() {
            return fill(field.of(rule), params);
        }
        let own = self.0.get(&field.key(rule));
        fill(own.map_or(field.of(rule), String::as_str), params)
    }

    /// A sentence of no rule, with its parameters; the key itself where there is no such sentence.
    #[must_use]
    pub fn word(&self, key: &str, params: &Params) -> String {
        let own = self.0.get(key).map(String::as_str);
        fill(own.or_else(|| english(key)).unwrap_or(key), params)
    }
}

/// The English sentence under a key.
#[must_use]
pub fn english(key: &str) -> Option<&'static str> {
    WORDS.binary_search_by(|(known, _)| known.cmp(&key)).ok().and_then(|index| WORDS.get(index)).map(|(_, text)| *text)
}

/// Puts parameters into a sentence: `{name}` becomes the parameter's value. A name without a parameter stays.
#[must_use]
pub fn fill(sentence: &str, Params(params): &Params) -> String {
    let mut filled = String::with_capacity(sentence.len() + 32);
    let mut rest = sentence;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let found = after
            .split_once('}')
            .and_then(|(name, tail)| params.iter().find(|(known, _)| *known == name).map(|(_, value)| (value, tail)));
        match found {
            Some((value, tail)) => {
                filled.push_str(value);
                rest = tail;
            }
            None => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    filled
}
