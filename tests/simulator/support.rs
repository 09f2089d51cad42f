//! A served tenant, and a client that has signed in to it.

use std::sync::Arc;
use std::time::Duration;

use ewsready::clock::Clock;
use ewsready::simulator::{Faults, Options, Running, Tenant, start};
use reqwest::{Client, Response};
use serde_json::{Value, json};

/// A served tenant and a client that has signed in to it.
pub struct Served {
    pub running: Running,
    pub client: Client,
    pub tenant: Arc<Tenant>,
}

impl Served {
    pub async fn new(tenant: Tenant, faults: Faults) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let tenant = Arc::new(tenant);
        let clock = Clock::starting_at("2026-11-20T08:00:00Z".parse().expect("a time"));
        let options = Options { clock, faults, counters: true, ..Options::default() };
        let running = start(Arc::clone(&tenant), options, ([127, 0, 0, 1], 0).into()).await.expect("a free port");
        let client =
            Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().user_agent("ewsready/test");
        Self { running, client: client.build().expect("a client"), tenant }
    }

    pub async fn demo() -> Self {
        Self::new(Tenant::demo().expect("the demo tenant"), Faults::default()).await
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running.url())
    }

    pub async fn token(&self, resource: &str) -> String {
        let known = self.tenant.application();
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &known.client_id),
            ("client_secret", &known.client_secret),
            ("scope", &format!("{resource}/.default")),
        ];
        let url = self.url(&format!("/{}/oauth2/v2.0/token", known.tenant_id));
        let body: Value = self.client.post(url).form(&form).send().await.expect("sent").json().await.expect("JSON");
        body["access_token"].as_str().unwrap_or_else(|| panic!("no token: {body}")).to_owned()
    }

    pub async fn graph(&self, path: &str) -> (u16, Value) {
        let token = self.token("https://graph.microsoft.com").await;
        let answer = self.client.get(self.url(&format!("/v1.0{path}"))).bearer_auth(token).send().await.expect("sent");
        (answer.status().as_u16(), answer.json().await.expect("JSON"))
    }

    pub async fn admin(&self, cmdlet: &str, parameters: Value) -> Value {
        let token = self.token("https://outlook.office365.com").await;
        let url = self.url(&format!("/adminapi/beta/{}/InvokeCommand", self.tenant.application().tenant_id));
        let body = json!({"CmdletInput": {"CmdletName": cmdlet, "Parameters": parameters}});
        let request = self.client.post(url).bearer_auth(token).header("X-AnchorMailbox", "UPN:x").json(&body);
        request.send().await.expect("sent").json().await.expect("JSON")
    }

    pub async fn get_folder(&self, address: &str) -> Response {
        let token = self.token("https://outlook.office365.com").await;
        let request = self.client.post(self.url("/ews/exchange.asmx")).bearer_auth(token);
        let request = request.header("content-type", "text/xml; charset=utf-8").header("X-AnchorMailbox", address);
        request.body(get_folder_body(address)).send().await.expect("sent")
    }

    pub async fn post_form(&self, url: &str, form: &[(&str, &str)]) -> Value {
        self.client.post(url).form(form).send().await.expect("sent").json().await.expect("JSON")
    }

    pub async fn get_text(&self, path: String) -> String {
        self.client.get(self.url(&path)).send().await.expect("sent").text().await.expect("text")
    }

    /// Lets the simulator's clock leap.
    pub async fn pass(&self, time: Duration) {
        tokio::time::pause();
        tokio::time::advance(time).await;
        tokio::time::resume();
    }

    pub async fn counters(&self) -> Value {
        self.client.get(self.url("/__simulator")).send().await.expect("sent").json().await.expect("JSON")
    }
}

pub fn get_folder_body(address: &str) -> String {
    format!(
        r#"<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types" xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages">
<s:Header><t:RequestServerVersion Version="Exchange2013_SP1"/><t:ExchangeImpersonation><t:ConnectingSID><t:SmtpAddress>{address}</t:SmtpAddress></t:ConnectingSID></t:ExchangeImpersonation></s:Header>
<s:Body><m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds><t:DistinguishedFolderId Id="inbox"/></m:FolderIds></m:GetFolder></s:Body></s:Envelope>"#
    )
}
