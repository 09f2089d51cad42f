//! The raw exchange of one request for one answer, without patience or pace.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use url::Url;

use super::network::{Network, NetworkError};

/// One request. Cloned for each attempt.
#[derive(Debug, Clone)]
pub struct Request {
    /// HTTP method.
    pub method: Method,
    /// Absolute address.
    pub url: Url,
    /// Headers, without authorization: that is added on the way out.
    pub headers: HeaderMap,
    /// Body, empty for none.
    pub body: Bytes,
    /// Largest answer read, in bytes. Many requests are on their way at once, so that this decides what a service that
    /// answers without end can cost.
    pub limit: usize,
}

impl Request {
    /// A `GET` without body.
    #[must_use]
    pub fn get(url: Url) -> Self {
        Self { method: Method::GET, url, headers: HeaderMap::new(), body: Bytes::new(), limit: ANSWER_LIMIT }
    }

    /// A `POST` with a body of the given content type.
    pub fn post(url: Url, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self { method: Method::POST, url, headers, body: body.into(), limit: ANSWER_LIMIT }
    }

    /// The same request for an answer of up to `limit` bytes.
    #[must_use]
    pub fn at_most(self, limit: usize) -> Self {
        Self { limit, ..self }
    }

    /// The same request with one more header. A value that cannot stand in a header is left out.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// The same request with an identifier by which both sides can find it again.
    #[must_use]
    pub fn identified(self) -> Self {
        if self.headers.contains_key(REQUEST_ID) {
            return self;
        }
        // It names a request and guards nothing, so that it need not come from the system's random numbers.
        let id = uuid::Builder::from_random_bytes(fastrand::u128(..).to_ne_bytes()).into_uuid();
        self.header(REQUEST_ID, &id.to_string())
    }
}

/// The header that names a request (Microsoft Graph, Entra, EWS and Autodiscover all log it).
pub const REQUEST_ID: &str = "client-request-id";

/// One HTTP answer, whole.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, decompressed, at most [`Request::limit`] bytes.
    pub body: Bytes,
}

impl Answer {
    /// A header's value as text, where it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as text, with unreadable bytes replaced.
    #[must_use]
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }
}

/// Why no whole answer came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The host could not be reached or closed the connection.
    #[error("{0} could not be reached: {1}")]
    Unreachable(String, String),
    /// The time for one request ran out, in seconds.
    #[error("{0} did not answer within {1} s")]
    TimedOut(String, u64),
    /// The answer broke off.
    #[error("the answer of {0} broke off: {1}")]
    BrokenOff(String, String),
    /// The answer is larger than any this program needs.
    #[error("the answer of {0} is larger than {limit} MiB, and no honest one is", limit = .1 >> 20)]
    TooLarge(String, usize),
    /// The answer came whole and is not what was asked for.
    #[error("the answer of {0} cannot be read: {1}")]
    Unreadable(String, String),
    /// The certificate or TLS version was not accepted; asking again does not help.
    #[error("no secure connection to {0}: {1}; where a proxy looks into TLS, name its root with --ca-file")]
    Tls(String, String),
}

/// Largest answer to one question, in bytes; honest ones have a few thousand.
pub const ANSWER_LIMIT: usize = 1 << 20;
/// Largest page of a listing, in bytes; 999 users with 150 plans each are about 24 MiB.
pub const LISTING_LIMIT: usize = 48 << 20;

/// Most that is set aside for a body on the strength of its announced length alone, in bytes.
const ANNOUNCED_LIMIT: usize = 16 << 20;

/// Something that can carry a request: the network, or a router inside the process in tests of time.
pub trait Wire: Send + Sync {
    /// Sends one request and reads the whole answer.
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Answer, WireError>>;
}

/// The network, through reqwest on rustls. Follows no redirects.
pub struct HttpWire {
    /// By way of the proxy, where there is one.
    client: reqwest::Client,
    /// Past every proxy: to this computer, and to the identity endpoint of the machine it runs on.
    direct: reqwest::Client,
    timeout: Duration,
}

impl HttpWire {
    /// A wire with the system's proxies and trusted roots; `timeout` bounds one request from connect to last byte.
    ///
    /// # Errors
    /// When the TLS library cannot be set up.
    pub fn new(timeout: Duration) -> Result<Self, NetworkError> {
        Self::over(&Network::default(), timeout)
    }

