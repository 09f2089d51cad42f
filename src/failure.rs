//! How a command ends: exit codes, and the message of one that failed.

use std::fmt;

/// The exit codes others rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All rows assessed, or the command did what it was asked.
    Done,
    /// Wrong usage, roster or configuration.
    Usage,
    /// Sign-in or permission failed.
    SignIn,
    /// The report is written, but some rows are not assessed.
    Incomplete,
    /// Stopped; the same command continues, nothing is lost.
    Resumable,
    /// A `--fail-on` threshold was exceeded.
    Threshold,
    /// Interrupted (Ctrl-C); the same command continues.
    Interrupted,
    /// Terminated (SIGTERM); the same command continues.
    Terminated,
}

impl Exit {
    /// The number the process ends with.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Usage => 2,
            Self::SignIn => 3,
            Self::Incomplete => 4,
            Self::Resumable => 5,
            Self::Threshold => 10,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}

/// Why a command could not do its work, for a person: what happened, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The code to end with.
    pub exit: Exit,
    /// What happened, to which file, line, mailbox or setting.
    pub message: String,
    /// What to do next; may be empty.
    pub hint: String,
}

impl Failure {
    /// A failure of usage, roster or configuration.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: message.into(), hint: hint.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        if !self.hint.is_empty() {
            write!(f, "\nhint: {}", self.hint)?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}
