//! What the answers say beside their content: the service's clock, and how near a limit is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;

use crate::transport::wire::host_of;
use crate::transport::{Answer, Request, Wire, WireError};

/// Headers that tell of limits (Microsoft Graph: throttling; Exchange admin REST: as seen).
const LIMITS: [&str; 10] = [
    "retry-after",
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "rate-limit-remaining",
    "rate-limit-reset",
    "x-ms-throttle-limit-percentage",
    "x-ms-throttle-scope",
    "x-ms-throttle-information",
    "x-ms-resource-unit",
];

/// A wire that notes limits as answers pass.
pub(super) struct Tap {
    inner: Arc<dyn Wire>,
    limits: Mutex<BTreeMap<String, String>>,
}

impl Tap {
    pub(super) fn new(inner: Arc<dyn Wire>) -> Self {
        Self { inner, limits: Mutex::default() }
    }

    /// Limits by host and header, as last seen.
    pub(super) fn limits(&self) -> BTreeMap<String, String> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, host: &str, answer: &Answer) {
        for name in LIMITS {
            if let Some(value) = answer.header(name) {
                let value = crate::service::one_line(value);
                let mut limits = self.limits.lock().unwrap_or_else(PoisonError::into_inner);
                limits.insert(format!("{host} {name}"), value);
            }
        }
    }
}

impl Wire for Tap {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Answer, WireError>> {
        let host = host_of(&request.url);
        Box::pin(async move {
            let answer = self.inner.send(request).await?;
            self.note(&host, &answer);
            Ok(answer)
        })
    }
}
