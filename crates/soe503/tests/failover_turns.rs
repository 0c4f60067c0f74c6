//! What the next pool is given of a request, and when there is a next one.

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, Response};
use http_body_util::Full;
use soe503::retry::{BudgetConfig, RetryBudget};
use soe503::{BoxError, Component, Failover, Rejected, ReplayBody, RequestContext, clock};
use soe503_core::Cause;
use soe503_core::ledger::Refusal;
use support::pools::{Body, Pool, Pools, pool};
use support::request;
use support::retrying::{budget, retry, told};
use support::upstream::{Reply, Upstream};
use tower::util::BoxCloneSyncService;
use tower::{ServiceExt, service_fn};

use Reply::{Refuse, Status};

/// A pool without retries of its own, which answers or refuses a connection after a while.
fn plain(well: bool, seen: &Arc<Mutex<Vec<RequestContext>>>) -> Pool {
    let seen = Arc::clone(seen);
    BoxCloneSyncService::new(service_fn(move |request: Request<ReplayBody<Body>>| {
        let context = request.extensions().get::<RequestContext>().unwrap();
        seen.lock().unwrap().push(context.clone());
        async move {
            tokio::time::sleep(Duration::from_millis(300)).await;
            match well {
                true => Ok(Response::new(Body::default())),
                false => Err(support::errno(support::REFUSED)),
            }
        }
    }))
}

/// Time, backends and the time of an attempt are its own.
#[tokio::test(start_paused = true)]
async fn the_next_pool_begins_anew() {
    let seen = Arc::default();
    let over = Failover::new(plain(false, &seen), 3, budget()).then("spare", plain(true, &seen));
    let mut request = request("GET", Full::from("body"));
    let context = RequestContext::of(&mut request);
    let deadline = context.now.after(Duration::from_secs(9));
    context.deadline = Some(deadline);
    context.attempt_deadline = Some(context.now.after(Duration::from_secs(1)));
    context.tried.insert(7);
    assert_eq!(told(&over.oneshot(request).await), 200);
    let seen = seen.lock().unwrap();
    let [first, next] = &seen[..] else {
        panic!("one each: {seen:?}");
    };
    assert!(next.now.since(first.now) >= Duration::from_millis(300));
    assert_eq!((next.number, next.deadline), (2, Some(deadline)));
    assert_eq!(next.attempt_deadline, None);
    assert!(next.tried.is_empty(), "they are the first pool's");
}

/// What a limit turns away goes elsewhere if that is wanted: else the other pool would get all of an overload.
#[tokio::test(start_paused = true)]
async fn overload_goes_elsewhere_if_you_say_so() {
    for (on_overload, expected) in [(false, 0), (true, 200)] {
        let full: Pool = BoxCloneSyncService::new(service_fn(|_: Request<_>| async {
            let refusal = Refusal::Limit {
                cause: Cause::OverloadConcurrencyLimit,
                limit: 1,
                in_use: 1,
            };
            let refused = Rejected::new(Component::ConcurrencyLimit, "app", refusal);
            Err::<Response<Body>, BoxError>(refused.into())
        }));
        let seen = Arc::default();
        let over = Failover::new(full, 3, budget()).then("spare", plain(true, &seen));
        let over = over.on_overload(on_overload);
        let got = over.oneshot(request("GET", Full::from("body"))).await;
        assert_eq!(told(&got), expected);
    }
}

/// It is the first pool whose backends are proxies that try again: what another has sent is one attempt.
#[tokio::test(start_paused = true)]
async fn only_the_first_pool_lends_its_attempts() {
    let third = Upstream::new(&[Status(200)]);
    let mut pools = Pools::new(&[Refuse], &[const { Status(503) }; 9]);
    pools.over = pools
        .over
        .proxies(true)
        .then("third", pool(&retry(), &third));
    assert_eq!(told(&pools.send("GET").await), 200);
    assert_eq!((pools.tries(), third.tries()), ((1, 2), 1));
}

/// Going on is paid for; where nobody is left to ask, nothing is.
#[tokio::test(start_paused = true)]
async fn a_turn_that_nobody_has_costs_nothing() {
    let budget = RetryBudget::new("app", BudgetConfig::default());
    let failing = || Upstream::new(&[Status(503)]);
    let once = || {
        let policy = soe503::retry::RetryPolicy {
            attempts: 1,
            ..support::retrying::policy()
        };
        soe503::RetryLayer::new(support::retrying::budget(), policy)
    };
    let over = Failover::new(pool(&once(), &failing()), 3, budget.clone());
    let over = over.then("spare", pool(&once(), &failing()));
    let got = over.oneshot(request("GET", Full::from("body"))).await;
    assert_eq!(told(&got), 503);
    assert_eq!(budget.snapshot(clock::now()).spent, 1, "for the other pool");
}
