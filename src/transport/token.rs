//! Access tokens: fetched once for all workers, renewed before they expire, sent to their own service only.

use std::sync::{Arc, RwLock};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::HeaderValue;
use jiff::Timestamp;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use url::Url;

use super::Trouble;
use super::retry::{Call, Reading, Signer, Transport, describe};
use super::wire::{Answer, Wire, host_of, is_loopback};
use crate::evidence::Cause;

/// What a token is for. EWS and the admin backend share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resource {
    /// Microsoft Graph.
    Graph,
    /// Exchange Online.
    Exchange,
}

/// A token and what is known of it.
#[derive(Debug, Clone)]
pub struct Token {
    /// The token itself; never printed.
    pub secret: SecretString,
    /// When it was had.
    pub issued: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// Application permissions it carries (`roles`), or the delegated ones (`scp`).
    pub roles: Vec<String>,
}

impl Token {
    /// How long it lasts, as its issuer says.
    fn life(&self) -> Duration {
        Duration::try_from(self.expires.duration_since(self.issued)).unwrap_or_default()
    }
}

/// Where tokens come from.
pub trait TokenSource: Send + Sync {
    /// Gets a new token for a resource.
    fn fetch(&self, resource: Resource) -> BoxFuture<'_, Result<Token, Trouble>>;
}

/// The addresses that may see a token.
#[derive(Debug, Clone)]
pub struct Origins {
    /// Root of Graph.
    pub graph: Url,
    /// Root of Exchange Online (EWS and admin backend).
    pub exchange: Url,
    /// Further hosts of the same cloud that may be handed an Exchange token, for example a redirect's.
    pub exchange_hosts: Vec<String>,
}

impl Origins {
    /// Whether a token for `resource` may travel to `url`.
    #[must_use]
    pub fn allow(&self, resource: Resource, url: &Url) -> bool {
        let root = match resource {
            Resource::Graph => &self.graph,
            Resource::Exchange => &self.exchange,
        };
        let secure = url.scheme() == "https" || is_loopback(url);
        let listed = resource == Resource::Exchange
            && url.scheme() == "https"
            && url.host_str().is_some_and(|host| self.exchange_hosts.iter().any(|listed| listed == host));
        secure && (url.origin() == root.origin() || listed)
    }
}

/// A transport that signs in.
pub struct Client {
    /// The transport below.
    pub transport: Arc<Transport>,
    /// Where tokens may go.
    pub origins: Origins,
    tokens: [Arc<Tokens>; 2],
}

impl Client {
    /// A client over a transport, with its source of tokens.
    pub fn new(transport: Arc<Transport>, source: Arc<dyn TokenSource>, origins: Origins) -> Self {
        let tokens = [Resource::Graph, Resource::Exchange].map(|resource| {
            let (source, state) = (Arc::clone(&source), RwLock::default());
            Arc::new(Tokens { resource, source, state, renewing: tokio::sync::Mutex::default() })
        });
        Self { transport, origins, tokens }
    }

    /// Sends a call with a token for `resource`.
    ///
    /// # Errors
    /// As [`Transport::call`]; also when the address is not one that may see the token.
    pub async fn call<R>(&self, resource: Resource, call: Call<R>) -> Result<Answer, Trouble>
    where
        R: Fn(&Answer) -> Reading,
    {
        if !self.origins.allow(resource, &call.request.url) {
            let host = host_of(&call.request.url);
            let detail = format!("{host} is no host of this tenant's cloud: our token is not sent there");
            return Err(Trouble::new(Cause::Unreadable, detail));
        }
        let tokens = &*self.tokens[resource as usize];
        let answer = self.transport.call(call, Some(tokens)).await?;
        tokens.taken_out(answer)
    }

    /// The same sign-in over another wire, for example one that packs requests into batches.
    #[must_use]
    pub fn over(&self, wire: Arc<dyn Wire>) -> Self {
        Self {
            transport: Arc::new(self.transport.over(wire)),
            origins: self.origins.clone(),
            tokens: self.tokens.clone(),
        }
    }

    /// The permissions our token for `resource` carries.
    ///
    /// # Errors
    /// When no token can be had.
    pub async fn roles(&self, resource: Resource) -> Result<Vec<String>, Trouble> {
        self.tokens[resource as usize].fresh().await.map(|token| token.roles)
    }
}

struct Tokens {
    resource: Resource,
    source: Arc<dyn TokenSource>,
    state: RwLock<State>,
    /// One renewal at a time; whoever waited for it finds its result.
    renewing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    /// The last refusal, so that ten thousand waiting workers do not ask again one by one.
    refused: Option<(Instant, Trouble)>,
}

/// A token, and since when we hold it: its age is measured here, whatever the clocks say.
struct Held {
    token: Token,
    /// Made once: every request carries it.
    header: Option<HeaderValue>,
    since: Instant,
}

