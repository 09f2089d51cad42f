//! Microsoft Graph v1.0: routing, permissions, limits.

mod apps;
mod batch;
mod error;
mod filter;
mod mailbox;
mod organization;
mod query;
mod user;
mod users;

use std::time::Duration;

use super::call::{Answer, Call, about, with};
use super::server::State;
use super::token::{self, Claims, Resource};
use error::{denied, mailbox_throttled, no_segment, throttled, unauthorized};

/// Any of these lets an application read accounts.
const USERS: &[&str] = &["User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"];
const ORGANIZATION: &[&str] =
    &["Organization.Read.All", "Organization.ReadWrite.All", "Directory.Read.All", "User.Read.All"];
/// Without any of these the organization shows its name, id and domains only.
const DETAILS: &[&str] = &["Organization.Read.All", "Organization.ReadWrite.All", "Directory.Read.All"];
const DOMAINS: &[&str] = &["Domain.Read.All", "Domain.ReadWrite.All", "Directory.Read.All"];
const SKUS: &[&str] =
    &["LicenseAssignment.Read.All", "LicenseAssignment.ReadWrite.All", "Organization.Read.All", "Directory.Read.All"];
const APPLICATIONS: &[&str] = &["Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All"];
/// Delegated grants want more than applications do (Microsoft Graph: list oauth2PermissionGrants).
const GRANTS: &[&str] = &["Directory.Read.All", "Directory.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All"];
const SETTINGS: &[&str] = &["MailboxSettings.Read", "MailboxSettings.ReadWrite"];
const CALENDARS: &[&str] = &["Calendars.Read", "Calendars.ReadBasic.All", "Calendars.ReadWrite"];
const PERMISSIONS: &[&str] = &["Calendars.Read", "Calendars.ReadWrite"];
const MAIL: &[&str] = &["Mail.ReadBasic.All", "Mail.ReadBasic", "Mail.Read", "Mail.ReadWrite"];
const MESSAGES: &[&str] = &["ServiceMessage.Read.All"];

/// Answers a request to Graph, a batch or a single one.
pub(super) async fn serve(state: &State, call: &Call, delay: Duration) -> Answer {
    let answer = match call.lower().get(1).map(String::as_str) {
        Some("$batch") => batch::serve(state, call, delay).await,
        _ => {
            let lease = enter(state, call);
            tokio::time::sleep(delay).await;
            match lease {
                Ok(_lease) => one(state, call),
                Err(()) => about(mailbox_throttled(state, call, 1), "graph.mailbox", None),
            }
        }
    };
    let request_id = uuid::Uuid::new_v4().to_string();
    let answer = with(answer, "request-id", &request_id);
    match call.header("client-request-id") {
        Some(id) => with(answer, "client-request-id", id),
        None => with(answer, "client-request-id", &request_id),
    }
}

/// The mailbox's concurrency is held while the answer is under way.
fn enter(state: &State, call: &Call) -> Result<Option<super::limits::Lease>, ()> {
    let segments = segments(call);
    match segments.as_slice() {
        [set, key, part, ..]
            if set == "users" && matches!(part.as_str(), "mailboxsettings" | "calendar" | "mailfolders") =>
        {
            state.limits.enter(&format!("outlook/{}", key.to_lowercase()), super::limits::OUTLOOK_OPEN)
        }
        _ => Ok(None),
    }
}

/// Path segments below the version, keys in parentheses taken out: `users('a')/calendar` reads as `users/a/calendar`.
/// Everything but keys is in lower case.
fn segments(call: &Call) -> Vec<String> {
    let mut segments = Vec::new();
    for segment in call.segments.iter().skip(1) {
        match segment.strip_suffix(')').and_then(|segment| segment.split_once('(')) {
            Some((set, key)) => {
                segments.push(set.to_lowercase());
                let plain = key.strip_prefix('\'').and_then(|key| key.strip_suffix('\''));
                segments.push(plain.map_or_else(|| key.to_owned(), |key| key.replace("''", "'")));
            }
            None if segments.len() == 1 => segments.push(segment.clone()),
            None => segments.push(segment.to_lowercase()),
        }
    }
    segments
}

/// Answers a single request: token, permission, quota, resource.
fn one(state: &State, call: &Call) -> Answer {
    let now = state.clock.now();
    let claims = match token::read(&state.tenant, call.header("authorization"), Resource::Graph, &call.origin, now) {
        Ok(claims) => claims,
        Err(refusal) => return about(unauthorized(state, call, refusal), "graph.unauthorized", None),
    };
    let segments = segments(call);
    let mut path: Vec<&str> = segments.iter().map(String::as_str).collect();
    if path.first() == Some(&"me") {
        let Some(upn) = claims.upn.as_deref() else {
            let message = "/me request is only valid with delegated authentication flow.";
            return about(error::error(state, call, 400, "BadRequest", message), "graph.me", None);
        };
        path.splice(..1, ["users", upn]);
    }
    if call.method != axum::http::Method::GET {
        let message = "The simulated tenant is read-only.";
        return about(error::error(state, call, 405, "Request_BadRequest", message), "graph.other-method", None);
    }
    route(state, call, &claims, &path)
}

