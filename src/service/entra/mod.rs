//! Entra: tokens for our application (OAuth 2.0 client credentials, Microsoft identity platform v2.0), or for a person
//! who approves it at a browser.

mod aadsts;
mod certificate;
mod device_code;
mod federated;
mod managed_identity;
mod openid;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use oauth2::basic::{BasicClient, BasicTokenResponse};
use oauth2::{
    AsyncHttpClient, AuthType, ClientId, ClientSecret, HttpRequest, HttpResponse, Scope, TokenResponse, TokenUrl,
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use crate::clock::Clock;
use crate::evidence::Cause;
use crate::transport::retry::json_by_status;
use crate::transport::{
    Answer, Call, Patience, Reading, Request, Resource, ScopeId, Token, TokenSource, Transport, Trouble,
};

pub use certificate::{Certificate, is_pem};
pub use device_code::DeviceCode;
pub use federated::Federated;
pub use managed_identity::{IMDS, IMDS_PATH, ManagedIdentity, Protocol};
pub use openid::OpenId;

/// What proves that we are the application.
pub enum Credential {
    /// A client secret.
    Secret(SecretString),
    /// A certificate whose key signs for us.
    Certificate(Box<Certificate>),
    /// A token of an issuer that the registration trusts.
    Federated(Federated),
    /// The identity of the machine.
    ManagedIdentity(ManagedIdentity),
    /// A person.
    DeviceCode(DeviceCode),
}

impl Credential {
    /// Whether tokens are a person's: delegated permissions, and no impersonation of others.
    #[must_use]
    pub fn is_delegated(&self) -> bool {
        matches!(self, Self::DeviceCode(_))
    }
}

/// Where to sign in, and as whom.
pub struct Account<'a> {
    /// Root of the authority.
    pub authority: &'a Url,
    /// Tenant id or verified domain.
    pub tenant: &'a str,
    /// Our application's id.
    pub client_id: String,
    /// Roots of Graph and Exchange in the tenant's cloud, which name the tokens' audiences.
    pub resources: [&'a str; 2],
}

/// Signs an application in.
pub struct Entra {
    transport: Arc<Transport>,
    clock: Clock,
    token_url: Url,
    client_id: String,
    credential: Credential,
    /// Root of each resource, in the order of [`Resource`].
    resources: [String; 2],
}

/// Type of a JWT that stands in for a secret (RFC 7523).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

impl Entra {
    /// Signs in with a credential.
    ///
    /// # Errors
    /// When the tenant or authority makes no address.
    pub fn new(
        transport: Arc<Transport>,
        clock: Clock,
        account: Account<'_>,
        credential: Credential,
    ) -> Result<Self, Trouble> {
        let Account { authority, tenant, client_id, resources } = account;
        let token_url = authority
            .join(&format!("/{tenant}/oauth2/v2.0/token"))
            .map_err(|error| Trouble::new(Cause::SignIn, format!("no sign-in address for tenant {tenant}: {error}")))?;
        let resources = resources.map(|root| root.trim_end_matches('/').to_owned());
        Ok(Self { transport, clock, token_url, client_id, credential, resources })
    }

    async fn token(&self, resource: Resource) -> Result<Token, Trouble> {
        match &self.credential {
            Credential::Secret(secret) => self.client_credentials(resource, Proof::Secret(secret)).await,
            Credential::Certificate(certificate) => {
                let assertion = certificate
                    .assertion(&self.client_id, self.token_url.as_str(), self.clock.now())
                    .map_err(|why| Trouble::new(Cause::SignIn, why))?;
                self.client_credentials(resource, Proof::Assertion(&assertion)).await
            }
            Credential::Federated(federated) => {
                let assertion = federated.token(&self.transport).await?;
                self.client_credentials(resource, Proof::Assertion(&assertion)).await
            }
            Credential::ManagedIdentity(identity) => {
                identity.token(&self.transport, self.clock, &self.resources[resource as usize]).await
            }
            Credential::DeviceCode(device_code) => device_code.token(self, resource).await,
        }
    }

    async fn client_credentials(&self, resource: Resource, proof: Proof<'_>) -> Result<Token, Trouble> {
        let client = self.client()?;
        let carrier = Carrier::new(self, Refusals::AreErrors);
        let issued = self.clock.now();
        let answer = match proof {
            Proof::Secret(secret) => {
                let client = client.set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()));
                let request = client.exchange_client_credentials().add_scope(self.scope(resource));
                request.request_async(&carrier).await
            }
            Proof::Assertion(assertion) => {
                let request = client
                    .exchange_client_credentials()
                    .add_scope(self.scope(resource))
                    .add_extra_param("client_assertion_type", JWT_BEARER)
                    .add_extra_param("client_assertion", assertion.expose_secret().to_owned());
                request.request_async(&carrier).await
            }
        };
        answer.map(|token| issue(&token, issued)).map_err(|_| carrier.trouble())
    }

    fn client(&self) -> Result<Client, Trouble> {
        let url = TokenUrl::new(self.token_url.to_string())
            .map_err(|error| Trouble::new(Cause::SignIn, format!("no sign-in address: {error}")))?;
        // Entra wants id and secret as form fields unless both are URL-encoded twice.
        Ok(BasicClient::new(ClientId::new(self.client_id.clone()))
            .set_token_uri(url)
            .set_auth_type(AuthType::RequestBody))
    }

    fn scope(&self, resource: Resource) -> Scope {
        Scope::new(format!("{}/.default", self.resources[resource as usize]))
    }

    /// Carries the library's request over our transport.
    async fn send(&self, request: HttpRequest, carrier: &Carrier<'_>) -> Result<HttpResponse, Refused> {
        let (parts, body) = request.into_parts();
        let url = Url::parse(&parts.uri.to_string())
            .map_err(|error| carrier.keep(Trouble::new(Cause::SignIn, format!("no sign-in address: {error}"))))?;
        let request = Request { method: parts.method, headers: parts.headers, body: body.into(), ..Request::get(url) };
        let call = Call { scope: ScopeId::Token, cost: 1, request, reading, patience: Patience::Listing };
        let answer = self.transport.call(call, None).await.map_err(|trouble| carrier.keep(trouble))?;
        if !answer.status.is_success() {
            let refused = carrier.keep(explain(&answer, &self.client_id));
            if carrier.refusals == Refusals::AreErrors {
                return Err(refused);
            }
        }
        let mut response = HttpResponse::new(answer.body.to_vec());
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        // The library trusts the label more than the content, which was read as JSON already.
        response.headers_mut().remove(http::header::CONTENT_TYPE);
        Ok(response)
    }
}

