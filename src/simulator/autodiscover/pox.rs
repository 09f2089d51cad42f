//! Autodiscover POX: `POST /autodiscover/autodiscover.xml` (MS-OXDSCLI).

use axum::http::{Method, StatusCode};

use super::{Route, ews_url, route};
use crate::simulator::call::{Answer, Call, about, bare, escape, with, xml};
use crate::simulator::server::State;
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
            let refused = with(
                bare(StatusCode::UNAUTHORIZED),
                "www-authenticate",
                "Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"00000001-0000-0000-c000-000000000000@*\", authorization_uri=\"https://login.windows.net/common/oauth2/authorize\"",
            );
            return about(refused, KIND, None);
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
        Route::Cloud(person) => {
            let url = escape(&ews_url(call));
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
                escape(person.primary.as_deref().unwrap_or(address)),
                state.tenant.id,
                protocol("EXCH", ""),
                protocol("EXPR", "<SSL>On</SSL>"),
            ))
        }
    };
    about(answer, KIND, Some(address))
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
