//! Autodiscover POX: `POST /autodiscover/autodiscover.xml` (MS-OXDSCLI).

use axum::http::{Method, StatusCode};

use super::v2::trouble;
use super::{Route, ews_url, route, unauthorized};
use crate::simulator::call::{Answer, Call, about, escape, xml};
use crate::simulator::server::State;
use crate::simulator::tenant::{Person, Trouble};
use crate::simulator::token::{self, Resource};
use crate::simulator::xml::Node;

const KIND: &str = "autodiscover.pox";
const OUTER: &str = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006";
const OUTLOOK: &str = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";

/// Answers a POX request.
pub(super) fn serve(state: &State, call: &Call) -> Answer {
    let claims = match token::read(
        &state.tenant,
        call.header("authorization"),
        Resource::Exchange,
        &call.origin,
        state.clock.now(),
    ) {
        Ok(claims) => claims,
        Err(_) => {
            return about(unauthorized(), KIND, None);
        }
    };
    let request = Node::parse(&call.body).filter(|_| call.method == Method::POST);
    let Some(request) = request.filter(|node| node.name == "Autodiscover") else {
        return about(error(state, 600, "Invalid Request"), KIND, None);
    };
    let (Some(address), schema) = (request.find("EMailAddress"), request.find("AcceptableResponseSchema")) else {
        return about(error(state, 600, "Invalid Request"), KIND, None);
    };
    let address = address.text();
    if schema.is_some_and(|schema| schema.text() != OUTLOOK) {
        return about(error(state, 601, "Provider is not available"), KIND, Some(address));
    }
    let panel = state.tenant.people.recipient(address).and_then(|person| person.mailbox.autodiscover_trouble);
    match panel {
        Some(Trouble::HostingPanel) => return about(hosting_panel(address), KIND, Some(address)),
        Some(Trouble::NoExchangeSection) | None => {}
        Some(_) => {
            let troubled = trouble(state, address).unwrap_or_else(|| error(state, 603, "Internal server error"));
            return about(troubled, KIND, Some(address));
        }
    }
    let answer = match route(state, address) {
        // Exchange Online finds nobody for an application's own token, whoever is asked for.
        _ if claims.app_only() => error(state, 500, "The email address can't be found."),
        Route::Nobody => error(state, 500, "The email address can't be found."),
        Route::OnPremises(person, host) => {
            let local = person.primary.as_deref().unwrap_or(address).split('@').next().unwrap_or_default().to_owned();
            document(&format!(
                "<Account><Action>redirectAddr</Action><RedirectAddr>{}@{host}</RedirectAddr></Account>",
                escape(&local)
            ))
        }
        Route::Cloud(person) => settings(state, call, &person),
    };
    about(answer, KIND, Some(address))
}

/// The settings of a mailbox in Exchange Online.
fn settings(state: &State, call: &Call, person: &Person) -> Answer {
    let url = escape(&ews_url(call));
    let no_section = person.mailbox.autodiscover_trouble == Some(Trouble::NoExchangeSection);
    let protocol = |kind: &str, more: &str| {
        format!(
            "<Protocol><Type>{kind}</Type><Server>outlook.office365.com</Server>{more}<AuthPackage>Anonymous</AuthPackage><ASUrl>{url}</ASUrl><EwsUrl>{url}</EwsUrl><OOFUrl>{url}</OOFUrl></Protocol>"
        )
    };
    document(&format!(
        "<User><DisplayName>{}</DisplayName><LegacyDN>/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn={}</LegacyDN>\
         <AutoDiscoverSMTPAddress>{}</AutoDiscoverSMTPAddress><DeploymentId>{}</DeploymentId></User>\
         <Account><AccountType>email</AccountType><Action>settings</Action><MicrosoftOnline>True</MicrosoftOnline>{}{}\
         <Protocol><Type>WEB</Type><External><OWAUrl AuthenticationMethod=\"Fba\">https://outlook.office365.com/owa/</OWAUrl>\
         <Protocol><Type>EXPR</Type><ASUrl>{url}</ASUrl></Protocol></External></Protocol></Account>",
        escape(&person.display_name),
        person.id.simple(),
        escape(person.primary.as_deref().unwrap_or_default()),
        state.tenant.id,
        if no_section { String::new() } else { protocol("EXCH", "") },
        if no_section { String::new() } else { protocol("EXPR", "<SSL>On</SSL>") },
    ))
}

/// Settings for IMAP and SMTP, as hosting panels answer for every address of a domain.
fn hosting_panel(address: &str) -> Answer {
    let protocol = |kind: &str, port: u16| {
        format!(
            "<Protocol><Type>{kind}</Type><Server>mail.hosting.example</Server><Port>{port}</Port><LoginName>{}</LoginName>\
             <SSL>on</SSL><AuthRequired>on</AuthRequired></Protocol>",
            escape(address)
        )
    };
    let protocols = [protocol("IMAP", 993), protocol("SMTP", 465)].concat();
    document(&format!("<Account><AccountType>email</AccountType><Action>settings</Action>{protocols}</Account>"))
}

fn document(content: &str) -> Answer {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Autodiscover xmlns=\"{OUTER}\"><Response xmlns=\"{OUTLOOK}\">{content}</Response></Autodiscover>"
    );
    xml(StatusCode::OK, body)
}

/// Errors stand in an HTTP 200, in the outer namespace.
fn error(state: &State, code: u16, message: &str) -> Answer {
    let time = state.clock.now().strftime("%H:%M:%S%.7f").to_string();
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Autodiscover xmlns=\"{OUTER}\"><Response xmlns=\"{OUTER}\"><Error Time=\"{time}\" Id=\"4130155072\">\
         <ErrorCode>{code}</ErrorCode><Message>{}</Message><DebugData/></Error></Response></Autodiscover>",
        escape(message)
    );
    xml(StatusCode::OK, body)
}
