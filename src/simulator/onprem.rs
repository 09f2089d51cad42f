//! On-premises servers, below `/onprem/{host}`: Autodiscover answers, EWS and the REST directory ask for other credentials.

use axum::http::StatusCode;

use super::autodiscover;
use super::call::{Answer, Call, about, bare, found, with};
use super::server::State;
use super::tenant::{Scheme, Server};
use super::token::CHALLENGE;

/// Answers a request to an on-premises server.
pub(super) fn serve(state: &State, call: &Call) -> Answer {
    let path = call.lower();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let ["onprem", host, rest @ ..] = path.as_slice() else { return bare(StatusCode::NOT_FOUND) };
    let server = state.tenant.exchange.on_premises.iter().find(|server| server.host.eq_ignore_ascii_case(host));
    let Some(server) = server else { return bare(StatusCode::NOT_FOUND) };
    let kind = match rest {
        ["autodiscover", "autodiscover.json", ..] => return autodiscover::on_premises(state, call, host),
        ["ews", "exchange.asmx"] => "onprem.ews",
        ["autodiscover", "autodiscover.xml" | "autodiscover.svc"] => "onprem.autodiscover",
        ["api", ..] if server.api => "onprem.api",
        ["api", ..] => return about(bare(StatusCode::NOT_FOUND), "onprem.api", None),
        _ => return bare(StatusCode::NOT_FOUND),
    };
    if server.forms {
        let form = format!("{}/onprem/{}/owa/auth/logon.aspx?replaceCurrent=1", call.origin, server.host);
        return about(found(&form), kind, None);
    }
    about(unauthorized(call, server), kind, None)
}

/// The schemes of the server; the bearer challenge comes out when an empty bearer token is sent.
fn unauthorized(call: &Call, server: &Server) -> Answer {
    let sent = call.header("authorization").unwrap_or_default().trim_start().to_ascii_lowercase();
    let challenges = server.schemes.iter().filter_map(|scheme| match scheme {
        Scheme::Negotiate => Some("Negotiate".to_owned()),
        Scheme::Ntlm => Some("NTLM".to_owned()),
        Scheme::Basic => Some(format!("Basic realm=\"{}\"", server.host)),
        Scheme::Bearer => sent.starts_with("bearer").then(|| CHALLENGE.to_owned()),
    });
    let answer =
        challenges.fold(bare(StatusCode::UNAUTHORIZED), |answer, text| with(answer, "www-authenticate", &text));
    with(answer, "x-feserver", server.host.split('.').next().unwrap_or_default())
}
