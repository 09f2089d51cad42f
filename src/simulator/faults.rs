//! What goes wrong on purpose. Chance is drawn from the seed, the request and how often it was tried, so that a run
//! is repeatable whatever the order in which its requests arrive.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::call::{Answer, Call, about, answer, json, with};
use super::ews;
use super::server::Service;
use crate::clock::Clock;

/// Faults to play. The default plays none.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// Seed of all chance.
    pub seed: u64,
    /// Only these services have faults; empty: all of them.
    pub services: Vec<Service>,
    /// Every answer takes so long, milliseconds.
    pub latency_ms: u64,
    /// And up to so much longer, milliseconds.
    pub jitter_ms: u64,
    /// Keep the published limits, and refuse what exceeds them.
    pub throttle: bool,
    /// Share of requests refused with a throttle signal, 0 to 1.
    pub busy: f64,
    /// Times at which every request is refused with a throttle signal.
    pub storm: Option<Storm>,
    /// How a refused request is told to wait.
    pub retry_after: RetryAfter,
    /// How long it is told to wait, seconds; 0: one second.
    pub retry_after_s: f64,
    /// Share of items throttled inside a batch whose own status is 200.
    pub busy_items: f64,
    /// Life of an access token, seconds; 0: an hour.
    pub token_life_s: u64,
    /// Times at which nothing answers but 503.
    pub outage: Vec<Outage>,
    /// Share of connections dropped instead of an answer.
    pub drop: f64,
    /// Share of answers cut in the middle, the connection with them.
    pub truncate: f64,
    /// Share of answers that end in the middle as if they were whole.
    pub half: f64,
    /// Share of answers replaced by a page of HTML.
    pub html: f64,
    /// Share of answers with a wrong content type.
    pub wrong_type: f64,
    /// An empty page with a next link comes after the first page of a list.
    pub empty_pages: bool,
    /// The last page of a list links to itself.
    pub endless_pages: bool,
    /// Autodiscover redirects for ever.
    pub endless_redirects: bool,
    /// SOAP Autodiscover fails for the whole call.
    pub soap_fails: bool,
}

/// Storms come at the start of every `every_s` seconds and last `for_s`.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storm {
    /// Period, seconds.
    pub every_s: u64,
    /// Length, seconds.
    pub for_s: u64,
}

/// One outage.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outage {
    /// Begins so many seconds after the simulator.
    pub from_s: u64,
    /// Lasts so many seconds.
    pub for_s: u64,
}

/// Forms of `Retry-After`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RetryAfter {
    /// Whole seconds.
    #[default]
    Integer,
    /// Seconds with a fraction, as Graph was seen to send.
    Decimal,
    /// An HTTP date.
    Date,
    /// A day.
    Huge,
    /// No such header.
    Absent,
}

/// The names `--fault` takes, with what they mean.
pub const FAULT_NAMES: [(&str, &str); 21] = [
    ("seed=N", "seed of all chance"),
    ("service=NAME", "only there: authority, graph, admin, autodiscover, ews, on-premises (repeatable)"),
    ("latency=MS", "every answer takes so long"),
    ("jitter=MS", "and up to so much longer"),
    ("throttle", "keep the published limits and refuse what exceeds them"),
    ("busy[=SHARE]", "refuse a share of requests with a throttle signal (0.1)"),
    ("storm[=EVERY/FOR]", "refuse everything for FOR seconds, every EVERY seconds (30/5)"),
    ("retry-after=FORM", "integer, decimal, date, huge or absent"),
    ("wait=SECONDS", "how long a refused request is told to wait (1)"),
    ("busy-items[=SHARE]", "throttle a share of items inside a batch (0.1)"),
    ("token-life=SECONDS", "life of an access token"),
    ("outage=FROM+FOR", "503 for FOR seconds, FROM seconds after the start (repeatable)"),
    ("drop[=SHARE]", "drop a share of connections (0.05)"),
    ("truncate[=SHARE]", "cut a share of answers with their connection (0.05)"),
    ("half[=SHARE]", "end a share of answers in the middle as if whole (0.05)"),
    ("html[=SHARE]", "answer a share with a page of HTML (0.05)"),
    ("wrong-type[=SHARE]", "give a share of answers a wrong content type (0.05)"),
    ("empty-pages", "an empty page comes after the first page of a list"),
    ("endless-pages", "the last page of a list links to itself"),
    ("endless-redirects", "Autodiscover redirects for ever"),
    ("soap-fails", "SOAP Autodiscover fails for the whole call; V2 and POX answer"),
];

