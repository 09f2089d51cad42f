//! Patience in virtual time: a wire whose answers follow a script, no socket, no real wait.

use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;

use bytes::Bytes;
use http::HeaderMap;
use url::Url;

use super::*;

type Script = Box<dyn Fn(usize, Duration) -> Result<Answer, WireError> + Send + Sync>;

/// Answers the n-th request, at a time since the start, as the script says; each takes 100 ms.
struct Scripted {
    script: Script,
    start: Instant,
    sent: AtomicUsize,
    log: Mutex<Vec<Request>>,
}

impl Wire for Scripted {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Answer, WireError>> {
        Box::pin(async move {
            self.log.lock().unwrap().push(request);
            let number = self.sent.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(100)).await;
            (self.script)(number, self.start.elapsed())
        })
    }
}

fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Answer {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(*name, value.parse().unwrap());
    }
    Answer { status: StatusCode::from_u16(status).unwrap(), headers: map, body: Bytes::from(body.to_owned()) }
}

fn transport(
    script: impl Fn(usize, Duration) -> Result<Answer, WireError> + Send + Sync + 'static,
) -> (Arc<Transport>, Arc<Scripted>) {
    let wire = Arc::new(Scripted {
        script: Box::new(script),
        start: Instant::now(),
        sent: AtomicUsize::new(0),
        log: Mutex::default(),
    });
    let clock = Clock::starting_at("2026-11-20T08:00:00Z".parse().unwrap());
    (Arc::new(Transport::new(Arc::clone(&wire) as Arc<dyn Wire>, Pace::default(), clock)), wire)
}

fn call(patience: Patience) -> Call {
    let request = Request::get(Url::parse("https://graph.example/x").unwrap());
    Call { scope: ScopeId::Ews, cost: 1, request, reading: by_status, patience }
}

fn refused() -> Result<Answer, WireError> {
    Err(WireError::Unreachable("graph.example".to_owned(), "connection refused".to_owned()))
}

