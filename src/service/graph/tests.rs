//! Listings against a service of a few lines.

use futures_util::future::BoxFuture;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::apps::Interest;
use super::*;
use crate::clock::Clock;
use crate::transport::{Origins, Pace, Token, TokenSource, Transport, Wire, WireError};

/// A service that gives a body for what follows `/v1.0`, alone or in a batch.
struct Service(fn(&str) -> Value);

impl Wire for Service {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Answer, WireError>> {
        let asked = request.url.as_str().split("/v1.0").nth(1).unwrap_or_default();
        let body = if asked.starts_with("/$batch") {
            let batch: Value = serde_json::from_slice(&request.body).unwrap();
            let answer = |part: &Value| {
                let body = (self.0)(part["url"].as_str().unwrap());
                json!({"id": part["id"], "status": 200, "body": body})
            };
            json!({"responses": batch["requests"].as_array().unwrap().iter().map(answer).collect::<Vec<_>>()})
        } else {
            (self.0)(asked)
        };
        let answer = Answer { status: StatusCode::OK, headers: HeaderMap::new(), body: body.to_string().into() };
        Box::pin(std::future::ready(Ok(answer)))
    }
}

struct Anybody;

impl TokenSource for Anybody {
    fn fetch(&self, _: Resource) -> BoxFuture<'_, Result<Token, Trouble>> {
        let issued = jiff::Timestamp::UNIX_EPOCH;
        let expires = issued + jiff::SignedDuration::from_hours(1);
        Box::pin(std::future::ready(Ok(Token {
            secret: "a-token-that-nothing-repeats".into(),
            issued,
            expires,
            roles: Vec::new(),
        })))
    }
}

const ROOT: &str = "https://graph.example";

fn graph(answers: fn(&str) -> Value) -> Graph {
    let root: Url = ROOT.parse().unwrap();
    let origins = Origins { graph: root.clone(), exchange: root, exchange_hosts: Vec::new() };
    let transport = Arc::new(Transport::new(Arc::new(Service(answers)), Pace::default(), Clock::system()));
    Graph::new(Arc::new(Client::new(transport, Arc::new(Anybody), origins)))
}

fn leads_to(items: Value, link: &str) -> Value {
    json!({"value": items, "@odata.nextLink": format!("{ROOT}/v1.0{link}")})
}

#[tokio::test(start_paused = true)]
async fn delegates_are_read_to_the_last_page_and_a_circle_is_left() {
    let paged = graph(|asked| {
        let one = |address: &str| json!([{"role": "write", "emailAddress": {"name": "x", "address": address}}]);
        match asked.contains("skip=1") {
            false => leads_to(one("bob@contoso.example"), "/users/1/calendar/calendarPermissions?skip=1"),
            true => json!({"value": one("eve@contoso.example")}),
        }
    });
    let found: Vec<_> = paged.delegates("1").await.unwrap().into_iter().map(|delegate| delegate.address).collect();
    assert_eq!(found, ["bob@contoso.example", "eve@contoso.example"]);
    let circle = graph(|_| leads_to(json!([]), "/users/1/calendar/calendarPermissions?skip=1"));
    let trouble = circle.delegates("1").await.unwrap_err();
    assert!(trouble.cause == Cause::Unreadable && trouble.detail.contains("circle"), "{trouble}");
}

#[tokio::test(start_paused = true)]
async fn a_list_of_applications_that_leads_in_a_circle_is_no_list() {
    let circle = graph(|asked| match asked {
        path if path.starts_with("/servicePrincipals(") => json!({"id": "exchange"}),
        path if path.starts_with("/servicePrincipals?") => leads_to(json!([]), "/servicePrincipals?$skiptoken=1"),
        _ => json!({"value": []}),
    });
    let trouble = circle.applications(&Interest::default()).await.unwrap_err();
    assert!(trouble.cause == Cause::Unreadable && trouble.detail.contains("circle"), "{trouble}");
}

#[tokio::test(start_paused = true)]
async fn a_tenant_without_an_organization_is_not_a_tenant_without_a_name() {
    let nameless: [fn(&str) -> Value; 2] = [|_| json!({"value": []}), |_| json!({"value": [{}]})];
    for answers in nameless {
        assert_eq!(graph(answers).identity().await.unwrap_err().cause, Cause::Unreadable);
    }
    let known = graph(|_| json!({"value": [{"id": "7", "displayName": "Contoso"}]})).identity().await.unwrap();
    assert_eq!(known.name, "Contoso");
}

#[derive(Debug, Deserialize)]
struct Listed {
    #[serde(deserialize_with = "entries")]
    value: Vec<Empty>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Empty {}

#[test]
fn a_page_has_as_many_entries_as_anybody_asks_for_and_no_more() {
    let page = |count: usize| format!("{{\"value\":[{}]}}", vec!["{}"; count].join(","));
    assert_eq!(serde_json::from_str::<Listed>(&page(MOST_ENTRIES)).unwrap().value.len(), MOST_ENTRIES);
    let error = serde_json::from_str::<Listed>(&page(MOST_ENTRIES + 1)).unwrap_err().to_string();
    assert!(error.contains("more entries than"), "{error}");
}

#[test]
fn an_answer_without_a_list_is_no_empty_list() {
    let of = |body: &'static str| {
        let (status, headers) = (StatusCode::OK, HeaderMap::new());
        list_by_status(&Answer { status, headers, body: body.into() })
    };
    for body in ["{}", r#"{"d":{"results":[]}}"#, "[]", r#""value""#] {
        let Reading::Transient(Cause::Unreadable, why) = of(body) else { panic!("{body} was read") };
        assert!(why.contains("holds nothing of what was asked"), "{why}");
    }
    // The last two are for whoever reads the entries to refuse or to take.
    for body in [r#"{"@odata.context":"x","value":[]}"#, r#"{"value":[{}]}"#, r#"{"value":null}"#, ""] {
        assert_eq!(of(body), Reading::Final, "{body}");
    }
}
