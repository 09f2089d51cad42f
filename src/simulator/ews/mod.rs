//! Exchange Web Services: `POST /EWS/Exchange.asmx`.

mod policy;
mod soap;

use axum::http::{Method, StatusCode};

use super::call::{Answer, Asked, AskedAll, Call, answer, bare, huge, with, xml};
use super::limits::EWS_OPEN;
use super::server::State;
use super::tenant::{EwsAccess, Person, Trouble};
use super::token::{self, CHALLENGE, Claims, Refusal, Resource};
use super::xml::Node;
use policy::{Caller, Closed};

/// `ErrorServerBusy`, with the wait in milliseconds where there is one.
pub(super) fn busy(wait: Option<u64>) -> Answer {
    let values: Vec<(&str, String)> = wait.map(|wait| ("BackOffMilliseconds", wait.to_string())).into_iter().collect();
    soap::fault("ErrorServerBusy", "The server cannot service this request right now. Try again later.", &values)
}

/// What one request came to, for the counters.
struct Outcome {
    answer: Answer,
    transient: bool,
}

impl Outcome {
    fn settled(answer: Answer) -> Self {
        Self { answer, transient: false }
    }

    fn transient(answer: Answer) -> Self {
        Self { answer, transient: true }
    }
}

/// Answers a request; the mailbox's connection is held for `delay`.
pub(super) async fn serve(state: &State, call: &Call, delay: std::time::Duration) -> Answer {
    let mailbox = call.header("x-anchormailbox").unwrap_or_default().to_lowercase();
    let lease = state.limits.enter(&format!("ews/{mailbox}"), EWS_OPEN);
    tokio::time::sleep(delay).await;
    if lease.is_err() {
        let values = [("Policy", "MaxConcurrency".to_owned()), ("MaxConcurrencyLimit", EWS_OPEN.to_string())];
        let message = "You have exceeded the available concurrent connections for your account. Try again once your other requests have completed.";
        return counted(soap::fault("ErrorExceededConnectionCount", message, &values), None, true);
    }
    if call.lower().get(1).map(String::as_str) != Some("exchange.asmx") {
        return bare(StatusCode::NOT_FOUND);
    }
    if call.method == Method::GET {
        // A browser is shown nothing without a token, as a client is.
        return counted(unauthorized(Refusal::Missing), None, false);
    }
    let claims = match token::read(
        &state.tenant,
        call.header("authorization"),
        Resource::Exchange,
        &call.origin,
        state.clock.now(),
    ) {
        Ok(claims) => claims,
        Err(refusal) => return counted(unauthorized(refusal), None, false),
    };
    let (outcome, about) = operation(state, call, &claims);
    let answer = counted(outcome.answer, about.as_deref(), outcome.transient);
    match (call.header("client-request-id"), call.header("return-client-request-id")) {
        (Some(id), Some(_)) => with(answer, "client-request-id", id),
        _ => answer,
    }
}

fn counted(mut answer: Answer, about: Option<&str>, transient: bool) -> Answer {
    let asked = Asked { kind: "ews", about: about.map(str::to_lowercase), transient };
    answer.extensions_mut().get_or_insert_default::<AskedAll>().0.push(asked);
    with(answer, "x-feserver", "SIM0001")
}

fn unauthorized(refusal: Refusal) -> Answer {
    let error = if refusal == Refusal::Missing { "" } else { ", error=\"invalid_token\"" };
    let challenge = format!("{CHALLENGE}{error}");
    let diagnostics = match refusal {
        Refusal::Missing => None,
        Refusal::Expired => Some("2000001;reason=\"The token has expired.\";error_category=\"token_expired\""),
        Refusal::Audience => Some(
            "2000003;reason=\"The audience claim value is invalid for the current resource.\";error_category=\"invalid_resource\"",
        ),
        Refusal::Tenant => {
            Some("2000004;reason=\"The tenant of the token is not known here.\";error_category=\"invalid_tenant\"")
        }
        Refusal::Malformed | Refusal::Signature => {
            Some("2000002;reason=\"The token has an invalid signature.\";error_category=\"invalid_signature\"")
        }
    };
    let refused = with(bare(StatusCode::UNAUTHORIZED), "www-authenticate", &challenge);
    match diagnostics {
        Some(text) => with(refused, "x-ms-diagnostics", text),
        None => refused,
    }
}

fn forbidden(closed: Closed) -> Outcome {
    Outcome::settled(with(bare(StatusCode::FORBIDDEN), "x-ews-policy-reason", closed.reason()))
}

