//! Packs single requests into `POST /$batch` (Microsoft Graph: combine multiple requests in one HTTP call).
//!
//! It is a wire like any other: each request comes back with its own status, headers and body, so that pace,
//! push-back and retry treat an item that was throttled inside a 200 as what it is.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::{mpsc, oneshot};
use url::Url;

use crate::transport::{Answer, Request, Wire, WireError};

/// Most requests in one batch.
const MOST: usize = 20;
/// Largest answer to one, in bytes: 20 accounts with all their plans are half a MiB, 20 calendars' permissions less.
const LIMIT: usize = 4 << 20;
/// How long a request waits for company. Short against any service's answer, long enough for a round of permits.
const GATHER: Duration = Duration::from_millis(3);

/// A wire that packs.
pub struct BatchWire {
    queue: mpsc::UnboundedSender<Item>,
}

struct Item {
    request: Request,
    reply: oneshot::Sender<Result<Answer, WireError>>,
}

impl BatchWire {
    /// Packs requests to the Graph at `root` over `wire`. Ends with the last handle to it.
    #[must_use]
    pub fn new(wire: Arc<dyn Wire>, root: Url) -> Self {
        let (queue, arriving) = mpsc::unbounded_channel();
        tokio::spawn(pack(wire, root, arriving));
        Self { queue }
    }
}

impl Wire for BatchWire {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Answer, WireError>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            let gone = || WireError::BrokenOff("Graph".to_owned(), "the run is ending".to_owned());
            self.queue.send(Item { request, reply }).map_err(|_| gone())?;
            answer.await.unwrap_or_else(|_| Err(gone()))
        })
    }
}

async fn pack(wire: Arc<dyn Wire>, root: Url, mut arriving: mpsc::UnboundedReceiver<Item>) {
    while let Some(first) = arriving.recv().await {
        let mut batch = vec![first];
        while batch.len() < MOST {
            match tokio::time::timeout(GATHER, arriving.recv()).await {
                Ok(Some(item)) => batch.push(item),
                Ok(None) | Err(_) => break,
            }
        }
        let (wire, root) = (Arc::clone(&wire), root.clone());
        tokio::spawn(async move { deliver(&*wire, &root, batch).await });
    }
}

#[derive(Serialize)]
struct Envelope<'a> {
    requests: Vec<Part<'a>>,
}

#[derive(Serialize)]
struct Part<'a> {
    id: String,
    method: &'a str,
    url: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<&'a str, &'a str>,
}

#[derive(Deserialize)]
struct Responses<'a> {
    #[serde(borrow)]
    responses: Vec<Response<'a>>,
}

#[derive(Deserialize)]
struct Response<'a> {
    id: String,
    status: u16,
    #[serde(default)]
    headers: Option<HashMap<String, serde_json::Value>>,
    /// As it was sent: whoever asked reads it.
    #[serde(borrow, default)]
    body: Option<&'a RawValue>,
}

async fn deliver(wire: &dyn Wire, root: &Url, batch: Vec<Item>) {
    let answer = match outer(root, &batch) {
        Ok(request) => wire.send(request).await,
        Err(error) => Err(error),
    };
    let parsed = match &answer {
        // An older text of the documentation gives 424 to a batch with throttled items: look inside all the same.
        Ok(answer) if answer.status.is_success() || answer.status == StatusCode::FAILED_DEPENDENCY => {
            parse(&answer.body)
        }
        _ => None,
    };
    let Some(mut parts) = parsed else {
        // The batch as a whole failed: its answer is everybody's. A success that is no batch's would answer them all alike.
        let answer = match answer {
            Ok(answer) if answer.status.is_success() && is_json(&answer.body) => {
                Err(WireError::Unreadable("Graph".to_owned(), "the batch came back without its parts".to_owned()))
            }
            answer => answer,
        };
        for item in batch {
            let _ = item.reply.send(answer.clone());
        }
        return;
    };
    for (index, item) in batch.into_iter().enumerate() {
        let part = parts.remove(&index.to_string());
        let missing = || WireError::BrokenOff("Graph".to_owned(), "the batch came back without this part".to_owned());
        let _ = item.reply.send(part.ok_or_else(missing));
    }
}

fn is_json(body: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok()
}

