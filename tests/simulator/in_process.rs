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
