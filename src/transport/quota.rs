//! A published limit as arithmetic: how long until the next request fits. governor calculates, we wait, because
//! its own waiting room has no order and wakes everybody at once.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota as Cells, RateLimiter};
use serde::{Deserialize, Serialize};

/// At most `requests` within any `seconds`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Requests, or resource units where the service counts these.
    pub requests: u32,
    /// Window, in seconds.
    pub seconds: u32,
}

/// A limit that is being kept.
pub struct Quota {
    limiter: RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<std::time::Instant>>,
    burst: u32,
}

impl Quota {
    /// Keeps `limit` in *every* window: a little of it may go at once, the rest is spread, so that
    /// burst + rate x window never exceeds the limit.
    #[must_use]
    pub fn new(limit: Limit) -> Self {
        let requests = limit.requests.max(2);
        let burst = burst(requests);
        let window = Duration::from_secs(u64::from(limit.seconds.max(1)));
        let period = window / (requests - burst);
        let cells = Cells::with_period(period).unwrap_or(Cells::per_second(NonZeroU32::MIN));
        let cells = cells.allow_burst(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN));
        Self { limiter: RateLimiter::direct_with_clock(cells, TokioClock), burst }
    }

    /// Waits until `cost` more fits. A cost above the burst is charged as the burst: no single request can
    /// be dearer than what the limit lets through at once.
    pub async fn take(&self, cost: u32) {
        let cost = NonZeroU32::new(cost.clamp(1, self.burst)).unwrap_or(NonZeroU32::MIN);
        loop {
            match self.limiter.check_n(cost) {
                Ok(Ok(())) | Err(_) => return,
                Ok(Err(not_until)) => tokio::time::sleep(not_until.wait_time_from(TokioClock.now())).await,
            }
        }
    }
}

/// What may go at once. Whatever may is taken off the steady rate, so it is little: a fiftieth, which a busy computer
/// needs to make good a late wake-up, and of small limits as much as the dearest call costs.
fn burst(requests: u32) -> u32 {
    (requests / 50).max((requests / 10).min(DEAREST)).max(1)
}

/// Resource units of the dearest call (Microsoft Graph: throttling limits, identity and access).
const DEAREST: u32 = 5;

/// tokio's clock for governor, so that paused test time rules here too.
#[derive(Debug, Clone, Copy, Default)]
struct TokioClock;

impl Clock for TokioClock {
    type Instant = std::time::Instant;

    fn now(&self) -> Self::Instant {
        tokio::time::Instant::now().into_std()
    }
}

const _: fn() = || {
    fn is_reference<T: Reference>() {}
    is_reference::<std::time::Instant>();
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tokio::time::Instant;

    fn instants(limit: Limit, cost: u32, takes: usize) -> Vec<Duration> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (quota, start) = (Quota::new(limit), Instant::now());
            let mut seen = Vec::with_capacity(takes);
            for _ in 0..takes {
                quota.take(cost).await;
                seen.push(start.elapsed());
            }
            seen
        })
    }

    #[test]
    fn a_limit_is_used_up_and_not_only_kept() {
        let last = instants(Limit { requests: 600, seconds: 60 }, 1, 1200).pop().unwrap();
        assert!(last < Duration::from_secs(123), "1200 at 600 a minute took {last:?}");
    }

    #[test]
    fn a_large_limit_is_used_to_its_last_fiftieth() {
        let last = instants(Limit { requests: 1500, seconds: 10 }, 1, 15_000).pop().unwrap();
        assert!(last < Duration::from_secs(102), "15,000 at 150 a second took {last:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn no_window_ever_holds_more_than_the_limit(requests in 2u32..400, seconds in 1u32..30, cost in 1u32..4) {
            let limit = Limit { requests, seconds };
            let seen = instants(limit, cost, 600);
            let charged = cost.min(burst(requests)) as usize;
            let window = Duration::from_secs(seconds.into());
            for (first, start) in seen.iter().enumerate() {
                let within = seen[first..].iter().take_while(|at| **at < *start + window).count();
                prop_assert!(within * charged <= requests as usize, "{within} x {charged} within {window:?} of {limit:?}");
            }
        }
    }
}
