//! Autodiscover in its three forms: V2 (JSON), POX and SOAP.

mod pox;
mod soap;
mod v2;

use axum::http::{Method, StatusCode};

use super::call::{Answer, Call, bare, with};
use super::server::State;
use super::tenant::{Person, Place};
use super::token::CHALLENGE;

/// Answers a request below `/autodiscover`.
pub(super) fn serve(state: &State, call: &Call) -> Answer {
    let path = call.lower();
    match path.get(1).map(String::as_str) {
        Some("autodiscover.json") => v2::cloud(state, call, &path),
        Some("autodiscover.xml") => pox::serve(state, call),
        Some("autodiscover.svc") if call.method == Method::POST => soap::serve(state, call),
        _ => bare(StatusCode::NOT_FOUND),
    }
}

/// Autodiscover V2 as an on-premises server answers it.
pub(super) fn on_premises(state: &State, call: &Call, host: &str) -> Answer {
    v2::on_premises(state, call, host)
}

/// Where a client of this account belongs.
enum Route {
    Cloud(Person),
    OnPremises(Person, String),
    /// Nobody here, though the domain may be the tenant's.
    Nobody,
}

fn route(state: &State, address: &str) -> Route {
    let Some(person) = state.tenant.people.recipient(address).map(std::borrow::Cow::into_owned) else {
        return Route::Nobody;
    };
    match person.mailbox.place.clone() {
        Place::Cloud => Route::Cloud(person),
        Place::OnPremises(host) => Route::OnPremises(person, host),
        Place::Nowhere | Place::Inactive => Route::Nobody,
    }
}

/// What a caller without a good token is told. The words in the diagnostics tell some clients to use OAuth.
fn unauthorized() -> Answer {
    let refused = with(bare(StatusCode::UNAUTHORIZED), "www-authenticate", CHALLENGE);
    with(refused, "ms-diagnostics-public", "4001000;reason=\"Modern Auth is required.\"")
}

/// The EWS address that this origin serves.
fn ews_url(call: &Call) -> String {
    format!("{}/EWS/Exchange.asmx", call.origin)
}
