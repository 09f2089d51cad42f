//! Autodiscover SOAP (`GetUserSettings`): what Exchange's own clients are told about a user.

use std::sync::Arc;

use url::Url;

use super::pox::PoxAutodiscover;
use crate::evidence::Cause;
use crate::evidence::mailbox::UserSettings;
use crate::service::one_line;
use crate::service::xml::{Element, escaped};
use crate::transport::retry::by_status;
use crate::transport::{Answer, Call, Client, Patience, Reading, Request, Resource, ScopeId, Trouble};

/// The settings that tell where a user's EWS is.
const SETTINGS: [&str; 4] = ["ExternalEwsUrl", "InternalEwsUrl", "UserMSOnline", "AutoDiscoverSMTPAddress"];
const ACTION: &str = "http://schemas.microsoft.com/exchange/2010/Autodiscover/Autodiscover/GetUserSettings";
/// Address redirects followed.
const MOST_REDIRECTS: usize = 3;

/// SOAP Autodiscover of a cloud.
pub struct SoapAutodiscover {
    client: Arc<Client>,
    url: Url,
    /// For a signed-in person POX answers too, where SOAP does not.
    pox: Option<PoxAutodiscover>,
}

/// What one user's part of an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserAnswer {
    /// Settings.
    Settings(UserSettings),
    /// Start over with another address.
    RedirectAddress(String),
    /// Start over elsewhere.
    RedirectUrl(String),
}

impl SoapAutodiscover {
    /// Asks at the cloud's secure Autodiscover name.
    #[must_use]
    pub fn new(client: Arc<Client>, url: Url, pox: Option<PoxAutodiscover>) -> Self {
        Self { client, url, pox }
    }

    /// The settings of one user, by whichever of the two protocols answers.
    ///
    /// # Errors
    /// When no answer could be had, or one that settles nothing.
    pub async fn settings(&self, address: &str) -> Result<UserSettings, Trouble> {
        let failed = match self.user_settings(address).await {
            Err(trouble) => trouble,
            answer => return answer,
        };
        let Some(pox) = &self.pox else {
            let detail = format!("{}; POX was not asked: it finds nobody for an application", failed.detail);
            return Err(Trouble { detail, ..failed });
        };
        match pox.user_settings(address).await {
            Ok(settings) => Ok(UserSettings { soap_failed: Some(failed.detail), ..settings }),
            Err(trouble) => {
                let detail = format!("{}; and over POX: {}", failed.detail, trouble.detail);
                Err(Trouble { detail, ..trouble })
            }
        }
    }

    async fn user_settings(&self, address: &str) -> Result<UserSettings, Trouble> {
        let mut address = address.to_owned();
        for redirects in 0..=MOST_REDIRECTS {
            let answer = self.ask(&address).await?;
            match interpret(&answer.body)?.into_iter().next() {
                // Who is sent to an address that this server does not serve has to ask elsewhere.
                Some(UserAnswer::Settings(settings)) if redirects > 0 && settings.error.is_some() => {
                    let error = Some(format!("RedirectAddress {address}"));
                    return Ok(UserSettings { error, ..UserSettings::default() });
                }
                Some(UserAnswer::Settings(settings)) => return Ok(settings),
                Some(UserAnswer::RedirectAddress(next)) if !next.eq_ignore_ascii_case(&address) => address = next,
                Some(UserAnswer::RedirectUrl(url)) => {
                    let redirected =
                        UserSettings { error: Some(format!("RedirectUrl {url}")), ..UserSettings::default() };
                    return Ok(redirected);
                }
                Some(UserAnswer::RedirectAddress(_)) | None => break,
            }
        }
        Err(Trouble::new(Cause::Inconclusive, "Autodiscover SOAP redirects without end"))
    }

    async fn ask(&self, address: &str) -> Result<Answer, Trouble> {
        let request = Request::post(self.url.clone(), "text/xml; charset=utf-8", envelope(address, &self.url))
            .header("soapaction", &format!("\"{ACTION}\""))
            .header("x-anchormailbox", address);
        let call = Call { scope: ScopeId::Autodiscover, cost: 1, request, reading, patience: Patience::Question };
        self.client.call(Resource::Exchange, call).await
    }
}

/// A busy service says so inside a 200; a fault of its dispatcher comes with a 500.
fn reading(answer: &Answer) -> Reading {
    match Element::parse(&answer.body).ok().and_then(|root| Some(root.find("ErrorCode")?.text.clone())).as_deref() {
        Some("ServerBusy") => Reading::Pushback(None, "Autodiscover is busy".to_owned()),
        _ => by_status(answer),
    }
}