/// The library's client, with a token address.
type Client = BasicClient<
    oauth2::EndpointNotSet,
    oauth2::EndpointNotSet,
    oauth2::EndpointNotSet,
    oauth2::EndpointNotSet,
    oauth2::EndpointSet,
>;

/// What stands in the token request for who we are.
enum Proof<'a> {
    Secret(&'a SecretString),
    Assertion(&'a SecretString),
}

/// Longest life of a token, in seconds; Entra's live for 28 hours at most. More would leap over the end of time.
const LONGEST_LIFE: i64 = 48 * 3600;

/// A token as the library read it.
fn issue(token: &BasicTokenResponse, issued: Timestamp) -> Token {
    let secret = token.access_token().secret();
    let life = token.expires_in().map_or(3600, |life| i64::try_from(life.as_secs()).unwrap_or(LONGEST_LIFE));
    Token {
        roles: permissions(secret),
        secret: SecretString::from(secret.as_str()),
        issued,
        expires: issued + SignedDuration::from_secs(life.min(LONGEST_LIFE)),
    }
}

impl TokenSource for Entra {
    fn fetch(&self, resource: Resource) -> BoxFuture<'_, Result<Token, Trouble>> {
        Box::pin(self.token(resource))
    }
}

/// What the library is told of an unsuccessful answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusals {
    /// That it failed.
    AreErrors,
    /// The answer: it waits for a person by reading refusals.
    AreRead,
}

/// Our transport, as the library sees it. The library's errors drop Entra's codes, so the last refusal is kept.
struct Carrier<'a> {
    entra: &'a Entra,
    refusals: Refusals,
    last: Mutex<Option<Trouble>>,
}

impl<'a> Carrier<'a> {
    fn new(entra: &'a Entra, refusals: Refusals) -> Self {
        Self { entra, refusals, last: Mutex::default() }
    }

    fn keep(&self, trouble: Trouble) -> Refused {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(trouble);
        Refused
    }

