//! A person signs in at a browser (RFC 8628; Microsoft identity platform: device authorization grant). The first
//! sign-in gives a refresh token, which gets the tokens for every service and all later ones without the person.

use std::sync::Arc;
use std::time::Duration;

use oauth2::{DeviceAuthorizationUrl, RefreshToken, Scope, StandardDeviceAuthorizationResponse, TokenResponse};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use super::{Carrier, Entra, Refusals, issue};
use crate::evidence::Cause;
use crate::service::one_line;
use crate::transport::{Resource, Token, Trouble};

/// Tells the person what to do.
pub type Prompt = Arc<dyn Fn(&str) + Send + Sync>;

/// The sign-in of a person.
pub struct DeviceCode {
    prompt: Prompt,
    /// Held while somebody signs in, so that one person is asked once.
    refresh: Mutex<Option<SecretString>>,
}

/// Longest wait for a person, whatever the authority says; it gives 15 minutes.
const PATIENCE: Duration = Duration::from_mins(20);

impl DeviceCode {
    /// A sign-in that shows page and code through `prompt`.
    #[must_use]
    pub fn new(prompt: Prompt) -> Self {
        Self { prompt, refresh: Mutex::default() }
    }

    pub(super) async fn token(&self, entra: &Entra, resource: Resource) -> Result<Token, Trouble> {
        let mut refresh = self.refresh.lock().await;
        let issued = entra.clock.now();
        let answer = match &*refresh {
            Some(token) => renew(entra, token, resource).await?,
            None => self.ask_person(entra, resource).await?,
        };
        if let Some(token) = answer.refresh_token() {
            *refresh = Some(SecretString::from(token.secret().as_str()));
        }
        Ok(issue(&answer, issued))
    }

    async fn ask_person(
        &self,
        entra: &Entra,
        resource: Resource,
    ) -> Result<oauth2::basic::BasicTokenResponse, Trouble> {
        let address = entra.token_url.as_str().replace("/oauth2/v2.0/token", "/oauth2/v2.0/devicecode");
        let address = DeviceAuthorizationUrl::new(address)
            .map_err(|error| Trouble::new(Cause::SignIn, format!("no device code address: {error}")))?;
        let client = entra.client()?.set_device_authorization_url(address);
        let carrier = Carrier::new(entra, Refusals::AreErrors);
        let begun = client
            .exchange_device_code()
            .add_scope(entra.scope(resource))
            .add_scope(Scope::new("offline_access".to_owned()))
            .request_async(&carrier)
            .await;
        let details: StandardDeviceAuthorizationResponse = begun.map_err(|_| carrier.trouble())?;
        (self.prompt)(&invitation(&details));
        let carrier = Carrier::new(entra, Refusals::AreRead);
        let token = client
            .exchange_device_access_token(&details)
            .request_async(&carrier, tokio::time::sleep, Some(PATIENCE))
            .await;
        token.map_err(|_| carrier.trouble())
    }
}

async fn renew(
    entra: &Entra,
    token: &SecretString,
    resource: Resource,
) -> Result<oauth2::basic::BasicTokenResponse, Trouble> {
    let client = entra.client()?;
    let carrier = Carrier::new(entra, Refusals::AreErrors);
    let token = RefreshToken::new(token.expose_secret().to_owned());
    let request = client
        .exchange_refresh_token(&token)
        .add_scope(entra.scope(resource))
        .add_scope(Scope::new("offline_access".to_owned()));
    let answer = request.request_async(&carrier).await;
    answer.map_err(|_| carrier.trouble())
}

/// The authority's own words are not passed on: they are foreign text for a terminal.
fn invitation(details: &StandardDeviceAuthorizationResponse) -> String {
    let page = one_line(details.verification_uri().as_str());
    let code: String = details.user_code().secret().chars().filter(|letter| !letter.is_control()).take(40).collect();
    let minutes = details.expires_in().as_secs().div_ceil(60);
    format!(
        "Sign in: open {page} and enter the code {code} (within {minutes} minutes).\n\
         A person's sign-in sees less than an application's: other people's mailboxes stay closed to Graph and EWS, and \
         what the person's roles do not show stays unknown."
    )
}
