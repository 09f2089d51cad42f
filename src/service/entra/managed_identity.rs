//! The identity of the Azure machine this runs on: IMDS of virtual machines, and the endpoint of App Service and
//! Functions (Microsoft: managed identities for Azure resources). Neither takes a credential from us.

use http::HeaderValue;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use super::permissions;
use crate::clock::Clock;
use crate::evidence::Cause;
use crate::service::one_line;
use crate::transport::retry::{describe, json_by_status};
use crate::transport::{Answer, Call, Patience, Reading, Request, ScopeId, Token, Transport, Trouble};

/// Where a machine's identity is asked for.
pub struct ManagedIdentity {
    /// The endpoint, whole.
    pub endpoint: Url,
    /// Which of the two protocols it speaks.
    pub protocol: Protocol,
    /// Client id of a user-assigned identity; none: the machine's own.
    pub client_id: Option<String>,
}

/// The two protocols.
pub enum Protocol {
    /// Virtual machines: `Metadata: true`.
    Imds,
    /// App Service and Functions: `X-IDENTITY-HEADER`, from `IDENTITY_HEADER`.
    AppService(SecretString),
}

/// Where virtual machines have it (link-local: it never leaves the machine).
pub const IMDS: &str = "http://169.254.169.254";
/// Its path.
pub const IMDS_PATH: &str = "/metadata/identity/oauth2/token";

/// The answer; numbers come as text.
#[derive(Deserialize)]
struct Issued {
    access_token: SecretString,
    #[serde(default)]
    expires_in: serde_json::Value,
    #[serde(default)]
    expires_on: serde_json::Value,
}

impl ManagedIdentity {
    /// A token for a resource, named by its root.
    ///
    /// # Errors
    /// In words, when the machine has no such identity, or is none of Azure's.
    pub async fn token(&self, transport: &Transport, clock: Clock, resource: &str) -> Result<Token, Trouble> {
        let issued = clock.now();
        let call = Call {
            scope: ScopeId::Token,
            cost: 1,
            request: self.request(resource),
            reading,
            patience: Patience::Question,
        };
        let answer = transport.call(call, None).await.map_err(|trouble| Trouble {
            detail: format!("no managed identity: {}; they exist on Azure machines only", trouble.detail),
            ..trouble
        })?;
        if !answer.status.is_success() {
            return Err(self.refusal(&answer));
        }
        let token: Issued = serde_json::from_slice(&answer.body).map_err(|_| {
            Trouble::new(Cause::SignIn, "the machine's identity endpoint answered with something that is not a token")
        })?;
        Ok(Token {
            roles: permissions(token.access_token.expose_secret()),
            expires: ends(&token, issued),
            secret: token.access_token,
            issued,
        })
    }

    fn refusal(&self, answer: &Answer) -> Trouble {
        let body: Refusal = serde_json::from_slice(&answer.body).unwrap_or_default();
        let said = [body.error_description, body.message, body.error.as_str().unwrap_or_default().to_owned()];
        let said = said.into_iter().find(|text| !text.is_empty() && !self.gives_away(text));
        let detail = format!(
            "the machine's identity gives no token ({}); switch the identity on for this machine, or set `client_id` to the user-assigned one",
            one_line(&said.unwrap_or_else(|| describe(answer.status)))
        );
        Trouble::new(Cause::SignIn, detail).told_by(answer)
    }

    /// Whether a text repeats what we proved ourselves with.
    fn gives_away(&self, text: &str) -> bool {
        match &self.protocol {
            Protocol::Imds => false,
            Protocol::AppService(secret) => text.contains(secret.expose_secret()),
        }
    }

    fn request(&self, resource: &str) -> Request {
        let version = match self.protocol {
            Protocol::Imds => "2018-02-01",
            Protocol::AppService(_) => "2019-08-01",
        };
        let mut url = self.endpoint.clone();
        url.query_pairs_mut().append_pair("api-version", version).append_pair("resource", resource);
        if let Some(id) = &self.client_id {
            url.query_pairs_mut().append_pair("client_id", id);
        }
        let mut request = Request::get(url);
        match &self.protocol {
            Protocol::Imds => request = request.header("metadata", "true"),
            Protocol::AppService(secret) => {
                if let Ok(mut value) = HeaderValue::from_str(secret.expose_secret()) {
                    value.set_sensitive(true);
                    request.headers.insert("x-identity-header", value);
                }
            }
        }
        request
    }
}

/// A refusal of either endpoint; each has its own idea of where the words stand.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    error: serde_json::Value,
    error_description: String,
    message: String,
}

fn number(value: &serde_json::Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn ends(token: &Issued, issued: Timestamp) -> Timestamp {
    let on = number(&token.expires_on).and_then(|second| Timestamp::from_second(second).ok());
    let after = number(&token.expires_in).map(|life| issued + SignedDuration::from_secs(life.clamp(0, 86_400)));
    on.filter(|on| *on > issued).or(after).unwrap_or(issued + SignedDuration::from_hours(1))
}

/// 404, 410, 429 and 5xx are passing states of IMDS while it starts or is updated; all else is final.
fn reading(answer: &Answer) -> Reading {
    match answer.status.as_u16() {
        404 | 410 => Reading::Transient(Cause::Outage, "the machine's identity endpoint is not ready".to_owned()),
        _ => json_by_status(answer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_text_are_read() {
        let token: Issued = serde_json::from_str(r#"{"access_token":"a","expires_in":"3599"}"#).unwrap();
        assert_eq!(ends(&token, Timestamp::UNIX_EPOCH).as_second(), 3599);
        let token: Issued = serde_json::from_str(r#"{"access_token":"a","expires_on":"7200"}"#).unwrap();
        assert_eq!(ends(&token, Timestamp::UNIX_EPOCH).as_second(), 7200);
    }

    #[test]
    fn the_resource_is_no_scope_and_the_header_is_in_place() {
        let identity = ManagedIdentity {
            endpoint: format!("{IMDS}{IMDS_PATH}").parse().unwrap(),
            protocol: Protocol::Imds,
            client_id: Some("x".to_owned()),
        };
        let request = identity.request("https://graph.microsoft.com");
        let query = request.url.query().unwrap();
        assert!(query.contains("resource=https%3A%2F%2Fgraph.microsoft.com&client_id=x"), "{query}");
        assert_eq!(request.headers["metadata"], "true");
    }
}
