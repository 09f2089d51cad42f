//! The Exchange admin REST backend: `POST /adminapi/beta/{tenant}/InvokeCommand`. Microsoft does not document it;
//! the forms are those that several independent clients agree on.

mod pages;

use axum::http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::call::{Answer, Call, about, bare, json as reply, with};
use super::limits::ADMIN;
use super::server::State;
use super::tenant::{Agents, Person, Place};
use super::token::{self, Claims, Resource};
use pages::{Filter, Pages, link};

/// Roles that may run the cmdlets served here.
const READERS: [&str; 6] = [
    "Global Reader",
    "Global Administrator",
    "Exchange Administrator",
    "Security Reader",
    "View-Only Organization Management",
    "Exchange Recipient Administrator",
];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    cmdlet_input: CmdletInput,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CmdletInput {
    cmdlet_name: String,
    #[serde(default)]
    parameters: Map<String, Value>,
}

impl CmdletInput {
    fn parameter(&self, name: &str) -> Option<&Value> {
        self.parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.parameter(name).and_then(Value::as_str)
    }

    fn switch(&self, name: &str) -> bool {
        self.parameter(name).and_then(Value::as_bool).unwrap_or(false)
    }
}

/// Answers a request below `/adminapi`.
pub(super) fn serve(state: &State, call: &Call) -> Answer {
    let path = call.lower();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match path.as_slice() {
        ["adminapi", "beta", tenant, "invokecommand"] => {
            let answer = invoke(state, call, tenant);
            let (left, reset) = state.limits.left("admin", ADMIN, state.clock.now());
            with(with(answer, "rate-limit-remaining", &left.to_string()), "rate-limit-reset", &reset.to_string())
        }
        _ => bare(StatusCode::NOT_FOUND),
    }
}

fn error(status: StatusCode, code: &str, message: &str) -> Answer {
    let body = json!({"error": {"code": code, "message": message,
        "details": [{"code": "Context", "target": "", "message": message}],
        "innererror": {"internalexception": {"message": message}}}});
    reply(status, &body)
}