/// The gate, the envelope, the mailbox, and then the operation.
fn operation(state: &State, call: &Call, claims: &Claims) -> (Outcome, Option<String>) {
    let agent = call.user_agent();
    let caller = Caller { app_id: &claims.appid, agent, now: state.clock.now(), cloud: state.tenant.cloud };
    let anchor = call.header("x-anchormailbox").map(str::to_owned);
    if let Err(closed) = policy::organization(&state.tenant.exchange, caller) {
        return (forbidden(closed), anchor);
    }
    let Some(envelope) = Node::parse(&call.body).filter(|node| node.name == "Envelope") else {
        let message = "The request failed schema validation: the message is not well-formed.";
        return (Outcome::settled(soap::fault("ErrorSchemaValidation", message, &[])), anchor);
    };
    let Some(request) = envelope.child("Body").and_then(|body| body.children.first()) else {
        return (Outcome::settled(soap::fault("ErrorInvalidRequest", "The request is invalid.", &[])), anchor);
    };
    if !claims.permits(&["full_access_as_app", "EWS.AccessAsUser.All"]) {
        let refused = with(
            bare(StatusCode::UNAUTHORIZED),
            "x-ms-diagnostics",
            "2000010;reason=\"The token does not carry the required role or scope.\";error_category=\"invalid_grant\"",
        );
        return (Outcome::settled(refused), anchor);
    }
    if let Some(outcome) = without_mailbox(request) {
        return (outcome, anchor);
    }
    let target = match target(&envelope, request, claims) {
        Ok(target) => target,
        Err(refused) => return (Outcome::settled(*refused), anchor),
    };
    let person = state.tenant.people.recipient(&target).map(std::borrow::Cow::into_owned);
    let about = person.as_ref().and_then(|person| person.primary.clone()).unwrap_or(target);
    let outcome = match person.filter(Person::in_cloud) {
        None => nobody(),
        Some(person) => in_mailbox(&person, agent, request),
    };
    (outcome, Some(about))
}

fn nobody() -> Outcome {
    let message = "The SMTP address has no mailbox associated with it.";
    Outcome::settled(soap::fault("ErrorNonExistentMailbox", message, &[]))
}

/// Whose mailbox is meant: the impersonated one, or the caller's own.
fn target(envelope: &Node, request: &Node, claims: &Claims) -> Result<String, Box<Answer>> {
    let impersonated = envelope.at(&["Header", "ExchangeImpersonation", "ConnectingSID"]);
    let named = impersonated.and_then(|sid| {
        ["PrimarySmtpAddress", "SmtpAddress", "PrincipalName"]
            .into_iter()
            .find_map(|name| sid.child(name))
            .map(|node| node.text().to_owned())
    });
    match (named, &claims.upn) {
        (Some(address), _) if !address.is_empty() => Ok(address),
        (None, Some(upn)) => {
            let other = request
                .find("Mailbox")
                .and_then(|mailbox| mailbox.child("EmailAddress"))
                .map(|node| node.text().to_owned());
            Ok(other.unwrap_or_else(|| upn.clone()))
        }
        _ if impersonated.is_some() => {
            let message = "The ExchangeImpersonation header does not name an account.";
            Err(Box::new(soap::fault("ErrorInvalidExchangeImpersonationHeaderData", message, &[])))
        }
        _ => {
            let message = "ExchangeImpersonation SOAP header must be present for this type of OAuth token.";
            Err(Box::new(soap::fault("ErrorInvalidExchangeImpersonationHeaderData", message, &[])))
        }
    }
}

/// Operations that need no mailbox.
fn without_mailbox(request: &Node) -> Option<Outcome> {
    match request.name.as_str() {
        "GetServerTimeZones" => {
            let zones = "<m:TimeZoneDefinitions><t:TimeZoneDefinition Id=\"UTC\" Name=\"(UTC) Coordinated Universal Time\"/></m:TimeZoneDefinitions>";
            Some(Outcome::settled(soap::response("GetServerTimeZones", &soap::success("GetServerTimeZones", zones))))
        }
        // A client that connects asks this to learn the server's version; the id it sends is none.
        "ConvertId" => {
            let ids = request.child("SourceIds").map_or(0, |ids| ids.children.len());
            let failed = soap::failure("ConvertId", "ErrorInvalidIdMalformed", "Id is malformed.", None);
            Some(Outcome::settled(soap::response("ConvertId", &failed.repeat(ids))))
        }
        _ => None,
    }
}

