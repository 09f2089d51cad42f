//! The listener, and the way of every request: read, spoil or delay, route, count, answer.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State as Extract};
use axum::http::{Response, StatusCode, header};
use bytes::Bytes;
use futures_util::stream;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::call::{Answer, AskedAll, Call, bare, json};
use super::counters::Counters;
use super::faults::{Engine, Faults, Spoil};
use super::limits::Limits;
use super::record::Recorder;
use super::tenant::Tenant;
use super::{authority, autodiscover, ews, exchange_admin, graph, onprem, tls};
use crate::clock::Clock;

/// Larger request bodies are refused, bytes.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// How a tenant is served.
#[derive(Debug, Clone)]
pub struct Options {
    /// The clock that dates and tokens follow.
    pub clock: Clock,
    /// What goes wrong, over what the tenant file itself asks for.
    pub faults: Faults,
    /// Whether `GET /__simulator` answers.
    pub counters: bool,
    /// Origin of absolute links; `None`: the one the request names.
    pub base_url: Option<String>,
    /// Certificate and key to serve TLS with.
    pub tls: Option<tls::Identity>,
    /// Gets every answer but tokens.
    pub record: Option<Arc<Recorder>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            clock: Clock::system(),
            faults: Faults::default(),
            counters: false,
            base_url: None,
            tls: None,
            record: None,
        }
    }
}

/// What all services share.
#[derive(Debug)]
pub(super) struct State {
    pub(super) tenant: Arc<Tenant>,
    pub(super) clock: Clock,
    /// When serving began; relative dates of the tenant count from here.
    pub(super) started: Timestamp,
    pub(super) faults: Engine,
    pub(super) limits: Limits,
    pub(super) counters: Option<Counters>,
    recorder: Option<Arc<Recorder>>,
    pub(super) device_codes: authority::DeviceCodes,
    base_url: Option<String>,
    scheme: &'static str,
}

impl State {
    fn new(tenant: Arc<Tenant>, options: Options) -> Self {
        let faults = options.faults.over(tenant.faults());
        let limits = Limits::new(faults.throttle, tenant.people.slots());
        Self {
            started: options.clock.now(),
            clock: options.clock,
            faults: Engine::new(faults, options.clock),
            limits,
            counters: options.counters.then(Counters::default),
            recorder: options.record,
            device_codes: authority::DeviceCodes::default(),
            base_url: options.base_url,
            scheme: if options.tls.is_some() { "https" } else { "http" },
            tenant,
        }
    }

    /// The moment so many days before serving began.
    pub(super) fn days_ago(&self, days: u32) -> Timestamp {
        let second = self.started.as_second() - i64::from(days) * 86_400;
        Timestamp::from_second(second).unwrap_or(self.started)
    }

    fn origin(&self, headers: &header::HeaderMap) -> String {
        self.base_url.clone().unwrap_or_else(|| {
            let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
            format!("{}://{host}", self.scheme)
        })
    }
}

/// The services of a tenant as a router, for use inside a process.
pub fn router(tenant: Arc<Tenant>, options: Options) -> Router {
    Router::new().fallback(serve).with_state(Arc::new(State::new(tenant, options)))
}

/// Serves a tenant on `address` until stopped.
///
/// # Errors
/// When the address cannot be listened on, or the TLS identity is unusable.
pub async fn start(tenant: Arc<Tenant>, options: Options, address: SocketAddr) -> io::Result<Running> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let identity = options.tls.clone();
    let scheme = if identity.is_some() { "https" } else { "http" };
    let app = router(tenant, options);
    let (stop, stopped) = oneshot::channel::<()>();
    let until = async {
        // A dropped handle stops the server as well.
        let _ = stopped.await;
    };
    let task = match identity {
        None => tokio::spawn(async move { axum::serve(listener, app).with_graceful_shutdown(until).await }),
        Some(identity) => {
            let listener = tls::Listener::new(listener, &identity)?;
            tokio::spawn(async move { axum::serve(listener, app).with_graceful_shutdown(until).await })
        }
    };
    Ok(Running { address, scheme, stop, task })
}

/// A simulator that is listening. Dropping it stops it.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    scheme: &'static str,
    stop: oneshot::Sender<()>,
    task: JoinHandle<io::Result<()>>,
}

impl Running {
    /// Where it listens, for example `http://127.0.0.1:8080`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Stops listening. Connections that are still open are closed, not waited for: a client may keep one alive for ever.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        self.task.abort();
        let _ = self.task.await;
    }
}

