//! What official libraries ask for before they ask for a token.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::errors::Problem;
use crate::simulator::call::{Answer, Call, json as reply};
use crate::simulator::server::State;
use crate::simulator::tenant::Cloud;

/// `GET /{tenant}/v2.0/.well-known/openid-configuration`; anonymous, and the way from a domain to its tenant id.
pub(super) fn openid(state: &State, call: &Call, tenant: &str) -> Answer {
    let shared = matches!(tenant, "common" | "organizations");
    if !shared && !state.tenant.is_called(tenant) {
        return Problem::TenantUnknown(tenant.to_owned()).answer(state, call);
    }
    let id = if shared { tenant.to_owned() } else { state.tenant.id.to_string() };
    let issuer = if shared { "{tenantid}".to_owned() } else { id.clone() };
    let origin = &call.origin;
    let (region, sub, instance): (&str, Value, &str) = match state.tenant.cloud {
        Cloud::Global => ("EU", Value::Null, "microsoftonline.com"),
        Cloud::Gcc => ("NA", json!("GCC"), "microsoftonline.com"),
        Cloud::GccHigh => ("USGov", json!("DODCON"), "microsoftonline.us"),
        Cloud::Dod => ("USGov", json!("DOD"), "microsoftonline.us"),
        Cloud::China => ("AS", Value::Null, "partner.microsoftonline.cn"),
    };
    let body = json!({
        "token_endpoint": format!("{origin}/{id}/oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": format!("{origin}/{id}/discovery/v2.0/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": format!("{origin}/{issuer}/v2.0"),
        "request_uri_parameter_supported": false,
        "authorization_endpoint": format!("{origin}/{id}/oauth2/v2.0/authorize"),
        "device_authorization_endpoint": format!("{origin}/{id}/oauth2/v2.0/devicecode"),
        "tenant_region_scope": region,
        "tenant_region_sub_scope": sub,
        "cloud_instance_name": instance,
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": "graph.microsoft.com",
    });
    reply(StatusCode::OK, &body)
}

/// `GET /common/discovery/instance?authorization_endpoint=…`: which hosts are the same authority. This one stands alone.
pub(super) fn instance(state: &State, call: &Call) -> Answer {
    let host = call.origin.split_once("://").map_or(call.origin.as_str(), |(_, host)| host);
    let body = json!({
        "tenant_discovery_endpoint": format!("{}/{}/v2.0/.well-known/openid-configuration", call.origin, state.tenant.id),
        "api-version": "1.1",
        "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
    });
    reply(StatusCode::OK, &body)
}

/// `GET /common/userrealm/{user}`
pub(super) fn user_realm(state: &State, user: &str) -> Answer {
    let domain = user.rsplit('@').next().unwrap_or_default();
    let known = state.tenant.domains.iter().find(|own| own.name.eq_ignore_ascii_case(domain));
    let kind = match known {
        Some(domain) if domain.federated => "Federated",
        Some(_) => "Managed",
        None => "Unknown",
    };
    reply(
        StatusCode::OK,
        &json!({"ver": "1.0", "account_type": kind, "domain_name": domain, "cloud_instance_name": "microsoftonline.com"}),
    )
}
