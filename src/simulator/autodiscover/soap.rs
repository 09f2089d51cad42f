//! Autodiscover SOAP: `GetUserSettings` on `POST /autodiscover/autodiscover.svc` (MS-OXWSADISC).

use axum::http::StatusCode;

use super::v2::trouble;
use super::{Route, ews_url, route, unauthorized};
use crate::simulator::call::{Answer, Call, about, escape, xml};
use crate::simulator::server::State;
use crate::simulator::tenant::Trouble;
use crate::simulator::token::{self, Resource};
use crate::simulator::xml::Node;

const KIND: &str = "autodiscover.soap";
const NAMESPACE: &str = "http://schemas.microsoft.com/exchange/2010/Autodiscover";

/// Answers a SOAP request.
pub(super) fn serve(state: &State, call: &Call) -> Answer {
    if token::read(&state.tenant, call.header("authorization"), Resource::Exchange, &call.origin, state.clock.now())
        .is_err()
    {
        return about(unauthorized(), KIND, None);
    }
    let envelope = Node::parse(&call.body).filter(|node| node.name == "Envelope");
    let request =
        envelope.as_ref().and_then(|envelope| envelope.at(&["Body", "GetUserSettingsRequestMessage", "Request"]));
    let Some(request) = request else { return about(dispatcher_fault(), KIND, None) };
    if state.faults.faults().soap_fails {
        let failed = "<ErrorCode>InternalServerError</ErrorCode><ErrorMessage>An internal error occurred.</ErrorMessage><UserResponses/>";
        return about(envelope_of(failed), KIND, None);
    }
    let (mut users, mut settings) = (Vec::new(), Vec::new());
    request.all("Mailbox", &mut users);
    request.all("Setting", &mut settings);
    if users.is_empty() || settings.is_empty() {
        let code = if users.is_empty() { "InvalidRequest" } else { "InvalidSetting" };
        let refused = envelope_of(&format!(
            "<ErrorCode>{code}</ErrorCode><ErrorMessage>The request is invalid.</ErrorMessage><UserResponses/>"
        ));
        return about(refused, KIND, None);
    }
    if let Some(troubled) = users.iter().find_map(|user| trouble(state, user.text())) {
        return about(troubled, KIND, users.first().map(|user| user.text()));
    }
    let names: Vec<&str> = settings.iter().map(|setting| setting.text()).collect();
    let mut responses = String::new();
    for user in &users {
        responses.push_str(&user_response(state, call, user.text(), &names));
    }
    let answer = envelope_of(&format!(
        "<ErrorCode>NoError</ErrorCode><ErrorMessage/><UserResponses>{responses}</UserResponses>"
    ));
    users.iter().fold(answer, |answer, user| about(answer, KIND, Some(user.text())))
}

fn user_response(state: &State, call: &Call, address: &str, names: &[&str]) -> String {
    let refusal = |code: &str, message: &str, target: &str| {
        format!(
            "<UserResponse><ErrorCode>{code}</ErrorCode><ErrorMessage>{}</ErrorMessage>{target}<UserSettingErrors/><UserSettings/></UserResponse>",
            escape(message)
        )
    };
    let nothing = "<RedirectTarget i:nil=\"true\"/>";
    let person = match route(state, address) {
        Route::Cloud(person) => person,
        Route::OnPremises(person, host) => {
            let local = person.primary.as_deref().unwrap_or(address).split('@').next().unwrap_or_default().to_owned();
            let target = format!("<RedirectTarget>{}@{host}</RedirectTarget>", escape(&local));
            return refusal("RedirectAddress", "Redirection address.", &target);
        }
        Route::Nobody if !state.tenant.owns_domain_of(address) => {
            return refusal("InvalidDomain", &format!("Domain of '{address}' is not served here."), nothing);
        }
        Route::Nobody => return refusal("InvalidUser", &format!("Invalid user: '{address}'"), nothing),
    };
    let no_section = person.mailbox.autodiscover_trouble == Some(Trouble::NoExchangeSection);
    let value = |name: &str| -> Option<String> {
        Some(match name {
            "ExternalEwsUrl" | "InternalEwsUrl" | "EwsPartnerUrl" if no_section => return None,
            "ExternalEwsUrl" | "InternalEwsUrl" | "EwsPartnerUrl" => ews_url(call),
            "ExternalEwsVersion" => "15.20.9542.000".to_owned(),
            "CasVersion" => "15.20.9542.009".to_owned(),
            "EwsSupportedSchemas" => "Exchange2007, Exchange2007_SP1, Exchange2010, Exchange2010_SP1, Exchange2010_SP2, Exchange2013, Exchange2013_SP1, Exchange2015, Exchange2016".to_owned(),
            "UserMSOnline" => "True".to_owned(),
            "UserDisplayName" => person.display_name.clone(),
            "AutoDiscoverSMTPAddress" => person.primary.clone().unwrap_or_else(|| address.to_owned()),
            "UserDeploymentId" => state.tenant.id.to_string(),
            "UserDN" => format!("/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn={}", person.id.simple()),
            _ => return None,
        })
    };
    let (mut found, mut missing) = (String::new(), String::new());
    for name in names {
        match value(name) {
            Some(value) => found.push_str(&format!("<UserSetting i:type=\"StringSetting\"><Name>{}</Name><Value>{}</Value></UserSetting>", escape(name), escape(&value))),
            None => missing.push_str(&format!(
                "<UserSettingError><ErrorCode>SettingIsNotAvailable</ErrorCode><ErrorMessage>User setting '{0}' is not available.</ErrorMessage><SettingName>{0}</SettingName></UserSettingError>",
                escape(name)
            )),
        }
    }
    format!(
        "<UserResponse><ErrorCode>NoError</ErrorCode><ErrorMessage>No error.</ErrorMessage>{nothing}<UserSettingErrors>{missing}</UserSettingErrors><UserSettings>{found}</UserSettings></UserResponse>"
    )
}

fn envelope_of(response: &str) -> Answer {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:a=\"http://www.w3.org/2005/08/addressing\"><s:Header>\
         <a:Action s:mustUnderstand=\"1\">{NAMESPACE}/Autodiscover/GetUserSettingsResponse</a:Action>\
         <h:ServerVersionInfo xmlns:h=\"{NAMESPACE}\" xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\"><h:MajorVersion>15</h:MajorVersion>\
         <h:MinorVersion>20</h:MinorVersion><h:MajorBuildNumber>9542</h:MajorBuildNumber><h:MinorBuildNumber>9</h:MinorBuildNumber><h:Version>Exchange2015</h:Version></h:ServerVersionInfo>\
         </s:Header><s:Body><GetUserSettingsResponseMessage xmlns=\"{NAMESPACE}\"><Response xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\">{response}</Response>\
         </GetUserSettingsResponseMessage></s:Body></s:Envelope>"
    );
    xml(StatusCode::OK, body)
}

/// What the service's dispatcher says to a message it does not know.
fn dispatcher_fault() -> Answer {
    let body = "<?xml version=\"1.0\" encoding=\"utf-8\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><s:Fault>\
        <faultcode xmlns:a=\"http://schemas.microsoft.com/net/2005/12/windowscommunicationfoundation/dispatcher\">a:InternalServiceFault</faultcode>\
        <faultstring xml:lang=\"en-US\">The server was unable to process the request due to an internal error.</faultstring></s:Fault></s:Body></s:Envelope>";
    xml(StatusCode::INTERNAL_SERVER_ERROR, body.to_owned())
}
