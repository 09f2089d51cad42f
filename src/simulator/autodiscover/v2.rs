//! Autodiscover V2: `GET /autodiscover/autodiscover.json?Email=…&Protocol=…`, anonymous.

use axum::http::{Method, StatusCode};
use serde_json::json;

use super::{Route, ews_url, route};
use crate::simulator::call::{Answer, Call, about, answer, bare, found, huge, json as reply, with};
use crate::simulator::server::State;
use crate::simulator::tenant::Trouble;

/// Protocols of Exchange Online.
const CLOUD: [&str; 12] = [
    "ActiveSync",
    "AutodiscoverV1",
    "Ews",
    "Rest",
    "Substrate",
    "SubstrateSearchService",
    "SubstrateNotificationService",
    "OutlookMeetingScheduler",
    "Actions",
    "Connectors",
    "ToDo",
    "OutlookCloudSettingsService",
];
/// Protocols of Exchange Server.
const SERVER: [&str; 4] = ["ActiveSync", "AutodiscoverV1", "Ews", "Rest"];

const KIND: &str = "autodiscover.v2";

struct Question {
    email: String,
    protocol: String,
    redirects: u32,
}

/// Reads the question; both forms, `?Email=` and `/v1.0/{address}`. The error is the answer to give.
fn question(call: &Call, path: &[String], known: &[&str], cloud: bool) -> Result<Question, Box<Answer>> {
    let refuse = |code: &str, message: &str| {
        let body = json!({"ErrorCode": code, "ErrorMessage": message});
        Box::new(about(reply(StatusCode::BAD_REQUEST, &body), KIND, None))
    };
    if call.method != Method::GET {
        return Err(Box::new(about(bare(StatusCode::METHOD_NOT_ALLOWED), KIND, None)));
    }
    let in_path = match path {
        [version, _] if version == "v1.0" => call.segments.last().cloned(),
        _ => None,
    };
    let malformed = "The get request sent does not match the valid format.";
    let email = in_path.or_else(|| call.query("Email").map(str::to_owned)).filter(|email| email.contains('@'));
    let email = email.ok_or_else(|| refuse("MandatoryParameterMissing", malformed))?;
    let missing = "A valid value must be provided for the query parameter 'Protocol'.";
    let protocol =
        call.query("Protocol").filter(|word| !word.is_empty()).ok_or_else(|| refuse("MissingProtocol", missing))?;
    if !known.iter().any(|word| word.eq_ignore_ascii_case(protocol)) {
        let list = known.join(", ");
        return Err(if cloud {
            refuse(
                "ProtocolNotSupported",
                &format!("Protocol: The protocol '{protocol}' is not supported. Supported protocols are: '{list}'"),
            )
        } else {
            refuse(
                "InvalidProtocol",
                &format!("The given protocol value '{protocol}' is invalid. Supported values are '{list}'"),
            )
        });
    }
    let redirects = call.query("RedirectCount").and_then(|count| count.parse().ok()).unwrap_or(0);
    Ok(Question { email, protocol: protocol.to_owned(), redirects })
}

fn location(base: &str, question: &Question) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("Email", &question.email);
    query.append_pair("Protocol", &question.protocol);
    query.append_pair("RedirectCount", &(question.redirects + 1).to_string());
    format!("{base}/autodiscover/autodiscover.json?{}", query.finish())
}

fn url_of(protocol: &str, base: &str, ews: &str) -> String {
    match protocol.to_ascii_lowercase().as_str() {
        "ews" => ews.to_owned(),
        "activesync" => format!("{base}/Microsoft-Server-ActiveSync"),
        "autodiscoverv1" => format!("{base}/autodiscover/autodiscover.xml"),
        "rest" => format!("{base}/api"),
        _ => format!("{base}/{}", protocol.to_ascii_lowercase()),
    }
}

