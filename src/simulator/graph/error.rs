//! Error answers of Graph: one shape, codes by cause.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::simulator::call::{Answer, Call, json as answer, with};
use crate::simulator::server::State;
use crate::simulator::token::Refusal;

/// An error in Graph's shape.
pub(super) fn error(state: &State, call: &Call, status: u16, code: &str, message: &str) -> Answer {
    let date = state.clock.now().strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let client = call.header("client-request-id").map_or(Value::Null, |id| json!(id));
    let body = json!({"error": {"code": code, "message": message,
        "innerError": {"date": date, "request-id": uuid::Uuid::new_v4().to_string(), "client-request-id": client}}});
    answer(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), &body)
}

/// A path or segment that does not exist.
pub(super) fn no_segment(state: &State, call: &Call, segment: &str) -> Answer {
    error(state, call, 400, "BadRequest", &format!("Resource not found for the segment '{segment}'."))
}

/// A directory object that does not exist.
pub(super) fn no_object(state: &State, call: &Call, id: &str) -> Answer {
    let message =
        format!("Resource '{id}' does not exist or one of its queried reference-property objects are not present.");
    error(state, call, 404, "Request_ResourceNotFound", &message)
}

/// A directory permission is missing.
pub(super) fn denied(state: &State, call: &Call) -> Answer {
    error(state, call, 403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
}

/// A token that Graph does not take.
pub(super) fn unauthorized(state: &State, call: &Call, refusal: Refusal) -> Answer {
    let message = match refusal {
        Refusal::Missing => "Access token is empty.",
        Refusal::Malformed => "CompactToken parsing failed with error code: 80049217",
        Refusal::Signature => "Access token validation failure. Invalid signature.",
        Refusal::Expired => "Lifetime validation failed, the token is expired.",
        Refusal::Audience => "Access token validation failure. Invalid audience.",
        Refusal::Tenant => "Access token validation failure. Invalid tenant.",
    };
    let answer = error(state, call, 401, "InvalidAuthenticationToken", message);
    with(
        answer,
        "www-authenticate",
        "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", client_id=\"00000003-0000-0000-c000-000000000000\"",
    )
}

/// Too much was asked of the directory.
pub(super) fn throttled(state: &State, call: &Call, wait: i64, scope: &str) -> Answer {
    let answer = error(state, call, 429, "TooManyRequests", "Please retry again later.");
    let answer = with(answer, "retry-after", &wait.to_string());
    let answer = with(answer, "x-ms-throttle-scope", scope);
    with(answer, "x-ms-throttle-information", "ResourceUnitLimitExceeded")
}

/// Too much was asked of one mailbox.
pub(super) fn mailbox_throttled(state: &State, call: &Call, wait: i64) -> Answer {
    let answer = error(state, call, 429, "ApplicationThrottled", "Application is over its MailboxConcurrency limit.");
    with(answer, "retry-after", &wait.to_string())
}
