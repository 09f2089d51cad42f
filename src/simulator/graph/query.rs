//! Query options of a list: `$select`, `$top`, `$filter`, `$count`, `$skiptoken`; and its pages.

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Map, Value, json};

use super::error::error;
use super::filter::Filter;
use crate::simulator::call::{Answer, Call, json as answer};
use crate::simulator::server::State;

/// The options of one list request.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) select: Option<Vec<String>>,
    pub(super) top: usize,
    pub(super) filter: Option<Filter>,
    pub(super) count: bool,
    /// Where to go on, and the number of this page.
    pub(super) from: u32,
    page: u32,
}

impl Query {
    /// Reads the options; `default` and `most` are the page sizes of the collection.
    pub(super) fn read(state: &State, call: &Call, default: usize, most: usize) -> Result<Self, Box<Answer>> {
        let bad = |code: &str, message: &str| Box::new(error(state, call, 400, code, message));
        let top = match call.query("$top") {
            None => default,
            Some(text) => match text.parse::<usize>() {
                Ok(top) if (1..=most).contains(&top) => top,
                _ => {
                    return Err(bad(
                        "Request_BadRequest",
                        &format!("Invalid page size specified: '{text}'. Must be between 1 and {most} inclusive."),
                    ));
                }
            },
        };
        let filter = call.query("$filter").map(Filter::parse).transpose();
        let filter =
            filter.map_err(|message| bad("Request_BadRequest", &format!("Invalid filter clause: {message}")))?;
        let count = call.query("$count").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let eventual = call.header("consistencylevel").is_some_and(|level| level.eq_ignore_ascii_case("eventual"));
        let advanced = filter.as_ref().is_some_and(Filter::advanced)
            || call.query("$search").is_some()
            || call.query("$orderby").is_some() && filter.is_some();
        if advanced && !(eventual && count) {
            let message = "Request with advanced query parameters requires the header ConsistencyLevel: eventual and the query parameter $count=true.";
            return Err(bad("Request_UnsupportedQuery", message));
        }
        let (from, page) = match call.query("$skiptoken").or_else(|| call.query("$deltatoken")) {
            None => (0, 0),
            Some(token) => read_token(token).ok_or_else(|| {
                bad(
                    "Directory_ExpiredPageToken",
                    "The specified page token value has expired and can no longer be included in your request.",
                )
            })?,
        };
        let select = call
            .query("$select")
            .map(|list| list.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect());
        Ok(Self { select, top, filter, count: count && eventual, from, page })
    }

    /// A page of a list. `next` is where the next page begins; `total` is given when it was asked for.
    pub(super) fn page(
        &self,
        state: &State,
        call: &Call,
        context: &str,
        values: Vec<Value>,
        next: Option<u32>,
        total: Option<u64>,
    ) -> Answer {
        let faults = state.faults.faults();
        let mut body = Map::new();
        body.insert("@odata.context".to_owned(), json!(format!("{}/v1.0/$metadata#{context}", call.origin)));
        if let (Some(total), true) = (total, self.page == 0) {
            body.insert("@odata.count".to_owned(), json!(total));
        }
        // An empty page is put before the second page of the list.
        let empty = faults.empty_pages && self.page == 1;
        let next = match next {
            _ if empty => Some(self.from),
            None if faults.endless_pages => Some(self.from),
            next => next,
        };
        if let Some(next) = next {
            let page = if faults.endless_pages && !empty && next == self.from { self.page } else { self.page + 1 };
            body.insert("@odata.nextLink".to_owned(), json!(self.link(call, next, page)));
        }
        body.insert("value".to_owned(), Value::Array(if empty { Vec::new() } else { values }));
        answer(StatusCode::OK, &Value::Object(body))
    }

    fn link(&self, call: &Call, next: u32, page: u32) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (key, value) in call.query.iter().filter(|(key, _)| !key.eq_ignore_ascii_case("$skiptoken")) {
            query.append_pair(key, value);
        }
        query.append_pair("$skiptoken", &BASE64.encode(format!("page/{next}/{page}")));
        let path = call.target.split('?').next().unwrap_or_default();
        format!("{}{path}?{}", call.origin, query.finish())
    }
}

fn read_token(token: &str) -> Option<(u32, u32)> {
    let text = String::from_utf8(BASE64.decode(token).ok()?).ok()?;
    let (from, page) = text.strip_prefix("page/")?.split_once('/')?;
    Some((from.parse().ok()?, page.parse().ok()?))
}

/// Cuts an object down to `$select`, as the service does on small resources.
pub(super) fn select(call: &Call, value: Value) -> Value {
    match (call.query("$select"), value) {
        (Some(list), Value::Object(all)) => {
            let names: Vec<String> = list.split(',').map(|name| name.trim().to_lowercase()).collect();
            let kept = all.into_iter().filter(|(key, _)| key.starts_with('@') || names.contains(&key.to_lowercase()));
            Value::Object(kept.collect())
        }
        (_, value) => value,
    }
}
