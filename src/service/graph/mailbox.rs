//! Does Graph open the mailbox, and what kind is it?

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::directory::Listing;
use super::{Graph, Links, encoded, error_of, list_by_status, read, trouble};
use crate::evidence::mailbox::{Delegate, GraphAnswer, GraphRefusal, MailboxPurpose};
use crate::transport::retry::shaped_by_status;
use crate::transport::{Answer, Reading, ScopeId, Trouble};

/// The question that proves a mailbox, by the permission at hand. All prove token, permission and mailbox in
/// one request; the first also tells the kind of mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probe {
    /// `mailboxSettings/userPurpose`, with `MailboxSettings.Read`.
    Purpose,
    /// `calendar?$select=id`, with `Calendars.Read` or `Calendars.ReadBasic.All`.
    Calendar,
    /// `mailFolders/inbox?$select=id`, with `Mail.ReadBasic.All` or more.
    Inbox,
}

impl Probe {
    /// The best probe for the permissions of a token. Without any of them the first: permissions may come from
    /// Exchange (RBAC for Applications), which the token does not show.
    #[must_use]
    pub fn for_roles(roles: &[String]) -> Self {
        let holds = |prefix: &str| roles.iter().any(|role| role.starts_with(prefix));
        if holds("MailboxSettings.") {
            Self::Purpose
        } else if holds("Calendars.") {
            Self::Calendar
        } else if holds("Mail.") {
            Self::Inbox
        } else {
            Self::Purpose
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Purpose => "mailboxSettings/userPurpose",
            Self::Calendar => "calendar?$select=id",
            Self::Inbox => "mailFolders/inbox?$select=id",
        }
    }
}

impl Graph {
    /// Asks Graph to open a user's mailbox.
    ///
    /// # Errors
    /// When no answer could be had, or one that settles nothing.
    pub async fn open_mailbox(&self, object_id: &str, probe: Probe) -> Result<GraphAnswer, Trouble> {
        let path = format!("users/{}/{}", encoded(object_id), probe.path());
        interpret(&self.ask(ScopeId::Mailbox, self.url(&path)?, by_status).await?)
    }

    /// Asks who may open a user's calendar; entries without an address ("My Organization") are left out.
    ///
    /// # Errors
    /// When no answer could be had, or one that settles nothing.
    pub async fn delegates(&self, object_id: &str) -> Result<Vec<Delegate>, Trouble> {
        let mut url = self.url(&format!("users/{}/calendar/calendarPermissions", encoded(object_id)))?;
        let (mut links, mut delegates) = (Links::up_to(MOST_PAGES), Vec::new());
        loop {
            let answer = self.ask(ScopeId::Mailbox, url, list_by_status).await?;
            // Where there is no mailbox nobody opens its calendar.
            if is_without_mailbox(&answer) {
                return Ok(delegates);
            }
            let page: Listing<Permission> = read(&answer, "calendar permissions")?;
            links.follow(page.next.as_deref(), page.value.len())?;
            delegates.extend(page.value.into_iter().filter_map(Permission::into_delegate));
            match page.next {
                Some(next) => url = self.same_host(&next)?,
                None => return Ok(delegates),
            }
        }
    }
}

fn is_without_mailbox(answer: &Answer) -> bool {
    use GraphAnswer::{NoMailbox, UnknownToExchange, UnsupportedMailbox};
    matches!(interpret(answer), Ok(NoMailbox { .. } | UnsupportedMailbox { .. } | UnknownToExchange { .. }))
}

/// Pages of one calendar's permissions; a page has ten at least.
const MOST_PAGES: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Permission {
    role: Option<String>,
    email_address: Option<EmailAddress>,
}

impl Permission {
    fn into_delegate(self) -> Option<Delegate> {
        let EmailAddress { address, name } = self.email_address?;
        let (name, role) = (name.unwrap_or_default(), self.role.unwrap_or_default());
        Some(Delegate { address: address?, name, role })
    }
}

#[derive(Deserialize)]
struct EmailAddress {
    address: Option<String>,
    name: Option<String>,
}

/// What an opened mailbox answers with: its `id`, or its purpose. `mailboxSettings/userPurpose` holds the word as
/// `value`; `mailboxSettings` as a member, bare or as an object with a `value` of its own.
#[derive(Deserialize)]
#[serde(try_from = "Map<String, Value>")]
struct Opened(Option<MailboxPurpose>);

impl TryFrom<Map<String, Value>> for Opened {
    type Error = &'static str;

    fn try_from(answer: Map<String, Value>) -> Result<Self, Self::Error> {
        let said = ["value", "userPurpose", "id"].iter().find_map(|name| answer.get(*name));
        let said = said.filter(|said| !said.is_array()).ok_or("it holds nothing of a mailbox")?;
        Ok(Self(said.get("value").unwrap_or(said).as_str().and_then(purpose_of)))
    }
}

/// Reads a mailbox's answer by status; a success that holds nothing of a mailbox opens none.
#[must_use]
pub fn by_status(answer: &Answer) -> Reading {
    shaped_by_status::<Opened>(answer)
}

