//! One request until it has an answer: what is tried again, after which wait, and when we stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::{HeaderValue, StatusCode};
use serde::de::{DeserializeOwned, IgnoredAny};
use tokio::time::Instant;
use tracing::debug;

use super::Trouble;
use super::gate::{Scope, ScopeId, human};
use super::pace::Pace;
use super::pushback::{near_limit, ordered_wait};
use super::stats::Traffic;
use super::wire::{Answer, REQUEST_ID, Request, Wire, WireError};
use crate::clock::Clock;
use crate::evidence::Cause;

/// One request with everything the gate needs to know of it.
#[derive(Debug, Clone)]
pub struct Call<R = fn(&Answer) -> Reading> {
    /// Whose gate it passes.
    pub scope: ScopeId,
    /// What it costs there, in requests or resource units.
    pub cost: u32,
    /// The request.
    pub request: Request,
    /// How the service says "again later".
    pub reading: R,
    /// What is at stake.
    pub patience: Patience,
}

/// What hangs on one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// One mailbox: a few attempts, then its row says why it stayed open.
    Question,
    /// A page of a listing or a fact of the tenant: everything hangs on it, so as long as the service's patience.
    Listing,
}

/// What an answer means for the one who asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// It is the answer, good or bad.
    Final,
    /// Fewer requests, please; after the given wait, if one is ordered.
    Pushback(Option<Duration>, String),
    /// It failed, and may work when asked again.
    Transient(Cause, String),
}

/// Reads an answer by status alone (RFC 9110; Microsoft Graph: error responses, throttling).
#[must_use]
pub fn by_status(answer: &Answer) -> Reading {
    let ordered = answer.header("retry-after").is_some();
    match answer.status.as_u16() {
        429 => Reading::Pushback(None, "too many requests (429)".to_owned()),
        503 if ordered => Reading::Pushback(None, "service unavailable for now (503)".to_owned()),
        408 | 500 | 502 | 503 | 504 | 509 => {
            Reading::Transient(Cause::Outage, format!("the service failed ({})", describe(answer.status)))
        }
        _ => Reading::Final,
    }
}

/// Reads an answer that must be JSON when it is a success.
#[must_use]
pub fn json_by_status(answer: &Answer) -> Reading {
    shaped_by_status::<IgnoredAny>(answer)
}

/// Reads an answer that must be JSON of a shape when it is a success. A proxy's `{}` is JSON too, and it is no empty
/// list: it is asked again like a page of HTML.
#[must_use]
pub fn shaped_by_status<T: DeserializeOwned>(answer: &Answer) -> Reading {
    kept_by_status(answer, |_: T| ())
}

/// As [`shaped_by_status`], and hands on what it read: pages of megabytes are dear to read twice.
#[must_use]
pub fn kept_by_status<T: DeserializeOwned>(answer: &Answer, keep: impl FnOnce(T)) -> Reading {
    match by_status(answer) {
        Reading::Final if answer.status.is_success() => match shape(&answer.body) {
            Ok(shape) => {
                shape.map(keep);
                Reading::Final
            }
            Err(detail) => Reading::Transient(Cause::Unreadable, detail.to_owned()),
        },
        reading => reading,
    }
}

/// Most values in an answer: a page of 999 users with 150 plans each has about a million. A value of three bytes takes
/// ten times that in memory.
const MOST_VALUES: usize = 4_000_000;

/// A body as JSON of a shape, unless it is empty, or why it is not read.
fn shape<T: DeserializeOwned>(body: &[u8]) -> Result<Option<T>, &'static str> {
    // Every value but the first stands behind one of these signs.
    let before_value = |byte: &&u8| matches!(byte, b',' | b'[' | b'{');
    if body.len() > MOST_VALUES && body.iter().filter(before_value).count() > MOST_VALUES {
        return Err("the service answered with more values than any honest answer has");
    }
    if body.is_empty() {
        return Ok(None);
    }
    if let Ok(shape) = serde_json::from_slice(body) {
        return Ok(Some(shape));
    }
    Err(match serde_json::from_slice::<IgnoredAny>(body) {
        Ok(_) => "the service answered with JSON that holds nothing of what was asked (a proxy's or portal's answer?)",
        Err(_) => "the service answered with something that is not JSON (a proxy's or portal's page?)",
    })
}

/// A status in words and number.
#[must_use]
pub fn describe(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => status.as_u16().to_string(),
    }
}

/// Adds the authorization on the way out.
pub trait Signer: Send + Sync {
    /// Waits until a token is at hand.
    fn ready(&self) -> BoxFuture<'_, Result<(), Trouble>>;
    /// The header now, if a token is at hand.
    fn header(&self) -> Option<HeaderValue>;
    /// The service refused this header: it must not be used again. Tells whether the token had only grown old on the
    /// way, which is no refusal of ours.
    fn refused(&self, used: &HeaderValue) -> bool;
}

/// The paced, patient way out.
pub struct Transport {
    wire: Arc<dyn Wire>,
    scopes: Arc<[Scope; ScopeId::ALL.len()]>,
    pace: Pace,
    clock: Clock,
    callers: AtomicU64,
}

