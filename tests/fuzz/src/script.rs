//! A service that answers as the input says: `STATUS`, header lines, an empty line, the body; answers are set apart by
//! [`super::CUT`]. What has no empty line is a body that came with 200.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use ewsready::clock::Clock;
use ewsready::transport::{
    Answer, Client, Origins, Pace, Request, Resource, Token, TokenSource, Transport, Trouble, Wire, WireError,
};
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use jiff::Timestamp;

/// Answers in their order; whoever asks on gets an empty 404.
pub struct Script {
    answers: Mutex<VecDeque<Answer>>,
}

impl Script {
    /// Reads the answers of an input.
    #[must_use]
    pub fn read(data: &[u8]) -> Self {
        Self { answers: Mutex::new(super::parts(data).map(answer).collect()) }
    }

    /// All answers.
    #[must_use]
    pub fn answers(&self) -> Vec<Answer> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// The transport over this script, impatient.
    pub(crate) fn transport(self) -> Arc<Transport> {
        let pace = Pace {
            attempts: 2,
            patience: Duration::from_secs(3),
            request: Duration::from_secs(5),
            backoff: Duration::from_millis(10),
            ..Pace::default()
        };
        Arc::new(Transport::new(Arc::new(self), pace, clock()))
    }

    /// A client over this script that is signed in.
    pub(crate) fn client(self) -> Arc<Client> {
        signed_in(self.transport(), Arc::new(Granted))
    }
}

/// A client over a transport.
pub(crate) fn signed_in(transport: Arc<Transport>, source: Arc<dyn TokenSource>) -> Arc<Client> {
    let origins = Origins { graph: root(), exchange: root(), exchange_hosts: Vec::new() };
    Arc::new(Client::new(transport, source, origins))
}

/// Where everything is.
pub(crate) fn root() -> url::Url {
    "https://service.contoso.example/".parse().expect("an address")
}

/// The moment at which everything happens.
pub(crate) fn clock() -> Clock {
    Clock::standing_at(now())
}

pub(crate) fn now() -> Timestamp {
    "2026-11-20T08:00:00Z".parse().expect("a moment")
}

fn answer(text: &[u8]) -> Answer {
    let end = text.windows(2).position(|two| two == b"\n\n");
    let (head, body) = match end {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 2..).unwrap_or_default()),
        None => (&b"200"[..], text),
    };
    let mut lines = head.split(|byte| *byte == b'\n');
    let status = lines.next().and_then(|line| StatusCode::from_bytes(line).ok()).unwrap_or(StatusCode::OK);
    let mut headers = HeaderMap::new();
    for line in lines.take(100) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    Answer { status, headers, body: Bytes::copy_from_slice(body) }
}

impl Wire for Script {
    fn send(&self, _: Request) -> BoxFuture<'_, Result<Answer, WireError>> {
        let next = self.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let nothing =
            || Answer { status: StatusCode::NOT_FOUND, headers: HeaderMap::new(), body: Bytes::from_static(b"{}") };
        Box::pin(std::future::ready(Ok(next.unwrap_or_else(nothing))))
    }
}

/// Gives the same token to everybody.
struct Granted;

impl TokenSource for Granted {
    fn fetch(&self, _: Resource) -> BoxFuture<'_, Result<Token, Trouble>> {
        let (issued, roles) = (now(), vec!["MailboxSettings.Read".to_owned()]);
        let expires = issued + jiff::SignedDuration::from_hours(1);
        Box::pin(std::future::ready(Ok(Token { secret: "token".into(), issued, expires, roles })))
    }
}

/// Runs to the end in a time that leaps over every wait.
pub(crate) fn run<F: Future>(work: F) -> F::Output {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
    }
    RUNTIME.with(|runtime| {
        runtime.block_on(async {
            let output = work.await;
            // What was spawned on the way (batches) ends before the next input.
            tokio::task::yield_now().await;
            output
        })
    })
}