/// A directory request, if permission and quota let it through.
fn directory(
    state: &State,
    call: &Call,
    claims: &Claims,
    any_of: &[&str],
    units: u32,
    then: impl FnOnce() -> Answer,
) -> Answer {
    let key = format!("identity/{}", claims.appid);
    // `$select` saves a unit; nothing is free (Microsoft Graph: throttling limits, identity and access).
    let units = units.saturating_sub(u32::from(call.query("$select").is_some())).max(1);
    if let Err(wait) = state.limits.take(&key, units, state.limits.identity, state.clock.now()) {
        return throttled(state, call, wait, &format!("Tenant_Application/ReadWrite/{}/{}", claims.appid, claims.tid));
    }
    let answer = if claims.permits(any_of) { then() } else { denied(state, call) };
    with(answer, "x-ms-resource-unit", &units.to_string())
}

/// An Outlook request: the permission's absence is the mailbox service's refusal, not the directory's.
fn outlook(state: &State, call: &Call, claims: &Claims, any_of: &[&str], key: &str, rest: &[&str]) -> Answer {
    let message = "Access is denied. Check credentials and try again.";
    let answer = if claims.permits(any_of) {
        mailbox::serve(state, call, claims, key, rest)
    } else {
        error::error(state, call, 403, "ErrorAccessDenied", message)
    };
    let person = state.tenant.people.recipient(key);
    let kind = match rest {
        ["mailboxsettings", ..] => "graph.mailboxSettings",
        ["calendar", "calendarpermissions"] => "graph.calendarPermissions",
        ["calendar"] => "graph.calendar",
        _ => "graph.mailFolders",
    };
    about(answer, kind, Some(person.as_ref().and_then(|person| person.primary.as_deref()).unwrap_or(key)))
}

fn route(state: &State, call: &Call, claims: &Claims, path: &[&str]) -> Answer {
    let read = |any_of, units, kind, then: &dyn Fn() -> Answer| {
        about(directory(state, call, claims, any_of, units, then), kind, None)
    };
    let seen = |any_of, units, kind, key: &str, then: &dyn Fn() -> Answer| {
        about(directory(state, call, claims, any_of, units, then), kind, Some(key))
    };
    match path {
        ["organization"] => {
            read(ORGANIZATION, 1, "graph.organization", &|| organization::list(state, call, claims.permits(DETAILS)))
        }
        ["organization", key] => read(ORGANIZATION, 1, "graph.organization", &|| {
            organization::get(state, call, key, claims.permits(DETAILS))
        }),
        ["domains"] => read(DOMAINS, 1, "graph.domains", &|| organization::domains(state, call)),
        ["domains", name] => read(DOMAINS, 1, "graph.domains", &|| organization::domain(state, call, name)),
        ["domains", name, "serviceconfigurationrecords"] => {
            read(DOMAINS, 1, "graph.domains", &|| organization::dns_records(state, call, name))
        }
        ["subscribedskus"] => read(SKUS, 3, "graph.subscribedSkus", &|| organization::skus(state, call)),
        ["users"] => match users::addresses_asked(call).as_slice() {
            [] => read(USERS, 2, "graph.users.list", &|| users::list(state, call)),
            addresses => {
                let answer = directory(state, call, claims, USERS, 2, || users::list(state, call));
                addresses.iter().fold(answer, |answer, address| about(answer, "graph.users.find", Some(address)))
            }
        },
        ["users", "$count"] => read(USERS, 2, "graph.users.count", &|| users::count(state, call)),
        ["users", key] => seen(USERS, 1, "graph.users.get", key, &|| users::get(state, call, key)),
        ["users", key, "licensedetails"] => {
            seen(USERS, 2, "graph.licenseDetails", key, &|| users::licence_details(state, call, key))
        }
        ["users", key, "mailboxsettings", ..] => outlook(state, call, claims, SETTINGS, key, &path[2..]),
        ["users", key, "calendar"] => outlook(state, call, claims, CALENDARS, key, &path[2..]),
        ["users", key, "calendar", "calendarpermissions"] => outlook(state, call, claims, PERMISSIONS, key, &path[2..]),
        ["users", key, "mailfolders", ..] => outlook(state, call, claims, MAIL, key, &path[2..]),
        ["directory", "deleteditems" | "deletedItems", "microsoft.graph.user" | "graph.user"] => {
            read(USERS, 1, "graph.deletedItems", &|| users::deleted(state, call))
        }
        ["directory", "deleteditems" | "deletedItems", key] => {
            read(USERS, 1, "graph.deletedItems", &|| users::get_deleted(state, call, key))
        }
        ["serviceprincipals"] => read(APPLICATIONS, 1, "graph.servicePrincipals", &|| apps::list(state, call)),
        ["serviceprincipals", key] => read(APPLICATIONS, 1, "graph.servicePrincipals", &|| apps::get(state, call, key)),
        ["serviceprincipals", key, grants] => {
            let any_of = if *grants == "oauth2permissiongrants" { GRANTS } else { APPLICATIONS };
            read(any_of, 1, "graph.servicePrincipals", &|| apps::grants(state, call, key, grants))
        }
        ["oauth2permissiongrants"] => read(GRANTS, 1, "graph.servicePrincipals", &|| apps::all_delegated(state, call)),
        ["admin", "serviceannouncement" | "serviceAnnouncement", "messages"] => {
            read(MESSAGES, 1, "graph.messages", &|| organization::messages(state, call))
        }
        _ => no_segment(state, call, path.last().copied().unwrap_or_default()),
    }
}
