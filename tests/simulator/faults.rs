//! Faults, each alone.

use std::collections::HashSet;
use std::time::Duration;

use ewsready::simulator::{Faults, Tenant};
use reqwest::StatusCode;
use serde_json::Value;

use crate::support::Served;

const GRAPH: &str = "https://graph.microsoft.com";

async fn served(words: &[&str]) -> Served {
    let mut faults = Faults::default();
    for word in words {
        faults.set(word).unwrap_or_else(|message| panic!("{message}"));
    }
    Served::new(Tenant::generated(200, 1), faults).await
}

/// What became of many different requests.
async fn outcomes(served: &Served, token: &str) -> Vec<Result<(StatusCode, String), reqwest::Error>> {
    let mut outcomes = Vec::new();
    for top in 1..=100 {
        let url = served.url(&format!("/v1.0/users?$top={top}&$select=id"));
        let sent = served.client.get(url).bearer_auth(token).send().await;
        outcomes.push(match sent {
            Err(error) => Err(error),
            Ok(answer) => {
                let status = answer.status();
                answer.text().await.map(|text| (status, text))
            }
        });
    }
    outcomes
}

#[tokio::test]
async fn words_of_the_command_line_are_checked() {
    let mut faults = Faults::default();
    for (word, part) in [
        ("nonsense", "unknown fault"),
        ("busy=2", "a share from 0 to 1"),
        ("latency=fast", "a whole number"),
        ("storm=5", "EVERY/FOR"),
        ("service=smtp", "ews"),
        ("retry-after=soon", "decimal"),
    ] {
        let message = faults.set(word).expect_err(word);
        assert!(message.contains(part), "{word}: {message}");
    }
    assert_eq!(faults, Faults::default());
}

#[tokio::test]
async fn a_share_of_requests_is_refused_dropped_or_spoiled_and_the_same_ones_each_time() {
    for (word, spoiled) in [
        (
            "busy=0.3",
            (|outcome| matches!(outcome, Ok((StatusCode::TOO_MANY_REQUESTS, _))))
                as fn(&Result<(StatusCode, String), reqwest::Error>) -> bool,
        ),
        ("drop=0.3", |outcome| outcome.is_err()),
        ("truncate=0.3", |outcome| outcome.is_err()),
        ("half=0.3", |outcome| matches!(outcome, Ok((_, text)) if serde_json::from_str::<Value>(text).is_err())),
        ("html=0.3", |outcome| matches!(outcome, Ok((StatusCode::OK, text)) if text.starts_with("<!DOCTYPE"))),
    ] {
        let mut runs = Vec::new();
        for _ in 0..2 {
            let served = served(&[word, "seed=7", "service=graph"]).await;
            let token = served.token(GRAPH).await;
            let hit: Vec<bool> = outcomes(&served, &token).await.iter().map(spoiled).collect();
            runs.push(hit);
        }
        let count = runs[0].iter().filter(|hit| **hit).count();
        assert!((15..=45).contains(&count), "{word}: {count} of 100");
        assert_eq!(runs[0], runs[1], "{word}");
    }
}

#[tokio::test]
async fn a_wrong_content_type_leaves_the_body_whole() {
    let served = served(&["wrong-type=1", "service=graph"]).await;
    let token = served.token(GRAPH).await;
    let answer = served.client.get(served.url("/v1.0/organization")).bearer_auth(token).send().await.expect("sent");
    assert_eq!(answer.headers()["content-type"], "application/octet-stream");
    assert!(answer.json::<Value>().await.expect("JSON")["value"].is_array());
}

#[tokio::test]
async fn retry_after_takes_every_form() {
    for (form, check) in [
        ("integer", (|value| value == Some("3")) as fn(Option<&str>) -> bool),
        ("decimal", |value| value == Some("2.500")),
        ("date", |value| value == Some("Fri, 20 Nov 2026 08:00:03 GMT")),
        ("huge", |value| value == Some("86400")),
        ("absent", |value| value.is_none()),
    ] {
        let served = served(&["busy=1", "wait=2.5", "service=graph", &format!("retry-after={form}")]).await;
        let answer = served.client.get(served.url("/v1.0/users")).send().await.expect("sent");
        let value = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
        assert!(check(value), "{form}: {value:?}");
    }
}

