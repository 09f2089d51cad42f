//! Why a roster could not be read.

use std::fmt;

use crate::failure::Failure;

/// What an input is instead of a roster, or what went wrong with it, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterError {
    message: String,
    hint: String,
}

impl RosterError {
    /// An error about one input.
    pub(super) fn of(input: &str, what: impl fmt::Display, hint: impl Into<String>) -> Self {
        Self { message: format!("{input}: {what}"), hint: hint.into() }
    }

    /// What happened, to which file.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do next; may be empty.
    #[must_use]
    pub fn hint(&self) -> &str {
        &self.hint
    }
}

impl fmt::Display for RosterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if self.hint.is_empty() { Ok(()) } else { write!(f, " ({})", self.hint) }
    }
}

impl std::error::Error for RosterError {}

impl From<RosterError> for Failure {
    fn from(error: RosterError) -> Self {
        Self::usage(error.message(), error.hint())
    }
}