#[tokio::test(start_paused = true)]
async fn an_ordered_wait_is_kept_to_the_decimal() {
    let (transport, wire) = transport(|number, _| match number {
        0 => Ok(answer(429, &[("retry-after", "2.128")], "")),
        _ => Ok(answer(200, &[], "{}")),
    });
    let got = transport.call(call(Patience::Question), None).await.unwrap();
    assert_eq!(got.status, StatusCode::OK);
    assert!(wire.start.elapsed() >= Duration::from_millis(2128 + 200), "{:?}", wire.start.elapsed());
    assert!(wire.start.elapsed() < Duration::from_millis(2128 + 210), "{:?}", wire.start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn one_mailbox_that_is_refused_for_ever_ends_named_and_holds_nobody_up() {
    let (transport, wire) = transport(|_, _| Ok(answer(429, &[("retry-after", "10")], "")));
    let trouble = transport.call(call(Patience::Question), None).await.unwrap_err();
    assert_eq!(trouble.cause, Cause::Throttled);
    assert!(trouble.detail.contains("tried 8 times"), "{trouble}");
    assert_eq!(wire.sent.load(Ordering::SeqCst), 8);
    assert_eq!(transport.scope(ScopeId::Ews).pause_left(), None, "one mailbox does not pause the service");
}

#[tokio::test(start_paused = true)]
async fn three_refused_mailboxes_pause_the_service_for_all() {
    let (transport, wire) = transport(|number, _| match number {
        0..3 => Ok(answer(429, &[("retry-after", "60")], "")),
        _ => Ok(answer(200, &[], "")),
    });
    let calls = (0..3).map(|_| transport.call(call(Patience::Question), None));
    futures_util::future::try_join_all(calls).await.unwrap();
    let late = wire.start.elapsed();
    assert!(late >= Duration::from_secs(60), "{late:?}");
}

#[tokio::test(start_paused = true)]
async fn a_wait_longer_than_our_patience_ends_the_question_at_once() {
    let (transport, wire) = transport(|_, _| Ok(answer(429, &[("retry-after", "86400")], "")));
    let trouble = transport.call(call(Patience::Question), None).await.unwrap_err();
    assert!(trouble.detail.contains("24 h"), "{trouble}");
    assert!(wire.start.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_listing_survives_fifteen_minutes_of_outage() {
    let (transport, _) = transport(|_, since| match since.as_secs() {
        0..900 => refused(),
        _ => Ok(answer(200, &[], "{}")),
    });
    let got = transport.call(call(Patience::Listing), None).await.unwrap();
    assert_eq!(got.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_questions_survive_fifteen_minutes_of_outage() {
    let (transport, _) = transport(|_, since| match since.as_secs() {
        5..905 => refused(),
        _ => Ok(answer(200, &[], "{}")),
    });
    let calls = (0..100).map(|_| transport.call(call(Patience::Question), None));
    assert_eq!(futures_util::future::try_join_all(calls).await.unwrap().len(), 100);
}

#[tokio::test(start_paused = true)]
async fn an_outage_without_end_is_given_up_and_named() {
    let (transport, wire) = transport(|_, _| refused());
    let calls = (0..20).map(|_| transport.call(call(Patience::Question), None));
    let outcomes = futures_util::future::join_all(calls).await;
    for outcome in outcomes {
        let trouble = outcome.unwrap_err();
        assert_eq!(trouble.cause, Cause::Outage);
        assert!(trouble.detail.contains("graph.example could not be reached"), "{trouble}");
    }
    assert!(wire.start.elapsed() < Duration::from_secs(2 * 3600));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_read_is_asked_three_times() {
    let (transport, wire) = transport(|_, _| Ok(answer(200, &[], "<html>")));
    let mut question = call(Patience::Question);
    question.reading = json_by_status;
    let trouble = transport.call(question, None).await.unwrap_err();
    assert_eq!((trouble.cause, wire.sent.load(Ordering::SeqCst)), (Cause::Unreadable, 3));
}

struct Rotating(AtomicUsize);

impl Signer for Rotating {
    fn ready(&self) -> BoxFuture<'_, Result<(), Trouble>> {
        Box::pin(async { Ok(()) })
    }

    fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&format!("Bearer {}", self.0.load(Ordering::SeqCst))).ok()
    }

    fn refused(&self, _: &HeaderValue) -> bool {
        self.0.fetch_add(1, Ordering::SeqCst);
        false
    }
}

#[tokio::test(start_paused = true)]
async fn a_401_renews_the_token_once_and_is_then_the_answer() {
    let (transport, wire) = transport(|_, _| Ok(answer(401, &[], "")));
    let got = transport.call(call(Patience::Question), Some(&Rotating(AtomicUsize::new(0)))).await.unwrap();
    assert_eq!(got.status, StatusCode::UNAUTHORIZED);
    let sent: Vec<_> = wire.log.lock().unwrap().iter().map(|request| request.headers[AUTHORIZATION].clone()).collect();
    assert_eq!(sent, ["Bearer 0", "Bearer 1"]);
}

#[tokio::test(start_paused = true)]
async fn a_full_scope_grows_to_its_bound_and_stays_near_what_it_allows() {
    let (transport, wire) = transport(|_, _| Ok(answer(200, &[], "")));
    let calls = (0..2000).map(|_| transport.call(call(Patience::Question), None));
    futures_util::future::try_join_all(calls).await.unwrap();
    let most = f64::from(Pace::default().scope(ScopeId::Ews).width.most);
    let bound = 2000.0 * 0.1 / most;
    let took = wire.start.elapsed().as_secs_f64();
    assert!(took < bound * 1.15, "{took} s, and {bound} s are possible");
    assert_eq!(transport.scope(ScopeId::Ews).width().0, most as u32);
}

/// A token that has ended whenever it is looked at.
struct Ended;

impl Signer for Ended {
    fn ready(&self) -> BoxFuture<'_, Result<(), Trouble>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn header(&self) -> Option<HeaderValue> {
        None
    }

    fn refused(&self, _: &HeaderValue) -> bool {
        true
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_never_lasts_until_its_turn_ends_in_words_and_not_in_a_circle() {
    let (transport, wire) = transport(|_, _| Ok(answer(200, &[], "")));
    let trouble = transport.call(call(Patience::Question), Some(&Ended)).await.unwrap_err();
    assert_eq!((trouble.cause, wire.sent.load(Ordering::SeqCst)), (Cause::SignIn, 0));
    assert!(trouble.detail.contains("end sooner"), "{trouble}");
}

#[test]
fn more_values_than_an_honest_answer_has_are_not_read() {
    let of = |count: usize| json_by_status(&answer(200, &[], &format!("[{}0]", "0,".repeat(count))));
    assert_eq!(of(MOST_VALUES - 2), Reading::Final);
    let Reading::Transient(cause, why) = of(MOST_VALUES) else { panic!("it was read") };
    assert!(cause == Cause::Unreadable && why.contains("more values"), "{why}");
}