async fn serve(Extract(state): Extract<Arc<State>>, request: Request) -> Result<Response<Body>, Infallible> {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        return Ok(bare(StatusCode::PAYLOAD_TOO_LARGE).map(Body::from));
    };
    // HTTP/2 names the host in the URL and not in a header.
    let origin = match head.uri.authority() {
        Some(authority) if state.base_url.is_none() => format!("{}://{authority}", state.scheme),
        _ => state.origin(&head.headers),
    };
    let call = Call::new(head.method, &head.uri, head.headers, body, origin);
    if call.segments.first().is_some_and(|segment| segment == "__simulator") {
        return Ok(report(&state).map(Body::from));
    }
    let service = Service::of(&call);
    let plan = state.faults.plan(service, &call);
    let refused = plan.refusal.map(|refusal| state.faults.refuse(service, refusal));
    let mut answer = match refused {
        Some(answer) => {
            tokio::time::sleep(plan.delay).await;
            answer
        }
        None => route(&state, service, &call, plan.delay).await,
    };
    let asked = answer.extensions_mut().remove::<AskedAll>().unwrap_or_default();
    tracing::debug!(method = %call.method, target = %call.target, status = answer.status().as_u16(), "simulated");
    if let Some(recorder) = &state.recorder {
        recorder.write(service, &call, &answer);
    }
    if let Some(counters) = &state.counters {
        counters.answered(&asked, plan.spoil.is_none());
        if let Some(name) = plan.name() {
            counters.fault(name);
        }
    }
    Ok(deliver(answer, plan.spoil))
}

fn report(state: &State) -> Answer {
    match &state.counters {
        Some(counters) => json(StatusCode::OK, &counters.report()),
        None => bare(StatusCode::NOT_FOUND),
    }
}

/// The services on this origin, told apart by path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// Entra: tokens and discovery.
    Authority,
    /// Microsoft Graph.
    Graph,
    /// Exchange admin REST.
    Admin,
    /// Autodiscover, all three kinds.
    Autodiscover,
    /// Exchange Web Services.
    Ews,
    /// On-premises servers.
    OnPremises,
}

impl Service {
    /// The word that tenant files and `--fault service=` use.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::Authority => "authority",
            Self::Graph => "graph",
            Self::Admin => "admin",
            Self::Autodiscover => "autodiscover",
            Self::Ews => "ews",
            Self::OnPremises => "on-premises",
        }
    }

    fn of(call: &Call) -> Self {
        match call.segments.first().map(|first| first.to_ascii_lowercase()).as_deref() {
            Some("v1.0" | "beta") => Self::Graph,
            Some("ews") => Self::Ews,
            Some("autodiscover") => Self::Autodiscover,
            Some("adminapi") => Self::Admin,
            Some("onprem") => Self::OnPremises,
            _ => Self::Authority,
        }
    }
}

/// Answers after `delay`. Graph and EWS wait themselves: a mailbox's connection counts as open meanwhile.
async fn route(state: &State, service: Service, call: &Call, delay: Duration) -> Answer {
    if !matches!(service, Service::Graph | Service::Ews) {
        tokio::time::sleep(delay).await;
    }
    let answer = match service {
        Service::Authority => authority::serve(state, call),
        Service::Graph => graph::serve(state, call, delay).await,
        Service::Admin => exchange_admin::serve(state, call),
        Service::Autodiscover => autodiscover::serve(state, call),
        Service::Ews => ews::serve(state, call, delay).await,
        Service::OnPremises => onprem::serve(state, call),
    };
    if answer.extensions().get::<AskedAll>().is_none() {
        tracing::warn!(method = %call.method, target = %call.target, "no simulated service has this path");
        if let Some(counters) = &state.counters {
            counters.unknown_path(&format!("{} {}", call.method, call.target));
        }
    }
    answer
}

/// Sends the answer, whole or spoiled.
fn deliver(answer: Answer, spoil: Option<Spoil>) -> Response<Body> {
    let (mut head, body) = answer.into_parts();
    let cut = |keep: Bytes, head: &mut axum::http::response::Parts| {
        head.headers.insert(header::CONTENT_LENGTH, (body.len() + 1).into());
        let broken = io::Error::new(io::ErrorKind::ConnectionReset, "simulated: the connection drops");
        Body::from_stream(stream::iter([Ok(keep), Err(broken)]))
    };
    let body = match spoil {
        None => Body::from(body),
        Some(Spoil::Drop) => cut(Bytes::new(), &mut head),
        Some(Spoil::Cut) => cut(body.slice(..body.len() / 2), &mut head),
        Some(Spoil::Half) => Body::from(body.slice(..body.len() / 2)),
        Some(Spoil::Html) => {
            head.status = StatusCode::OK;
            head.headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/html; charset=utf-8"));
            Body::from(
                "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in to continue.</body></html>",
            )
        }
        Some(Spoil::WrongType) => {
            head.headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/octet-stream"));
            Body::from(body)
        }
    };
    Response::from_parts(head, body)
}
