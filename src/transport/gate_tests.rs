use super::*;
use crate::transport::quota::Limit;
use crate::transport::width::Range;

fn scope(limit: Option<Limit>, start: u32, most: u32) -> Arc<Scope> {
    let mut pace = Pace::default();
    *pace.scope_mut(ScopeId::Ews) = ScopePace { limit, width: Range { start, most } };
    Arc::new(Scope::new(ScopeId::Ews, &pace))
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[tokio::test(start_paused = true)]
async fn first_come_first_served() {
    let scope = scope(Some(Limit { requests: 10, seconds: 10 }), 1, 1);
    let served = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = Vec::new();
    for arrival in 0..50 {
        let (scope, served) = (Arc::clone(&scope), Arc::clone(&served));
        tasks.push(tokio::spawn(async move {
            let permit = scope.enter(1).await.unwrap();
            served.lock().unwrap().push(arrival);
            tokio::time::sleep(Duration::from_millis(30)).await;
            drop(permit);
        }));
        tokio::task::yield_now().await;
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(*served.lock().unwrap(), (0..50).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_pause_only_moves_forward_and_a_success_does_not_erase_it() {
    let (scope, start) = (scope(None, 4, 4), Instant::now());
    scope.pause(seconds(120), Cause::Throttled, "429");
    scope.pause(seconds(5), Cause::Throttled, "429");
    scope.succeeded(false);
    drop(scope.enter(1).await.unwrap());
    assert_eq!(start.elapsed().as_secs(), 120);
}

#[tokio::test(start_paused = true)]
async fn a_pause_ordered_while_waiting_for_a_permit_holds_too() {
    let (scope, start) = (scope(None, 1, 1), Instant::now());
    let held = scope.enter(1).await.unwrap();
    let waiting = tokio::spawn({
        let scope = Arc::clone(&scope);
        async move { scope.enter(1).await.map(drop) }
    });
    tokio::time::sleep(seconds(1)).await;
    scope.pause(seconds(60), Cause::Throttled, "429");
    drop(held);
    waiting.await.unwrap().unwrap();
    assert_eq!(start.elapsed().as_secs(), 61);
}

#[tokio::test(start_paused = true)]
async fn no_permit_is_held_through_a_pause() {
    let scope = scope(None, 1, 1);
    scope.pause(seconds(60), Cause::Throttled, "429");
    let waiting = tokio::spawn({
        let scope = Arc::clone(&scope);
        async move { scope.enter(1).await.map(drop) }
    });
    tokio::time::sleep(seconds(30)).await;
    assert_eq!(scope.width(), (1, 0));
    waiting.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn one_mailbox_in_trouble_is_not_the_service_in_trouble() {
    let scope = scope(None, 4, 4);
    for _ in 0..20 {
        assert!(!scope.is_widespread(7, Cause::Throttled, "429"));
    }
    assert!(!scope.is_widespread(8, Cause::Throttled, "429"));
    assert!(scope.is_widespread(9, Cause::Throttled, "429"), "the third mailbox makes it the service's");
    scope.succeeded(false);
    assert!(!scope.is_widespread(9, Cause::Throttled, "429"), "a success starts the count anew");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_never_comes_back_is_given_up_after_our_patience() {
    let scope = scope(None, 4, 4);
    for caller in 0..3 {
        scope.is_widespread(caller, Cause::Outage, "connection refused");
    }
    tokio::time::sleep(seconds(29 * 60)).await;
    assert!(scope.is_widespread(1, Cause::Outage, "connection refused"));
    assert_eq!(scope.given_up(), None);
    tokio::time::sleep(seconds(2 * 60)).await;
    scope.is_widespread(1, Cause::Outage, "connection refused");
    let trouble = scope.enter(1).await.map(drop).unwrap_err();
    assert_eq!(trouble.cause, Cause::Outage);
    assert!(trouble.detail.contains("EWS gave no answer for 31 min"), "{}", trouble.detail);
}

#[tokio::test(start_paused = true)]
async fn an_order_to_wait_a_day_ends_the_service_s_part_of_the_run() {
    let scope = scope(None, 4, 4);
    scope.pause(seconds(86_400), Cause::Throttled, "429");
    let trouble = scope.enter(1).await.map(drop).unwrap_err();
    assert!(trouble.detail.contains("asked us to wait 24 h"), "{}", trouble.detail);
}