/// The failure map of Exchange's side of Graph.
///
/// # Errors
/// When the answer settles nothing.
pub fn interpret(answer: &Answer) -> Result<GraphAnswer, Trouble> {
    if answer.status.is_success() {
        let Opened(purpose) = read(answer, "the mailbox")?;
        return Ok(GraphAnswer::Answers { purpose });
    }
    let (code, message) = error_of(answer);
    let refused = |by| Ok(GraphAnswer::Refused { by, message: message.clone() });
    match (answer.status, code.as_str()) {
        (StatusCode::NOT_FOUND, "MailboxNotEnabledForRESTAPI") => Ok(GraphAnswer::NoMailbox { message }),
        (StatusCode::NOT_FOUND, "MailboxNotSupportedForRESTAPI") => Ok(GraphAnswer::UnsupportedMailbox { message }),
        (StatusCode::NOT_FOUND, "ErrorInvalidUser" | "ResourceNotFound" | "Request_ResourceNotFound") => {
            Ok(GraphAnswer::UnknownToExchange { message })
        }
        (StatusCode::FORBIDDEN, _) if message.contains("[RAOP]") => refused(GraphRefusal::AccessPolicy),
        (StatusCode::FORBIDDEN, _) if message.contains("Access to OData is disabled") => {
            refused(GraphRefusal::UserAgentPolicy)
        }
        (StatusCode::FORBIDDEN, "ErrorAccessDenied" | "Authorization_RequestDenied" | "AccessDenied") => {
            refused(GraphRefusal::AccessDenied)
        }
        _ => Err(trouble(answer, "the mailbox")),
    }
}

fn purpose_of(word: &str) -> Option<MailboxPurpose> {
    match word {
        "user" => Some(MailboxPurpose::User),
        "linked" => Some(MailboxPurpose::Linked),
        "shared" => Some(MailboxPurpose::Shared),
        "room" => Some(MailboxPurpose::Room),
        "equipment" => Some(MailboxPurpose::Equipment),
        "others" => Some(MailboxPurpose::Others),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Cause;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: http::HeaderMap::new(),
            body: body.to_owned().into(),
        }
    }

    fn error(status: u16, code: &str, message: &str) -> Answer {
        answer(status, &serde_json::json!({"error": {"code": code, "message": message}}).to_string())
    }

    #[test]
    fn a_mailbox_answers_with_its_purpose_or_with_none_that_we_know() {
        let of = |body| interpret(&answer(200, body)).unwrap();
        let shared = GraphAnswer::Answers { purpose: Some(MailboxPurpose::Shared) };
        assert_eq!(of(r#"{"@odata.context":"x","value":"shared"}"#), shared);
        assert_eq!(of(r#"{"timeZone":"UTC","userPurpose":"shared"}"#), shared);
        assert_eq!(of(r#"{"userPurpose":{"value":"shared"}}"#), shared);
        assert_eq!(of(r#"{"value":"unknownFutureValue"}"#), GraphAnswer::Answers { purpose: None });
        assert_eq!(of(r#"{"id":"AAMk"}"#), GraphAnswer::Answers { purpose: None });
        assert_eq!(of(r#"{"@odata.context":"x","value":null}"#), GraphAnswer::Answers { purpose: None });
    }

    #[test]
    fn a_success_that_holds_nothing_of_a_mailbox_opens_none_and_is_asked_again() {
        for body in ["{}", r#"{"@odata.context":"x"}"#, r#"{"value":[]}"#, r#"{"d":{"id":"AAMk"}}"#, "[]", "42"] {
            let answer = answer(200, body);
            assert_eq!(interpret(&answer).unwrap_err().cause, Cause::Unreadable, "{body}");
            assert!(matches!(by_status(&answer), Reading::Transient(Cause::Unreadable, _)), "{body}");
        }
        assert_eq!(by_status(&answer(200, r#"{"value":"user"}"#)), Reading::Final);
    }

    #[test]
    fn each_refusal_is_told_from_the_others() {
        let raop = "Access to OData is disabled: [RAOP] : Blocked by tenant configured AppOnly AccessPolicy settings.";
        let cases = [
            (raop, GraphRefusal::AccessPolicy),
            ("Access to OData is disabled.", GraphRefusal::UserAgentPolicy),
            ("Access is denied. Check credentials and try again.", GraphRefusal::AccessDenied),
        ];
        for (message, by) in cases {
            let expected = GraphAnswer::Refused { by, message: message.to_owned() };
            assert_eq!(interpret(&error(403, "ErrorAccessDenied", message)).unwrap(), expected);
        }
    }

    #[test]
    fn what_settles_nothing_keeps_its_status_and_its_kind() {
        let unreadable = interpret(&answer(400, "{\"error\": {\"code\": \"x\",}}")).unwrap_err();
        assert_eq!(unreadable.cause, Cause::Inconclusive);
        assert!(unreadable.detail.contains("400"), "{unreadable}");
        assert_eq!(interpret(&error(401, "InvalidAuthenticationToken", "")).unwrap_err().cause, Cause::SignIn);
        assert_eq!(interpret(&error(403, "Other", "no")).unwrap_err().cause, Cause::NotPermitted);
    }

    #[test]
    fn the_probe_follows_the_permission() {
        let roles = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(Probe::for_roles(&roles(&["User.Read.All", "MailboxSettings.Read"])), Probe::Purpose);
        assert_eq!(Probe::for_roles(&roles(&["Calendars.ReadBasic.All"])), Probe::Calendar);
        assert_eq!(Probe::for_roles(&roles(&["Mail.ReadBasic.All"])), Probe::Inbox);
        assert_eq!(Probe::for_roles(&[]), Probe::Purpose);
    }
}
