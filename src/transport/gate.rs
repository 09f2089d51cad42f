//! The gate every request passes: one scope a service, first come first served, pauses that only move forward.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::Trouble;
use super::pace::{Pace, ScopePace};
use super::quota::Quota;
use super::stats::ScopeStats;
use super::width::{Permit, Width};
use crate::evidence::Cause;

/// The services that are paced apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScopeId {
    /// Entra's token endpoint.
    Token,
    /// Graph's directory, in resource units.
    Directory,
    /// Graph's mailboxes.
    Mailbox,
    /// The Exchange admin backend.
    ExchangeAdmin,
    /// Autodiscover.
    Autodiscover,
    /// Exchange Web Services.
    Ews,
    /// On-premises servers that Autodiscover names.
    OnPremises,
}

impl ScopeId {
    /// All scopes, in the order progress and reports show them.
    pub const ALL: [Self; 7] = [
        Self::Token,
        Self::Directory,
        Self::Mailbox,
        Self::ExchangeAdmin,
        Self::Autodiscover,
        Self::Ews,
        Self::OnPremises,
    ];

    /// The service's name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Token => "Entra sign-in",
            Self::Directory => "Graph directory",
            Self::Mailbox => "Graph mailboxes",
            Self::ExchangeAdmin => "Exchange admin",
            Self::Autodiscover => "Autodiscover",
            Self::Ews => "EWS",
            Self::OnPremises => "On-premises",
        }
    }

    /// The service's key in `[tenants.NAME.pace]`.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Directory => "directory",
            Self::Mailbox => "mailbox",
            Self::ExchangeAdmin => "exchange_admin",
            Self::Autodiscover => "autodiscover",
            Self::Ews => "ews",
            Self::OnPremises => "on_premises",
        }
    }
}

/// One service's gate.
pub struct Scope {
    id: ScopeId,
    quota: Option<Quota>,
    /// tokio's mutex is fair: whoever came first holds it through pause, quota and width.
    turn: tokio::sync::Mutex<()>,
    width: Arc<Width>,
    health: Mutex<Health>,
    patience: Duration,
    /// What waiting and push-back cost.
    pub stats: ScopeStats,
}

#[derive(Default)]
struct Health {
    paused_until: Option<Instant>,
    /// Since when nothing has succeeded, while several callers were refused or failed.
    struggling_since: Option<Instant>,
    /// Callers refused or failed lately, newest last.
    recent: VecDeque<(Instant, u64)>,
    given_up: Option<Trouble>,
}

/// Distinct callers that must meet trouble within [`WINDOW`] before it is the service's and not theirs.
const WIDESPREAD: usize = 3;
/// How long one caller's trouble is remembered.
const WINDOW: Duration = Duration::from_secs(30);

impl Scope {
    /// The gate of a service at a pace.
    #[must_use]
    pub fn new(id: ScopeId, pace: &Pace) -> Self {
        let ScopePace { limit, width } = pace.scope(id);
        Self {
            id,
            quota: limit.map(Quota::new),
            turn: tokio::sync::Mutex::new(()),
            width: Width::new(width),
            health: Mutex::default(),
            patience: pace.patience,
            stats: ScopeStats::default(),
        }
    }

    /// The service's name for people.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.id.name()
    }

    /// Waits for the right to send one request of the given cost.
    ///
    /// # Errors
    /// When the service was given up for this run.
    pub async fn enter(&self, cost: u32) -> Result<Permit, Trouble> {
        let _turn = self.turn.lock().await;
        loop {
            self.wait_out_pause().await?;
            if let Some(quota) = &self.quota {
                let since = Instant::now();
                quota.take(cost).await;
                self.stats.waited_for_quota(since.elapsed());
            }
            let since = Instant::now();
            let permit = self.width.acquire().await;
            self.stats.waited_for_width(since.elapsed());
            // A pause ordered meanwhile holds for us too; the permit must not be slept on.
            if self.pause_left().is_none() {
                return Ok(permit);
            }
        }
    }

    async fn wait_out_pause(&self) -> Result<(), Trouble> {
        loop {
            if let Some(trouble) = self.lock().given_up.clone() {
                return Err(trouble);
            }
            let Some(until) = self.pause_left() else { return Ok(()) };
            let since = Instant::now();
            tokio::time::sleep_until(until).await;
            self.stats.waited_in_pause(since.elapsed());
        }
    }

    /// When the present pause ends, if there is one.
    #[must_use]
    pub fn pause_left(&self) -> Option<Instant> {
        self.lock().paused_until.filter(|until| *until > Instant::now())
    }

    /// Requests allowed in flight, and in flight now.
    #[must_use]
    pub fn width(&self) -> (u32, u32) {
        self.width.now()
    }

    /// Why the service was given up, if it was.
    #[must_use]
    pub fn given_up(&self) -> Option<Trouble> {
        self.lock().given_up.clone()
    }

    /// Holds everybody back for a while. A pause is only ever prolonged; one beyond our patience ends the
    /// service's part of the run.
    pub fn pause(&self, wait: Duration, cause: Cause, why: &str) {
        let mut health = self.lock();
        if wait > self.patience {
            let wait = human(wait);
            health.given_up.get_or_insert_with(|| {
                let detail = format!("{} asked us to wait {wait}, longer than this run waits: {why}", self.id.name());
                Trouble::new(cause, detail)
            });
            return;
        }
        let until = Instant::now() + wait;
        health.paused_until = Some(health.paused_until.map_or(until, |present| present.max(until)));
    }

    /// Ends the service's part of the run.
    pub fn give_up(&self, trouble: Trouble) {
        self.lock().given_up.get_or_insert(trouble);
    }

    /// A request went well.
    pub fn succeeded(&self, near_limit: bool) {
        let mut health = self.lock();
        health.struggling_since = None;
        health.recent.clear();
        drop(health);
        if near_limit { self.width.pushed_back() } else { self.width.succeeded() }
    }

    /// The service pushed a request back.
    pub fn pushed_back(&self) {
        self.width.pushed_back();
    }

    /// Notes that `caller` met trouble, and tells whether enough others did for it to be the service's trouble.
    /// When that lasts beyond our patience the service is given up.
    pub fn is_widespread(&self, caller: u64, cause: Cause, why: &str) -> bool {
        let (now, mut health) = (Instant::now(), self.lock());
        health.recent.retain(|(at, who)| *who != caller && now.duration_since(*at) < WINDOW);
        health.recent.push_back((now, caller));
        if health.recent.len() > WIDESPREAD {
            health.recent.pop_front();
        }
        if health.recent.len() < WIDESPREAD && health.struggling_since.is_none() {
            return false;
        }
        let since = *health.struggling_since.get_or_insert(now);
        if now.duration_since(since) > self.patience {
            let lasted = human(now.duration_since(since));
            let detail = format!("{} gave no answer for {lasted}: {why}", self.id.name());
            health.given_up.get_or_insert_with(|| Trouble::new(cause, detail));
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A duration as people say it.
#[must_use]
pub fn human(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{:.1} s", duration.as_secs_f64()),
        60..7200 => format!("{} min", seconds.div_ceil(60)),
        7200..172_800 => format!("{} h", seconds.div_ceil(3600)),
        _ => format!("{} days", seconds.div_ceil(86_400)),
    }
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