#[tokio::test]
async fn pages_may_be_empty_in_the_middle_or_never_end() {
    let served = served(&["empty-pages"]).await;
    let (mut path, mut sizes, mut ids) = ("/users?$select=id&$top=80".to_owned(), Vec::new(), HashSet::new());
    loop {
        let (_, page) = served.graph(&path).await;
        let values = page["value"].as_array().expect("a list");
        sizes.push(values.len());
        ids.extend(values.iter().map(|user| user["id"].to_string()));
        match page["@odata.nextLink"].as_str() {
            Some(next) => path = next.split("/v1.0").nth(1).expect("a path").to_owned(),
            None => break,
        }
    }
    assert!(sizes[1] == 0 && sizes[2] > 0, "{sizes:?}");
    assert_eq!(ids.len(), sizes.iter().sum::<usize>());

    let endless = self::served(&["endless-pages"]).await;
    let (_, last) = endless.graph("/users?$select=id&$top=999").await;
    let next = last["@odata.nextLink"].as_str().expect("a link").to_owned();
    let (_, again) = endless.graph(next.split("/v1.0").nth(1).expect("a path")).await;
    assert_eq!(again["@odata.nextLink"], last["@odata.nextLink"]);
}

#[tokio::test]
async fn autodiscover_redirects_for_ever() {
    let served = served(&["endless-redirects"]).await;
    let mut url = served.url("/autodiscover/autodiscover.json?Email=a@contoso.example&Protocol=EWS");
    for count in 1..20 {
        let answer = served.client.get(&url).send().await.expect("sent");
        url = answer.headers()["location"].to_str().expect("text").to_owned();
        assert!(url.ends_with(&format!("RedirectCount={count}")), "{url}");
    }
}

#[tokio::test]
async fn items_of_a_batch_are_throttled_inside_a_200() {
    let served = served(&["busy-items=0.5", "retry-after=decimal"]).await;
    let token = served.token(GRAPH).await;
    let items: Vec<Value> = served.tenant.roster().take(20).enumerate().map(|(n, line)| serde_json::json!({"id": n.to_string(), "method": "GET", "url": format!("/users/{}", line.email)})).collect();
    let answer =
        served.client.post(served.url("/v1.0/$batch")).bearer_auth(token).json(&serde_json::json!({"requests": items}));
    let answer: Value = answer.send().await.expect("sent").json().await.expect("JSON");
    let refused: Vec<&Value> =
        answer["responses"].as_array().expect("a list").iter().filter(|item| item["status"] == 429).collect();
    assert!((4..=16).contains(&refused.len()), "{}", refused.len());
    assert_eq!(refused[0]["headers"]["Retry-After"], "1.000");
}

/// Time is tokio's own here and leaps: nothing is waited for.
#[tokio::test]
async fn outages_storms_and_token_lives_follow_the_clock() {
    let served = served(&["outage=100+50", "storm=1000/10", "token-life=120"]).await;
    let status = |token: String| {
        let request = served.client.get(served.url("/v1.0/organization")).bearer_auth(token);
        async move { request.send().await.expect("sent").status().as_u16() }
    };
    // The storm of the first ten seconds takes the authority along.
    let refused = served.client.post(served.url("/x/oauth2/v2.0/token")).send().await.expect("sent");
    assert_eq!(refused.status(), 429);
    served.pass(Duration::from_secs(20)).await;
    let token = served.token(GRAPH).await;
    assert_eq!(status(token.clone()).await, 200);
    served.pass(Duration::from_secs(90)).await;
    assert_eq!(status(token.clone()).await, 503);
    served.pass(Duration::from_secs(50)).await;
    assert_eq!(status(token).await, 401);
    assert_eq!(status(served.token(GRAPH).await).await, 200);
}

#[tokio::test]
async fn a_mailbox_has_four_connections() {
    let served = served(&["throttle", "latency=200"]).await;
    let token = served.token(GRAPH).await;
    let address = served.tenant.roster().next().expect("a line").email;
    let url = served.url(&format!("/v1.0/users/{address}/mailFolders/inbox"));
    let ask = || served.client.get(&url).bearer_auth(&token).send();
    let answers = futures_util::future::join_all((0..6).map(|_| ask())).await;
    let refused =
        answers.into_iter().filter(|answer| answer.as_ref().is_ok_and(|answer| answer.status() == 429)).count();
    assert_eq!(refused, 2);
}
