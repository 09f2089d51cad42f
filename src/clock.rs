//! The one clock of the program. Everything that stamps, expires or waits asks it, so that a test can set it.

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// Tells the time. A clock that was started at a given moment runs on with tokio's clock, and therefore
/// stands still or leaps with it in tests that pause time.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Option<(Timestamp, Instant)>,
}

impl Clock {
    /// The computer's own clock.
    #[must_use]
    pub fn system() -> Self {
        Self { start: None }
    }

    /// A clock that shows `start` now and runs on from there.
    #[must_use]
    pub fn starting_at(start: Timestamp) -> Self {
        Self { start: Some((start, Instant::now())) }
    }

    /// The moment it is, to the millisecond: finer digits would only make evidence longer.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let now = match self.start {
            None => Timestamp::now(),
            Some((start, since)) => SignedDuration::try_from(since.elapsed())
                .ok()
                .and_then(|elapsed| start.checked_add(elapsed).ok())
                .unwrap_or(start),
        };
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
}
