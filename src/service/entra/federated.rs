//! Tokens of other issuers, exchanged for ours (Microsoft identity platform: workload identity federation).

use std::path::PathBuf;

use http::HeaderValue;
use http::header::AUTHORIZATION;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use crate::evidence::Cause;
use crate::transport::retry::{describe, json_by_status};
use crate::transport::{Call, Patience, Request, ScopeId, Transport, Trouble};

/// Where the issuer's token comes from. It is fetched anew for every exchange: such tokens live for minutes and rotate.
pub enum Federated {
    /// A file that the platform keeps fresh, for example Kubernetes.
    File(PathBuf),
    /// GitHub Actions (GitHub: OpenID Connect reference).
    GitHub {
        /// `ACTIONS_ID_TOKEN_REQUEST_URL`.
        url: Url,
        /// `ACTIONS_ID_TOKEN_REQUEST_TOKEN`.
        token: SecretString,
        /// The audience that the registration expects.
        audience: String,
    },
}

/// GitHub's answer.
#[derive(Deserialize)]
struct Issued {
    value: SecretString,
}

impl Federated {
    /// A fresh token of the issuer.
    ///
    /// # Errors
    /// In words, when file or issuer gives none.
    pub async fn token(&self, transport: &Transport) -> Result<SecretString, Trouble> {
        match self {
            Self::File(path) => {
                let shown = path.display();
                let text = tokio::fs::read_to_string(path).await.map(Zeroizing::new).map_err(|error| {
                    Trouble::new(Cause::SignIn, format!("the token file {shown} cannot be read: {error}"))
                })?;
                match text.trim() {
                    "" => Err(Trouble::new(Cause::SignIn, format!("the token file {shown} is empty"))),
                    token => Ok(SecretString::from(token)),
                }
            }
            Self::GitHub { url, token, audience } => github(transport, url.clone(), token, audience).await,
        }
    }
}

async fn github(
    transport: &Transport,
    mut url: Url,
    token: &SecretString,
    audience: &str,
) -> Result<SecretString, Trouble> {
    url.query_pairs_mut().append_pair("audience", audience);
    let mut request = Request::get(url).header("accept", "application/json");
    let bearer = Zeroizing::new(format!("bearer {}", token.expose_secret()));
    let mut bearer = HeaderValue::from_str(&bearer)
        .map_err(|_| Trouble::new(Cause::SignIn, "ACTIONS_ID_TOKEN_REQUEST_TOKEN holds no token"))?;
    bearer.set_sensitive(true);
    request.headers.insert(AUTHORIZATION, bearer);
    let call = Call { scope: ScopeId::Token, cost: 1, request, reading: json_by_status, patience: Patience::Question };
    let answer = transport.call(call, None).await?;
    let issued = serde_json::from_slice::<Issued>(&answer.body).ok().filter(|_| answer.status.is_success());
    issued.map(|issued| issued.value).ok_or_else(|| {
        let detail = format!(
            "GitHub Actions gave no token ({}); the job needs `permissions: id-token: write`",
            describe(answer.status)
        );
        Trouble::new(Cause::SignIn, detail).told_by(&answer)
    })
}