impl Faults {
    /// Adds one `NAME[=VALUE]` of the command line.
    ///
    /// # Errors
    /// A message that names the word and what is allowed instead.
    pub fn set(&mut self, word: &str) -> Result<(), String> {
        let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
        let wrong = |what: &str| format!("fault {name:?} needs {what}, not {:?}", value.unwrap_or_default());
        let number = |default: Option<f64>| -> Result<f64, String> {
            let given = value.map_or(default, |value| value.parse::<f64>().ok());
            given.filter(|number| number.is_finite() && *number >= 0.0).ok_or_else(|| wrong("a number"))
        };
        let share = |default: f64| {
            number(Some(default)).and_then(|n| if n <= 1.0 { Ok(n) } else { Err(wrong("a share from 0 to 1")) })
        };
        let whole = || value.and_then(|value| value.parse::<u64>().ok()).ok_or_else(|| wrong("a whole number"));
        match name {
            "seed" => self.seed = whole()?,
            "service" => {
                let named = serde_json::from_value(json!(value.unwrap_or_default()));
                self.services
                    .push(named.map_err(|_| wrong("authority, graph, admin, autodiscover, ews or on-premises"))?);
            }
            "latency" => self.latency_ms = whole()?,
            "jitter" => self.jitter_ms = whole()?,
            "throttle" => self.throttle = true,
            "busy" => self.busy = share(0.1)?,
            "storm" => {
                let (every_s, for_s) =
                    pair(value.unwrap_or("30/5"), '/').ok_or_else(|| wrong("EVERY/FOR in seconds"))?;
                self.storm = Some(Storm { every_s, for_s });
            }
            "retry-after" => {
                let form = serde_json::from_value(json!(value.unwrap_or_default()));
                self.retry_after = form.map_err(|_| wrong("integer, decimal, date, huge or absent"))?;
            }
            "wait" => self.retry_after_s = number(None)?,
            "busy-items" => self.busy_items = share(0.1)?,
            "token-life" => self.token_life_s = whole()?,
            "outage" => {
                let (from_s, for_s) = value.and_then(|v| pair(v, '+')).ok_or_else(|| wrong("FROM+FOR in seconds"))?;
                self.outage.push(Outage { from_s, for_s });
            }
            "drop" => self.drop = share(0.05)?,
            "truncate" => self.truncate = share(0.05)?,
            "half" => self.half = share(0.05)?,
            "html" => self.html = share(0.05)?,
            "wrong-type" => self.wrong_type = share(0.05)?,
            "empty-pages" => self.empty_pages = true,
            "endless-pages" => self.endless_pages = true,
            "endless-redirects" => self.endless_redirects = true,
            "soap-fails" => self.soap_fails = true,
            _ => {
                let known: Vec<&str> = FAULT_NAMES.iter().map(|(name, _)| *name).collect();
                return Err(format!("unknown fault {name:?}; there are {}", known.join(", ")));
            }
        }
        Ok(())
    }

    /// These faults where any are set, else `base`: a command line replaces what the tenant file asks for.
    pub(super) fn over(self, base: &Self) -> Self {
        if self == Self::default() { base.clone() } else { self }
    }
}

fn pair(text: &str, between: char) -> Option<(u64, u64)> {
    let (one, two) = text.split_once(between)?;
    Some((one.parse().ok()?, two.parse().ok()?))
}

/// Decides what happens to each request.
#[derive(Debug)]
pub(super) struct Engine {
    faults: Faults,
    clock: Clock,
    started: Timestamp,
    tries: Mutex<HashMap<u64, u32>>,
}

/// How an answer is spoiled on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spoil {
    Drop,
    Cut,
    Half,
    Html,
    WrongType,
}

/// Why a request is refused before any service sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turned {
    Busy,
    Outage,
}

/// What happens to one request.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) delay: Duration,
    pub(super) refusal: Option<Turned>,
    pub(super) spoil: Option<Spoil>,
}

impl Plan {
    /// The fault's name, for the counters.
    pub(super) fn name(&self) -> Option<&'static str> {
        match (self.refusal, self.spoil) {
            (Some(Turned::Busy), _) => Some("busy"),
            (Some(Turned::Outage), _) => Some("outage"),
            (None, Some(Spoil::Drop)) => Some("drop"),
            (None, Some(Spoil::Cut)) => Some("truncate"),
            (None, Some(Spoil::Half)) => Some("half"),
            (None, Some(Spoil::Html)) => Some("html"),
            (None, Some(Spoil::WrongType)) => Some("wrong-type"),
            (None, None) => None,
        }
    }
}

impl Engine {
    pub(super) fn new(faults: Faults, clock: Clock) -> Self {
        Self { faults, clock, started: clock.now(), tries: Mutex::default() }
    }

