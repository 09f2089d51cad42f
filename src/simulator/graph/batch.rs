//! `$batch` (Microsoft Graph: JSON batching): at most 20 requests, unique ids, answers in any order, each with its own
//! status; Outlook requests are worked on four at a time.

use std::collections::HashSet;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::error::{error, mailbox_throttled, unauthorized};
use super::one;
use crate::simulator::call::{Answer, AskedAll, Call, about, json as reply};
use crate::simulator::server::State;
use crate::simulator::token::{self, Resource};

/// The most requests in one batch.
const MOST: usize = 20;
/// Outlook requests of one batch that run at once.
const WIDTH: usize = 4;

#[derive(Deserialize)]
struct Batch {
    requests: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    id: String,
    method: String,
    url: String,
    #[serde(default)]
    headers: Map<String, Value>,
    #[serde(default)]
    body: Option<Value>,
    #[serde(default)]
    depends_on: Vec<String>,
}

/// Answers a batch.
pub(super) async fn serve(state: &State, call: &Call, delay: Duration) -> Answer {
    let now = state.clock.now();
    if let Err(refusal) = token::read(&state.tenant, call.header("authorization"), Resource::Graph, &call.origin, now) {
        return about(unauthorized(state, call, refusal), "graph.unauthorized", None);
    }
    let batch = match read(call) {
        Ok(batch) => batch,
        Err(message) => return about(error(state, call, 400, "BadRequest", &message), "graph.batch", None),
    };
    let outlook = batch.requests.iter().filter(|item| is_outlook(&item.url)).count();
    let rounds = outlook.div_ceil(WIDTH).max(1);
    tokio::time::sleep(delay.saturating_mul(u32::try_from(rounds).unwrap_or(1))).await;
    let mut asked = AskedAll::default();
    let mut responses: Vec<Value> = Vec::with_capacity(batch.requests.len());
    let mut failed: HashSet<String> = HashSet::new();
    for item in &batch.requests {
        let mut answer = if item.depends_on.iter().any(|id| failed.contains(&id.to_lowercase())) {
            error(state, call, 424, "FailedDependency", "A request this one depends on failed.")
        } else if state.faults.item_is_busy(&item.url) {
            about(
                state.faults.with_retry_after(without_wait(mailbox_throttled(state, call, 1))),
                "graph.batch-item-refused",
                None,
            )
        } else {
            answer_item(state, call, item)
        };
        if !answer.status().is_success() {
            failed.insert(item.id.to_lowercase());
        }
        asked.0.extend(answer.extensions_mut().remove::<AskedAll>().unwrap_or_default().0);
        responses.push(response(&item.id, &answer));
    }
    // The real service answers in the order of completion; a client that counts on the order of its requests fails here.
    let turn = if call.body.len().is_multiple_of(3) { 0 } else { responses.len() / 2 };
    responses.rotate_left(turn);
    let mut answer = about(reply(StatusCode::OK, &json!({"responses": responses})), "graph.batch", None);
    answer.extensions_mut().get_or_insert_default::<AskedAll>().0.extend(asked.0);
    answer
}

fn read(call: &Call) -> Result<Batch, String> {
    let batch: Batch =
        serde_json::from_slice(&call.body).map_err(|error| format!("Invalid batch payload format: {error}"))?;
    if batch.requests.is_empty() || batch.requests.len() > MOST {
        return Err(format!(
            "Number of batch request steps {} exceeds the maximum value of {MOST} or is zero.",
            batch.requests.len()
        ));
    }
    let mut ids = HashSet::new();
    for item in &batch.requests {
        if !ids.insert(item.id.to_lowercase()) {
            return Err(format!("Request Id: '{}' is duplicated.", item.id));
        }
        let typed = item.headers.keys().any(|name| name.eq_ignore_ascii_case("content-type"));
        if item.body.is_some() && !typed {
            return Err(format!("Request Id: '{}' has a body but no Content-Type header.", item.id));
        }
    }
    Ok(batch)
}

fn is_outlook(url: &str) -> bool {
    let lower = url.to_ascii_lowercase();
    ["/mailboxsettings", "/calendar", "/mailfolders"].iter().any(|part| lower.contains(part))
}

fn without_wait(mut answer: Answer) -> Answer {
    answer.headers_mut().remove("retry-after");
    answer
}

/// Runs one item as if it had come alone, with the batch's own token and agent.
fn answer_item(state: &State, call: &Call, item: &Item) -> Answer {
    let target = format!("/v1.0/{}", item.url.trim_start_matches('/'));
    let uri = target.replace(' ', "%20").replace('\'', "%27").parse::<Uri>();
    let (Ok(uri), Ok(method)) = (uri, item.method.to_uppercase().parse::<Method>()) else {
        return error(state, call, 400, "BadRequest", "Invalid URL or method in a batch request.");
    };
    let mut headers = HeaderMap::new();
    for name in ["authorization", "user-agent", "client-request-id"] {
        if let Some(value) = call.headers.get(name) {
            headers.insert(HeaderName::from_static(name), value.clone());
        }
    }
    for (name, value) in &item.headers {
        let value = value.as_str().and_then(|value| HeaderValue::from_str(value).ok());
        if let (Ok(name), Some(value)) = (HeaderName::from_bytes(name.as_bytes()), value) {
            headers.insert(name, value);
        }
    }
    one(state, &Call::new(method, &uri, headers, Bytes::new(), call.origin.clone()))
}

fn response(id: &str, answer: &Answer) -> Value {
    let headers: Map<String, Value> = answer
        .headers()
        .iter()
        .filter_map(|(name, value)| Some((canonical(name.as_str()), json!(value.to_str().ok()?))))
        .collect();
    // A body that is no JSON travels as text.
    let body = serde_json::from_slice(answer.body())
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(answer.body()).into_owned()));
    json!({"id": id, "status": answer.status().as_u16(), "headers": headers, "body": body})
}

/// `retry-after` as `Retry-After`.
fn canonical(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
    });
    words.collect::<Vec<_>>().join("-")
}
