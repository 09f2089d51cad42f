//! Exchange: the admin backend's rules, Autodiscover's older forms, EWS's carriers of errors.

use ewsready::simulator::{Faults, Tenant};
use serde_json::{Value, json};

use crate::support::{Served, get_folder_body};

impl Served {
    /// An `InvokeCommand` with headers of one's own.
    async fn invoke(&self, query: &str, headers: &[(&str, &str)], body: &Value) -> (u16, Value) {
        let token = self.token("https://outlook.office365.com").await;
        let path = format!("/adminapi/beta/{}/InvokeCommand{query}", self.tenant.application().tenant_id);
        let mut request = self.client.post(self.url(&path)).bearer_auth(token).json(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.expect("sent");
        (answer.status().as_u16(), answer.json().await.expect("JSON"))
    }

    async fn post_xml(&self, path: &str, token: &str, body: String) -> (u16, String) {
        let request =
            self.client.post(self.url(path)).bearer_auth(token).header("content-type", "text/xml; charset=utf-8");
        let answer = request.body(body).send().await.expect("sent");
        (answer.status().as_u16(), answer.text().await.expect("text"))
    }
}

fn cmdlet(name: &str, parameters: Value) -> Value {
    json!({"CmdletInput": {"CmdletName": name, "Parameters": parameters}})
}

const ANCHOR: [(&str, &str); 1] =
    [("X-AnchorMailbox", "APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}@contoso.onmicrosoft.com")];

#[tokio::test]
async fn the_admin_backend_says_what_it_misses() {
    let served = Served::demo().await;
    let body = cmdlet("Get-CASMailbox", json!({}));
    assert_eq!(served.invoke("", &[], &body).await.0, 400, "no anchor");
    assert_eq!(served.invoke("", &ANCHOR, &json!({})).await.0, 400, "no cmdlet");
    let (status, unknown) = served.invoke("", &ANCHOR, &cmdlet("Remove-Mailbox", json!({}))).await;
    assert_eq!(
        (
            status,
            unknown["error"]["details"][0]["message"].as_str().is_some_and(|text| text.contains("Remove-Mailbox"))
        ),
        (400, true)
    );
    let (status, missing) =
        served.invoke("", &ANCHOR, &cmdlet("Get-Mailbox", json!({"Identity": "nobody@contoso.example"}))).await;
    assert_eq!((status, missing["error"]["code"].as_str()), (404, Some("NotFound")));
    let text = include_str!("../../samples/tenants/demo.toml").replace("admin_role = \"Global Reader\"", "");
    let served = Served::new(Tenant::from_toml("x", &text).expect("valid"), Faults::default()).await;
    let (status, refused) = served.invoke("", &ANCHOR, &body).await;
    assert_eq!((status, refused["error"]["code"].as_str()), (403, Some("Forbidden")));
}

#[tokio::test]
async fn the_admin_backend_filters_selects_and_types_recipients() {
    let served = Served::demo().await;
    let off = cmdlet("Get-CASMailbox", json!({"Filter": "EwsEnabled -eq 0"}));
    let (_, found) = served.invoke("?$select=PrimarySmtpAddress,EwsEnabled", &ANCHOR, &off).await;
    assert_eq!(found["value"], json!([{"PrimarySmtpAddress": "nils.ebner@contoso.example", "EwsEnabled": false}]));
    let listed = cmdlet("Get-CASMailbox", json!({"Filter": "EwsApplicationAccessPolicy -eq 'EnforceAllowList'"}));
    let (_, found) = served.invoke("", &ANCHOR, &listed).await;
    assert_eq!(found["value"][0]["EwsAllowList"], json!(["Outlook*", "MacOutlook*"]));
    let kind = |identity: &'static str, name: &'static str| {
        let served = &served;
        async move {
            let (_, found) = served.invoke("", &ANCHOR, &cmdlet(name, json!({"Identity": identity}))).await;
            found["value"][0]["RecipientTypeDetails"].as_str().unwrap_or_default().to_owned()
        }
    };
    assert_eq!(kind("room.elbe@contoso.example", "Get-Mailbox").await, "RoomMailbox");
    assert_eq!(kind("jutta.kramer@contoso.example", "Get-Recipient").await, "MailUser");
    assert_eq!(kind("jutta.kramer@contoso.example", "Get-Mailbox").await, "");
    assert_eq!(kind("frida.lange@contoso.example", "Get-Mailbox").await, "");
    let inactive = cmdlet("Get-Mailbox", json!({"InactiveMailboxOnly": true, "ResultSize": "Unlimited"}));
    let (_, found) = served.invoke("", &ANCHOR, &inactive).await;
    assert_eq!(
        (found["value"].as_array().map(Vec::len), &found["value"][0]["IsInactiveMailbox"]),
        (Some(1), &json!(true))
    );
}

#[tokio::test]
async fn admin_pages_may_be_empty_or_endless() {
    let mut faults = Faults::default();
    faults.set("empty-pages").expect("known");
    faults.set("endless-pages").expect("known");
    let served = Served::new(Tenant::generated(250, 1), faults).await;
    let token = served.token("https://outlook.office365.com").await;
    let body = cmdlet("Get-CASMailbox", json!({"ResultSize": "Unlimited"}));
    let mut url = served.url(&format!("/adminapi/beta/{}/InvokeCommand", served.tenant.application().tenant_id));
    let (mut sizes, mut links) = (Vec::new(), Vec::new());
    for _ in 0..6 {
        let request = served.client.post(&url).bearer_auth(&token).header("X-AnchorMailbox", "x").json(&body);
        let page: Value = request.send().await.expect("sent").json().await.expect("JSON");
        sizes.push(page["value"].as_array().map(Vec::len));
        url = page["@odata.nextLink"].as_str().expect("always a link").to_owned();
        links.push(url.clone());
    }
    assert_eq!((sizes[0], sizes[1]), (Some(100), Some(0)));
    assert_eq!(links[4], links[5], "the last page names itself");
}

fn soap_request(address: &str, setting: &str) -> String {
    format!(
        r#"<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:a="http://schemas.microsoft.com/exchange/2010/Autodiscover"><s:Body><a:GetUserSettingsRequestMessage><a:Request><a:Users><a:User><a:Mailbox>{address}</a:Mailbox></a:User></a:Users><a:RequestedSettings><a:Setting>{setting}</a:Setting></a:RequestedSettings></a:Request></a:GetUserSettingsRequestMessage></s:Body></s:Envelope>"#
    )
}

#[tokio::test]
async fn soap_autodiscover_answers_on_three_levels() {
    let served = Served::demo().await;
    let token = served.token("https://outlook.office365.com").await;
    for (address, setting, parts) in [
        ("alma.reuter@contoso.example", "UserMSOnline", &["<ErrorCode>NoError</ErrorCode>", "<Value>True</Value>"][..]),
        (
            "alma.reuter@contoso.example",
            "PublicFolderServer",
            &["SettingIsNotAvailable", "<UserSettings></UserSettings>"][..],
        ),
        (
            "jutta.kramer@contoso.example",
            "UserMSOnline",
            &["RedirectAddress", "<RedirectTarget>jutta.kramer@mail.contoso-onprem.example<"][..],
        ),
        ("nobody@contoso.example", "UserMSOnline", &["InvalidUser"][..]),
        ("a@northwind.example", "UserMSOnline", &["InvalidDomain"][..]),
    ] {
        let (status, body) =
            served.post_xml("/autodiscover/autodiscover.svc", &token, soap_request(address, setting)).await;
        assert_eq!(status, 200);
        assert!(parts.iter().all(|part| body.contains(part)), "{address}: {body}");
    }
    let (status, fault) = served.post_xml("/autodiscover/autodiscover.svc", &token, "<x/>".to_owned()).await;
    assert!(status == 500 && fault.contains("InternalServiceFault"));
}

#[tokio::test]
async fn pox_autodiscover_refuses_by_number() {
    let served = Served::demo().await;
    let token = served.token("https://outlook.office365.com").await;
    let request = |inner: &str| {
        format!(
            r#"<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request>{inner}</Request></Autodiscover>"#
        )
    };
    let outlook = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";
    let asked = |schema: &str| {
        request(&format!(
            "<EMailAddress>alma.reuter@contoso.example</EMailAddress><AcceptableResponseSchema>{schema}</AcceptableResponseSchema>"
        ))
    };
    for (body, code) in
        [("no XML".to_owned(), 600), (request(""), 600), (asked("urn:other"), 601), (asked(outlook), 500)]
    {
        let (status, answer) = served.post_xml("/AutoDiscover/AutoDiscover.xml", &token, body).await;
        assert_eq!(status, 200);
        assert!(answer.contains(&format!("<ErrorCode>{code}</ErrorCode>")), "{answer}");
    }
    let unsigned = served.client.post(served.url("/autodiscover/autodiscover.xml")).send().await.expect("sent");
    assert!(unsigned.status() == 401 && unsigned.headers().contains_key("www-authenticate"));
}

#[tokio::test]
async fn ews_wants_an_impersonated_mailbox_and_a_readable_request() {
    let served = Served::demo().await;
    let token = served.token("https://outlook.office365.com").await;
    let whole = get_folder_body("alma.reuter@contoso.example");
    let at = |tag: &str| whole.find(tag).expect("there");
    let nobody = format!("{}{}", &whole[..at("<t:ExchangeImpersonation>")], &whole[at("</s:Header>")..]);
    for (body, code) in [
        (nobody, "ErrorInvalidExchangeImpersonationHeaderData"),
        (whole.replace("</s:Envelope>", ""), "ErrorSchemaValidation"),
        (whole.replace("GetFolder>", "SendItem>"), "ErrorInvalidRequest"),
    ] {
        let (status, answer) = served.post_xml("/EWS/Exchange.asmx", &token, body).await;
        assert!(status == 500 && answer.contains(&format!("a:{code}")), "{code}: {answer}");
    }
    let (status, answer) =
        served.post_xml("/EWS/Exchange.asmx", &token, whole.replace("\"inbox\"", "\"voicemail\"")).await;
    assert!(status == 200 && answer.contains("ResponseClass=\"Error\"") && answer.contains("ErrorFolderNotFound"));
    let graph = served.token("https://graph.microsoft.com").await;
    let wrong =
        served.client.post(served.url("/EWS/Exchange.asmx")).bearer_auth(graph).body(whole).send().await.expect("sent");
    assert_eq!(wrong.status(), 401);
    assert!(wrong.headers()["x-ms-diagnostics"].to_str().is_ok_and(|text| text.starts_with("2000003;")));
}

#[tokio::test]
async fn on_premises_servers_ask_for_their_own_credentials() {
    let served = Served::demo().await;
    let ask = |bearer: bool, path: &str| {
        let request = served.client.get(served.url(&format!("/onprem/mail.contoso-onprem.example{path}")));
        if bearer { request.header("authorization", "Bearer ") } else { request }.send()
    };
    let schemes = |answer: &reqwest::Response| answer.headers().get_all("www-authenticate").iter().count();
    for path in ["/EWS/Exchange.asmx", "/api/v2.0/Users('a@contoso.example')"] {
        let plain = ask(false, path).await.expect("sent");
        assert_eq!((plain.status().as_u16(), schemes(&plain)), (401, 2), "{path}");
    }
    assert_eq!(schemes(&ask(true, "/EWS/Exchange.asmx").await.expect("sent")), 3);
    assert_eq!(ask(false, "/owa").await.expect("sent").status(), 404);
    let special = "on_premises = [{ host = \"mail.contoso-onprem.example\", schemes = [\"basic\"], api = false }, { host = \"old.contoso-onprem.example\", forms = true }]";
    let text = include_str!("../../samples/tenants/demo.toml")
        .replace("on_premises = [\"mail.contoso-onprem.example\"]", special);
    let served = Served::new(Tenant::from_toml("x", &text).expect("valid"), Faults::default()).await;
    let ask = |path: &str| served.client.get(served.url(&format!("/onprem/{path}"))).send();
    let basic = ask("mail.contoso-onprem.example/ews/exchange.asmx").await.expect("sent");
    assert_eq!(basic.headers()["www-authenticate"], "Basic realm=\"mail.contoso-onprem.example\"");
    assert_eq!(ask("mail.contoso-onprem.example/api/v2.0/me").await.expect("sent").status(), 404);
    assert_eq!(ask("old.contoso-onprem.example/ews/exchange.asmx").await.expect("sent").status(), 302);
}