fn in_mailbox(person: &Person, agent: &str, request: &Node) -> Outcome {
    if let Err(closed) = policy::mailbox(&person.mailbox, agent) {
        return forbidden(closed);
    }
    if let Some(outcome) = trouble(person, &request.name) {
        return outcome;
    }
    let refusal = match person.mailbox.ews {
        EwsAccess::Answers => None,
        EwsAccess::ImpersonationDenied => Some((
            "ErrorImpersonateUserDenied",
            "The account does not have permission to impersonate the requested user.",
        )),
        EwsAccess::AccessPolicy => Some(("ErrorAccessDenied", "Access is denied. Check credentials and try again.")),
        EwsAccess::InvalidLicense => Some(("ErrorInvalidLicense", "The user does not have a valid license.")),
        EwsAccess::AccountDisabled => Some(("ErrorAccountDisabled", "The account is disabled.")),
    };
    if let Some((code, message)) = refusal {
        return Outcome::settled(soap::fault(code, message, &[]));
    }
    match request.name.as_str() {
        "GetFolder" => get_folder(person, request),
        "FindFolder" => {
            let root =
                "<m:RootFolder TotalItemsInView=\"0\" IncludesLastItemInRange=\"true\"><t:Folders/></m:RootFolder>";
            Outcome::settled(soap::response("FindFolder", &soap::success("FindFolder", root)))
        }
        "ResolveNames" => Outcome::settled(soap::response(
            "ResolveNames",
            &soap::failure("ResolveNames", "ErrorNameResolutionNoResults", "No results were found.", None),
        )),
        other => Outcome::settled(soap::fault(
            "ErrorInvalidRequest",
            &format!("The simulator does not serve the operation {other}."),
            &[],
        )),
    }
}

/// Trouble that this mailbox makes for ever.
fn trouble(person: &Person, operation: &str) -> Option<Outcome> {
    let wait = u64::from(person.mailbox.retry_after) * 1000;
    let html = |status: StatusCode| {
        answer(status, "text/html; charset=utf-8", "<html><body><h2>Service unavailable</h2></body></html>")
    };
    Some(match person.mailbox.ews_trouble? {
        Trouble::Throttled => Outcome::transient(busy(Some(wait))),
        Trouble::ThrottledInside200 => {
            let message = "An internal server error occurred. The operation failed.";
            let inner = soap::failure(operation, "ErrorInternalServerError", message, Some("ErrorServerBusy"));
            Outcome::transient(soap::response(operation, &inner))
        }
        Trouble::Garbage => {
            Outcome::settled(xml(StatusCode::OK, "<?xml version=\"1.0\"?><s:Envelope></s:Body>\u{1}<<<".to_owned()))
        }
        Trouble::Html => Outcome::settled(html(StatusCode::OK)),
        Trouble::Unavailable => Outcome::transient(html(StatusCode::SERVICE_UNAVAILABLE)),
        Trouble::Moving => Outcome::transient(soap::fault(
            "ErrorMailboxMoveInProgress",
            "Mailbox move in progress. Try again later.",
            &[],
        )),
        Trouble::ForbiddenWithoutReason => Outcome::settled(bare(StatusCode::FORBIDDEN)),
        Trouble::ErrorPage => Outcome::transient(super::call::found("/ews/genericerrorpage.htm")),
        Trouble::TooManyRequests => {
            let seconds = person.mailbox.retry_after.to_string();
            Outcome::transient(with(bare(StatusCode::TOO_MANY_REQUESTS), "retry-after", &seconds))
        }
        Trouble::Huge => Outcome::settled(xml(StatusCode::OK, huge())),
        Trouble::HostingPanel | Trouble::NoExchangeSection => return None,
        Trouble::EmptyFault => {
            let fault = "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><s:Fault/></s:Body></s:Envelope>";
            Outcome::settled(xml(StatusCode::INTERNAL_SERVER_ERROR, fault.to_owned()))
        }
    })
}

fn get_folder(person: &Person, request: &Node) -> Outcome {
    let shape = request.find("BaseShape").map(Node::text).unwrap_or_default();
    let id_only = shape == "IdOnly" && request.find("AdditionalProperties").is_none();
    let Some(ids) = request.child("FolderIds").filter(|ids| !ids.children.is_empty()) else {
        return Outcome::settled(soap::fault(
            "ErrorSchemaValidation",
            "The request failed schema validation: FolderIds is missing or empty.",
            &[],
        ));
    };
    let mut messages = String::new();
    for id in &ids.children {
        let given = id.attribute("Id").unwrap_or_default();
        let folder = if id.name == "DistinguishedFolderId" {
            soap::FOLDERS.iter().find(|folder| folder.word == given)
        } else {
            soap::Folder::by_id(given)
        };
        messages.push_str(&match folder {
            Some(folder) => {
                soap::success("GetFolder", &format!("<m:Folders>{}</m:Folders>", folder.element(person, id_only)))
            }
            None if id.name == "DistinguishedFolderId" => soap::failure(
                "GetFolder",
                "ErrorFolderNotFound",
                "The specified folder could not be found in the store.",
                None,
            ),
            None => soap::failure("GetFolder", "ErrorInvalidIdMalformed", "Id is malformed.", None),
        });
    }
    Outcome::settled(soap::response("GetFolder", &messages))
}
