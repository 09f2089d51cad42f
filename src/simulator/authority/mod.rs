//! Entra: tokens for applications and signed-in users, OpenID configuration, instance discovery.

mod assertion;
mod device_code;
mod discovery;
mod errors;

use axum::http::{Method, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::json;

use super::call::{Answer, Call, about, bare, json as reply};
use super::server::State;
use super::tenant::Application;
use super::token::{Claims, Resource, mint};
pub(super) use device_code::DeviceCodes;
use errors::Problem;

/// Grant type of the device flow (RFC 8628).
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// Type of a JWT assertion (RFC 7523).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Answers everything that is not below another service's path.
pub(super) fn serve(state: &State, call: &Call) -> Answer {
    let path = call.lower();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match path.as_slice() {
        [tenant, "oauth2", "v2.0", "token"] if call.method == Method::POST => {
            about(token(state, call, tenant).unwrap_or_else(|problem| problem.answer(state, call)), "token", None)
        }
        [tenant, "oauth2", "v2.0", "devicecode"] if call.method == Method::POST => {
            let answer = device_code::begin(state, call, tenant).unwrap_or_else(|problem| problem.answer(state, call));
            about(answer, "devicecode", None)
        }
        ["devicelogin"] => about(device_code::decide(state, call), "devicelogin", None),
        [tenant, "v2.0", ".well-known", "openid-configuration"] => {
            about(discovery::openid(state, call, tenant), "openid-configuration", None)
        }
        ["common", "discovery", "instance"] => about(discovery::instance(state, call), "instance-discovery", None),
        [_, "discovery", "v2.0", "keys"] => about(reply(StatusCode::OK, &json!({"keys": []})), "keys", None),
        ["common" | "organizations", "userrealm", user] => about(discovery::user_realm(state, user), "userrealm", None),
        _ => bare(StatusCode::NOT_FOUND),
    }
}

/// The form fields of a token request, with HTTP Basic read as the fields it stands for.
struct Form(Vec<(String, String)>);

impl Form {
    fn read(call: &Call) -> Self {
        let mut fields = call.form();
        let basic = call
            .header("authorization")
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"));
        let pair = basic.and_then(|(_, code)| BASE64.decode(code).ok()).and_then(|pair| String::from_utf8(pair).ok());
        if let Some((id, secret)) = pair.as_deref().and_then(|pair| pair.split_once(':')) {
            let decode = |text: &str| {
                url::form_urlencoded::parse(text.as_bytes())
                    .next()
                    .map_or_else(String::new, |(text, _)| text.into_owned())
            };
            fields.push(("client_id".to_owned(), decode(id)));
            fields.push(("client_secret".to_owned(), decode(secret)));
        }
        Self(fields)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }
}

fn check_tenant(state: &State, tenant: &str) -> Result<(), Problem> {
    match tenant {
        "common" | "organizations" | "consumers" => Err(Problem::CommonNotAllowed),
        _ if state.tenant.is_called(tenant) => Ok(()),
        _ => Err(Problem::TenantUnknown(tenant.to_owned())),
    }
}

fn find_application<'a>(state: &'a State, client_id: Option<&str>) -> Result<&'a Application, Problem> {
    let client_id = client_id.ok_or(Problem::Missing("client_id"))?;
    let app = state.tenant.applications.iter().find(|app| app.client_id.to_string().eq_ignore_ascii_case(client_id));
    let app = app.ok_or_else(|| Problem::ApplicationUnknown(client_id.to_owned(), state.tenant.name.clone()))?;
    match (app.enabled, app.refused_with) {
        (_, Some(code)) => Err(Problem::Refused(code)),
        (false, None) => Err(Problem::ApplicationDisabled),
        (true, None) => Ok(app),
    }
}