impl Held {
    fn new(token: Token, since: Instant) -> Self {
        let bearer = Zeroizing::new(format!("Bearer {}", token.secret.expose_secret()));
        let mut header = HeaderValue::from_str(&bearer).ok();
        if let Some(header) = &mut header {
            header.set_sensitive(true);
        }
        Self { token, header, since }
    }

    /// Whether it should be renewed: after four fifths of its life.
    fn is_stale(&self) -> bool {
        self.since.elapsed() >= self.token.life() * 4 / 5
    }

    fn has_ended(&self) -> bool {
        self.since.elapsed() >= self.token.life()
    }
}

/// How long a refusal to sign in stands before it is asked again.
const REFUSAL_STANDS: Duration = Duration::from_secs(30);
/// How long it stands that the sign-in endpoint was away: whoever fetched has spent the run's patience with it, and ten
/// thousand waiting workers must not spend it again one after the other.
const ABSENCE_STANDS: Duration = Duration::from_mins(30);

fn stands(trouble: &Trouble) -> Duration {
    if trouble.cause == Cause::SignIn { REFUSAL_STANDS } else { ABSENCE_STANDS }
}

impl Tokens {
    async fn fresh(&self) -> Result<Token, Trouble> {
        if let Some(known) = self.known(|held| held.token.clone()) {
            return known;
        }
        let _renewing = self.renewing.lock().await;
        if let Some(known) = self.known(|held| held.token.clone()) {
            return known;
        }
        let since = Instant::now();
        let fetched = self.source.fetch(self.resource).await.and_then(|token| match token.life().is_zero() {
            // Nobody could ever use it, and everybody would fetch another.
            true => Err(Trouble::new(Cause::SignIn, "the sign-in endpoint gives tokens that have already ended")),
            false => Ok(token),
        });
        let mut state = self.state.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        match &fetched {
            Ok(token) => *state = State { held: Some(Held::new(token.clone(), since)), refused: None },
            Err(trouble) => {
                // A token that has not ended yet serves on while the endpoint is away.
                if let Some(held) = state.held.as_ref().filter(|held| !held.has_ended()) {
                    return Ok(held.token.clone());
                }
                state.refused = Some((Instant::now(), trouble.clone()));
            }
        }
        fetched
    }

    /// What is wanted of a token that serves, or the refusal that still stands; `None`: it is to be fetched.
    fn known<T>(&self, wanted: impl FnOnce(&Held) -> T) -> Option<Result<T, Trouble>> {
        let state = self.state.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        match (&state.held, &state.refused) {
            (Some(held), _) if !held.is_stale() => Some(Ok(wanted(held))),
            (_, Some((at, trouble))) if at.elapsed() < stands(trouble) => Some(Err(trouble.clone())),
            _ => None,
        }
    }
}

impl Tokens {
    /// An answer that repeats our token (a proxy's page that shows the request) is nobody's to quote, and no answer;
    /// headers that repeat it are taken out.
    fn taken_out(&self, mut answer: Answer) -> Result<Answer, Trouble> {
        let state = self.state.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some(held) = &state.held else { return Ok(answer) };
        let token = held.token.secret.expose_secret().as_bytes();
        // Every answer is searched, so first for the beginning alone, which is quickly prepared and hardly ever found.
        let beginning = token.get(..16).unwrap_or(token);
        let repeats = |text: &[u8]| {
            memchr::memmem::find(text, beginning).is_some() && memchr::memmem::find(text, token).is_some()
        };
        let gone: Vec<_> = answer
            .headers
            .iter()
            .filter(|(_, value)| repeats(value.as_bytes()))
            .map(|(name, _)| name.clone())
            .collect();
        for name in gone {
            answer.headers.remove(name);
        }
        if repeats(&answer.body) {
            let said = describe(answer.status);
            let detail = format!("the service's answer ({said}) repeats our token, as a proxy's page does: not read");
            return Err(Trouble::new(Cause::Unreadable, detail).told_by(&answer));
        }
        Ok(answer)
    }
}

impl Signer for Tokens {
    fn ready(&self) -> BoxFuture<'_, Result<(), Trouble>> {
        match self.known(|_| ()) {
            Some(known) => Box::pin(std::future::ready(known)),
            None => Box::pin(async { self.fresh().await.map(drop) }),
        }
    }

    fn header(&self) -> Option<HeaderValue> {
        self.known(|held| held.header.clone())?.ok()?
    }

    fn refused(&self, used: &HeaderValue) -> bool {
        let is_current = self.header().is_some_and(|present| present == used);
        if is_current {
            self.state.write().unwrap_or_else(std::sync::PoisonError::into_inner).held = None;
        }
        // Whoever finds another token in place, or a stale one, was only late.
        !is_current
    }
}
