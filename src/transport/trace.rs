//! `--trace FILE`: every request with its answer, one JSON line each. Secrets are never in it; people only until
//! they are asked to be left out.

mod redact;

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::HeaderMap;
use secrecy::SecretString;
use serde_json::{Map, Value, json};

use super::wire::{Answer, Request, Wire, WireError};
use crate::clock::Clock;
use crate::private;
use redact::Redactor;

/// Longest body written, in characters; the rest is cut off and counted.
const BODY_LIMIT: usize = 256 * 1024;

/// A trace that is being written.
pub struct Trace {
    file: Mutex<File>,
    redactor: Redactor,
    clock: Clock,
}

impl Trace {
    /// Begins a trace in a new file that only its owner may read; `hide_people` replaces names and addresses by
    /// pseudonyms that are the same throughout the file.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create(path: &Path, hide_people: bool, clock: Clock) -> io::Result<Self> {
        Ok(Self { file: Mutex::new(private::create(path)?), redactor: Redactor::new(hide_people), clock })
    }

    /// Makes a secret unwritable, wherever it may turn up. What services call a token is hidden anyway.
    pub fn hide(&self, secret: SecretString) {
        self.redactor.hide(secret);
    }

    fn write(&self, request: &Seen, outcome: &Result<Answer, WireError>, milliseconds: u128) {
        let redactor = &self.redactor;
        let outcome = match outcome {
            Ok(answer) => json!({
                "status": answer.status.as_u16(),
                "headers": self.headers(&answer.headers),
                "body": self.body(&answer.headers, &answer.body),
            }),
            Err(error) => json!({"error": redactor.text(&error.to_string())}),
        };
        let line = json!({
            "at": self.clock.now().to_string(),
            "milliseconds": milliseconds,
            "request": {
                "method": request.method,
                "url": redactor.text(&request.url),
                "headers": self.headers(&request.headers),
                "body": self.body(&request.headers, &request.body),
            },
            "answer": outcome,
        });
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = writeln!(file, "{line}") {
            tracing::warn!(%error, "the trace cannot be written on");
        }
    }

    fn headers(&self, headers: &HeaderMap) -> Value {
        let shown = headers.iter().map(|(name, value)| {
            let value = self.redactor.header(name.as_str(), &String::from_utf8_lossy(value.as_bytes()));
            (name.to_string(), Value::String(value))
        });
        Value::Object(shown.collect::<Map<_, _>>())
    }

    fn body(&self, headers: &HeaderMap, body: &Bytes) -> Value {
        if body.is_empty() {
            return Value::Null;
        }
        let kind = headers.get(http::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        match self.redactor.body(kind, body) {
            Value::String(text) => Value::String(shortened(text)),
            value if value.to_string().len() > BODY_LIMIT => Value::String(shortened(value.to_string())),
            value => value,
        }
    }
}

fn shortened(mut text: String) -> String {
    let Some((end, _)) = text.char_indices().nth(BODY_LIMIT) else { return text };
    let left_out = text.len() - end;
    text.truncate(end);
    text.push_str(&format!("… ({left_out} bytes more)"));
    text
}

/// What a request looked like, kept while it is on its way.
struct Seen {
    method: String,
    url: String,
    headers: HeaderMap,
    body: Bytes,
}

/// A wire that writes down what passes.
pub struct TraceWire {
    inner: Arc<dyn Wire>,
    trace: Arc<Trace>,
}

impl TraceWire {
    /// Writes what passes `inner` to `trace`.
    #[must_use]
    pub fn new(inner: Arc<dyn Wire>, trace: Arc<Trace>) -> Self {
        Self { inner, trace }
    }
}

impl Wire for TraceWire {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Answer, WireError>> {
        let seen = Seen {
            method: request.method.to_string(),
            url: request.url.to_string(),
            headers: request.headers.clone(),
            body: request.body.clone(),
        };
        Box::pin(async move {
            let begun = Instant::now();
            let outcome = self.inner.send(request).await;
            self.trace.write(&seen, &outcome, begun.elapsed().as_millis());
            outcome
        })
    }
}
