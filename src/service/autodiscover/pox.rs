//! Autodiscover POX (MS-OXDSCLI): plain XML, one user a request. Exchange Online answers a client-credentials token
//! with error 500 for everybody, so only a signed-in person's answer says anything about the user.

use std::sync::Arc;

use url::Url;

use super::super::xml::{Element, escaped};
use crate::evidence::Cause;
use crate::evidence::mailbox::UserSettings;
use crate::service::one_line;
use crate::transport::retry::by_status;
use crate::transport::wire::is_loopback;
use crate::transport::{Call, Client, Patience, Request, Resource, ScopeId, Trouble};

/// Namespace of an answer on the wire; Microsoft's pages print it with https, which no server sends.
const OUTLOOK: &str = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";

/// Address redirects followed.
const MOST_REDIRECTS: usize = 3;

/// POX Autodiscover of a cloud, for a signed-in person.
pub struct PoxAutodiscover {
    client: Arc<Client>,
    url: Url,
}

impl PoxAutodiscover {
    /// Asks at the cloud's secure Autodiscover name.
    #[must_use]
    pub fn new(client: Arc<Client>, url: Url) -> Self {
        Self { client, url }
    }

    /// The settings of one user: EXPR's address is the external one, EXCH's the internal one.
    ///
    /// # Errors
    /// When no answer could be had, or one that settles nothing.
    pub async fn user_settings(&self, address: &str) -> Result<UserSettings, Trouble> {
        let mut address = address.to_owned();
        for redirects in 0..=MOST_REDIRECTS {
            let error = match self.ask(&address).await? {
                Pox::Settings(settings) => return Ok(settings.into()),
                Pox::UnknownAddress { .. } if redirects > 0 => format!("RedirectAddress {address}"),
                Pox::RedirectAddress(next) if !next.eq_ignore_ascii_case(&address) => {
                    address = next;
                    continue;
                }
                Pox::RedirectAddress(_) => break,
                Pox::RedirectUrl(url) => format!("RedirectUrl {url}"),
                Pox::UnknownAddress { message } => format!("500 {message}"),
                Pox::NoSettings { code, message } => format!("{code} {message}"),
            };
            return Ok(UserSettings { error: Some(error), ..UserSettings::default() });
        }
        Err(Trouble::new(Cause::Inconclusive, "Autodiscover POX redirects without end"))
    }

    async fn ask(&self, address: &str) -> Result<Pox, Trouble> {
        let request = Request::post(self.url.clone(), "text/xml; charset=utf-8", envelope(address))
            .header("x-anchormailbox", address);
        let patience = Patience::Question;
        let call = Call { scope: ScopeId::Autodiscover, cost: 1, request, reading: by_status, patience };
        let answer = self.client.call(Resource::Exchange, call).await?;
        interpret(&answer.body, Caller::Person)
    }
}

fn envelope(address: &str) -> String {
    let request = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006";
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Autodiscover xmlns=\"{request}\"><Request><EMailAddress>{}\
         </EMailAddress><AcceptableResponseSchema>{OUTLOOK}</AcceptableResponseSchema></Request></Autodiscover>",
        escaped(address)
    )
}

impl From<PoxSettings> for UserSettings {
    fn from(settings: PoxSettings) -> Self {
        let insecure = settings.insecure.filter(|_| settings.ews_url.is_none());
        let error = insecure.map(|url| format!("only an address without encryption: {url}"));
        Self { external_ews_url: settings.ews_url, online: settings.online, error, ..Self::default() }
    }
}

/// On whose behalf POX was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// An application with a token of its own.
    Application,
    /// A signed-in person.
    Person,
}

/// What a POX answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pox {
    /// Settings for the user.
    Settings(PoxSettings),
    /// Start over with another address.
    RedirectAddress(String),
    /// Start over at another URL.
    RedirectUrl(String),
    /// The server does not know the address.
    UnknownAddress {
        /// The server's message.
        message: String,
    },
    /// The address is known, and there is nothing for it.
    NoSettings {
        /// The error code, 501 or 602.
        code: String,
        /// The server's message.
        message: String,
    },
}

/// Settings of a POX answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PoxSettings {
    /// EWS address: EXPR before EXHTTP before EXCH, `EwsUrl` before `ASUrl`; only encrypted ones.
    pub ews_url: Option<String>,
    /// An EWS address without encryption was offered: no token goes there.
    pub insecure: Option<String>,
    /// `MicrosoftOnline`.
    pub online: Option<bool>,
    /// The protocols' types, as seen.
    pub protocols: Vec<String>,
}

impl PoxSettings {
    /// Whether there is a section that Exchange's own clients use; without one, analyzers say "No EXPR or EXCH
    /// settings were found".
    #[must_use]
    pub fn has_exchange_section(&self) -> bool {
        self.protocols.iter().any(|kind| ["EXCH", "EXPR", "EXHTTP", "mapiHttp"].contains(&kind.as_str()))
    }
}

/// Reads a POX body.
///
/// # Errors
/// When it is no POX answer, or settles nothing for this caller.
pub fn interpret(body: &[u8], caller: Caller) -> Result<Pox, Trouble> {
    let inconclusive = |detail: String| Trouble::new(Cause::Inconclusive, detail);
    let root = Element::parse(body)
        .map_err(|error| Trouble::new(Cause::Unreadable, format!("the Autodiscover answer cannot be read: {error}")))?;
    if let Some(error) = root.find("Error") {
        return interpret_error(error, caller);
    }
    let Some(account) = root.find("Account").filter(|account| *account.namespace == *OUTLOOK) else {
        return Err(inconclusive("what answers for Autodiscover does not speak its protocol".to_owned()));
    };
    match account.child_text("Action") {
        Some("settings") => Ok(Pox::Settings(settings(account))),
        Some("redirectAddr") => redirect(account, "RedirectAddr").map(Pox::RedirectAddress),
        Some("redirectUrl") => redirect(account, "RedirectUrl").map(Pox::RedirectUrl),
        other => Err(inconclusive(format!("Autodiscover asks for an unknown action ({})", other.unwrap_or("none")))),
    }
}