/// Attempts at an answer that came whole but cannot be read: it rarely gets better.
const UNREADABLE_ATTEMPTS: u32 = 3;
/// How many times the attempts of one question it may spend while the whole service is in trouble.
const WIDESPREAD_ATTEMPTS: u32 = 4;
/// How many times a token may end while its request queues.
const MOST_STALE: u32 = 20;
/// Longest wait of our own choosing.
const LONGEST_BACKOFF: Duration = Duration::from_secs(60);

impl Transport {
    /// A transport over a wire at a pace.
    #[must_use]
    pub fn new(wire: Arc<dyn Wire>, pace: Pace, clock: Clock) -> Self {
        let scopes = Arc::new(ScopeId::ALL.map(|id| Scope::new(id, &pace)));
        Self { wire, scopes, pace, clock, callers: AtomicU64::new(0) }
    }

    /// The same gates and pace over another wire, for example one that packs requests into batches.
    #[must_use]
    pub fn over(&self, wire: Arc<dyn Wire>) -> Self {
        let callers = AtomicU64::new(self.callers.fetch_add(1 << 48, Ordering::Relaxed) + (1 << 48));
        Self { wire, scopes: Arc::clone(&self.scopes), pace: self.pace, clock: self.clock, callers }
    }

    /// The wire below, for one that packs requests.
    #[must_use]
    pub fn wire(&self) -> Arc<dyn Wire> {
        Arc::clone(&self.wire)
    }

    /// One service's gate.
    #[must_use]
    pub fn scope(&self, id: ScopeId) -> &Scope {
        &self.scopes[id as usize]
    }

    /// What each service was asked so far.
    #[must_use]
    pub fn traffic(&self) -> Vec<(ScopeId, Traffic)> {
        ScopeId::ALL.into_iter().map(|id| (id, self.scope(id).stats.snapshot(self.pace.scope(id)))).collect()
    }

    /// Sends until there is an answer.
    ///
    /// # Errors
    /// A named trouble when the budget of the question or the patience with the service is used up.
    pub async fn call<R>(&self, mut call: Call<R>, signer: Option<&dyn Signer>) -> Result<Answer, Trouble>
    where
        R: Fn(&Answer) -> Reading,
    {
        call.request = call.request.identified();
        let id = call.request.headers.get(REQUEST_ID).cloned();
        match self.until_answered(&call, signer).await {
            Ok(mut answer) => {
                if let Some(id) = id {
                    answer.headers.entry(REQUEST_ID).or_insert(id);
                }
                Ok(answer)
            }
            Err(trouble) => Err(trouble.with_request(id.as_ref().and_then(|id| id.to_str().ok()))),
        }
    }

    async fn until_answered<R>(&self, call: &Call<R>, signer: Option<&dyn Signer>) -> Result<Answer, Trouble>
    where
        R: Fn(&Answer) -> Reading,
    {
        let caller = self.callers.fetch_add(1, Ordering::Relaxed);
        let (scope, since) = (self.scope(call.scope), Instant::now());
        let mut attempt = Attempt {
            pace: &self.pace,
            scope,
            patience: call.patience,
            caller,
            tries: 0,
            renewed: false,
            stale: 0,
            since,
        };
        loop {
            if let Some(signer) = signer
                && let Err(trouble) = signer.ready().await
            {
                match trouble.cause {
                    Cause::SignIn => return Err(trouble),
                    _ if self.scope(ScopeId::Token).given_up().is_some() => return Err(trouble),
                    // The sign-in endpoint is in trouble: ours is to come back, like everybody else's.
                    cause => attempt.failed(cause, &trouble.detail).await?,
                }
                continue;
            }
            let permit = scope.enter(call.cost).await?;
            let mut request = call.request.clone();
            let header = signer.map(|signer| signer.header());
            match header {
                Some(None) => {
                    attempt.went_stale()?;
                    continue;
                }
                Some(Some(ref header)) => drop(request.headers.insert(AUTHORIZATION, header.clone())),
                None => {}
            }
            scope.stats.sent();
            let used = header.as_ref().and_then(Option::as_ref);
            let sent = self.wire.send(request).await.map(|answer| (quotable((call.reading)(&answer), used), answer));
            if let Ok((Reading::Final, answer)) = &sent {
                // While the permit is held: a success on a full scope is what lets it grow.
                scope.succeeded(near_limit(answer));
            }
            drop(permit);
            match sent {
                Ok((_, answer))
                    if answer.status == StatusCode::UNAUTHORIZED && attempt.may_renew(signer, header.flatten()) => {}
                Ok((Reading::Final, answer)) => return Ok(answer),
                Ok((Reading::Pushback(wait, why), answer)) => {
                    let wait = wait.or_else(|| ordered_wait(&answer, self.clock.now()));
                    attempt.pushed_back(wait, &why).await?;
                }
                Ok((Reading::Transient(cause, why), _)) => attempt.failed(cause, &why).await?,
                // A certificate that is not trusted now will not be in a minute.
                Err(error @ WireError::Tls(..)) => return Err(Trouble::new(Cause::Outage, error.to_string())),
                Err(error) => attempt.failed(cause_of(&error), &error.to_string()).await?,
            }
        }
    }
}

