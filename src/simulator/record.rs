//! A record of every answer, one JSON line each, for tests that hold the answers against published schemas.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde_json::json;

use super::call::{Answer, Call};
use super::server::Service;

/// Writes one line for every answer.
#[derive(Debug)]
pub struct Recorder(Mutex<File>);

impl Recorder {
    /// Starts a record in a new file.
    ///
    /// # Errors
    /// When the file cannot be created.
    pub fn create(path: &Path) -> io::Result<Self> {
        Ok(Self(Mutex::new(crate::private::create(path)?)))
    }

    /// Writes one answer; one that cannot be written is told in the log. Token answers are left out: a record may be passed on.
    pub(super) fn write(&self, service: Service, call: &Call, answer: &Answer) {
        if service == Service::Authority {
            return;
        }
        let kind = answer.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let line = json!({
            "service": service.id(),
            "method": call.method.as_str(),
            "target": call.target,
            "request": String::from_utf8_lossy(&call.body),
            "status": answer.status().as_u16(),
            "content_type": kind,
            "body": String::from_utf8_lossy(answer.body()),
        });
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = writeln!(file, "{line}") {
            tracing::warn!(%error, "the record of answers cannot be written");
        }
    }
}
