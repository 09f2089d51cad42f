//! A fact, and how we know it: known, unknown with a cause, or never asked.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The answer to one question. There is no fourth state, and none of the three reads as another:
/// a rule that needs the value has to say what it does when the value is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case", try_from = "Stored<T>")]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub enum Observation<T> {
    /// It was asked and answered.
    Known {
        /// What was found.
        value: T,
        /// Who said so.
        source: Source,
        /// When.
        at: Timestamp,
    },
    /// It was asked, and no usable answer came.
    Unknown(Unknown),
    /// It was not asked, because nothing hangs on it or the profile leaves it out.
    #[default]
    NotAsked,
}

/// An observation as it is written, read in one go: what is derived for an enumeration with a tag keeps everything aside
/// until it has seen the tag, which takes twice as long, and reports read six of these a row.
#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
struct Stored<T> {
    state: State,
    #[serde(default = "Option::default", deserialize_with = "present")]
    value: Option<T>,
    source: Option<Source>,
    at: Option<Timestamp>,
    cause: Option<Cause>,
    detail: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Known,
    Unknown,
    NotAsked,
}

/// A value that is `null` is a value all the same.
fn present<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl<T> TryFrom<Stored<T>> for Observation<T> {
    type Error = &'static str;

    fn try_from(stored: Stored<T>) -> Result<Self, Self::Error> {
        let Stored { state, value, source, at, cause, detail } = stored;
        match state {
            State::Known => {
                let parts = value.zip(source).zip(at).ok_or("a known fact lacks its value, source or time")?;
                let ((value, source), at) = parts;
                Ok(Self::Known { value, source, at })
            }
            State::Unknown => {
                let parts = cause.zip(detail).zip(at).ok_or("an unknown fact lacks its cause, detail or time")?;
                let ((cause, detail), at) = parts;
                Ok(Self::Unknown(Unknown { cause, detail, at }))
            }
            State::NotAsked => Ok(Self::NotAsked),
        }
    }
}

impl<T> Observation<T> {
    /// A known fact.
    pub fn known(value: T, source: Source, at: Timestamp) -> Self {
        Self::Known { value, source, at }
    }

    /// An unknown fact.
    pub fn unknown(cause: Cause, detail: impl Into<String>, at: Timestamp) -> Self {
        Self::Unknown(Unknown { cause, detail: detail.into(), at })
    }

    /// The value, where it is known.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Known { value, .. } => Some(value),
            Self::Unknown(_) | Self::NotAsked => None,
        }
    }

    /// Why it is unknown, where it was asked in vain.
    pub fn why_unknown(&self) -> Option<&Unknown> {
        match self {
            Self::Unknown(unknown) => Some(unknown),
            Self::Known { .. } | Self::NotAsked => None,
        }
    }

    /// Whether a next run should ask again: true for what was asked in vain.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }

    /// The same observation about something derived from the value.
    pub fn map<U>(self, derive: impl FnOnce(T) -> U) -> Observation<U> {
        match self {
            Self::Known { value, source, at } => Observation::Known { value: derive(value), source, at },
            Self::Unknown(unknown) => Observation::Unknown(unknown),
            Self::NotAsked => Observation::NotAsked,
        }
    }
}

/// Who answered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Microsoft Graph, directory objects.
    Directory,
    /// Microsoft Graph, the mailbox behind it.
    Graph,
    /// The Exchange admin REST backend (undocumented).
    ExchangeAdmin,
    /// Autodiscover V2 (JSON).
    AutodiscoverV2,
    /// Autodiscover SOAP.
    AutodiscoverSoap,
    /// Autodiscover POX.
    AutodiscoverPox,
    /// Exchange Web Services.
    Ews,
    /// The Entra token endpoint.
    SignIn,
    /// DNS.
    Dns,
    /// An on-premises host, asked without credentials.
    OnPremises,
    /// A file the user gave; its name.
    Import(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Directory => "Graph directory",
            Self::Graph => "Graph mailbox",
            Self::ExchangeAdmin => "Exchange admin REST",
            Self::AutodiscoverV2 => "Autodiscover V2",
            Self::AutodiscoverSoap => "Autodiscover SOAP",
            Self::AutodiscoverPox => "Autodiscover POX",
            Self::Ews => "EWS",
            Self::SignIn => "Entra sign-in",
            Self::Dns => "DNS",
            Self::OnPremises => "on-premises host",
            Self::Import(file) => return write!(f, "import {file}"),
        })
    }
}

/// Why an answer is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unknown {
    /// The kind of trouble.
    pub cause: Cause,
    /// What happened, in words for the reader; never a secret, never a bare status code.
    pub detail: String,
    /// When we gave up.
    pub at: Timestamp,
}

/// The kinds of trouble that leave a question open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The service kept pushing back until the patience for one question was used up.
    Throttled,
    /// The application lacks a permission or role; the same for every mailbox.
    NotPermitted,
    /// No token could be had.
    SignIn,
    /// The service or the network did not answer.
    Outage,
    /// The service answered with something that cannot be read.
    Unreadable,
    /// The service answered, legibly, but the answer settles nothing.
    Inconclusive,
    /// The run ended before the question could be asked.
    Stopped,
    /// No source for this fact is configured.
    NoSource,
}

impl Cause {
    /// The identifier in CSV and JSON.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::NotPermitted => "not_permitted",
            Self::SignIn => "sign_in",
            Self::Outage => "outage",
            Self::Unreadable => "unreadable",
            Self::Inconclusive => "inconclusive",
            Self::Stopped => "stopped",
            Self::NoSource => "no_source",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn back<T: Serialize + serde::de::DeserializeOwned>(observation: &Observation<T>) -> Observation<T> {
        serde_json::from_str(&serde_json::to_string(observation).unwrap()).unwrap()
    }

    #[test]
    fn every_state_comes_back_from_the_store() {
        let at = "2026-11-20T08:00:00.5Z".parse().unwrap();
        let known =
            [Some("x".to_owned()), None].map(|value| Observation::known(value, Source::Import("a.csv".to_owned()), at));
        let unknown = Observation::unknown(Cause::Outage, "away", at);
        for observation in known.into_iter().chain([unknown, Observation::NotAsked]) {
            assert_eq!(back::<Option<String>>(&observation), observation);
        }
    }

    #[test]
    fn what_lacks_a_part_or_has_a_state_of_its_own_is_refused() {
        let refused = |text: &str| serde_json::from_str::<Observation<u8>>(text).unwrap_err().to_string();
        assert!(
            refused(r#"{"state":"known","source":"graph","at":"2026-11-20T08:00:00Z"}"#).contains("lacks its value")
        );
        assert!(
            refused(r#"{"state":"unknown","cause":"outage","at":"2026-11-20T08:00:00Z"}"#).contains("lacks its cause")
        );
        assert!(refused(r#"{"state":"maybe"}"#).contains("maybe"));
        assert!(refused(r#"{"value":1}"#).contains("state"));
    }
}
