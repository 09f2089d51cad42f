//! What an EWS answer means: three carriers of errors (response class, SOAP fault, bare status), one meaning each.

use std::time::Duration;

use http::StatusCode;

use crate::evidence::Cause;
use crate::evidence::mailbox::EwsAnswer;
use crate::service::one_line;
use crate::service::xml::Element;
use crate::transport::retry::{by_status, describe};
use crate::transport::{Answer, Reading, Trouble};

/// Header that names the policy of a 403 (Microsoft: Control access to EWS in Exchange).
const POLICY_REASON: &str = "x-ews-policy-reason";

/// What a response code asks of the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// Fewer requests.
    Pushback,
    /// Try again.
    Transient,
    /// Our application may not.
    NotPermitted,
    /// No such mailbox here.
    NoMailbox,
    /// Refused for a reason of its own.
    Refused,
}

/// Response codes with a meaning for us (Microsoft: ResponseCode; EWS throttling in Exchange). Every other code
/// says nothing about the mailbox.
const CODES: &[(&str, Meaning)] = &[
    ("ErrorServerBusy", Meaning::Pushback),
    ("ErrorExceededConnectionCount", Meaning::Pushback),
    ("ErrorExceededSubscriptionCount", Meaning::Pushback),
    ("ErrorTooManyObjectsOpened", Meaning::Pushback),
    ("ErrorMailboxMoveInProgress", Meaning::Transient),
    ("ErrorMailboxFailover", Meaning::Transient),
    ("ErrorMailboxStoreUnavailable", Meaning::Transient),
    ("ErrorConnectionFailed", Meaning::Transient),
    ("ErrorADUnavailable", Meaning::Transient),
    ("ErrorADOperation", Meaning::Transient),
    ("ErrorInternalServerError", Meaning::Transient),
    ("ErrorInternalServerTransientError", Meaning::Transient),
    ("ErrorInsufficientResources", Meaning::Transient),
    ("ErrorTimeoutExpired", Meaning::Transient),
    ("ErrorNoRespondingCASInDestinationSite", Meaning::Transient),
    ("ErrorAccessDenied", Meaning::NotPermitted),
    ("ErrorImpersonateUserDenied", Meaning::NotPermitted),
    ("ErrorImpersonationDenied", Meaning::NotPermitted),
    ("ErrorImpersonationFailed", Meaning::NotPermitted),
    ("ErrorNonExistentMailbox", Meaning::NoMailbox),
    ("ErrorMissingEmailAddress", Meaning::NoMailbox),
    ("ErrorInvalidLicense", Meaning::Refused),
    ("ErrorOrganizationAccessBlocked", Meaning::Refused),
    ("ErrorAccountDisabled", Meaning::Refused),
    ("ErrorPasswordExpired", Meaning::Refused),
];

/// An error found in an answer.
struct Said {
    code: String,
    message: String,
    back_off: Option<Duration>,
}

impl Said {
    fn meaning(&self) -> Option<Meaning> {
        CODES.iter().find(|(code, _)| *code == self.code).map(|(_, meaning)| *meaning)
    }
}

/// An answer's SOAP, or why there is none. Kept beside the answer: XML is dear to parse.
pub type Document = Result<Element, String>;

/// Parses what SOAP an answer has.
///
/// # Errors
/// In words, when there is none.
pub fn document(answer: &Answer) -> Document {
    match answer.status {
        StatusCode::OK | StatusCode::INTERNAL_SERVER_ERROR => Element::parse(&answer.body),
        _ => Err("only 200 and 500 come with SOAP".to_owned()),
    }
}

/// Whether to ask again, and when.
#[must_use]
pub fn reading(answer: &Answer, document: &Document) -> Reading {
    match answer.status.as_u16() {
        200 | 500 => {}
        302 if answer.header("location").is_some_and(|to| to.to_ascii_lowercase().contains("genericerrorpage")) => {
            return Reading::Transient(Cause::Outage, "EWS sent us to its error page".to_owned());
        }
        _ => return by_status(answer),
    }
    let Ok(document) = document else {
        return match answer.status {
            StatusCode::OK => {
                Reading::Transient(Cause::Unreadable, "EWS answered with something that is not XML".to_owned())
            }
            _ => by_status(answer),
        };
    };
    let Some(said) = error_in(document) else { return Reading::Final };
    let text = format!("{}: {}", said.code, said.message);
    match said.meaning() {
        Some(Meaning::Pushback) => Reading::Pushback(said.back_off, text),
        Some(Meaning::Transient) => Reading::Transient(Cause::Outage, text),
        // A fault without any code is the server's trouble, not an answer.
        None if said.code.is_empty() => {
            Reading::Transient(Cause::Inconclusive, "EWS failed without saying why".to_owned())
        }
        _ => Reading::Final,
    }
}