    /// A wire over a network with its own proxy and roots.
    ///
    /// # Errors
    /// When the TLS library cannot be set up.
    pub fn over(network: &Network, timeout: Duration) -> Result<Self, NetworkError> {
        // A second installation is refused and harmless: the first one serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = || {
            let client = reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(Duration::from_secs(10).min(timeout))
                .timeout(timeout)
                .user_agent(USER_AGENT)
                .dns_resolver(Arc::new(LoopbackNames));
            match network.plain {
                true => client.tls_certs_only([]),
                false => client.tls_certs_merge(network.roots.iter().cloned()),
            }
        };
        let proxied = match &network.proxy {
            Some(proxy) => builder().proxy(proxy.to_reqwest()?),
            None => builder(),
        };
        Ok(Self { client: proxied.build()?, direct: builder().no_proxy().build()?, timeout })
    }

    async fn exchange(&self, request: Request) -> Result<Answer, WireError> {
        let host = host_of(&request.url);
        let client = if is_near(&request.url) { &self.direct } else { &self.client };
        let limit = request.limit;
        let mut outgoing = reqwest::Request::new(request.method, request.url);
        *outgoing.headers_mut() = request.headers;
        *outgoing.body_mut() = Some(request.body.into());
        let mut response = client.execute(outgoing).await.map_err(|error| self.explain(&host, &error))?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        // Announced lengths are believed as far as a body may reach: a page of the directory has megabytes.
        let announced = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
        if announced > limit {
            return Err(WireError::TooLarge(host, limit));
        }
        let mut body = BytesMut::with_capacity(announced.min(ANNOUNCED_LIMIT));
        while let Some(chunk) = response.chunk().await.map_err(|error| self.explain(&host, &error))? {
            if body.len() + chunk.len() > limit {
                return Err(WireError::TooLarge(host, limit));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body: body.freeze() })
    }

    fn explain(&self, host: &str, error: &reqwest::Error) -> WireError {
        let host = host.to_owned();
        let root = root_cause(error);
        if error.is_timeout() {
            WireError::TimedOut(host, self.timeout.as_secs())
        } else if is_tls(error) {
            WireError::Tls(host, root)
        } else if error.is_body() || error.is_decode() {
            WireError::BrokenOff(host, root)
        } else {
            WireError::Unreachable(host, root)
        }
    }
}

impl Wire for HttpWire {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Answer, WireError>> {
        Box::pin(self.exchange(request))
    }
}

/// How we name ourselves; user-agent policies match it, so it never changes within a release.
pub const USER_AGENT: &str = concat!("ewsready/", env!("CARGO_PKG_VERSION"));

/// The host of an address, for messages; without port on loopback so that a rerun says the same.
#[must_use]
pub fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or("(no host)").to_owned();
    match url.port() {
        Some(port) if !is_loopback(url) => format!("{host}:{port}"),
        _ => host,
    }
}

/// Whether an address stays on this computer.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// Whether no proxy can be meant: this computer, and link-local addresses, where a machine's identity endpoint is.
fn is_near(url: &Url) -> bool {
    is_loopback(url) || is_link_local(url)
}

/// Whether an address reaches no further than the machine's own link (RFC 3927).
#[must_use]
pub fn is_link_local(url: &Url) -> bool {
    matches!(url.host(), Some(url::Host::Ipv4(ip)) if ip.is_link_local())
}

pub(super) fn root_cause(error: &dyn std::error::Error) -> String {
    let mut root = error;
    while let Some(source) = root.source() {
        root = source;
    }
    root.to_string()
}

fn is_tls(error: &reqwest::Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<rustls::Error>().is_some() {
            return true;
        }
        // The TLS library's error hides inside an I/O error, or in one inside that: `source` passes them over.
        let mut wrapped = error.downcast_ref::<std::io::Error>();
        while let Some(inner) = wrapped.and_then(std::io::Error::get_ref) {
            if inner.downcast_ref::<rustls::Error>().is_some() {
                return true;
            }
            wrapped = inner.downcast_ref();
        }
        cause = error.source();
    }
    false
}

/// Resolves `*.localhost` to loopback (RFC 6761 section 6.3), which not every system does, and leaves the rest
/// to the system.
struct LoopbackNames;

impl reqwest::dns::Resolve for LoopbackNames {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        Box::pin(async move {
            let name = name.as_str().to_owned();
            let host = if name.ends_with(".localhost") { "127.0.0.1" } else { &name };
            let addresses: Vec<_> = tokio::net::lookup_host((host, 0)).await?.collect();
            Ok(Box::new(addresses.into_iter()) as reqwest::dns::Addrs)
        })
    }
}