fn redirect(account: &Element, name: &str) -> Result<String, Trouble> {
    let target = account.child_text(name).map(str::to_owned);
    target.ok_or_else(|| Trouble::new(Cause::Unreadable, "Autodiscover redirects without saying where to"))
}

/// Codes of MS-OXDSCLI; 500 and 501 are about the user, 600 to 603 about the request or the server.
fn interpret_error(error: &Element, caller: Caller) -> Result<Pox, Trouble> {
    let code = error.child_text("ErrorCode").unwrap_or_default().to_owned();
    let message = one_line(error.child_text("Message").unwrap_or_default());
    match (code.as_str(), caller) {
        ("500", Caller::Application) => Err(Trouble::new(
            Cause::Inconclusive,
            "Autodiscover POX answers an application's token with error 500 for everybody: it says nothing about the user",
        )),
        ("500", Caller::Person) => Ok(Pox::UnknownAddress { message }),
        ("501" | "602", _) => Ok(Pox::NoSettings { code, message }),
        _ => Err(Trouble::new(
            Cause::Inconclusive,
            format!("Autodiscover error {code} ({message}) is not about the user"),
        )),
    }
}

fn settings(account: &Element) -> PoxSettings {
    let protocols: Vec<&Element> = account.children.iter().filter(|child| child.name == "Protocol").collect();
    let kind = |protocol: &&Element| {
        protocol.child_text("Type").or_else(|| protocol.attribute("Type")).unwrap_or_default().to_owned()
    };
    let mut offered = Vec::new();
    for wanted in ["EXPR", "EXHTTP", "EXCH"] {
        for protocol in protocols.iter().filter(|protocol| kind(protocol) == wanted) {
            offered.extend(["EwsUrl", "ASUrl"].iter().filter_map(|name| protocol.child_text(name)));
        }
    }
    let is_secure = |url: &&&str| Url::parse(url).is_ok_and(|url| url.scheme() == "https" || is_loopback(&url));
    PoxSettings {
        ews_url: offered.iter().find(is_secure).map(|url| (*url).to_owned()),
        insecure: offered.iter().find(|url| !is_secure(url)).map(|url| (*url).to_owned()),
        online: account.child_text("MicrosoftOnline").map(|text| text.eq_ignore_ascii_case("true")),
        protocols: protocols.iter().map(kind).filter(|kind| !kind.is_empty()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(inside: &str) -> String {
        format!(
            "<Autodiscover xmlns='http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006'>\
             <Response xmlns='{OUTLOOK}'><Account>{inside}</Account></Response></Autodiscover>"
        )
    }

    #[test]
    fn the_external_protocol_goes_before_the_internal_one_and_https_before_http() {
        let body = answer(
            "<Action>settings</Action><MicrosoftOnline>False</MicrosoftOnline>\
             <Protocol><Type>EXCH</Type><EwsUrl>https://in.contoso.example/EWS/Exchange.asmx</EwsUrl></Protocol>\
             <Protocol><Type>EXPR</Type><EwsUrl>http://out.contoso.example/EWS/Exchange.asmx</EwsUrl>\
             <ASUrl>https://out.contoso.example/ews/exchange.asmx</ASUrl></Protocol>\
             <Protocol><Type>WEB</Type></Protocol>",
        );
        let Ok(Pox::Settings(settings)) = interpret(body.as_bytes(), Caller::Person) else { panic!() };
        assert_eq!(settings.ews_url.as_deref(), Some("https://out.contoso.example/ews/exchange.asmx"));
        assert_eq!(settings.insecure.as_deref(), Some("http://out.contoso.example/EWS/Exchange.asmx"));
        assert_eq!((settings.online, settings.has_exchange_section()), (Some(false), true));
    }

    #[test]
    fn a_hosting_panel_s_answer_has_no_exchange_section() {
        let body = answer(
            "<Action>settings</Action><Protocol><Type>IMAP</Type></Protocol><Protocol><Type>SMTP</Type></Protocol>",
        );
        let Ok(Pox::Settings(settings)) = interpret(body.as_bytes(), Caller::Person) else { panic!() };
        assert!(!settings.has_exchange_section());
        assert_eq!(settings.protocols, ["IMAP", "SMTP"]);
    }

    #[test]
    fn error_500_says_something_only_to_a_person() {
        let body = "<Autodiscover><Response><Error><ErrorCode>500</ErrorCode><Message>not found</Message></Error></Response></Autodiscover>";
        assert_eq!(interpret(body.as_bytes(), Caller::Application).unwrap_err().cause, Cause::Inconclusive);
        assert!(matches!(interpret(body.as_bytes(), Caller::Person), Ok(Pox::UnknownAddress { .. })));
        let malformed = body.replace("500", "600");
        assert_eq!(interpret(malformed.as_bytes(), Caller::Person).unwrap_err().cause, Cause::Inconclusive);
    }

    #[test]
    fn another_namespace_is_no_answer_and_no_proof_of_absence() {
        let body = answer("<Action>settings</Action>").replace("http://", "https://");
        assert_eq!(interpret(body.as_bytes(), Caller::Person).unwrap_err().cause, Cause::Inconclusive);
    }
}
