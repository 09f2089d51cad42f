//! The services as a router inside the process, under a clock that leaps.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use ewsready::clock::Clock;
use ewsready::simulator::{Faults, Options, Tenant, router};
use tokio::time::Instant;
use tower::ServiceExt as _;

#[tokio::test(start_paused = true)]
async fn latency_and_outages_take_no_real_time() {
    let mut faults = Faults::default();
    for word in ["latency=1000", "jitter=500", "outage=60+900"] {
        faults.set(word).expect(word);
    }
    let clock = Clock::starting_at("2026-11-20T08:00:00Z".parse().expect("a time"));
    let options =
        Options { clock, faults, base_url: Some("https://simulated.example".to_owned()), ..Options::default() };
    let app = router(Arc::new(Tenant::demo().expect("the demo tenant")), options);
    let ask = || {
        let request = Request::get("/autodiscover/autodiscover.json?Email=alma.reuter@contoso.example&Protocol=EWS");
        app.clone().oneshot(request.body(Body::empty()).expect("a request"))
    };
    let (real, began) = (std::time::Instant::now(), Instant::now());
    let answer = ask().await.expect("never fails");
    assert!((1000..=1500).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
    let body = to_bytes(answer.into_body(), 1000).await.expect("a body");
    assert!(String::from_utf8_lossy(&body).contains("https://simulated.example/EWS/Exchange.asmx"));
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(ask().await.expect("never fails").status(), StatusCode::SERVICE_UNAVAILABLE);
    tokio::time::advance(Duration::from_secs(900)).await;
    assert_eq!(ask().await.expect("never fails").status(), StatusCode::OK);
    assert!(real.elapsed() < Duration::from_secs(20));
}

#[tokio::test(start_paused = true)]
async fn published_limits_are_kept() {
    let mut faults = Faults::default();
    faults.set("throttle").expect("a fault");
    let clock = Clock::starting_at("2026-11-20T08:00:00Z".parse().expect("a time"));
    let tenant = Tenant::generated(200, 1);
    let application = tenant.application();
    let app = router(Arc::new(tenant), Options { clock, faults, ..Options::default() });
    let form = format!(
        "client_id={}&client_secret={}&grant_type=client_credentials&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default",
        application.client_id, application.client_secret
    );
    let request = Request::post(format!("/{}/oauth2/v2.0/token", application.tenant_id))
        .header("content-type", "application/x-www-form-urlencoded");
    let answer = app.clone().oneshot(request.body(Body::from(form)).expect("a request")).await.expect("never fails");
    let body = to_bytes(answer.into_body(), 100_000).await.expect("a body");
    let token: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    let bearer = format!("Bearer {}", token["access_token"].as_str().expect("a token"));
    let ask = || {
        let request = Request::get("/v1.0/subscribedSkus").header("authorization", &bearer);
        app.clone().oneshot(request.body(Body::empty()).expect("a request"))
    };
    // Resource units: a tenant of 200 accounts has 5,000 in ten seconds; each of these costs three.
    let mut count = 0;
    let refused = loop {
        count += 1;
        let answer = ask().await.expect("never fails");
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            break answer;
        }
    };
    assert_eq!(count, 1_667);
    let scope = &refused.headers()["x-ms-throttle-scope"];
    assert!(scope.to_str().is_ok_and(|scope| scope.starts_with("Tenant_Application/")), "{scope:?}");
    tokio::time::advance(Duration::from_secs(11)).await;
    assert_eq!(ask().await.expect("never fails").status(), StatusCode::OK);
}
