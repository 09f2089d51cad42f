//! What services answer.

use std::sync::Arc;

use ewsready::facts::Facts;
use ewsready::service::autodiscover::Autodiscover;
use ewsready::service::autodiscover::pox::{self, Caller, PoxAutodiscover};
use ewsready::service::autodiscover::soap::{self, SoapAutodiscover};
use ewsready::service::entra::{Account, Credential, DeviceCode, Entra, Federated, ManagedIdentity, OpenId, Protocol};
use ewsready::service::ews::{self, Ews};
use ewsready::service::exchange_admin::ExchangeAdmin;
use ewsready::service::graph::apps::Interest;
use ewsready::service::graph::mailbox::Probe;
use ewsready::service::graph::{Graph, batch};
use ewsready::service::onprem::OnPremises;
use ewsready::transport::pushback::{near_limit, ordered_wait, parse_wait};
use ewsready::transport::retry::{by_status, json_by_status};
use ewsready::transport::{Resource, TokenSource};

use super::chosen;
use super::script::{Script, clock, now, root, run, signed_in};

const ADDRESS: &str = "ada@contoso.example";
/// Pages followed: whether a list ever ends is the caller's care.
const PAGES: usize = 3;

/// Microsoft Graph, one question each, some by way of `$batch`.
pub fn graph(data: &[u8]) {
    let (question, rest) = chosen(data);
    for answer in Script::read(rest).answers().iter().take(1) {
        let _ = batch::parse(&answer.body);
    }
    run(async {
        let graph = Graph::new(Script::read(rest).client());
        match question % 10 {
            0 => drop(pages(async |next| graph.users(next).await.map(|page| page.next)).await),
            1 => drop(pages(async |next| graph.deleted_users(next).await.map(|page| page.next)).await),
            2 => drop(graph.count_users().await),
            3 => drop(graph.find(ADDRESS, None).await),
            4 => drop(graph.identity().await),
            5 => drop(graph.skus().await),
            6 => {
                let interest = Interest {
                    app_ids: ["00000003-0000-0ff1-ce00-000000000000".to_owned()].into(),
                    names: vec!["salesforce".to_owned()],
                };
                drop(graph.applications(&interest).await);
            }
            7 => drop(graph.notices().await),
            8 => drop(graph.open_mailbox(ADDRESS, Probe::Purpose).await),
            _ => drop(graph.delegates(ADDRESS).await),
        }
    });
}

/// Follows a listing for a few pages.
async fn pages<E>(page: impl AsyncFn(Option<&str>) -> Result<Option<String>, E>) -> Result<(), E> {
    let mut next = None;
    for _ in 0..PAGES {
        next = page(next.as_deref()).await?;
        if next.is_none() {
            break;
        }
    }
    Ok(())
}

/// The Exchange admin backend.
pub fn exchange(data: &[u8]) {
    let (question, rest) = chosen(data);
    let admin = ExchangeAdmin::new(Script::read(rest).client(), "contoso.example".to_owned());
    run(async {
        match question % 3 {
            0 => drop(admin.organization().await),
            1 => drop(pages(async |next| admin.cas_mailboxes(next).await.map(|page| page.next)).await),
            _ => drop(pages(async |next| admin.recipients(next).await.map(|page| page.next)).await),
        }
    });
}

/// EWS, and Autodiscover by SOAP and POX: the same bytes to each reader, then the whole way.
pub fn soap(data: &[u8]) {
    let (question, rest) = chosen(data);
    for answer in Script::read(rest).answers() {
        let document = ews::document(&answer);
        let _ = ews::reading(&answer, &document);
        let _ = ews::interpret(&answer, &document);
        let _ = soap::interpret(&answer.body);
        let _ = pox::interpret(&answer.body, Caller::Person);
        let _ = pox::interpret(&answer.body, Caller::Application);
    }
    let client = Script::read(rest).client();
    run(async {
        match question % 2 {
            0 => drop(Ews::new(client).open_inbox(ADDRESS).await),
            _ => {
                let pox = PoxAutodiscover::new(Arc::clone(&client), root());
                drop(SoapAutodiscover::new(client, root(), Some(pox)).settings(ADDRESS).await);
            }
        }
    });
}

/// Autodiscover V2 with its redirects, and on-premises hosts.
pub fn autodiscover(data: &[u8]) {
    let (question, rest) = chosen(data);
    let transport = Script::read(rest).transport();
    run(async {
        match question % 2 {
            0 => drop(Autodiscover::new(transport, root(), root(), Vec::new()).route(ADDRESS).await),
            _ => drop(OnPremises::new(transport, None, Vec::new()).probe("mail.contoso.example", now()).await),
        }
    });
}

/// Everything around the sign-in: tokens and their claims, Entra's errors, OpenID, machines' identities.
pub fn sign_in(data: &[u8]) {
    let (question, rest) = chosen(data);
    let transport = Script::read(rest).transport();
    let entra = |credential| {
        let resources = ["https://graph.microsoft.com", "https://outlook.office365.com"];
        let authority = root();
        let account =
            Account { authority: &authority, tenant: "contoso.example", client_id: "app".to_owned(), resources };
        Arc::new(Entra::new(Arc::clone(&transport), clock(), account, credential).expect("an address"))
    };
    run(async {
        match question % 6 {
            0 => drop(entra(Credential::Secret("secret".into())).fetch(Resource::Graph).await),
            // The token is used: it may have ended before it came.
            1 => {
                let client = signed_in(Arc::clone(&transport), entra(Credential::Secret("secret".into())));
                drop(Graph::new(client).count_users().await);
            }
            2 => {
                if let Ok(openid) = OpenId::of(&transport, &root(), "contoso.example").await {
                    let _ = (openid.tenant_id(), openid.cloud(Facts::embedded()));
                }
            }
            3 => {
                let device_code = DeviceCode::new(Arc::new(|_: &str| {}));
                drop(entra(Credential::DeviceCode(device_code)).fetch(Resource::Graph).await);
            }
            4 => {
                let protocol = Protocol::AppService("secret".into());
                let identity = ManagedIdentity { endpoint: root(), protocol, client_id: None };
                drop(entra(Credential::ManagedIdentity(identity)).fetch(Resource::Graph).await);
            }
            _ => {
                let github = Federated::GitHub { url: root(), token: "token".into(), audience: "api".to_owned() };
                drop(entra(Credential::Federated(github)).fetch(Resource::Graph).await);
            }
        }
    });
}

/// Waits that a service orders, in any header, and what follows from them.
pub fn waits(data: &[u8]) {
    let (_, rest) = chosen(data);
    if let Ok(text) = std::str::from_utf8(rest) {
        let _ = parse_wait(text, now());
    }
    for answer in Script::read(rest).answers() {
        let _ = (ordered_wait(&answer, now()), near_limit(&answer), by_status(&answer), json_by_status(&answer));
    }
    run(async { drop(Graph::new(Script::read(rest).client()).count_users().await) });
}
