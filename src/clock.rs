//! The one clock of the program. Everything that stamps, expires or waits asks it, so that a test can set it.

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// Tells the time.
#[derive(Debug, Clone, Copy)]
pub struct Clock(Kind);

#[derive(Debug, Clone, Copy)]
enum Kind {
    System,
    Standing(Timestamp),
    Running(Timestamp, Instant),
}

impl Clock {
    /// The computer's own clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Kind::System)
    }

    /// A clock that shows the same moment for ever: a run by it writes the same report every time.
    #[must_use]
    pub fn standing_at(moment: Timestamp) -> Self {
        Self(Kind::Standing(moment))
    }

    /// A clock that shows `start` now and runs on with tokio's clock, and therefore stands still or leaps with it in
    /// tests that pause time. It is there for them.
    #[must_use]
    pub fn starting_at(start: Timestamp) -> Self {
        Self(Kind::Running(start, Instant::now()))
    }

    /// The moment it is, to the millisecond: finer digits would only make evidence longer.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let now = match self.0 {
            Kind::System => Timestamp::now(),
            Kind::Standing(moment) => moment,
            Kind::Running(start, since) => SignedDuration::try_from(since.elapsed())
                .ok()
                .and_then(|elapsed| start.checked_add(elapsed).ok())
                .unwrap_or(start),
        };
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
}