fn envelope(address: &str, url: &Url) -> String {
    let settings: String = SETTINGS.iter().map(|name| format!("<a:Setting>{name}</a:Setting>")).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:a=\"http://schemas.microsoft.com/exchange/2010/Autodiscover\" \
         xmlns:wsa=\"http://www.w3.org/2005/08/addressing\"><s:Header>\
         <a:RequestedServerVersion>Exchange2013</a:RequestedServerVersion><wsa:Action>{ACTION}</wsa:Action>\
         <wsa:To>{}</wsa:To></s:Header><s:Body><a:GetUserSettingsRequestMessage><a:Request><a:Users><a:User>\
         <a:Mailbox>{}</a:Mailbox></a:User></a:Users><a:RequestedSettings>{settings}</a:RequestedSettings></a:Request>\
         </a:GetUserSettingsRequestMessage></s:Body></s:Envelope>",
        escaped(url.as_str()),
        escaped(address)
    )
}

/// Reads an answer: one entry a user, in the order of the request.
///
/// # Errors
/// When it is no Autodiscover answer, or the whole call failed.
pub fn interpret(body: &[u8]) -> Result<Vec<UserAnswer>, Trouble> {
    let root = Element::parse(body)
        .map_err(|error| Trouble::new(Cause::Unreadable, format!("the Autodiscover answer cannot be read: {error}")))?;
    if let Some(fault) = root.find("Fault") {
        let text = one_line(fault.child_text("faultstring").unwrap_or("no reason given"));
        return Err(Trouble::new(Cause::Inconclusive, format!("Autodiscover SOAP failed: {text}")));
    }
    let Some(response) = root.find("Response") else {
        return Err(Trouble::new(Cause::Inconclusive, "what answers for Autodiscover does not speak its protocol"));
    };
    let code = response.child_text("ErrorCode").unwrap_or_default();
    let users: Vec<&Element> = response.find_all("UserResponse");
    if users.is_empty() {
        return Err(Trouble::new(Cause::Inconclusive, format!("Autodiscover SOAP answered {code} for the whole call")));
    }
    Ok(users.into_iter().map(user).collect())
}

fn user(response: &Element) -> UserAnswer {
    let target = response.child_text("RedirectTarget").map(str::to_owned);
    match (response.child_text("ErrorCode").unwrap_or("NoError"), target) {
        ("RedirectAddress", Some(target)) => UserAnswer::RedirectAddress(target),
        ("RedirectUrl", Some(target)) => UserAnswer::RedirectUrl(target),
        ("NoError", _) => UserAnswer::Settings(settings(response)),
        (code, _) => UserAnswer::Settings(UserSettings { error: Some(code.to_owned()), ..UserSettings::default() }),
    }
}

/// Settings that are not available are simply absent: that is harmless.
fn settings(response: &Element) -> UserSettings {
    let value = |name: &str| {
        let settings = response.find_all("UserSetting").into_iter();
        let named = settings.filter(|setting| setting.child_text("Name") == Some(name));
        named.filter_map(|setting| setting.child_text("Value")).next().map(str::to_owned)
    };
    UserSettings {
        external_ews_url: value("ExternalEwsUrl"),
        internal_ews_url: value("InternalEwsUrl"),
        online: value("UserMSOnline").map(|text| text.eq_ignore_ascii_case("true")),
        ..UserSettings::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(users: &str) -> String {
        format!(
            "<s:Envelope xmlns:s='urn:s'><s:Body><GetUserSettingsResponseMessage><Response><ErrorCode>NoError</ErrorCode>\
             <UserResponses>{users}</UserResponses></Response></GetUserSettingsResponseMessage></s:Body></s:Envelope>"
        )
    }

    #[test]
    fn settings_and_redirects_come_in_request_order() {
        let body = answer(
            "<UserResponse><ErrorCode>NoError</ErrorCode><UserSettings><UserSetting><Name>ExternalEwsUrl</Name>\
             <Value>https://outlook.office365.com/EWS/Exchange.asmx</Value></UserSetting><UserSetting><Name>UserMSOnline</Name>\
             <Value>True</Value></UserSetting></UserSettings></UserResponse>\
             <UserResponse><ErrorCode>RedirectAddress</ErrorCode><RedirectTarget>a@contoso.example</RedirectTarget></UserResponse>\
             <UserResponse><ErrorCode>InvalidUser</ErrorCode></UserResponse>",
        );
        let users = interpret(body.as_bytes()).unwrap();
        assert!(
            matches!(&users[0], UserAnswer::Settings(found) if found.online == Some(true) && found.error.is_none())
        );
        assert_eq!(users[1], UserAnswer::RedirectAddress("a@contoso.example".to_owned()));
        assert!(matches!(&users[2], UserAnswer::Settings(found) if found.error.as_deref() == Some("InvalidUser")));
    }

    #[test]
    fn a_failed_call_and_a_foreign_fault_settle_nothing() {
        let failed =
            "<Envelope><Body><M><Response><ErrorCode>InternalServerError</ErrorCode></Response></M></Body></Envelope>";
        let fault = "<Envelope><Body><Fault><faultstring>no</faultstring></Fault></Body></Envelope>";
        for body in [failed, fault, "<a/>"] {
            assert_eq!(interpret(body.as_bytes()).unwrap_err().cause, Cause::Inconclusive, "{body}");
        }
    }
}
