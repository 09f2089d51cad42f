//! Applications in the tenant and what they are allowed: service principals, app role assignments, delegated grants.

use axum::http::StatusCode;
use serde_json::{Value, json};
use uuid::{Uuid, uuid};

use super::error::{no_object, no_segment};
use super::query::{Query, select};
use crate::simulator::call::{Answer, Call, json as reply};
use crate::simulator::server::State;
use crate::simulator::tenant::Application;

/// Application id of Microsoft Graph.
const GRAPH: Uuid = uuid!("00000003-0000-0000-c000-000000000000");
/// Application id of Office 365 Exchange Online.
const EXCHANGE: Uuid = uuid!("00000002-0000-0ff1-ce00-000000000000");
/// The tenant that owns Microsoft's own applications.
const MICROSOFT: Uuid = uuid!("f8cdef31-a31e-4b4a-93e4-5f571e91255a");
/// Role ids that Microsoft publishes for Exchange; other roles get an id made of their name.
const ROLES: [(&str, Uuid); 2] = [
    ("full_access_as_app", uuid!("dc890d15-9560-4a4c-9b7f-a736ec74ec40")),
    ("Exchange.ManageAsApp", uuid!("dc50a0fb-09a3-484d-be87-e023b12c6440")),
];

/// A service principal: one of the two resources, or an application of the tenant file.
enum Principal<'a> {
    Resource { app_id: Uuid, name: &'static str },
    Application(&'a Application),
}

impl Principal<'_> {
    fn app_id(&self) -> Uuid {
        match self {
            Self::Resource { app_id, .. } => *app_id,
            Self::Application(application) => application.client_id,
        }
    }

    fn id(&self, state: &State) -> Uuid {
        state.tenant.service_principal_id(self.app_id())
    }

    fn name(&self) -> &str {
        match self {
            Self::Resource { name, .. } => name,
            Self::Application(application) => &application.name,
        }
    }
}

fn principals(state: &State) -> Vec<Principal<'_>> {
    let resources = [(GRAPH, "Microsoft Graph"), (EXCHANGE, "Office 365 Exchange Online")];
    let resources = resources.into_iter().map(|(app_id, name)| Principal::Resource { app_id, name });
    resources.chain(state.tenant.applications.iter().map(Principal::Application)).collect()
}

fn role_id(value: &str) -> Uuid {
    ROLES.iter().find(|(name, _)| *name == value).map_or_else(|| Uuid::new_v5(&GRAPH, value.as_bytes()), |(_, id)| *id)
}

/// Roles that applications of this tenant hold on a resource.
fn roles_of(application: &Application, resource: Uuid) -> &[String] {
    if resource == GRAPH { &application.graph_roles } else { &application.exchange_roles }
}

fn principal_json(state: &State, principal: &Principal<'_>) -> Value {
    let (owner, enabled, roles, scopes) = match principal {
        Principal::Resource { app_id, .. } => {
            let mut roles: Vec<&String> =
                state.tenant.applications.iter().flat_map(|app| roles_of(app, *app_id)).collect();
            roles.sort();
            roles.dedup();
            let roles = roles.into_iter().map(|value| {
                json!({"id": role_id(value).to_string(), "value": value, "displayName": value, "description": value,
                    "allowedMemberTypes": ["Application"], "isEnabled": true})
            });
            let scopes: &[&str] = if *app_id == EXCHANGE { &["EWS.AccessAsUser.All"] } else { &["User.Read"] };
            let scopes = scopes.iter().map(
                |value| json!({"id": role_id(value).to_string(), "value": value, "type": "User", "isEnabled": true}),
            );
            (MICROSOFT, true, roles.collect::<Vec<_>>(), scopes.collect::<Vec<_>>())
        }
        Principal::Application(app) => (app.owner.unwrap_or(state.tenant.id), app.enabled, Vec::new(), Vec::new()),
    };
    json!({
        "id": principal.id(state).to_string(),
        "appId": principal.app_id().to_string(),
        "displayName": principal.name(),
        "appDisplayName": principal.name(),
        "appOwnerOrganizationId": owner.to_string(),
        "accountEnabled": enabled,
        "servicePrincipalType": "Application",
        "servicePrincipalNames": [principal.app_id().to_string()],
        "createdDateTime": state.days_ago(500).to_string(),
        "tags": ["WindowsAzureActiveDirectoryIntegratedApp"],
        "appRoles": roles,
        "oauth2PermissionScopes": scopes,
    })
}