fn invoke(state: &State, call: &Call, tenant: &str) -> Answer {
    let kind = "admin.refused";
    let claims = match token::read(
        &state.tenant,
        call.header("authorization"),
        Resource::Exchange,
        &call.origin,
        state.clock.now(),
    ) {
        Ok(claims) => claims,
        Err(_) => {
            let refused = error(
                StatusCode::UNAUTHORIZED,
                "Unauthorized",
                "The access token is missing, expired or meant for another resource.",
            );
            return about(with(refused, "www-authenticate", "Bearer"), kind, None);
        }
    };
    if let Err(wait) = state.limits.take("admin", 1, ADMIN, state.clock.now()) {
        let refused = error(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", "Too many requests. Try again later.");
        return about(with(refused, "retry-after", &wait.to_string()), kind, None);
    }
    if call.method != Method::POST {
        return about(error(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", "Use POST."), kind, None);
    }
    if !state.tenant.is_called(tenant) {
        return about(
            error(StatusCode::FORBIDDEN, "Forbidden", "The token is not from the tenant that the address names."),
            kind,
            None,
        );
    }
    if let Some(message) = refused_role(state, &claims) {
        return about(error(StatusCode::FORBIDDEN, "Forbidden", message), kind, None);
    }
    if call.header("x-anchormailbox").is_none() {
        return about(
            error(StatusCode::BAD_REQUEST, "BadRequest", "The X-AnchorMailbox header is missing."),
            kind,
            None,
        );
    }
    let Ok(body) = serde_json::from_slice::<Body>(&call.body) else {
        return about(error(StatusCode::BAD_REQUEST, "BadRequest", "The body names no CmdletInput."), kind, None);
    };
    run(state, call, &body.cmdlet_input)
}

/// Why the caller may run no cmdlet: the token's role, or the role of its service principal.
fn refused_role(state: &State, claims: &Claims) -> Option<&'static str> {
    if !claims.permits(&["Exchange.ManageAsApp", "Exchange.Manage"]) {
        return Some("The token carries neither Exchange.ManageAsApp nor Exchange.Manage.");
    }
    let app = state.tenant.applications.iter().find(|app| app.client_id.to_string() == claims.appid);
    let role = app.and_then(|app| app.admin_role.as_deref()).unwrap_or_default();
    if READERS.contains(&role) {
        None
    } else {
        Some(
            "The role assigned to application isn't supported in this scenario. Please check online documentation for assigning correct Directory Roles to Azure AD Application for EXO App-Only Authentication.",
        )
    }
}

fn run(state: &State, call: &Call, cmdlet: &CmdletInput) -> Answer {
    match cmdlet.cmdlet_name.to_ascii_lowercase().as_str() {
        "get-organizationconfig" => {
            about(single(call, organization_config(state, cmdlet)), "admin.Get-OrganizationConfig", None)
        }
        "get-casmailbox" => about(list(state, call, cmdlet, cas_mailbox), "admin.Get-CASMailbox", None),
        "get-mailbox" => about(list(state, call, cmdlet, mailbox), "admin.Get-Mailbox", None),
        "get-recipient" => about(list(state, call, cmdlet, recipient), "admin.Get-Recipient", None),
        "get-casmailboxplan" => about(single(call, cas_mailbox_plan()), "admin.Get-CASMailboxPlan", None),
        "get-accepteddomain" => {
            let domains = state.tenant.domains.iter().map(|domain| {
                json!({"DomainName": domain.name, "Name": domain.name, "Default": domain.default, "InitialDomain": domain.initial,
                    "DomainType": "Authoritative"})
            });
            about(values(call, domains.collect(), None, None), "admin.Get-AcceptedDomain", None)
        }
        _ => {
            let message = format!("The term '{}' is not recognized as the name of a cmdlet.", cmdlet.cmdlet_name);
            about(error(StatusCode::BAD_REQUEST, "BadRequest", &message), "admin.refused", None)
        }
    }
}

fn single(call: &Call, value: Value) -> Answer {
    values(call, vec![value], None, None)
}

fn values(call: &Call, values: Vec<Value>, next: Option<String>, warning: Option<String>) -> Answer {
    let selected: Option<Vec<String>> =
        call.query("$select").map(|list| list.split(',').map(|name| name.trim().to_lowercase()).collect());
    let keep = |value: Value| match (&selected, value) {
        (Some(names), Value::Object(object)) => {
            Value::Object(object.into_iter().filter(|(key, _)| names.contains(&key.to_lowercase())).collect())
        }
        (_, value) => value,
    };
    let mut body = Map::new();
    body.insert(
        "@odata.context".to_owned(),
        json!(format!("{}/adminapi/beta/$metadata#Collection(Exchange.GenericHashTable)", call.origin)),
    );
    body.insert("@adminapi.warnings@odata.type".to_owned(), json!("#Collection(String)"));
    body.insert("@adminapi.warnings".to_owned(), json!(warning.into_iter().collect::<Vec<_>>()));
    body.insert("value".to_owned(), Value::Array(values.into_iter().map(keep).collect()));
    if let Some(next) = next {
        body.insert("@odata.nextLink".to_owned(), json!(next));
    }
    reply(StatusCode::OK, &Value::Object(body))
}

/// `EwsApplicationAccessPolicy` and its lists, as both levels show them.
fn agents(agents: &Agents) -> [(&'static str, Value); 3] {
    let list = |list: &[String]| if list.is_empty() { Value::Null } else { json!(list) };
    [
        ("EwsApplicationAccessPolicy", json!(agents.enforce.map(|list| list.policy()))),
        ("EwsAllowList", list(&agents.allow)),
        ("EwsBlockList", list(&agents.block)),
    ]
}

fn object(fields: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    Value::Object(fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// The organisation's settings. The application list is empty unless asked for with `RetrieveEwsOperationAccessPolicy`.
fn organization_config(state: &State, cmdlet: &CmdletInput) -> Value {
    let tenant = &state.tenant;
    let shown = cmdlet.switch("RetrieveEwsOperationAccessPolicy") && !tenant.exchange.allowed_apps.is_empty();
    let apps = if shown { json!(tenant.exchange.allowed_apps.join(",")) } else { Value::Null };
    let root = if tenant.exchange.public_folders { Uuid::new_v5(&tenant.id, b"public folders") } else { Uuid::nil() };
    let fields = [
        ("Name", json!(tenant.initial_domain())),
        ("DisplayName", json!(tenant.name)),
        ("Guid", json!(tenant.id.to_string())),
        ("EwsEnabled", json!(tenant.exchange.ews_enabled.value())),
        ("EwsAllowedAppIDs", apps),
        ("EwsAllowOutlook", Value::Null),
        ("EwsAllowMacOutlook", Value::Null),
        ("EwsAllowEntourage", Value::Null),
        ("PublicFoldersEnabled", json!("Local")),
        ("RootPublicFolderMailbox", json!(root.to_string())),
    ];
    object(fields.into_iter().chain(agents(&tenant.exchange.agents)))
}

fn cas_mailbox_plan() -> Value {
    json!({"Name": "ExchangeOnlineEnterprise", "EwsEnabled": true, "ActiveSyncEnabled": true, "ImapEnabled": false, "PopEnabled": false})
}

/// One account as a cmdlet shows it; `None`: the cmdlet does not list it.
type Shape = fn(&State, &CmdletInput, &Person) -> Option<Value>;

fn common(person: &Person) -> [(&'static str, Value); 6] {
    let primary = person.primary.clone().unwrap_or_default();
    [
        ("Guid", json!(Uuid::new_v5(&person.id, b"mailbox").to_string())),
        ("ExternalDirectoryObjectId", json!(person.id.to_string())),
        ("PrimarySmtpAddress", json!(primary)),
        ("DisplayName", json!(person.display_name)),
        ("Identity", json!(person.id.to_string())),
        ("Name", json!(person.id.to_string())),
    ]
}

fn cas_mailbox(_: &State, _: &CmdletInput, person: &Person) -> Option<Value> {
    let own = [
        ("EwsEnabled", json!(person.mailbox.ews_enabled.value())),
        ("EwsAllowOutlook", Value::Null),
        ("EwsAllowMacOutlook", Value::Null),
        ("EwsAllowEntourage", Value::Null),
        ("MAPIEnabled", json!(true)),
    ];
    person.in_cloud().then(|| object(common(person).into_iter().chain(own).chain(agents(&person.mailbox.agents))))
}

fn mailbox(state: &State, cmdlet: &CmdletInput, person: &Person) -> Option<Value> {
    let inactive = person.mailbox.place == Place::Inactive;
    let wanted = cmdlet.switch("IncludeInactiveMailbox") || cmdlet.switch("InactiveMailboxOnly");
    if !(person.in_cloud() && !cmdlet.switch("InactiveMailboxOnly") || inactive && wanted) {
        return None;
    }
    let own = [
        ("UserPrincipalName", json!(person.upn)),
        ("RecipientTypeDetails", json!(person.mailbox.purpose.recipient_type_details())),
        ("ArchiveStatus", json!(if person.mailbox.archive { "Active" } else { "None" })),
        (
            "ArchiveGuid",
            json!(if person.mailbox.archive { Uuid::new_v5(&person.id, b"archive") } else { Uuid::nil() }.to_string()),
        ),
        ("IsInactiveMailbox", json!(inactive)),
        ("GrantSendOnBehalfTo", json!(person.mailbox.send_on_behalf)),
        ("EmailAddresses", json!(person.smtp_addresses().map(|address| format!("smtp:{address}")).collect::<Vec<_>>())),
        ("WhenMailboxCreated", json!(state.days_ago(person.created_days_ago).to_string())),
    ];
    Some(object(common(person).into_iter().chain(own)))
}

fn recipient(_: &State, _: &CmdletInput, person: &Person) -> Option<Value> {
    let kind = match (&person.mailbox.place, person.guest) {
        (Place::Cloud, _) => person.mailbox.purpose.recipient_type_details(),
        (Place::OnPremises(_), _) => "MailUser",
        (_, true) => "GuestMailUser",
        _ => return None,
    };
    Some(object(common(person).into_iter().chain([("RecipientTypeDetails", json!(kind))])))
}

fn list(state: &State, call: &Call, cmdlet: &CmdletInput, shape: Shape) -> Answer {
    if let Some(identity) = cmdlet.text("Identity") {
        let found = state.tenant.people.recipient(identity).and_then(|person| shape(state, cmdlet, &person));
        return match found {
            Some(value) => single(call, value),
            None => {
                let message =
                    format!("The operation couldn't be performed because object '{identity}' couldn't be found.");
                error(StatusCode::NOT_FOUND, "NotFound", &message)
            }
        };
    }
    let filter = match cmdlet.text("Filter").map(Filter::parse).transpose() {
        Ok(filter) => filter,
        Err(message) => return error(StatusCode::BAD_REQUEST, "BadRequest", &message),
    };
    let details = cmdlet.parameter("RecipientTypeDetails").map(ToString::to_string);
    let pages = Pages::read(call, cmdlet);
    let faults = state.faults.faults();
    if faults.empty_pages && pages.from > 0 && !pages.emptied {
        return values(call, Vec::new(), Some(link(call, &Pages { emptied: true, ..pages })), None);
    }
    let people = &state.tenant.people;
    let passes = |value: &Value| {
        let kind = value.get("RecipientTypeDetails").and_then(Value::as_str).unwrap_or_default();
        filter.as_ref().is_none_or(|filter| filter.accepts(value))
            && details.as_ref().is_none_or(|details| details.contains(kind))
    };
    let most = pages.size.min(pages.limit.saturating_sub(pages.shown));
    let mut page = Vec::new();
    let mut next = None;
    let live = |index: &u32| !people.is_deleted(*index) || shape as usize == mailbox as Shape as usize;
    for index in (pages.from..people.slots()).filter(live) {
        let Some(value) =
            people.at(index).and_then(|person| shape(state, cmdlet, &person)).filter(|value| passes(value))
        else {
            continue;
        };
        if page.len() == most {
            next = Some(index);
            break;
        }
        page.push(value);
    }
    let shown = pages.shown + page.len();
    let more = next.filter(|_| shown < pages.limit).map(|next| link(call, &Pages { from: next, shown, ..pages }));
    let cut = next.is_some() && more.is_none() && !pages.unlimited;
    let warning = cut.then(|| {
        "By default, only the first 1000 items are returned. Use the ResultSize parameter to specify the number of items returned. To return all items, specify \"-ResultSize Unlimited\".".to_owned()
    });
    // The fault of the endless list: its last page names itself.
    let more = more.or_else(|| faults.endless_pages.then(|| link(call, &pages)));
    values(call, page, more, warning)
}
