//! What each service was asked, and what pace and patience cost.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::pace::ScopePace;
use super::quota::Limit;

/// Running counts of one scope.
#[derive(Debug, Default)]
pub struct ScopeStats {
    requests: AtomicU64,
    pushbacks: AtomicU64,
    failures: AtomicU64,
    pause_ms: AtomicU64,
    quota_ms: AtomicU64,
    width_ms: AtomicU64,
}

/// A snapshot of [`ScopeStats`], as stored and reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Traffic {
    /// Requests sent, batch items counted singly.
    pub requests: u64,
    /// Answers that asked for fewer requests.
    pub pushbacks: u64,
    /// Requests that failed and were tried again.
    pub failures: u64,
    /// Milliseconds the head of the queue stood in pauses that the service ordered.
    pub pause_ms: u64,
    /// Milliseconds it stood for the published limit.
    pub quota_ms: u64,
    /// Milliseconds it stood for a request in flight to come back.
    pub width_ms: u64,
    /// The limit kept to, if there was one.
    pub limit: Option<Limit>,
    /// Most requests in flight at once; 0: not noted.
    pub most: u32,
}

impl std::ops::AddAssign for Traffic {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.pushbacks += other.pushbacks;
        self.failures += other.failures;
        self.pause_ms += other.pause_ms;
        self.quota_ms += other.quota_ms;
        self.width_ms += other.width_ms;
        // The pace of the session that came last.
        (self.limit, self.most) = (other.limit, other.most);
    }
}

fn add(counter: &AtomicU64, duration: Duration) {
    let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    counter.fetch_add(milliseconds, Ordering::Relaxed);
}

impl ScopeStats {
    /// A request goes out.
    pub fn sent(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// The service pushed back.
    pub fn pushed_back(&self) {
        self.pushbacks.fetch_add(1, Ordering::Relaxed);
    }

    /// A request failed.
    pub fn failed(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    /// Time stood in a pause.
    pub fn waited_in_pause(&self, time: Duration) {
        add(&self.pause_ms, time);
    }

    /// Time stood for the quota.
    pub fn waited_for_quota(&self, time: Duration) {
        add(&self.quota_ms, time);
    }

    /// Time stood for a permit.
    pub fn waited_for_width(&self, time: Duration) {
        add(&self.width_ms, time);
    }

    /// The counts now, at a pace.
    #[must_use]
    pub fn snapshot(&self, pace: ScopePace) -> Traffic {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Traffic {
            requests: read(&self.requests),
            pushbacks: read(&self.pushbacks),
            failures: read(&self.failures),
            pause_ms: read(&self.pause_ms),
            quota_ms: read(&self.quota_ms),
            width_ms: read(&self.width_ms),
            limit: pace.limit,
            most: pace.width.most,
        }
    }
}
