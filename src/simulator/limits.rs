//! Published limits, kept when the `throttle` fault is on (Microsoft Graph: throttling limits; EWS throttling in Exchange).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

/// Outlook services of Graph: requests in ten minutes for one application and mailbox.
pub(super) const OUTLOOK: Quota = Quota { units: 10_000, seconds: 600 };
/// Outlook services of Graph: requests at once for one application and mailbox.
pub(super) const OUTLOOK_OPEN: u32 = 4;
/// EWS: connections at once for one budget.
pub(super) const EWS_OPEN: u32 = 27;
/// The admin backend publishes no numbers; this is the simulator's own.
pub(super) const ADMIN: Quota = Quota { units: 300, seconds: 300 };

/// So many units in so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quota {
    pub(super) units: u32,
    pub(super) seconds: i64,
}

/// Counters of all quotas. Windows begin with the first request after the last one ended.
#[derive(Debug)]
pub(super) struct Limits {
    on: bool,
    /// Resource units of the directory in ten seconds for one application and this tenant.
    pub(super) identity: Quota,
    windows: Mutex<HashMap<String, (i64, u32)>>,
    open: Arc<Mutex<HashMap<String, u32>>>,
}

/// One of the connections a limit allows at once; given back when dropped.
#[derive(Debug)]
pub(super) struct Lease {
    open: Arc<Mutex<HashMap<String, u32>>>,
    key: String,
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.key);
            }
        }
    }
}

impl Limits {
    pub(super) fn new(on: bool, accounts: u32) -> Self {
        let units = match accounts {
            0..=49 => 3_500,
            50..=500 => 5_000,
            _ => 8_000,
        };
        Self { on, identity: Quota { units, seconds: 10 }, windows: Mutex::default(), open: Arc::default() }
    }

    /// Takes units. The error says how many seconds are left until the next window. Refused requests count as well.
    pub(super) fn take(&self, key: &str, units: u32, quota: Quota, now: Timestamp) -> Result<(), i64> {
        if !self.on {
            return Ok(());
        }
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.entry(key.to_owned()).or_insert((now.as_second(), 0));
        if now.as_second() >= window.0 + quota.seconds {
            *window = (now.as_second(), 0);
        }
        window.1 = window.1.saturating_add(units);
        if window.1 > quota.units { Err((window.0 + quota.seconds - now.as_second()).max(1)) } else { Ok(()) }
    }

    /// Units left in the window of a key, and seconds until it ends.
    pub(super) fn left(&self, key: &str, quota: Quota, now: Timestamp) -> (u32, i64) {
        let windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        match windows.get(key) {
            Some((from, used)) if now.as_second() < from + quota.seconds => {
                (quota.units.saturating_sub(*used), from + quota.seconds - now.as_second())
            }
            _ => (quota.units, quota.seconds),
        }
    }

    /// Opens a connection for a key, unless `most` are open; `Ok(None)` when limits are not kept.
    pub(super) fn enter(&self, key: &str, most: u32) -> Result<Option<Lease>, ()> {
        if !self.on {
            return Ok(None);
        }
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(key.to_owned()).or_default();
        if *count >= most {
            return Err(());
        }
        *count += 1;
        Ok(Some(Lease { open: Arc::clone(&self.open), key: key.to_owned() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).expect("in range")
    }

    #[test]
    fn a_quota_refuses_the_rest_of_the_window_and_says_how_long() {
        let limits = Limits::new(true, 10);
        let quota = Quota { units: 3, seconds: 10 };
        assert_eq!(limits.take("a", 3, quota, at(0)), Ok(()));
        assert_eq!(limits.take("a", 1, quota, at(4)), Err(6));
        assert_eq!(limits.take("b", 1, quota, at(4)), Ok(()));
        assert_eq!(limits.take("a", 1, quota, at(10)), Ok(()));
    }

    #[test]
    fn a_lease_is_given_back_when_it_is_dropped() {
        let limits = Limits::new(true, 10);
        let first = limits.enter("m", 1).expect("free");
        assert!(limits.enter("m", 1).is_err());
        drop(first);
        assert!(limits.enter("m", 1).is_ok());
    }
}