fn outer(root: &Url, batch: &[Item]) -> Result<Request, WireError> {
    let broken = |error: String| WireError::BrokenOff("Graph".to_owned(), error);
    let base = format!("{}/v1.0", root.as_str().trim_end_matches('/'));
    let requests = batch.iter().enumerate().map(|(index, item)| part(&base, index, &item.request)).collect();
    let body = serde_json::to_vec(&Envelope { requests }).map_err(|error| broken(error.to_string()))?;
    let url = Url::parse(&format!("{base}/$batch")).map_err(|error| broken(error.to_string()))?;
    let mut request =
        Request::post(url, "application/json", body).at_most(LIMIT).header("accept", "application/json").identified();
    if let Some(authorization) = batch.first().and_then(|item| item.request.headers.get(AUTHORIZATION)) {
        request.headers.insert(AUTHORIZATION, authorization.clone());
    }
    Ok(request)
}

fn part<'a>(base: &str, index: usize, request: &'a Request) -> Part<'a> {
    let url = request.url.as_str();
    let headers = request.headers.iter().filter(|(name, _)| *name != AUTHORIZATION);
    Part {
        id: index.to_string(),
        method: request.method.as_str(),
        url: url.strip_prefix(base).unwrap_or(url),
        headers: headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect(),
    }
}

/// The parts of a batch's answer by id; order is arbitrary, headers may be missing, a body may be null or text. `None`:
/// it is no batch's answer.
#[must_use]
pub fn parse(body: &[u8]) -> Option<HashMap<String, Answer>> {
    let responses: Responses = serde_json::from_slice(body).ok()?;
    let answer = |response: Response| {
        let mut headers = HeaderMap::new();
        for (name, value) in response.headers.unwrap_or_default() {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(text)) {
                // A map of headers has a largest size; what is beyond it nobody reads.
                let _ = headers.try_insert(name, value);
            }
        }
        let body = response.body.map_or_else(Bytes::new, |body| Bytes::copy_from_slice(body.get().as_bytes()));
        let status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::BAD_GATEWAY);
        (response.id, Answer { status, headers, body })
    };
    Some(responses.responses.into_iter().map(answer).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_in_any_order_with_missing_headers_and_null_bodies() {
        let body = br#"{"responses":[
            {"id":"2","status":204,"body":null},
            {"id":"0","status":302,"headers":{"location":"https://graph.example/x"}},
            {"id":"1","status":429,"headers":{"Retry-After":7},"body":{"error":{"code":"ApplicationThrottled"}}}]}"#;
        let parts = parse(body).unwrap();
        assert_eq!(parts.len(), 3);
        assert_eq!(parts["0"].header("location"), Some("https://graph.example/x"));
        assert_eq!(parts["1"].header("retry-after"), Some("7"));
        assert!(parts["2"].body.is_empty());
    }

    #[test]
    fn more_headers_than_a_map_of_them_takes_are_no_reason_to_stop() {
        let headers: Vec<String> = (0..40_000).map(|number| format!("\"x-{number}\":\"\"")).collect();
        let body = format!("{{\"responses\":[{{\"id\":\"0\",\"status\":200,\"headers\":{{{}}}}}]}}", headers.join(","));
        assert!(parse(body.as_bytes()).unwrap()["0"].headers.len() > 10_000);
    }

    /// Answers everything alike.
    struct Always(&'static str);

    impl Wire for Always {
        fn send(&self, _: Request) -> BoxFuture<'_, Result<Answer, WireError>> {
            let (status, body) = (StatusCode::OK, Bytes::from_static(self.0.as_bytes()));
            Box::pin(std::future::ready(Ok(Answer { status, headers: HeaderMap::new(), body })))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_success_that_is_no_batch_answers_nobody() {
        let root: Url = "https://graph.example/".parse().unwrap();
        for body in ["{}", r#"{"value":"shared"}"#, "[]"] {
            let wire = BatchWire::new(Arc::new(Always(body)), root.clone());
            let answer = wire.send(Request::get(root.join("/v1.0/users/1").unwrap())).await;
            assert!(matches!(answer, Err(WireError::Unreadable(..))), "{body}: {answer:?}");
        }
        // A page of somebody in between is told by the reading.
        let wire = BatchWire::new(Arc::new(Always("<html>")), root.clone());
        assert!(wire.send(Request::get(root.join("/v1.0/users/1").unwrap())).await.is_ok());
    }

    #[test]
    fn an_answer_that_is_no_batch_is_none() {
        assert!(parse(b"<html>").is_none());
        assert!(parse(br#"{"error":{"code":"x"}}"#).is_none());
    }
}