/// A reading as it may be told: what a service says of its failure may repeat the token that we sent (an answer that is
/// final is searched where it is handed out).
fn quotable(reading: Reading, used: Option<&HeaderValue>) -> Reading {
    let token = used.and_then(|used| used.to_str().ok()?.strip_prefix("Bearer "));
    // Texts are cut off somewhere: its beginning is enough.
    let Some(beginning) = token.map(|token| token.get(..16).unwrap_or(token)) else { return reading };
    let told = || "the service's words for its failure repeat our token: not quoted".to_owned();
    match reading {
        Reading::Pushback(wait, why) if why.contains(beginning) => Reading::Pushback(wait, told()),
        Reading::Transient(cause, why) if why.contains(beginning) => Reading::Transient(cause, told()),
        reading => reading,
    }
}

fn cause_of(error: &WireError) -> Cause {
    match error {
        WireError::TooLarge(..) | WireError::Unreadable(..) => Cause::Unreadable,
        _ => Cause::Outage,
    }
}

/// The state of one call between two tries.
struct Attempt<'a> {
    pace: &'a Pace,
    scope: &'a Scope,
    patience: Patience,
    caller: u64,
    tries: u32,
    renewed: bool,
    stale: u32,
    since: Instant,
}

impl Attempt<'_> {
    /// A 401 renews the token once; a second one is the answer.
    fn may_renew(&mut self, signer: Option<&dyn Signer>, used: Option<HeaderValue>) -> bool {
        let (Some(signer), Some(used)) = (signer, used) else { return false };
        let grew_old = signer.refused(&used);
        if grew_old && self.tries < self.pace.attempts {
            self.tries += 1;
            return true;
        }
        !std::mem::replace(&mut self.renewed, true)
    }

    /// The token ended while we queued. One that never lasts until our turn would keep us queueing for ever.
    fn went_stale(&mut self) -> Result<(), Trouble> {
        self.stale += 1;
        if self.stale > MOST_STALE {
            let detail = "our tokens end sooner than a request can be sent; check how long the sign-in lets them live";
            return Err(Trouble::new(Cause::SignIn, detail));
        }
        Ok(())
    }

    async fn pushed_back(&mut self, ordered: Option<Duration>, why: &str) -> Result<(), Trouble> {
        self.scope.stats.pushed_back();
        self.scope.pushed_back();
        let wait = ordered.unwrap_or_else(|| self.backoff());
        self.wait(wait, Cause::Throttled, why).await
    }

    async fn failed(&mut self, cause: Cause, why: &str) -> Result<(), Trouble> {
        self.scope.stats.failed();
        if cause == Cause::Unreadable && self.tries + 1 >= self.unreadable_attempts() {
            self.tries += 1;
            return Err(self.exhausted(cause, why));
        }
        self.wait(self.backoff(), cause, why).await
    }

    /// Waits for the next try: with everybody else when the service is in trouble, alone when only we are.
    async fn wait(&mut self, wait: Duration, cause: Cause, why: &str) -> Result<(), Trouble> {
        let scope = self.scope;
        debug!(service = scope.name(), try_ = self.tries + 1, ?wait, why, "asking again");
        let listing = self.patience == Patience::Listing;
        self.tries += 1;
        if cause != Cause::Unreadable && (listing || scope.is_widespread(self.caller, cause, why)) {
            let spent = if listing {
                self.since.elapsed() > self.pace.patience
            } else {
                // In an outage each try of ours follows a pause of the whole service: more of them are worth while.
                self.tries >= self.pace.attempts.saturating_mul(WIDESPREAD_ATTEMPTS)
            };
            if spent {
                let trouble = self.exhausted(cause, why);
                if listing {
                    // What everything hangs on could not be had: nobody else need try.
                    scope.give_up(trouble.clone());
                }
                return Err(trouble);
            }
            scope.pause(wait, cause, why);
            return Ok(());
        }
        if self.tries >= self.pace.attempts {
            return Err(self.exhausted(cause, why));
        }
        if wait > self.pace.patience {
            let detail = format!("asked to wait {}, longer than this run waits: {why}", human(wait));
            return Err(Trouble::new(cause, detail));
        }
        tokio::time::sleep(wait).await;
        Ok(())
    }

    fn unreadable_attempts(&self) -> u32 {
        match self.patience {
            Patience::Question => UNREADABLE_ATTEMPTS,
            Patience::Listing => self.pace.attempts,
        }
    }

    fn exhausted(&self, cause: Cause, why: &str) -> Trouble {
        // How long it took differs from run to run, and a report of the same evidence must not.
        Trouble::new(cause, format!("{why}; tried {} times", self.tries.max(1)))
    }

    /// Doubles from try to try, up to a minute, with half of it left to chance so that many do not return as one.
    fn backoff(&self) -> Duration {
        let full = self.pace.backoff.saturating_mul(1 << self.tries.min(10)).min(LONGEST_BACKOFF);
        full.mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}

#[cfg(test)]
#[path = "retry_tests.rs"]
mod tests;
