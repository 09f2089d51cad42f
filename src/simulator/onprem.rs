//! On-premises servers, below `/onprem/{host}`: Autodiscover answers, EWS and the REST directory ask for other credentials.

use axum::http::StatusCode;

use super::autodiscover;
use super::call::{Answer, Call, about, bare, with};
use super::server::State;
use super::token::CHALLENGE;

/// Answers a request to an on-premises server.
pub(super) fn serve(state: &State, call: &Call) -> Answer {
    let path = call.lower();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let ["onprem", host, rest @ ..] = path.as_slice() else { return bare(StatusCode::NOT_FOUND) };
    if !state.tenant.exchange.on_premises.iter().any(|own| own.eq_ignore_ascii_case(host)) {
        return bare(StatusCode::NOT_FOUND);
    }
    match rest {
        ["autodiscover", "autodiscover.json", ..] => autodiscover::on_premises(state, call, host),
        ["ews", "exchange.asmx"] => about(unauthorized(call, host), "onprem.ews", None),
        ["autodiscover", "autodiscover.xml" | "autodiscover.svc"] => {
            about(unauthorized(call, host), "onprem.autodiscover", None)
        }
        // Published where hybrid servers have the REST directory: it wants credentials as EWS does.
        ["api", ..] => about(unauthorized(call, host), "onprem.api", None),
        _ => bare(StatusCode::NOT_FOUND),
    }
}

/// The schemes of an Exchange Server; the bearer challenge comes out when an empty bearer token is sent.
fn unauthorized(call: &Call, host: &str) -> Answer {
    let mut answer = bare(StatusCode::UNAUTHORIZED);
    if call.header("authorization").is_some_and(|value| {
        value.trim().eq_ignore_ascii_case("bearer") || value.to_ascii_lowercase().starts_with("bearer ")
    }) {
        answer = with(answer, "www-authenticate", CHALLENGE);
    }
    answer = with(answer, "www-authenticate", "Negotiate");
    answer = with(answer, "www-authenticate", "NTLM");
    with(answer, "x-feserver", host.split('.').next().unwrap_or_default())
}