    /// Why it failed.
    fn trouble(self) -> Trouble {
        self.last.into_inner().unwrap_or_else(PoisonError::into_inner).unwrap_or_else(|| {
            Trouble::new(Cause::SignIn, "the sign-in endpoint answered with something that is not a token")
        })
    }
}

impl<'c> AsyncHttpClient<'c> for Carrier<'_> {
    type Error = Refused;
    type Future = BoxFuture<'c, Result<HttpResponse, Refused>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.entra.send(request, self))
    }
}

/// The library wants an error; the cause is kept beside it.
#[derive(Debug)]
struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the sign-in was refused")
    }
}

impl std::error::Error for Refused {}

/// Entra's error object (Microsoft identity platform: authentication and authorization error codes).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    error: String,
    error_description: String,
    error_codes: Vec<u32>,
}

fn reading(answer: &Answer) -> Reading {
    let body: ErrorBody = serde_json::from_slice(&answer.body).unwrap_or_default();
    let code = body.error_codes.first().and_then(|code| aadsts::find(*code));
    let Some(code) = code else { return json_by_status(answer) };
    let said = || format!("{} (AADSTS{}); {}", code.meaning, code.number, code.remedy);
    match code.class {
        aadsts::Class::Throttled => Reading::Pushback(None, said()),
        aadsts::Class::Transient => Reading::Transient(Cause::Outage, said()),
        aadsts::Class::Fatal => Reading::Final,
    }
}

/// What a refused sign-in means for the person who set it up.
fn explain(answer: &Answer, client_id: &str) -> Trouble {
    let body: ErrorBody = serde_json::from_slice(&answer.body).unwrap_or_default();
    let number = body.error_codes.first().copied();
    let detail = match number.and_then(aadsts::find) {
        Some(code) => format!("{} (AADSTS{}); {}", code.meaning, code.number, code.remedy),
        None => {
            let said = match (number, body.error.as_str()) {
                (Some(number), _) => format!("AADSTS{number}"),
                (None, "") => format!("HTTP {}", answer.status.as_u16()),
                // Only the protocol's own words are repeated: a stranger's text could hold what we sent.
                (None, word)
                    if word.len() < 60 && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') =>
                {
                    word.to_owned()
                }
                (None, _) => format!("HTTP {}, with words that are none of the protocol's", answer.status.as_u16()),
            };
            format!("Entra refused to sign application {client_id} in ({said})")
        }
    };
    Trouble::new(Cause::SignIn, detail).told_by(answer)
}

/// The permissions in a token: `roles` of an application's, `scp` of a person's. A client-credentials token is
/// issued even when nothing was granted; only this tells.
fn permissions(token: &str) -> Vec<String> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Claims {
        roles: Vec<String>,
        scp: String,
    }
    let payload = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok());
    let claims: Claims = payload.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    claims.roles.into_iter().chain(claims.scp.split_whitespace().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_read_from_either_claim_and_from_nothing_else() {
        let token = |claims: &str| format!("h.{}.s", URL_SAFE_NO_PAD.encode(claims));
        assert_eq!(permissions(&token(r#"{"roles":["User.Read.All"]}"#)), ["User.Read.All"]);
        assert_eq!(permissions(&token(r#"{"scp":"Mail.Read User.Read"}"#)), ["Mail.Read", "User.Read"]);
        for text in ["", "opaque", "a.b.c", &token("{}"), &token("not json")] {
            assert!(permissions(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_life_beyond_all_time_is_cut_to_one_that_ends() {
        for life in ["172801", "9223372036854775807", "18446744073709551615"] {
            let text = format!("{{\"token_type\":\"bearer\",\"access_token\":\"a\",\"expires_in\":{life}}}");
            let token = issue(&serde_json::from_str(&text).unwrap(), Timestamp::UNIX_EPOCH);
            assert_eq!(token.expires.as_second(), LONGEST_LIFE, "{life}");
        }
    }

    #[test]
    fn a_known_code_gets_its_sentence_and_next_step() {
        let body = r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret. Trace ID: x",
            "error_codes":[7000215]}"#;
        let answer =
            Answer { status: http::StatusCode::UNAUTHORIZED, headers: http::HeaderMap::new(), body: body.into() };
        let trouble = explain(&answer, "app");
        assert_eq!(trouble.cause, Cause::SignIn);
        assert!(trouble.detail.contains("AADSTS7000215") && trouble.detail.contains("secret"), "{trouble}");
        assert_eq!(reading(&answer), Reading::Final);
    }
}
