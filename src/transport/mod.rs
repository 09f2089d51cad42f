//! One paced, patient way to every remote service.
//!
//! A request passes, in this order: the pause of its [`gate::Scope`], the first-come queue, the quota, and last
//! the permit to be in flight. What comes back is read by the service's own [`Reading`]; push-back pauses the
//! scope or only the mailbox, trouble is retried within a budget, and what outlasts the budget ends as a named
//! [`Trouble`]. Nothing waits without a bound.

pub mod gate;
pub mod network;
pub mod pace;
pub mod pushback;
pub mod quota;
pub mod retry;
pub mod stats;
pub mod token;
pub mod trace;
pub mod width;
pub mod wire;

use std::fmt;

pub use gate::ScopeId;
pub use network::Network;
pub use pace::Pace;
pub use retry::{Call, Patience, Reading, Transport};
pub use token::{Client, Origins, Resource, Token, TokenSource};
pub use wire::{Answer, HttpWire, LISTING_LIMIT, Request, Wire, WireError};

use crate::evidence::Cause;

/// Why a request ended without a usable answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The kind of trouble.
    pub cause: Cause,
    /// What happened, in words.
    pub detail: String,
    /// `client-request-id` of the last request, for whoever looks into the service's logs. Differs from run to run,
    /// therefore it is shown to the person and never stored as evidence.
    pub request: Option<String>,
}

/// Longest detail, in characters: some errors quote what they could not read, and thousands may share one.
const LONGEST_DETAIL: usize = 1000;

impl Trouble {
    /// A trouble of a kind, with what happened.
    pub fn new(cause: Cause, detail: impl Into<String>) -> Self {
        let mut detail = detail.into();
        if let Some((end, _)) = detail.char_indices().nth(LONGEST_DETAIL) {
            detail.truncate(end);
            detail.push('…');
            detail.shrink_to_fit();
        }
        Self { cause, detail, request: None }
    }

    /// The same trouble with the identifier of the request it came from.
    #[must_use]
    pub fn with_request(mut self, id: Option<&str>) -> Self {
        self.request = self.request.or_else(|| id.map(str::to_owned));
        self
    }

    /// The same trouble, told by an answer.
    #[must_use]
    pub fn told_by(self, answer: &Answer) -> Self {
        self.with_request(answer.header(wire::REQUEST_ID))
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)?;
        match &self.request {
            Some(id) => write!(f, " [client-request-id {id}]"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Trouble {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_error_quotes_is_cut_to_what_a_person_reads() {
        let trouble = Trouble::new(Cause::Unreadable, "ü".repeat(1 << 20));
        assert_eq!(trouble.detail.chars().count(), LONGEST_DETAIL + 1);
        assert!(trouble.detail.capacity() < 4 * LONGEST_DETAIL);
        assert_eq!(Trouble::new(Cause::Outage, "away").detail, "away");
    }
}