fn pages(state: &State, call: &Call, context: &str, values: Vec<Value>) -> Answer {
    let query = match Query::read(state, call, 100, 999) {
        Ok(query) => query,
        Err(refused) => return *refused,
    };
    let kept = values
        .into_iter()
        .filter(|value| query.filter.as_ref().is_none_or(|filter| filter.accepts(&|name| value.get(name).cloned())));
    let kept: Vec<Value> = kept.skip(query.from as usize).map(|value| select(call, value)).collect();
    let next = (kept.len() > query.top).then(|| query.from + u32::try_from(query.top).unwrap_or(0));
    query.page(state, call, context, kept.into_iter().take(query.top).collect(), next, None)
}

/// `GET /servicePrincipals`
pub(super) fn list(state: &State, call: &Call) -> Answer {
    pages(
        state,
        call,
        "servicePrincipals",
        principals(state).iter().map(|principal| principal_json(state, principal)).collect(),
    )
}

/// By object id, or by `appId='…'` as `/servicePrincipals(appId='…')` reads once the parentheses are taken out.
fn find<'a>(state: &'a State, key: &str) -> Option<Principal<'a>> {
    let app_id = key.to_lowercase().strip_prefix("appid=").map(|id| id.trim_matches('\'').to_owned());
    principals(state).into_iter().find(|principal| match &app_id {
        Some(app_id) => principal.app_id().to_string() == *app_id,
        None => principal.id(state).to_string().eq_ignore_ascii_case(key),
    })
}

/// `GET /servicePrincipals/{id}`
pub(super) fn get(state: &State, call: &Call, key: &str) -> Answer {
    match find(state, key) {
        Some(principal) => reply(StatusCode::OK, &select(call, principal_json(state, &principal))),
        None => no_object(state, call, key),
    }
}

/// `GET /servicePrincipals/{id}/appRoleAssignments | appRoleAssignedTo | oauth2PermissionGrants`
pub(super) fn grants(state: &State, call: &Call, key: &str, what: &str) -> Answer {
    let Some(principal) = find(state, key) else { return no_object(state, call, key) };
    match (what, &principal) {
        ("approleassignments", Principal::Application(app)) => {
            let granted = [GRAPH, EXCHANGE].into_iter().flat_map(|resource| assignments(state, app, resource));
            pages(state, call, "appRoleAssignments", granted.collect())
        }
        ("approleassignments", Principal::Resource { .. }) => pages(state, call, "appRoleAssignments", Vec::new()),
        ("approleassignedto", _) => {
            let holders = state.tenant.applications.iter().flat_map(|app| assignments(state, app, principal.app_id()));
            let holders: Vec<Value> =
                if matches!(principal, Principal::Resource { .. }) { holders.collect() } else { Vec::new() };
            pages(state, call, "appRoleAssignments", holders)
        }
        ("oauth2permissiongrants", Principal::Application(app)) => {
            pages(state, call, "oauth2PermissionGrants", delegated(state, app))
        }
        ("oauth2permissiongrants", Principal::Resource { .. }) => {
            pages(state, call, "oauth2PermissionGrants", Vec::new())
        }
        _ => no_segment(state, call, what),
    }
}

fn assignments(state: &State, app: &Application, resource: Uuid) -> Vec<Value> {
    let holder = state.tenant.service_principal_id(app.client_id);
    let target = state.tenant.service_principal_id(resource);
    let granted = roles_of(app, resource).iter().map(|value| {
        json!({
            "id": Uuid::new_v5(&holder, value.as_bytes()).simple().to_string(),
            "appRoleId": role_id(value).to_string(),
            "createdDateTime": state.days_ago(400).to_string(),
            "principalDisplayName": app.name,
            "principalId": holder.to_string(),
            "principalType": "ServicePrincipal",
            "resourceDisplayName": if resource == GRAPH { "Microsoft Graph" } else { "Office 365 Exchange Online" },
            "resourceId": target.to_string(),
        })
    });
    granted.collect()
}

fn delegated(state: &State, app: &Application) -> Vec<Value> {
    let client = state.tenant.service_principal_id(app.client_id);
    let both = [(GRAPH, &app.delegated_graph), (EXCHANGE, &app.delegated_exchange)];
    let granted = both.into_iter().filter(|(_, scopes)| !scopes.is_empty()).map(|(resource, scopes)| {
        json!({
            "id": Uuid::new_v5(&client, resource.as_bytes()).simple().to_string(),
            "clientId": client.to_string(),
            "consentType": "AllPrincipals",
            "principalId": null,
            "resourceId": state.tenant.service_principal_id(resource).to_string(),
            "scope": scopes.join(" "),
        })
    });
    granted.collect()
}

/// `GET /oauth2PermissionGrants`
pub(super) fn all_delegated(state: &State, call: &Call) -> Answer {
    let all = state.tenant.applications.iter().flat_map(|app| delegated(state, app));
    pages(state, call, "oauth2PermissionGrants", all.collect())
}
