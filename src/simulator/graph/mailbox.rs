//! The Outlook part of Graph: one mailbox's settings, calendar and folders, and all the reasons it refuses
//! (Microsoft Graph: Outlook mail, calendar and mailboxSettings resources).

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE as BASE64;
use serde_json::{Value, json};
use uuid::Uuid;

use super::error::{error, mailbox_throttled, no_segment};
use super::query::select;
use crate::simulator::call::{Answer, Call, answer, huge, json as reply};
use crate::simulator::limits::OUTLOOK;
use crate::simulator::server::State;
use crate::simulator::tenant::{CalendarRole, GraphAccess, Person, Place, Trouble};
use crate::simulator::token::Claims;

/// Answers a request below `/users/{key}/` that goes to the mailbox.
pub(super) fn serve(state: &State, call: &Call, claims: &Claims, key: &str, rest: &[&str]) -> Answer {
    let person = match open(state, call, claims, key) {
        Ok(person) => person,
        Err(refused) => return *refused,
    };
    let context = |what: &str| format!("{}/v1.0/$metadata#users('{}')/{what}", call.origin, person.id);
    let entity = |mut value: Value, what: &str| {
        if let Value::Object(object) = &mut value {
            object.insert("@odata.context".to_owned(), json!(context(what)));
        }
        reply(StatusCode::OK, &select(call, value))
    };
    match rest {
        ["mailboxsettings"] => entity(settings(&person), "mailboxSettings"),
        ["mailboxsettings", "userpurpose"] => {
            entity(json!({"value": person.mailbox.purpose.word()}), "mailboxSettings/userPurpose")
        }
        ["calendar"] => entity(calendar(&person), "calendar/$entity"),
        ["calendar", "calendarpermissions"] => reply(
            StatusCode::OK,
            &json!({"@odata.context": context("calendar/calendarPermissions"), "value": permissions(&person)}),
        ),
        ["mailfolders"] => {
            let folders: Vec<Value> =
                FOLDERS.iter().map(|(word, name)| select(call, folder(&person, word, name))).collect();
            reply(StatusCode::OK, &json!({"@odata.context": context("mailFolders"), "value": folders}))
        }
        ["mailfolders", word] => match FOLDERS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)) {
            Some((word, name)) => entity(folder(&person, word, name), "mailFolders/$entity"),
            None => error(state, call, 400, "ErrorInvalidIdMalformed", "Id is malformed."),
        },
        _ => no_segment(state, call, rest.last().copied().unwrap_or_default()),
    }
}

/// The mailbox behind a key, or the refusal the service gives, by cause.
fn open(state: &State, call: &Call, claims: &Claims, key: &str) -> Result<Person, Box<Answer>> {
    let refuse = |status: u16, code: &str, message: &str| Err(Box::new(error(state, call, status, code, message)));
    let Some(person) = state.tenant.people.recipient(key).map(std::borrow::Cow::into_owned) else {
        return refuse(404, "ErrorInvalidUser", &format!("The requested user '{key}' is invalid."));
    };
    let limit_key = format!("outlook/{}/{}", claims.appid, person.id);
    if let Err(wait) = state.limits.take(&limit_key, 1, OUTLOOK, state.clock.now()) {
        return Err(Box::new(mailbox_throttled(state, call, wait)));
    }
    if let Some(troubled) = trouble(state, call, &person) {
        return Err(Box::new(troubled));
    }
    match person.mailbox.place {
        Place::Cloud => {}
        Place::Nowhere | Place::OnPremises(_) | Place::Inactive => {
            let message = "The mailbox is either inactive, soft-deleted, or is hosted on-premise.";
            return refuse(404, "MailboxNotEnabledForRESTAPI", message);
        }
    }
    match person.mailbox.graph {
        GraphAccess::Answers => {}
        GraphAccess::AccessPolicy => {
            let message =
                "Access to OData is disabled: [RAOP] : Blocked by tenant configured AppOnly AccessPolicy settings.";
            return refuse(403, "ErrorAccessDenied", message);
        }
        GraphAccess::OutOfScope => {
            return refuse(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.");
        }
        GraphAccess::Unsupported => {
            return refuse(404, "MailboxNotSupportedForRESTAPI", "REST API is not yet supported for this mailbox.");
        }
        GraphAccess::UnknownToExchange => return refuse(404, "ResourceNotFound", "Resource could not be discovered."),
    }
    // User-agent filters bite Graph as well as EWS; application lists do not.
    let agent = call.user_agent();
    if !state.tenant.exchange.agents.permits(agent) || !person.mailbox.agents.permits(agent) {
        return refuse(403, "ErrorAccessDenied", "Access to OData is disabled.");
    }
    Ok(person)
}

/// Trouble that this mailbox makes for ever.
fn trouble(state: &State, call: &Call, person: &Person) -> Option<Answer> {
    let busy = || mailbox_throttled(state, call, i64::from(person.mailbox.retry_after));
    let html = "<html><body>We are sorry, something went wrong.</body></html>";
    Some(match person.mailbox.graph_trouble? {
        Trouble::Throttled | Trouble::ThrottledInside200 | Trouble::TooManyRequests => busy(),
        Trouble::Moving => {
            error(state, call, 503, "ErrorMailboxMoveInProgress", "Mailbox move in progress. Try again later.")
        }
        Trouble::Unavailable => {
            error(state, call, 503, "ServiceUnavailable", "The service is temporarily unavailable. Try again later.")
        }
        Trouble::Garbage | Trouble::EmptyFault => {
            answer(StatusCode::OK, "application/json; charset=utf-8", "{\"@odata.context\":\"")
        }
        Trouble::Html | Trouble::ErrorPage => answer(StatusCode::OK, "text/html; charset=utf-8", html),
        Trouble::ForbiddenWithoutReason => error(state, call, 403, "", ""),
        Trouble::Huge => answer(StatusCode::OK, "application/json", huge()),
        Trouble::HostingPanel | Trouble::NoExchangeSection => return None,
    })
}

/// The settings of a mailbox.
pub(super) fn settings(person: &Person) -> Value {
    let when = |day: &str| json!({"dateTime": format!("{day}T07:00:00.0000000"), "timeZone": "UTC"});
    json!({
        "archiveFolder": folder_id(person, "archive"),
        "timeZone": "W. Europe Standard Time",
        "delegateMeetingMessageDeliveryOptions": "sendToDelegateOnly",
        "dateFormat": "dd.MM.yyyy",
        "timeFormat": "HH:mm",
        "userPurpose": person.mailbox.purpose.word(),
        "automaticRepliesSetting": {"status": "disabled", "externalAudience": "all", "internalReplyMessage": "",
            "externalReplyMessage": "", "scheduledStartDateTime": when("2026-01-05"), "scheduledEndDateTime": when("2026-01-06")},
        "language": {"locale": "en-GB", "displayName": "English (United Kingdom)"},
        "workingHours": {"daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"],
            "startTime": "08:00:00.0000000", "endTime": "17:00:00.0000000", "timeZone": {"name": "W. Europe Standard Time"}},
    })
}

