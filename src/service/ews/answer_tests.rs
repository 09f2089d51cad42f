use super::*;

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
        assert_eq!((hear(&good).reading, hear(&good).meaning), (Reading::Final, Ok(EwsAnswer::Works)));
    }
}

#[test]
fn the_two_policy_reasons_and_a_403_without_one_are_three_answers() {
    let switch = answer(403, &[("x-ews-policy-reason", "EWS is disabled for this user or tenant")], "");
    let policy = answer(403, &[("x-ews-policy-reason", "EWS is blocked by policy for this user or tenant")], "");
    assert!(matches!(hear(&switch).meaning, Ok(EwsAnswer::RefusedSwitch { .. })));
    assert!(matches!(hear(&policy).meaning, Ok(EwsAnswer::RefusedPolicy { .. })));
    assert!(matches!(hear(&answer(403, &[], "")).meaning, Ok(EwsAnswer::RefusedOther { .. })));
}

#[test]
fn a_busy_server_is_believed_in_every_carrier() {
    let value = "<MessageXml><Value Name='BackOffMilliseconds'>14500</Value></MessageXml>";
    let wait = Some(Duration::from_millis(14_500));
    for (status, body) in [(500, fault("ErrorServerBusy", value)), (200, response("Error", "ErrorServerBusy", value))] {
        assert!(
            matches!(hear(&answer(status, &[], &body)).reading, Reading::Pushback(found, _) if found == wait),
            "{body}"
        );
    }
    let inner = "<MessageXml><Value Name='InnerErrorResponseCode'>ErrorServerBusy</Value></MessageXml>";
    let hidden = answer(200, &[], &response("Error", "ErrorInternalServerError", inner));
    assert!(matches!(hear(&hidden).reading, Reading::Pushback(None, _)));
}

#[test]
fn codes_about_the_mailbox_are_told_from_codes_about_us() {
    let of = |code: &str| hear(&answer(500, &[], &fault(code, ""))).meaning;
    assert!(matches!(of("ErrorNonExistentMailbox"), Ok(EwsAnswer::NoMailbox { .. })));
    assert!(matches!(of("ErrorImpersonateUserDenied"), Ok(EwsAnswer::NotPermitted { .. })));
    assert!(matches!(of("ErrorInvalidLicense"), Ok(EwsAnswer::RefusedOther { .. })));
    for code in ["ErrorItemNotFound", "ErrorInvalidIdMalformed", "ErrorSchemaValidation", "ErrorNeverHeardOf"] {
        assert_eq!(of(code).unwrap_err().cause, Cause::Inconclusive, "{code}");
    }
}

#[test]
fn broken_bodies_and_empty_faults_settle_nothing() {
    assert!(matches!(hear(&answer(200, &[], "<html>")).reading, Reading::Transient(Cause::Unreadable, _)));
    assert!(matches!(hear(&answer(500, &[], "<html>")).reading, Reading::Transient(Cause::Outage, _)));
    let empty = answer(500, &[], "<Envelope><Body><Fault> </Fault></Body></Envelope>");
    assert!(matches!(hear(&empty).reading, Reading::Transient(Cause::Inconclusive, _)));
    assert_eq!(hear(&empty).meaning.unwrap_err().cause, Cause::Inconclusive);
    let other = answer(200, &[], "<Envelope><Body><CreateFolderResponse/></Body></Envelope>");
    assert_eq!(hear(&other).meaning.unwrap_err().cause, Cause::Inconclusive);
}

#[test]
fn a_401_tells_a_bad_token_from_a_server_without_oauth() {
    let ntlm = answer(401, &[("www-authenticate", "NTLM"), ("www-authenticate", "Negotiate")], "");
    assert_eq!(hear(&ntlm).meaning.unwrap_err().cause, Cause::Inconclusive);
    let bearer =
        answer(401, &[("www-authenticate", "Bearer error=\"invalid_token\""), ("www-authenticate", "Basic")], "");
    assert_eq!(hear(&bearer).meaning.unwrap_err().cause, Cause::SignIn);
}
