//! The device flow for operators (RFC 8628): a code is shown, a person decides at `/devicelogin`, the client polls.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};
use uuid::Uuid;

use super::errors::Problem;
use super::{Form, check_tenant, claims, find_application};
use crate::simulator::call::{Answer, Call, answer, escape, json as reply};
use crate::simulator::server::State;
use crate::simulator::tenant::Application;
use crate::simulator::token::{Claims, Resource, mint};

/// Life of a device code, seconds.
const LIFE: i64 = 900;
/// Seconds between two polls.
const INTERVAL: i64 = 5;

/// Device codes given out and not redeemed yet.
#[derive(Debug, Default)]
pub(in crate::simulator) struct DeviceCodes(Mutex<HashMap<String, Entry>>);

#[derive(Debug, Clone)]
struct Entry {
    user_code: String,
    client_id: String,
    scope: String,
    expires: i64,
    decision: Decision,
    polled: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Decision {
    Pending,
    Declined,
    /// By the user of this UPN.
    Approved(String),
}

impl DeviceCodes {
    fn with<T>(&self, change: impl FnOnce(&mut HashMap<String, Entry>) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// `POST /{tenant}/oauth2/v2.0/devicecode`
pub(super) fn begin(state: &State, call: &Call, tenant: &str) -> Result<Answer, Problem> {
    if !matches!(tenant, "common" | "organizations") {
        check_tenant(state, tenant)?;
    }
    let form = Form::read(call);
    let app = find_application(state, form.get("client_id"))?;
    let scope = form.get("scope").ok_or(Problem::Missing("scope"))?.to_owned();
    let device_code = BASE64.encode(Uuid::new_v4().as_bytes());
    let user_code = Uuid::new_v4().simple().to_string().to_uppercase().chars().take(9).collect::<String>();
    let entry = Entry {
        user_code: user_code.clone(),
        client_id: app.client_id.to_string(),
        scope,
        expires: state.clock.now().as_second() + LIFE,
        decision: Decision::Pending,
        polled: None,
    };
    state.device_codes.with(|codes| codes.insert(device_code.clone(), entry));
    let uri = format!("{}/devicelogin", call.origin);
    let message =
        format!("To sign in, use a web browser to open the page {uri} and enter the code {user_code} to authenticate.");
    Ok(reply(
        StatusCode::OK,
        &json!({"device_code": device_code, "user_code": user_code, "verification_uri": uri, "expires_in": LIFE, "interval": INTERVAL, "message": message}),
    ))
}

/// `/devicelogin?user_code=…&answer=approve|decline[&user=UPN]`: the person at the browser decides.
pub(super) fn decide(state: &State, call: &Call) -> Answer {
    let page = |text: &str| {
        answer(
            StatusCode::OK,
            "text/html; charset=utf-8",
            format!("<!DOCTYPE html><html><body><p>{text}</p></body></html>"),
        )
    };
    let Some(user_code) = call.query("user_code") else {
        return page(
            "<form>Code <input name=\"user_code\"> user <input name=\"user\"> <button name=\"answer\" value=\"approve\">Approve</button> <button name=\"answer\" value=\"decline\">Decline</button></form>",
        );
    };
    let decision = match call.query("answer") {
        Some("decline") => Decision::Declined,
        _ => {
            let user = call
                .query("user")
                .and_then(|user| state.tenant.people.recipient(user))
                .map(|person| person.upn.clone());
            let Some(user) = user.or_else(|| first_user(state)) else { return page("No such user.") };
            Decision::Approved(user)
        }
    };
    let found = state.device_codes.with(|codes| {
        let entry = codes.values_mut().find(|entry| entry.user_code.eq_ignore_ascii_case(user_code));
        entry.map(|entry| entry.decision = decision).is_some()
    });
    page(&if found {
        "Done. You may close this window.".to_owned()
    } else {
        format!("The code {} is not known.", escape(user_code))
    })
}

fn first_user(state: &State) -> Option<String> {
    let people = &state.tenant.people;
    (0..people.slots())
        .filter_map(|index| people.at(index))
        .find(|person| person.enabled && person.in_cloud())
        .map(|person| person.upn.clone())
}

/// One poll.
pub(super) fn redeem(state: &State, call: &Call, form: &Form) -> Result<Answer, Problem> {
    let app = find_application(state, form.get("client_id"))?;
    let code = form.get("device_code").ok_or(Problem::Missing("device_code"))?;
    let now = state.clock.now().as_second();
    let entry = state.device_codes.with(|codes| {
        let entry = codes
            .get_mut(code)
            .filter(|entry| entry.client_id == app.client_id.to_string())
            .ok_or(Problem::DeviceCodeBad)?;
        let early = entry.polled.replace(now).is_some_and(|last| now - last < INTERVAL - 1);
        match entry.decision {
            _ if now >= entry.expires => Err(Problem::DeviceCodeExpired),
            Decision::Pending if early => Err(Problem::SlowDown),
            Decision::Pending => Err(Problem::Pending),
            Decision::Declined => Err(Problem::Declined),
            Decision::Approved(_) => Ok(codes.remove(code)),
        }
    })?;
    let Some(Entry { scope, decision: Decision::Approved(user), .. }) = entry else {
        return Err(Problem::DeviceCodeBad);
    };
    if !app.public_client {
        return Err(Problem::NotPublic);
    }
    tokens(state, call, app, &user, &scope)
}

/// `grant_type=refresh_token`: the simulator's refresh token says who it is for.
pub(super) fn refresh(state: &State, call: &Call, form: &Form) -> Result<Answer, Problem> {
    let app = find_application(state, form.get("client_id"))?;
    let token = form
        .get("refresh_token")
        .and_then(|token| BASE64.decode(token).ok())
        .and_then(|token| serde_json::from_slice::<Value>(&token).ok());
    let token = token.ok_or(Problem::RefreshTokenBad)?;
    let text = |name: &str| token.get(name).and_then(Value::as_str).map(str::to_owned);
    let (Some(user), Some(scope), Some(client)) = (text("user"), text("scope"), text("client")) else {
        return Err(Problem::RefreshTokenBad);
    };
    if client != app.client_id.to_string() {
        return Err(Problem::RefreshTokenBad);
    }
    tokens(state, call, app, &user, form.get("scope").unwrap_or(&scope))
}

/// Tokens for a signed-in user.
fn tokens(state: &State, call: &Call, app: &Application, user: &str, scope: &str) -> Result<Answer, Problem> {
    let named =
        scope.split_whitespace().filter(|scope| !matches!(*scope, "openid" | "profile" | "offline_access" | "email"));
    let mut audience = None;
    for scope in named {
        // A scope without a resource in front belongs to Graph.
        let host = if scope.contains("://") {
            scope.rsplit_once('/').map_or(scope, |(host, _)| host)
        } else {
            "https://graph.microsoft.com"
        };
        match &audience {
            None => audience = Some(host.to_owned()),
            Some(other) if other == host => {}
            Some(_) => return Err(Problem::SeveralResources),
        }
    }
    let audience = audience.unwrap_or_else(|| "https://graph.microsoft.com".to_owned());
    let resource = Resource::of(&audience, &call.origin).ok_or_else(|| Problem::ResourceUnknown(audience.clone()))?;
    let granted = match resource {
        Resource::Graph => app.delegated_graph.clone(),
        Resource::Exchange => app.delegated_exchange.clone(),
        Resource::Own => [app.delegated_graph.clone(), app.delegated_exchange.clone()].concat(),
    };
    if granted.is_empty() {
        return Err(Problem::Refused(65001));
    }
    let person = state.tenant.people.recipient(user).ok_or(Problem::RefreshTokenBad)?;
    let (base, life) = claims(state, app, audience.clone());
    let claims = Claims {
        scp: Some(granted.join(" ")),
        upn: Some(user.to_owned()),
        oid: person.id.to_string(),
        sub: person.id.to_string(),
        ..base
    };
    let shown = granted.iter().map(|scope| format!("{audience}/{scope}")).collect::<Vec<_>>().join(" ");
    let mut body = json!({"token_type": "Bearer", "scope": shown, "expires_in": life, "ext_expires_in": life, "access_token": mint(&state.tenant, &claims)});
    if let Some(object) = body.as_object_mut() {
        if scope.split_whitespace().any(|scope| scope == "offline_access") {
            let token = json!({"user": user, "scope": scope, "client": app.client_id.to_string()});
            object.insert("refresh_token".to_owned(), json!(BASE64.encode(token.to_string())));
        }
        if scope.split_whitespace().any(|scope| scope == "openid") {
            let identity = json!({"aud": app.client_id.to_string(), "iss": format!("{}/{}/v2.0", call.origin, state.tenant.id), "iat": claims.iat, "nbf": claims.nbf,
                "exp": claims.exp, "name": person.display_name, "oid": person.id.to_string(), "preferred_username": user, "sub": person.id.to_string(),
                "tid": state.tenant.id.to_string(), "ver": "2.0"});
            let head = BASE64.encode("{\"typ\":\"JWT\",\"alg\":\"none\"}");
            object.insert("id_token".to_owned(), json!(format!("{head}.{}.", BASE64.encode(identity.to_string()))));
            let client_info = json!({"uid": person.id.to_string(), "utid": state.tenant.id.to_string()});
            object.insert("client_info".to_owned(), json!(BASE64.encode(client_info.to_string())));
        }
    }
    Ok(reply(StatusCode::OK, &body))
}
