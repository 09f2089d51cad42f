//! Autodiscover V2: where would a client of this address be sent? Anonymous, hop by hop. [`soap`] and [`pox`] are its
//! elders, which want a token.

pub mod pox;
pub mod soap;

use std::sync::Arc;

use serde::Deserialize;
use url::{Origin, Url};

use super::one_line;
use crate::evidence::Cause;
use crate::evidence::mailbox::{Hop, RouteEnd, Routing};
use crate::transport::retry::{by_status, describe, json_by_status};
use crate::transport::wire::{host_of, is_loopback};
use crate::transport::{Answer, Call, Patience, Reading, Request, ScopeId, Transport, Trouble};

/// Most redirects followed, as the protocol's clients do.
const MOST_HOPS: usize = 10;

/// Autodiscover V2 of a cloud.
pub struct Autodiscover {
    transport: Arc<Transport>,
    entry: Url,
    /// Of Exchange Online: where it is entered, and where its EWS is.
    origins: [Origin; 2],
    exchange_hosts: Vec<String>,
}

impl Autodiscover {
    /// Asks at `entry`; an EWS address at `exchange` or one of `exchange_hosts` is Exchange Online.
    #[must_use]
    pub fn new(transport: Arc<Transport>, mut entry: Url, exchange: Url, exchange_hosts: Vec<String>) -> Self {
        entry.set_path("/autodiscover/autodiscover.json");
        entry.set_query(None);
        Self { transport, origins: [entry.origin(), exchange.origin()], entry, exchange_hosts }
    }

    /// Follows an address to its EWS host.
    ///
    /// # Errors
    /// When no answer could be had, or the way does not end.
    pub async fn route(&self, address: &str) -> Result<Routing, Trouble> {
        let mut url = self.entry.clone();
        url.query_pairs_mut().append_pair("Email", address).append_pair("Protocol", "EWS");
        let (mut hops, mut seen) = (Vec::new(), Vec::new());
        loop {
            let answer = self.ask(&url).await?;
            hops.push(Hop { host: host_of(&url), status: answer.status.as_u16() });
            seen.push(url.clone());
            match self.step(&url, &answer)? {
                Step::End(end) => return Ok(Routing { end, hops }),
                Step::On(next) if seen.contains(&next) => {
                    let detail = format!("Autodiscover redirects in a circle: {} comes again", host_of(&next));
                    return Ok(Routing { end: RouteEnd::Unresolved { detail }, hops });
                }
                Step::On(_) if hops.len() > MOST_HOPS => {
                    let detail = format!("Autodiscover still redirects after {MOST_HOPS} hops");
                    return Ok(Routing { end: RouteEnd::Unresolved { detail }, hops });
                }
                Step::On(next) => url = next,
            }
        }
    }

    async fn ask(&self, url: &Url) -> Result<Answer, Trouble> {
        let request = Request::get(url.clone()).header("accept", "application/json");
        // Exchange Online answers in JSON: a page from there is an accident. Anybody else's page is an answer.
        let (scope, reading): (_, fn(&Answer) -> Reading) = match self.is_exchange_online(url) {
            true => (ScopeId::Autodiscover, json_reading),
            false => (ScopeId::OnPremises, reading),
        };
        let call = Call { scope, cost: 1, request, reading, patience: Patience::Question };
        self.transport.call(call, None).await
    }

    /// What one answer means: the end, or the next hop.
    fn step(&self, asked: &Url, answer: &Answer) -> Result<Step, Trouble> {
        if answer.status.is_redirection() {
            return self.redirect(asked, answer);
        }
        let Ok(body) = serde_json::from_slice::<Body>(&answer.body) else {
            let host = host_of(asked);
            let detail = format!("{host} answers {} with something that is not Autodiscover", describe(answer.status));
            return Ok(Step::End(RouteEnd::NotExchange { detail }));
        };
        if let Some(end) = body.url.as_deref().and_then(|url| self.end(url)) {
            return Ok(Step::End(end));
        }
        let line = |text: Option<String>| one_line(&text.unwrap_or_default());
        let said = format!("{}: {}", line(body.error_code), line(body.error_message));
        // Whatever the status: the service judged the user, or our question.
        let about_us = ["ProtocolNotSupported", "InvalidProtocol", "MissingProtocol", "MandatoryParameterMissing"];
        if about_us.iter().any(|code| said.starts_with(code)) {
            return Err(Trouble::new(Cause::Inconclusive, format!("Autodiscover did not understand us ({said})")));
        }
        match said.as_str() {
            ": " if answer.status.is_success() => Ok(Step::End(RouteEnd::NotExchange {
                detail: format!("{} answers without an EWS address", host_of(asked)),
            })),
            ": " => {
                Err(Trouble::new(Cause::Inconclusive, format!("Autodiscover answered {}", describe(answer.status))))
            }
            _ => Ok(Step::End(RouteEnd::Unresolved { detail: said })),
        }
    }

    fn redirect(&self, asked: &Url, answer: &Answer) -> Result<Step, Trouble> {
        let target = answer.header("location").and_then(|location| asked.join(location).ok());
        let Some(target) = target else {
            return Err(Trouble::new(Cause::Unreadable, "Autodiscover redirects without saying where to"));
        };
        if target.scheme() != "https" && !is_loopback(&target) {
            let detail = format!("Autodiscover redirects to {} without encryption: not followed", host_of(&target));
            return Ok(Step::End(RouteEnd::Unresolved { detail }));
        }
        // A redirect to itself that only counts up means: not resolvable here.
        if target.origin() == asked.origin() && target.path().eq_ignore_ascii_case(asked.path()) {
            let detail = "Exchange Online redirects to itself: it knows no such user".to_owned();
            return Ok(Step::End(RouteEnd::Unresolved { detail }));
        }
        Ok(Step::On(target))
    }

    fn end(&self, text: &str) -> Option<RouteEnd> {
        let url = Url::parse(text).ok()?;
        let shown = shown(&url);
        Some(if self.is_exchange_online(&url) {
            RouteEnd::ExchangeOnline { url: shown }
        } else {
            RouteEnd::OnPremises { url: shown }
        })
    }

    /// Whether an address belongs to Exchange Online. On a simulated tenant everything has one origin, and what
    /// stands for an on-premises host has a path of its own.
    fn is_exchange_online(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let path = url.path().to_ascii_lowercase();
        self.exchange_hosts.iter().any(|listed| listed.eq_ignore_ascii_case(host))
            || (["/ews/", "/autodiscover/"].iter().any(|start| path.starts_with(start))
                && self.origins.contains(&url.origin()))
    }
}

enum Step {
    On(Url),
    End(RouteEnd),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    url: Option<String>,
    error_code: Option<String>,
    error_message: Option<String>,
}

/// An address as evidence keeps it: without port on loopback, so that a rerun writes the same.
fn shown(url: &Url) -> String {
    one_line(&format!("{}://{}{}", url.scheme(), host_of(url), url.path()))
}

/// As [`reading`], and an answer that should have been JSON is asked for again.
fn json_reading(answer: &Answer) -> Reading {
    match reading(answer) {
        Reading::Final => json_by_status(answer),
        reading => reading,
    }
}

/// Errors come as JSON with any status; what the body says goes before what the status says.
fn reading(answer: &Answer) -> Reading {
    let said_something = serde_json::from_slice::<Body>(&answer.body).is_ok_and(|body| body.error_code.is_some());
    if said_something && answer.status.as_u16() != 429 { Reading::Final } else { by_status(answer) }
}