    /// The faults that are played.
    pub(super) fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Draws what happens to a request.
    pub(super) fn plan(&self, service: Service, call: &Call) -> Plan {
        let faults = &self.faults;
        if *faults == Faults::default() || !(faults.services.is_empty() || faults.services.contains(&service)) {
            return Plan::default();
        }
        let dice = self.dice((&call.method.as_str(), &call.target, &call.body));
        let jitter = if faults.jitter_ms == 0 { 0 } else { dice.number("jitter") % (faults.jitter_ms + 1) };
        let delay = Duration::from_millis(faults.latency_ms + jitter);
        let since = u64::try_from(self.clock.now().as_second() - self.started.as_second()).unwrap_or(0);
        if faults
            .outage
            .iter()
            .any(|outage| (outage.from_s..outage.from_s.saturating_add(outage.for_s)).contains(&since))
        {
            return Plan { delay, refusal: Some(Turned::Outage), spoil: None };
        }
        let storming = faults.storm.is_some_and(|storm| since % storm.every_s.max(1) < storm.for_s);
        if storming || dice.happens("busy", faults.busy) {
            return Plan { delay, refusal: Some(Turned::Busy), spoil: None };
        }
        let spoils = [
            ("drop", faults.drop, Spoil::Drop),
            ("truncate", faults.truncate, Spoil::Cut),
            ("half", faults.half, Spoil::Half),
            ("html", faults.html, Spoil::Html),
            ("wrong-type", faults.wrong_type, Spoil::WrongType),
        ];
        let spoil = spoils.into_iter().find(|(name, share, _)| dice.happens(name, *share)).map(|(.., spoil)| spoil);
        Plan { delay, refusal: None, spoil }
    }

    /// Whether an item of a batch is throttled.
    pub(super) fn item_is_busy(&self, url: &str) -> bool {
        self.faults.busy_items > 0.0 && self.dice(("item", url)).happens("busy-items", self.faults.busy_items)
    }

    /// Dice for the next try of the same thing.
    fn dice(&self, what: impl Hash) -> Dice {
        let mut hasher = DefaultHasher::new();
        (self.faults.seed, what).hash(&mut hasher);
        let key = hasher.finish();
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let tried = tries.entry(key).or_default();
        *tried += 1;
        Dice { key, tried: *tried }
    }

    /// Adds `Retry-After` in the form asked for.
    pub(super) fn with_retry_after(&self, refused: Answer) -> Answer {
        let seconds = if self.faults.retry_after_s > 0.0 { self.faults.retry_after_s } else { 1.0 };
        match self.faults.retry_after {
            RetryAfter::Absent => refused,
            RetryAfter::Huge => with(refused, "retry-after", "86400"),
            RetryAfter::Decimal => with(refused, "retry-after", &format!("{seconds:.3}")),
            RetryAfter::Integer => with(refused, "retry-after", &format!("{}", seconds.ceil())),
            RetryAfter::Date => {
                let wait = jiff::SignedDuration::from_secs_f64(seconds.ceil());
                let at = self.clock.now().checked_add(wait).unwrap_or(self.started);
                with(refused, "retry-after", &at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
            }
        }
    }

    /// The refusal as the service words it.
    pub(super) fn refuse(&self, service: Service, turned: Turned) -> Answer {
        let refused = match (turned, service) {
            (Turned::Outage, _) => {
                let page = "<html><head><title>503 Service Unavailable</title></head><body><h1>Service Unavailable</h1></body></html>";
                return about(answer(StatusCode::SERVICE_UNAVAILABLE, "text/html", page), "refused", None);
            }
            (Turned::Busy, Service::Ews) => {
                let wait = match self.faults.retry_after {
                    RetryAfter::Absent => None,
                    RetryAfter::Huge => Some(86_400_000),
                    _ => Some(if self.faults.retry_after_s > 0.0 {
                        (self.faults.retry_after_s * 1000.0) as u64
                    } else {
                        1000
                    }),
                };
                return about(ews::busy(wait), "refused", None);
            }
            (Turned::Busy, Service::Authority) => json(
                StatusCode::TOO_MANY_REQUESTS,
                &json!({"error": "temporarily_unavailable", "error_codes": [90055], "error_description": "AADSTS90055: The tenant is throttled."}),
            ),
            (Turned::Busy, Service::Graph | Service::Admin) => json(
                StatusCode::TOO_MANY_REQUESTS,
                &json!({"error": {"code": "TooManyRequests", "message": "Please retry again later.",
                    "innerError": {"code": "429", "message": "Please retry after", "status": "429"}}}),
            ),
            (Turned::Busy, _) => answer(StatusCode::TOO_MANY_REQUESTS, "text/plain", "Too many requests"),
        };
        about(self.with_retry_after(refused), "refused", None)
    }
}

/// Chance for one try of one request.
struct Dice {
    key: u64,
    tried: u32,
}

impl Dice {
    fn number(&self, name: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.key, self.tried, name).hash(&mut hasher);
        hasher.finish()
    }

    fn happens(&self, name: &str, share: f64) -> bool {
        share > 0.0 && (self.number(name) as f64 / u64::MAX as f64) < share
    }
}
