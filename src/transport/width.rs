//! How many requests may be in flight: doubles with each full round of successes until the service first pushes back,
//! then grows by one a round; halves on push-back. Waiting for hundreds of rounds to find out that nobody minds would cost
//! a large tenant minutes; one round too far costs one halving.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::time::Instant;

/// Where a width starts and how far it may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// Requests in flight at the start: the safe side of what Microsoft's texts allow.
    pub start: u32,
    /// Requests in flight at the most.
    pub most: u32,
}

/// An adaptive number of permits (slow start, then additive increase, multiplicative decrease).
pub struct Width {
    state: Mutex<State>,
    freed: Notify,
    most: u32,
}

struct State {
    limit: u32,
    in_use: u32,
    /// Whether the service has pushed back before: from then on growth is careful.
    careful: bool,
    /// Successes since all permits were first in use at this limit.
    streak: u32,
    /// Whether all permits were in use at once since the last change: only then does success speak for more.
    was_full: bool,
    /// Answers to requests that were on their way when the width was halved say nothing about the new width.
    halved_at: Option<Instant>,
}

impl State {
    /// What was seen at another limit says nothing about this one.
    fn changed(&mut self) {
        self.streak = 0;
        self.was_full = self.in_use >= self.limit;
    }
}

/// How long one halving stands before the next: a burst of refusals is one message, not many.
const SETTLE: Duration = Duration::from_secs(1);

impl Width {
    /// A width that starts and ends as the range says.
    #[must_use]
    pub fn new(range: Range) -> Arc<Self> {
        let most = range.most.max(1);
        let limit = range.start.clamp(1, most);
        let state = State { limit, in_use: 0, careful: false, streak: 0, was_full: false, halved_at: None };
        Arc::new(Self { state: Mutex::new(state), freed: Notify::new(), most })
    }

    /// Waits for a permit. Callers queue outside; one waits here at a time.
    pub async fn acquire(self: &Arc<Self>) -> Permit {
        loop {
            let freed = self.freed.notified();
            {
                let mut state = self.lock();
                if state.in_use < state.limit {
                    state.in_use += 1;
                    state.was_full |= state.in_use == state.limit;
                    return Permit { width: Arc::clone(self) };
                }
            }
            freed.await;
        }
    }

    /// A request went well.
    pub fn succeeded(&self) {
        let mut state = self.lock();
        if !state.was_full {
            return;
        }
        state.streak += 1;
        // Every success adds one: after a round of them there are twice as many.
        let round = if state.careful { state.limit } else { 1 };
        if state.streak >= round && state.limit < self.most {
            state.limit += 1;
            state.changed();
            self.freed.notify_one();
        }
    }

    /// The service pushed back.
    pub fn pushed_back(&self) {
        let mut state = self.lock();
        if state.halved_at.is_some_and(|at| at.elapsed() < SETTLE) {
            return;
        }
        state.limit = (state.limit / 2).max(1);
        state.careful = true;
        state.changed();
        state.halved_at = Some(Instant::now());
    }

    /// Permits there are now, and how many are in use.
    #[must_use]
    pub fn now(&self) -> (u32, u32) {
        let state = self.lock();
        (state.limit, state.in_use)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to have one request in flight; given back when dropped.
pub struct Permit {
    width: Arc<Width>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.width.lock().in_use -= 1;
        self.width.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn doubles_with_a_round_until_its_bound() {
        let width = Width::new(Range { start: 2, most: 3 });
        let _held = (width.acquire().await, width.acquire().await);
        width.succeeded();
        assert_eq!(width.now().0, 3);
        let _third = width.acquire().await;
        for _ in 0..10 {
            width.succeeded();
        }
        assert_eq!(width.now().0, 3, "never above the bound");
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_round_of_successes_doubles_what_nobody_minded() {
        let width = Width::new(Range { start: 4, most: 64 });
        let mut held = Vec::new();
        for _ in 0..4 {
            held.push(width.acquire().await);
        }
        for _ in 0..4 {
            width.succeeded();
            held.push(width.acquire().await);
        }
        assert_eq!(width.now(), (8, 8));
    }

    #[tokio::test(start_paused = true)]
    async fn grows_by_one_a_round_once_the_service_has_pushed_back() {
        let width = Width::new(Range { start: 4, most: 8 });
        width.pushed_back();
        let _held = (width.acquire().await, width.acquire().await);
        width.succeeded();
        assert_eq!(width.now().0, 2, "one success is not a round");
        width.succeeded();
        assert_eq!(width.now().0, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn halves_once_for_a_burst_of_refusals_and_recovers() {
        let width = Width::new(Range { start: 8, most: 8 });
        for _ in 0..5 {
            width.pushed_back();
        }
        assert_eq!(width.now().0, 4);
        tokio::time::advance(SETTLE).await;
        width.pushed_back();
        assert_eq!(width.now().0, 2);
        let _held = (width.acquire().await, width.acquire().await);
        width.succeeded();
        width.succeeded();
        assert_eq!(width.now().0, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn success_on_an_idle_scope_proves_nothing_about_more() {
        let width = Width::new(Range { start: 4, most: 8 });
        let _one = width.acquire().await;
        for _ in 0..100 {
            width.succeeded();
        }
        assert_eq!(width.now().0, 4);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_permit_lets_the_next_in() {
        let width = Width::new(Range { start: 1, most: 1 });
        let held = width.acquire().await;
        let waiting = tokio::spawn({
            let width = Arc::clone(&width);
            async move { drop(width.acquire().await) }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(held);
        waiting.await.unwrap();
    }
}
