//! Entra: tokens for our application (OAuth 2.0 client credentials, Microsoft identity platform v2.0).

mod aadsts;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::BoxFuture;
use jiff::SignedDuration;
use oauth2::basic::BasicClient;
use oauth2::{
    AsyncHttpClient, AuthType, ClientId, ClientSecret, HttpRequest, HttpResponse, Scope, TokenResponse, TokenUrl,
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use super::graph::one_line;
use crate::clock::Clock;
use crate::evidence::Cause;
use crate::transport::retry::json_by_status;
use crate::transport::{
    Answer, Call, Patience, Reading, Request, Resource, ScopeId, Token, TokenSource, Transport, Trouble,
};

/// What proves that we are the application.
#[derive(Clone)]
pub enum Credential {
    /// A client secret.
    Secret(SecretString),
}

/// Signs an application in.
pub struct Entra {
    transport: Arc<Transport>,
    clock: Clock,
    token_url: Url,
    client_id: String,
    credential: Credential,
    /// Scope for each resource, in the order of [`Resource`].
    scopes: [String; 2],
}

impl Entra {
    /// Signs in at `authority` as `client_id` of `tenant`; `graph` and `exchange` are the resources' roots in the
    /// tenant's cloud, which name the tokens' audiences.
    ///
    /// # Errors
    /// When the tenant or authority makes no address.
    pub fn new(
        transport: Arc<Transport>,
        clock: Clock,
        authority: &Url,
        tenant: &str,
        client_id: String,
        credential: Credential,
        resources: [&str; 2],
    ) -> Result<Self, Trouble> {
        let token_url = authority
            .join(&format!("/{tenant}/oauth2/v2.0/token"))
            .map_err(|error| Trouble::new(Cause::SignIn, format!("no sign-in address for tenant {tenant}: {error}")))?;
        let scopes = resources.map(|root| format!("{}/.default", root.trim_end_matches('/')));
        Ok(Self { transport, clock, token_url, client_id, credential, scopes })
    }

    async fn client_credentials(&self, resource: Resource) -> Result<Token, Trouble> {
        let Credential::Secret(secret) = &self.credential;
        let url = TokenUrl::new(self.token_url.to_string())
            .map_err(|error| Trouble::new(Cause::SignIn, format!("no sign-in address: {error}")))?;
        let client = BasicClient::new(ClientId::new(self.client_id.clone()))
            .set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()))
            .set_token_uri(url)
            // Entra wants id and secret as form fields unless both are URL-encoded twice.
            .set_auth_type(AuthType::RequestBody);
        let failure = Mutex::new(None);
        let carrier = Carrier { entra: self, failure: &failure };
        let issued = self.clock.now();
        let answer = client
            .exchange_client_credentials()
            .add_scope(Scope::new(self.scopes[resource as usize].clone()))
            .request_async(&carrier)
            .await;
        match answer {
            Ok(token) => {
                let secret = token.access_token().secret();
                let life = token.expires_in().map_or(3600, |life| i64::try_from(life.as_secs()).unwrap_or(3600));
                Ok(Token {
                    roles: permissions(secret),
                    secret: SecretString::from(secret.clone()),
                    issued,
                    expires: issued + SignedDuration::from_secs(life),
                })
            }
            // The library's error drops Entra's codes, so the answer itself was kept.
            Err(_) => Err(failure.into_inner().unwrap_or_else(PoisonError::into_inner).unwrap_or_else(|| {
                Trouble::new(Cause::SignIn, "the sign-in endpoint answered with something that is not a token")
            })),
        }
    }

    /// Carries the library's request over our transport.
    async fn send(&self, request: HttpRequest, failure: &Mutex<Option<Trouble>>) -> Result<HttpResponse, Refused> {
        let keep = |trouble: Trouble| {
            *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(trouble);
            Refused
        };
        let (parts, body) = request.into_parts();
        let url = Url::parse(&parts.uri.to_string())
            .map_err(|error| keep(Trouble::new(Cause::SignIn, format!("no sign-in address: {error}"))))?;
        let request = Request { method: parts.method, url, headers: parts.headers, body: body.into() };
        let call = Call { scope: ScopeId::Token, cost: 1, request, reading, patience: Patience::Listing };
        let answer = self.transport.call(call, None).await.map_err(keep)?;
        if !answer.status.is_success() {
            return Err(keep(explain(&answer, &self.client_id)));
        }
        let mut response = HttpResponse::new(answer.body.to_vec());
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        // The library trusts the label more than the content, which was read as JSON already.
        response.headers_mut().remove(http::header::CONTENT_TYPE);
        Ok(response)
    }
}

impl TokenSource for Entra {
    fn fetch(&self, resource: Resource) -> BoxFuture<'_, Result<Token, Trouble>> {
        Box::pin(self.client_credentials(resource))
    }
}

/// Our transport, as the library sees it.
struct Carrier<'a> {
    entra: &'a Entra,
    failure: &'a Mutex<Option<Trouble>>,
}

impl<'c> AsyncHttpClient<'c> for Carrier<'_> {
    type Error = Refused;
    type Future = BoxFuture<'c, Result<HttpResponse, Refused>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.entra.send(request, self.failure))
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
    match code.map(|code| code.class) {
        Some(aadsts::Class::Throttled) => Reading::Pushback(None, one_line(&body.error_description)),
        Some(aadsts::Class::Transient) => Reading::Transient(Cause::Outage, one_line(&body.error_description)),
        Some(aadsts::Class::Fatal) => Reading::Final,
        None => json_by_status(answer),
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
                (None, error) => error.to_owned(),
            };
            format!("Entra refused to sign application {client_id} in ({said})")
        }
    };
    Trouble::new(Cause::SignIn, detail)
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
