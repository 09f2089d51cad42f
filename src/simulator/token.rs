//! Access tokens: minted by the simulated authority, read by the simulated services.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use jiff::Timestamp;
use ring::hmac;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::tenant::Tenant;

/// Hosts whose tokens Graph accepts, over all clouds.
const GRAPH_HOSTS: [&str; 4] =
    ["graph.microsoft.com", "graph.microsoft.us", "dod-graph.microsoft.us", "microsoftgraph.chinacloudapi.cn"];
/// Hosts whose tokens Exchange accepts, over all clouds.
const EXCHANGE_HOSTS: [&str; 5] = [
    "outlook.office365.com",
    "outlook.office.com",
    "outlook.office365.us",
    "outlook-dod.office365.us",
    "partner.outlook.cn",
];

/// How Exchange asks for a bearer token.
pub(super) const CHALLENGE: &str = "Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"00000001-0000-0000-c000-000000000000@*\", authorization_uri=\"https://login.windows.net/common/oauth2/authorize\"";

/// Whom a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resource {
    Graph,
    Exchange,
    /// The simulator's own origin: every service takes it.
    Own,
}

impl Resource {
    /// The resource that an audience or the front part of a scope names.
    pub(super) fn of(audience: &str, origin: &str) -> Option<Self> {
        let audience = audience.trim_end_matches('/');
        if audience.eq_ignore_ascii_case(origin.trim_end_matches('/')) {
            return Some(Self::Own);
        }
        if audience == "00000003-0000-0000-c000-000000000000" {
            return Some(Self::Graph);
        }
        if audience == "00000002-0000-0ff1-ce00-000000000000" {
            return Some(Self::Exchange);
        }
        let host = audience.strip_prefix("https://")?.to_ascii_lowercase();
        if GRAPH_HOSTS.contains(&host.as_str()) {
            Some(Self::Graph)
        } else if EXCHANGE_HOSTS.contains(&host.as_str()) {
            Some(Self::Exchange)
        } else {
            None
        }
    }
}

/// What a token says, as far as the services look at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claims {
    pub(super) aud: String,
    pub(super) iss: String,
    pub(super) iat: i64,
    pub(super) nbf: i64,
    pub(super) exp: i64,
    pub(super) appid: String,
    pub(super) app_displayname: String,
    pub(super) tid: String,
    pub(super) oid: String,
    pub(super) sub: String,
    pub(super) ver: String,
    /// Application permissions; absent when none is granted, as the real authority leaves it out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) roles: Vec<String>,
    /// Delegated permissions, separated by blanks; absent in an application's own token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) scp: Option<String>,
    /// The signed-in user of a delegated token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) upn: Option<String>,
}

impl Claims {
    /// Whether one of the permissions was granted, to the application or through its user.
    pub(super) fn permits(&self, any_of: &[&str]) -> bool {
        let delegated = self.scp.as_deref().unwrap_or_default();
        any_of.iter().any(|wanted| {
            self.roles.iter().any(|role| role == wanted) || delegated.split(' ').any(|scope| scope == *wanted)
        })
    }

    /// Whether this is an application's own token.
    pub(super) fn app_only(&self) -> bool {
        self.scp.is_none()
    }
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    Missing,
    Malformed,
    Signature,
    Expired,
    Audience,
    Tenant,
}

fn key(tenant: Uuid) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, tenant.as_bytes())
}

/// Signs claims into a compact token.
pub(super) fn mint(tenant: &Tenant, claims: &Claims) -> String {
    let part = |value: &serde_json::Value| BASE64.encode(value.to_string());
    let head = part(&serde_json::json!({"typ": "JWT", "alg": "HS256", "kid": "simulated"}));
    let body = part(&serde_json::to_value(claims).unwrap_or_default());
    let signature = BASE64.encode(hmac::sign(&key(tenant.id), format!("{head}.{body}").as_bytes()));
    format!("{head}.{body}.{signature}")
}

/// Reads the bearer token of a request to `service`.
pub(super) fn read(
    tenant: &Tenant,
    authorization: Option<&str>,
    service: Resource,
    origin: &str,
    now: Timestamp,
) -> Result<Claims, Refusal> {
    let header = authorization.unwrap_or_default();
    let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
    if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
        return Err(Refusal::Missing);
    }
    let (signed, signature) = token.trim().rsplit_once('.').ok_or(Refusal::Malformed)?;
    let signature = BASE64.decode(signature).map_err(|_| Refusal::Malformed)?;
    let body = signed.split_once('.').and_then(|(_, body)| BASE64.decode(body).ok()).ok_or(Refusal::Malformed)?;
    let claims: Claims = serde_json::from_slice(&body).map_err(|_| Refusal::Malformed)?;
    if claims.tid != tenant.id.to_string() {
        return Err(Refusal::Tenant);
    }
    hmac::verify(&key(tenant.id), signed.as_bytes(), &signature).map_err(|_| Refusal::Signature)?;
    if claims.exp <= now.as_second() {
        return Err(Refusal::Expired);
    }
    match Resource::of(&claims.aud, origin) {
        Some(resource) if resource == service || resource == Resource::Own => Ok(claims),
        _ => Err(Refusal::Audience),
    }
}
