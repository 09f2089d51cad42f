//! A quarter of an hour without any service, in virtual time: the run waits and goes on by itself.

#![allow(clippy::expect_used, reason = "a test that cannot go on says so and stops")]

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use ewsready::clock::Clock;
use ewsready::collector::{Collector, End, Services};
use ewsready::evidence::store::{EntryRecord, RosterRecord, Settings, Start, Store, StoreError};
use ewsready::service::autodiscover::Autodiscover;
use ewsready::service::entra::{Account, Credential, Entra};
use ewsready::service::ews::Ews;
use ewsready::service::exchange_admin::ExchangeAdmin;
use ewsready::service::graph::Graph;
use ewsready::service::supply::ExchangeFacts;
use ewsready::simulator::{self, Faults, Outage, Tenant};
use ewsready::transport::{Answer, Client, Origins, Pace, Request, Transport, Wire, WireError};
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// The simulator called as a function: no socket, so that time can be virtual.
struct Inside(axum::Router);

impl Wire for Inside {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Answer, WireError>> {
        let router = self.0.clone();
        Box::pin(async move {
            let mut inner = http::Request::builder().method(request.method).uri(request.url.as_str());
            for (name, value) in &request.headers {
                inner = inner.header(name, value);
            }
            let inner = inner.header("host", "sim.localhost").body(Body::from(request.body)).expect("a request");
            let response = router.oneshot(inner).await.expect("the simulator answers");
            let (parts, body) = response.into_parts();
            let body: Bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
            Ok(Answer { status: parts.status, headers: parts.headers, body })
        })
    }
}

const USERS: u32 = 200;

fn services(faults: Faults, clock: Clock) -> Services {
    let tenant = Tenant::generated(USERS, 3);
    let application = tenant.application();
    let options = simulator::Options { clock, faults, ..simulator::Options::default() };
    let wire = Arc::new(Inside(simulator::router(Arc::new(tenant), options)));
    let transport = Arc::new(Transport::new(wire, Pace::default(), clock));
    let root: url::Url = "http://sim.localhost/".parse().expect("an address");
    let credential = Credential::Secret(application.client_secret.into());
    let resources = ["https://graph.microsoft.com", "https://outlook.office365.com"];
    let tenant_id = application.tenant_id;
    let account = Account { authority: &root, tenant: &tenant_id, client_id: application.client_id, resources };
    let entra = Entra::new(Arc::clone(&transport), clock, account, credential);
    let origins = Origins { graph: root.clone(), exchange: root.clone(), exchange_hosts: Vec::new() };
    let client = Arc::new(Client::new(Arc::clone(&transport), Arc::new(entra.expect("a sign-in")), origins));
    Services {
        graph: Graph::new(Arc::clone(&client)),
        exchange: ExchangeFacts::from_backend(ExchangeAdmin::new(Arc::clone(&client), tenant_id)),
        autodiscover: Some(Autodiscover::new(transport, root.clone(), root, Vec::new())),
        ews: Some(Ews::new(Arc::clone(&client))),
        autodiscover_soap: None,
        interest: Default::default(),
        client,
    }
}

fn run_of_everybody(store: &mut Store, clock: Clock) -> ewsready::evidence::store::RunId {
    let tenant = Tenant::generated(USERS, 3);
    let start = Start { now: clock.now(), resume_since: None, also: None };
    let filled = store.begin::<StoreError>("sim", &Settings::default(), start, |sink| {
        for (row, line) in (1..).zip(tenant.roster()) {
            let address = Some(line.email.to_lowercase());
            sink.push(&EntryRecord {
                row,
                subject: Some(row),
                written: line.email,
                address,
                ..EntryRecord::default()
            })?;
        }
        Ok((RosterRecord::default(), "everybody".to_owned()))
    });
    filled.expect("a run").0.id
}

async fn collect(faults: Faults) -> (End, u64, Duration) {
    let clock = Clock::starting_at("2026-11-20T08:00:00Z".parse().expect("a moment"));
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = Store::open(&folder.path().join("s.sqlite")).expect("a store");
    let run = run_of_everybody(&mut store, clock);
    let begun = tokio::time::Instant::now();
    let collector = Collector::new(services(faults, clock), &store, run, clock, CancellationToken::new());
    let end = collector.expect("a collector").collect().await.expect("the store holds");
    (end, store.open_questions(run).expect("the store holds"), begun.elapsed())
}

#[tokio::test(start_paused = true)]
async fn fifteen_minutes_without_any_answer_are_waited_out() {
    let outage = Outage { from_s: 1, for_s: 900 };
    let faults = Faults { outage: vec![outage], latency_ms: 200, ..Faults::default() };
    let (end, open, lasted) = collect(faults).await;
    assert_eq!((end, open), (End::Complete, 0));
    assert!(lasted >= Duration::from_secs(900), "{lasted:?}");
    assert!(lasted < Duration::from_secs(1200), "{lasted:?}");
}

#[tokio::test(start_paused = true)]
async fn an_outage_beyond_our_patience_is_given_up_and_every_question_names_it() {
    let outage = Outage { from_s: 4, for_s: 100_000 };
    let faults = Faults { outage: vec![outage], latency_ms: 500, ..Faults::default() };
    let (end, open, lasted) = collect(faults).await;
    assert!(matches!(end, End::GaveUp(_)), "{end:?}");
    assert!(open > 0);
    assert!(lasted < Duration::from_secs(3 * 3600), "{lasted:?}");
}