/// What a final answer says about the mailbox.
///
/// # Errors
/// When it settles nothing.
pub fn interpret(answer: &Answer, document: &Document) -> Result<EwsAnswer, Trouble> {
    match answer.status {
        StatusCode::OK | StatusCode::INTERNAL_SERVER_ERROR => interpret_body(document),
        StatusCode::FORBIDDEN => Ok(interpret_forbidden(answer)),
        StatusCode::UNAUTHORIZED => Err(interpret_unauthorized(answer)),
        status => {
            let detail = format!("EWS answered {}, which settles nothing", describe(status));
            Err(Trouble::new(Cause::Inconclusive, detail))
        }
    }
}

fn interpret_body(document: &Document) -> Result<EwsAnswer, Trouble> {
    let document = document
        .as_ref()
        .map_err(|error| Trouble::new(Cause::Unreadable, format!("the answer of EWS cannot be read: {error}")))?;
    let inconclusive = |detail: String| Err(Trouble::new(Cause::Inconclusive, detail));
    let Some(Said { code, message, .. }) = error_in(document) else {
        let opened =
            document.find("GetFolderResponseMessage").is_some_and(|message| message.find("FolderId").is_some());
        return match opened {
            true => Ok(EwsAnswer::Works),
            false => inconclusive("EWS answered another question than the one we asked".to_owned()),
        };
    };
    let said = Said { code, message, back_off: None };
    match said.meaning() {
        Some(Meaning::NoMailbox) => Ok(EwsAnswer::NoMailbox { code: said.code }),
        Some(Meaning::NotPermitted) => Ok(EwsAnswer::NotPermitted { code: said.code, message: said.message }),
        Some(Meaning::Refused) => Ok(EwsAnswer::RefusedOther { code: said.code, message: said.message }),
        _ => inconclusive(format!("EWS says {} ({}), which tells nothing about the mailbox", said.code, said.message)),
    }
}

/// The error of a response message or fault; `None`: there is none.
fn error_in(document: &Element) -> Option<Said> {
    if let Some(fault) = document.find("Fault") {
        return Some(error_of_fault(fault));
    }
    let message = document.find_all("ResponseCode").into_iter().find(|code| code.text != "NoError")?;
    let holder = document.find("ResponseMessages").unwrap_or(document);
    // A server error may hide a busy server inside.
    let inner = value_named(holder, "InnerErrorResponseCode");
    Some(Said {
        code: one_line(inner.unwrap_or(&message.text)),
        message: one_line(holder.find("MessageText").map_or("", |text| &text.text)),
        back_off: back_off(holder),
    })
}

fn error_of_fault(fault: &Element) -> Said {
    let faultcode = fault.child_text("faultcode").unwrap_or_default();
    let faultcode = faultcode.rsplit(':').next().unwrap_or_default();
    let text = fault.child_text("faultstring").unwrap_or_default();
    let code = match fault.find("ResponseCode") {
        Some(code) => code.text.clone(),
        // Servers before 2010 put only the exception's class name into the text.
        None if text.contains("AccessDeniedException") => "ErrorAccessDenied".to_owned(),
        None => faultcode.to_owned(),
    };
    let code = value_named(fault, "InnerErrorResponseCode").map_or(code, str::to_owned);
    Said { code: one_line(&code), message: one_line(text), back_off: back_off(fault) }
}

fn back_off(element: &Element) -> Option<Duration> {
    value_named(element, "BackOffMilliseconds")?.parse().ok().map(Duration::from_millis)
}

fn value_named<'a>(element: &'a Element, name: &str) -> Option<&'a str> {
    let values = element.find_all("Value").into_iter();
    values.filter(|value| value.attribute("Name") == Some(name)).map(|value| value.text.as_str()).next()
}

/// A 403 proves a policy only by its header; without it anything may have refused the call.
fn interpret_forbidden(answer: &Answer) -> EwsAnswer {
    let Some(reason) = answer.header(POLICY_REASON).map(one_line) else {
        let message = one_line(&answer.text());
        return EwsAnswer::RefusedOther { code: "HTTP 403 without a policy reason".to_owned(), message };
    };
    let lower = reason.to_ascii_lowercase();
    if lower.contains("disabled") {
        EwsAnswer::RefusedSwitch { reason }
    } else if lower.contains("blocked by policy") {
        EwsAnswer::RefusedPolicy { reason }
    } else {
        EwsAnswer::RefusedOther { code: "HTTP 403 with an unknown policy reason".to_owned(), message: reason }
    }
}

fn interpret_unauthorized(answer: &Answer) -> Trouble {
    let challenges: Vec<_> =
        answer.headers.get_all("www-authenticate").iter().filter_map(|value| value.to_str().ok()).collect();
    let bearer = challenges.iter().any(|challenge| challenge.to_ascii_lowercase().starts_with("bearer"));
    if !bearer && !challenges.is_empty() {
        let detail = "the server behind EWS takes no OAuth tokens, so it cannot be checked with one";
        return Trouble::new(Cause::Inconclusive, detail);
    }
    let diagnostics = answer.header("x-ms-diagnostics").map(one_line).unwrap_or_default();
    let said = if diagnostics.is_empty() { String::new() } else { format!(": {diagnostics}") };
    Trouble::new(Cause::SignIn, format!("EWS refused our token (wrong audience, missing role, or expired){said}"))
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
