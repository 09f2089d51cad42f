use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::*;
use crate::clock::Clock;
use crate::service::ews::Ews;
use crate::transport::{Client, Origins, Pace, Request, Resource, Token, TokenSource, Transport, Wire, WireError};

fn reading(answer: &Answer) -> Reading {
    super::reading(answer, &document(answer))
}

fn interpret(answer: &Answer) -> Result<EwsAnswer, Trouble> {
    super::interpret(answer, &document(answer))
}

fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Answer {
    let mut map = http::HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, value.parse().unwrap());
    }
    Answer { status: StatusCode::from_u16(status).unwrap(), headers: map, body: body.to_owned().into() }
}

fn fault(code: &str, extra: &str) -> String {
    format!(
        "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><s:Fault>\
         <faultcode>a:{code}</faultcode><faultstring>words</faultstring>\
         <detail><e:ResponseCode xmlns:e='urn:e'> {code}\n</e:ResponseCode>{extra}</detail></s:Fault></s:Body></s:Envelope>"
    )
}

fn response(class: &str, code: &str, inside: &str) -> String {
    format!(
        "<Envelope><Body><GetFolderResponse><ResponseMessages><GetFolderResponseMessage ResponseClass='{class}'>\
         <MessageText>words</MessageText><ResponseCode>{code}</ResponseCode>{inside}</GetFolderResponseMessage>\
         </ResponseMessages></GetFolderResponse></Body></Envelope>"
    )
}

#[test]
fn a_folder_of_any_kind_is_success() {
    for folder in ["Folder", "CalendarFolder"] {
        let inside = format!("<Folders><t:{folder} xmlns:t='urn:t'><t:FolderId Id='AAMk'/></t:{folder}></Folders>");
        let good = answer(200, &[], &response("Success", "NoError", &inside));
        assert_eq!((reading(&good), interpret(&good)), (Reading::Final, Ok(EwsAnswer::Works)));
    }
}

#[test]
fn the_two_policy_reasons_and_a_403_without_one_are_three_answers() {
    let switch = answer(403, &[("x-ews-policy-reason", "EWS is disabled for this user or tenant")], "");
    let policy = answer(403, &[("x-ews-policy-reason", "EWS is blocked by policy for this user or tenant")], "");
    assert!(matches!(interpret(&switch), Ok(EwsAnswer::RefusedSwitch { .. })));
    assert!(matches!(interpret(&policy), Ok(EwsAnswer::RefusedPolicy { .. })));
    assert!(matches!(interpret(&answer(403, &[], "")), Ok(EwsAnswer::RefusedOther { .. })));
}

#[test]
fn a_busy_server_is_believed_in_every_carrier() {
    let value = "<MessageXml><Value Name='BackOffMilliseconds'>14500</Value></MessageXml>";
    let wait = Some(Duration::from_millis(14_500));
    for (status, body) in [(500, fault("ErrorServerBusy", value)), (200, response("Error", "ErrorServerBusy", value))] {
        assert!(matches!(reading(&answer(status, &[], &body)), Reading::Pushback(found, _) if found == wait), "{body}");
    }
    let inner = "<MessageXml><Value Name='InnerErrorResponseCode'>ErrorServerBusy</Value></MessageXml>";
    let hidden = answer(200, &[], &response("Error", "ErrorInternalServerError", inner));
    assert!(matches!(reading(&hidden), Reading::Pushback(None, _)));
}

#[test]
fn codes_about_the_mailbox_are_told_from_codes_about_us() {
    let of = |code: &str| interpret(&answer(500, &[], &fault(code, "")));
    assert!(matches!(of("ErrorNonExistentMailbox"), Ok(EwsAnswer::NoMailbox { .. })));
    assert!(matches!(of("ErrorImpersonateUserDenied"), Ok(EwsAnswer::NotPermitted { .. })));
    assert!(matches!(of("ErrorInvalidLicense"), Ok(EwsAnswer::RefusedOther { .. })));
    for code in ["ErrorItemNotFound", "ErrorInvalidIdMalformed", "ErrorSchemaValidation", "ErrorNeverHeardOf"] {
        assert_eq!(of(code).unwrap_err().cause, Cause::Inconclusive, "{code}");
    }
}

#[test]
fn broken_bodies_and_empty_faults_settle_nothing() {
    assert!(matches!(reading(&answer(200, &[], "<html>")), Reading::Transient(Cause::Unreadable, _)));
    assert!(matches!(reading(&answer(500, &[], "<html>")), Reading::Transient(Cause::Outage, _)));
    let empty = answer(500, &[], "<Envelope><Body><Fault> </Fault></Body></Envelope>");
    assert!(matches!(reading(&empty), Reading::Transient(Cause::Inconclusive, _)));
    assert_eq!(interpret(&empty).unwrap_err().cause, Cause::Inconclusive);
    let other = answer(200, &[], "<Envelope><Body><CreateFolderResponse/></Body></Envelope>");
    assert_eq!(interpret(&other).unwrap_err().cause, Cause::Inconclusive);
}

#[test]
fn a_401_tells_a_bad_token_from_a_server_without_oauth() {
    let ntlm = answer(401, &[("www-authenticate", "NTLM"), ("www-authenticate", "Negotiate")], "");
    assert_eq!(interpret(&ntlm).unwrap_err().cause, Cause::Inconclusive);
    let bearer =
        answer(401, &[("www-authenticate", "Bearer error=\"invalid_token\""), ("www-authenticate", "Basic")], "");
    assert_eq!(interpret(&bearer).unwrap_err().cause, Cause::SignIn);
}

const TOKEN: &str = "eyJub2JvZHkncyI6MX0.eyJub2JvZHkncyI6MX0.c2ln";

/// A server, or something before it, that shows each request's credentials: in a header, or in a fault.
#[derive(Clone, Copy)]
enum Echo {
    Header,
    Fault,
}

impl Wire for Echo {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Answer, WireError>> {
        let told = request.headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let shown = match self {
            Self::Header => answer(403, &[("x-ews-policy-reason", &format!("blocked by policy for {told}"))], ""),
            Self::Fault => answer(500, &[], &fault("ErrorInternalServerError", "").replace("words", told)),
        };
        Box::pin(std::future::ready(Ok(shown)))
    }
}

impl TokenSource for Echo {
    fn fetch(&self, _: Resource) -> BoxFuture<'_, Result<Token, Trouble>> {
        let issued: jiff::Timestamp = "2026-11-20T06:00:00Z".parse().unwrap();
        let expires = issued + std::time::Duration::from_secs(3600);
        Box::pin(std::future::ready(Ok(Token { secret: TOKEN.into(), issued, expires, roles: Vec::new() })))
    }
}

async fn told_by(echo: Echo) -> String {
    let root: url::Url = "https://outlook.example/".parse().unwrap();
    let origins = Origins { graph: root.clone(), exchange: root, exchange_hosts: Vec::new() };
    let transport = Transport::new(Arc::new(echo), Pace::default(), Clock::system());
    let client = Client::new(Arc::new(transport), Arc::new(echo), origins);
    format!("{:?}", Ews::new(Arc::new(client)).open_inbox("ada@contoso.example").await)
}

#[tokio::test(start_paused = true)]
async fn what_repeats_our_token_is_not_quoted() {
    let header = told_by(Echo::Header).await;
    assert!(header.contains("RefusedOther") && !header.contains(TOKEN), "{header}");
    let fault = told_by(Echo::Fault).await;
    assert!(fault.contains("repeat our token") && !fault.contains(TOKEN), "{fault}");
}