fn token(state: &State, call: &Call, tenant: &str) -> Result<Answer, Problem> {
    let form = Form::read(call);
    let delegated = form.get("grant_type") != Some("client_credentials");
    if !(delegated && matches!(tenant, "common" | "organizations")) {
        check_tenant(state, tenant)?;
    }
    match form.get("grant_type") {
        Some("client_credentials") => client_credentials(state, call, &form),
        Some(DEVICE) => device_code::redeem(state, call, &form),
        Some("refresh_token") => device_code::refresh(state, call, &form),
        Some(other) => Err(Problem::GrantUnsupported(other.to_owned())),
        None => Err(Problem::Missing("grant_type")),
    }
}

fn client_credentials(state: &State, call: &Call, form: &Form) -> Result<Answer, Problem> {
    let app = find_application(state, form.get("client_id"))?;
    authenticate(state, call, app, form)?;
    let (resource, audience) = resource(form.get("scope").ok_or(Problem::Missing("scope"))?, &call.origin)?;
    let roles = match resource {
        Resource::Graph => app.graph_roles.clone(),
        Resource::Exchange => app.exchange_roles.clone(),
        Resource::Own => [app.graph_roles.clone(), app.exchange_roles.clone()].concat(),
    };
    let (claims, life) = claims(state, app, audience);
    let claims = Claims { roles, ..claims };
    let body = json!({"token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": mint(&state.tenant, &claims)});
    Ok(reply(StatusCode::OK, &body))
}

/// The one resource a `…/.default` scope names.
fn resource(scope: &str, origin: &str) -> Result<(Resource, String), Problem> {
    let scopes: Vec<&str> = scope
        .split_whitespace()
        .filter(|scope| !matches!(*scope, "openid" | "profile" | "offline_access" | "email"))
        .collect();
    let [scope] = scopes.as_slice() else {
        return Err(if scopes.is_empty() {
            Problem::ScopeInvalid(scope.to_owned())
        } else {
            Problem::SeveralResources
        });
    };
    let audience = scope.strip_suffix("/.default").ok_or_else(|| Problem::NotDefault((*scope).to_owned()))?;
    let resource = Resource::of(audience, origin).ok_or_else(|| Problem::ResourceUnknown(audience.to_owned()))?;
    Ok((resource, audience.trim_end_matches('/').to_owned()))
}

/// Checks what the application proves itself with.
fn authenticate(state: &State, call: &Call, app: &Application, form: &Form) -> Result<(), Problem> {
    if let Some(assertion) = form.get("client_assertion") {
        return match form.get("client_assertion_type") {
            Some(JWT_BEARER) => assertion::check(state, call, app, assertion),
            _ => Err(Problem::Missing("client_assertion_type")),
        };
    }
    match (form.get("client_secret"), &app.secret) {
        (None, _) => Err(Problem::NoCredential),
        (Some(_), _) if app.public_client => Err(Problem::PublicClient),
        (Some(given), Some(own)) if given == own && app.secret_expired => Err(Problem::SecretExpired(app.client_id)),
        (Some(given), Some(own)) if given == own => Ok(()),
        (Some(_), _) => Err(Problem::SecretWrong(app.client_id)),
    }
}

/// Claims without any permission yet, and the token's life in seconds.
fn claims(state: &State, app: &Application, audience: String) -> (Claims, u64) {
    let now = state.clock.now().as_second();
    let life = match state.faults.faults().token_life_s {
        0 => 3599,
        life => life,
    };
    let object = state.tenant.service_principal_id(app.client_id).to_string();
    let claims = Claims {
        aud: audience,
        iss: format!("https://sts.windows.net/{}/", state.tenant.id),
        iat: now,
        nbf: now,
        exp: now.saturating_add_unsigned(life),
        appid: app.client_id.to_string(),
        app_displayname: app.name.clone(),
        tid: state.tenant.id.to_string(),
        sub: object.clone(),
        oid: object,
        ver: "1.0".to_owned(),
        roles: Vec::new(),
        scp: None,
        upn: None,
    };
    (claims, life)
}