fn calendar(person: &Person) -> Value {
    json!({
        "id": folder_id(person, "calendar"),
        "name": "Calendar",
        "color": "auto",
        "hexColor": "",
        "changeKey": "simulated",
        "isDefaultCalendar": true,
        "canShare": true,
        "canViewPrivateItems": true,
        "canEdit": true,
        "isRemovable": false,
        "isTallyingResponses": true,
        "allowedOnlineMeetingProviders": ["teamsForBusiness"],
        "defaultOnlineMeetingProvider": "teamsForBusiness",
        "owner": {"name": person.display_name, "address": person.primary.as_deref().unwrap_or_default()},
    })
}

/// Who may open the calendar: everybody inside sees free and busy, then the delegates.
fn permissions(person: &Person) -> Vec<Value> {
    let roles = [
        "freeBusyRead",
        "limitedRead",
        "read",
        "write",
        "delegateWithoutPrivateEventAccess",
        "delegateWithPrivateEventAccess",
    ];
    let entry = |key: &str, name: &str, address: Option<&str>, role: CalendarRole, removable: bool| {
        let mut email = json!({"name": name});
        if let (Some(address), Value::Object(object)) = (address, &mut email) {
            object.insert("address".to_owned(), json!(address));
        }
        json!({"id": BASE64.encode(format!("{}/{key}", person.id)), "role": role.word(), "allowedRoles": roles,
            "emailAddress": email, "isInsideOrganization": true, "isRemovable": removable})
    };
    let everybody = entry("everybody", "My Organization", None, CalendarRole::FreeBusyRead, false);
    let delegates = person.mailbox.delegates.iter();
    let delegates = delegates
        .map(|delegate| entry(&delegate.address, &delegate.name, Some(&delegate.address), delegate.role, true));
    std::iter::once(everybody).chain(delegates).collect()
}

/// Well-known folders served, with their names.
const FOLDERS: [(&str, &str); 6] = [
    ("inbox", "Inbox"),
    ("drafts", "Drafts"),
    ("sentitems", "Sent Items"),
    ("deleteditems", "Deleted Items"),
    ("archive", "Archive"),
    ("msgfolderroot", "Top of Information Store"),
];

fn folder(person: &Person, word: &str, name: &str) -> Value {
    json!({
        "id": folder_id(person, word),
        "displayName": name,
        "parentFolderId": folder_id(person, "msgfolderroot"),
        "childFolderCount": 0,
        "unreadItemCount": 0,
        "totalItemCount": 0,
        "isHidden": false,
    })
}

/// The id of a well-known folder of a mailbox; stable, and different for every mailbox.
fn folder_id(person: &Person, word: &str) -> String {
    let id = Uuid::new_v5(&person.id, word.as_bytes());
    BASE64.encode([&b"simulated-folder"[..], person.id.as_bytes(), id.as_bytes()].concat())
}