/// Exchange Online's answer.
pub(super) fn cloud(state: &State, call: &Call, path: &[String]) -> Answer {
    let question = match question(call, path.get(2..).unwrap_or_default(), &CLOUD, true) {
        Ok(question) => question,
        Err(refused) => return *refused,
    };
    let asked = Some(question.email.as_str());
    if state.faults.faults().endless_redirects {
        return about(found(&location(&call.origin, &question)), KIND, asked);
    }
    if let Some(answer) = trouble(state, &question.email) {
        return about(answer, KIND, asked);
    }
    let answered = match route(state, &question.email) {
        Route::Cloud(_) => {
            let mut body =
                json!({"Protocol": question.protocol, "Url": url_of(&question.protocol, &call.origin, &ews_url(call))});
            if let (Some(true), Some(object)) =
                (call.query("ServerLocation").map(|word| word.eq_ignore_ascii_case("true")), body.as_object_mut())
            {
                object.insert("ServerLocation".to_owned(), json!("EUR"));
            }
            with(reply(StatusCode::OK, &body), "x-calculatedbetarget", "sim0001.eurprd01.prod.outlook.com")
        }
        Route::OnPremises(_, host) => found(&location(&format!("{}/onprem/{host}", call.origin), &question)),
        // An address of the tenant's domains is sent round in a circle; of other domains nothing is known.
        Route::Nobody if state.tenant.owns_domain_of(&question.email) => found(&location(&call.origin, &question)),
        Route::Nobody => {
            let message = format!("The user '{}' could not be found.", question.email);
            reply(StatusCode::NOT_FOUND, &json!({"ErrorCode": "UserNotFound", "ErrorMessage": message}))
        }
    };
    about(answered, KIND, asked)
}

/// Trouble with one address, for ever.
pub(super) fn trouble(state: &State, email: &str) -> Option<Answer> {
    let person = state.tenant.people.recipient(email)?;
    Some(match person.mailbox.autodiscover_trouble? {
        Trouble::Throttled | Trouble::ThrottledInside200 | Trouble::TooManyRequests => with(
            answer(StatusCode::TOO_MANY_REQUESTS, "text/plain", ""),
            "retry-after",
            &person.mailbox.retry_after.to_string(),
        ),
        Trouble::Garbage | Trouble::EmptyFault => answer(StatusCode::OK, "application/json", "{\"Protocol\":"),
        Trouble::Html | Trouble::ErrorPage => {
            answer(StatusCode::OK, "text/html; charset=utf-8", "<html><body>Welcome</body></html>")
        }
        Trouble::Unavailable | Trouble::Moving => {
            answer(StatusCode::SERVICE_UNAVAILABLE, "text/html", "<html><body>503</body></html>")
        }
        Trouble::Huge => answer(StatusCode::OK, "application/json", huge()),
        Trouble::HostingPanel => {
            answer(StatusCode::NOT_FOUND, "text/html", "<html><body>File not found.</body></html>")
        }
        Trouble::ForbiddenWithoutReason => bare(StatusCode::FORBIDDEN),
        Trouble::NoExchangeSection => return None,
    })
}

/// An on-premises server's answer: it knows its own mailboxes only.
pub(super) fn on_premises(state: &State, call: &Call, host: &str) -> Answer {
    let path = call.lower();
    let question = match question(call, path.get(4..).unwrap_or_default(), &SERVER, false) {
        Ok(question) => question,
        Err(refused) => return *refused,
    };
    let kind = "autodiscover.v2.onprem";
    match route(state, &question.email) {
        Route::OnPremises(_, own) if own.eq_ignore_ascii_case(host) => {
            let base = format!("https://{host}");
            let url = url_of(&question.protocol, &base, &format!("{base}/EWS/Exchange.asmx"));
            about(
                reply(StatusCode::OK, &json!({"Protocol": question.protocol, "Url": url})),
                kind,
                Some(&question.email),
            )
        }
        _ => {
            let message = format!("The user '{}' could not be found.", question.email);
            about(
                reply(StatusCode::NOT_FOUND, &json!({"ErrorCode": "UserNotFound", "ErrorMessage": message})),
                kind,
                Some(&question.email),
            )
        }
    }
}
