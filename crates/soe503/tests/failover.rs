//! Requests that their pool cannot serve, and the pool that gets them instead.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use http_body_util::Full;
use soe503::circuit_breaker::{Breaker, BreakerConfig};
use soe503::failover::FailedOver;
use soe503::retry::RetryPolicy;
use soe503::{
    BoxError, CircuitBreakerLayer, Failover, Failure, ReplayBody, RequestContext, Served,
    TimeoutLayer, clock,
};
use soe503_core::breaker::State;
use soe503_core::hops::Allowance;
use soe503_core::ledger::{Attempt, Fault, Phase};
use support::pools::{Body, Pool, Pools, pool, whose};
use support::request;
use support::retrying::{budget, ledger, policy, retry, told};
use support::upstream::{Reply, Upstream};
use tower::util::BoxCloneSyncService;
use tower::{Layer, Service, ServiceExt, service_fn};

use Reply::{Broken, Hang, Refuse, Status, Unconnected};

#[tokio::test(start_paused = true)]
async fn by_proof() {
    // (method, the first pool's replies, the other's, status, tries of both)
    for (method, first, spare, status, tries) in [
        ("GET", &[Status(200)][..], &[][..], 200, (1, 0)),
        ("GET", &[Status(404)], &[], 404, (1, 0)),
        ("GET", &[Refuse], &[Status(200)], 200, (1, 1)),
        ("POST", &[Refuse], &[Status(201)], 201, (1, 1)),
        (
            "POST",
            &[const { Unconnected }; 2],
            &[Status(201)],
            201,
            (2, 1),
        ),
        (
            "GET",
            &[Status(503), Broken(104)],
            &[Status(200)],
            200,
            (2, 1),
        ),
        ("GET", &[Status(503), Refuse], &[Status(200)], 200, (2, 1)),
        // It was sent, and may have been worked on.
        ("POST", &[Status(503)], &[], 503, (1, 0)),
        ("POST", &[Broken(104)], &[], 0, (1, 0)),
        ("POST", &[Unconnected, Broken(104)], &[], 0, (2, 0)),
        // The other fails too: what the first said counts, and its answer goes before an error.
        (
            "GET",
            &[Status(503), Status(502)],
            &[Status(500)],
            502,
            (2, 1),
        ),
        ("GET", &[Status(503), Status(502)], &[Refuse], 502, (2, 1)),
        (
            "GET",
            &[const { Unconnected }; 2],
            &[Broken(104)],
            0,
            (2, 1),
        ),
        // A backend's own answer goes before an error of ours.
        (
            "GET",
            &[const { Unconnected }; 2],
            &[Status(500)],
            500,
            (2, 1),
        ),
    ] {
        let pools = Pools::new(first, spare);
        let got = pools.send(method).await;
        let seen = format!("{method} {first:?} {spare:?}");
        assert_eq!((told(&got), pools.tries()), (status, tries), "{seen}");
        for seen in pools
            .spare
            .seen()
            .iter()
            .filter(|seen| !seen.body.is_empty())
        {
            assert_eq!(&*seen.body, b"body");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_answer_tells_who_failed_and_who_answered() {
    let pools = Pools::new(&[Unconnected, Status(503)], &[Status(200)]);
    let got = pools.send("GET").await;
    let all = ledger(&got).unwrap();
    assert_eq!(whose(&all), [false, false, true]);
    let numbers: Vec<u8> = all.attempts.iter().map(|attempt| attempt.number).collect();
    assert_eq!(numbers, [1, 2, 3]);
    let response = got.unwrap();
    let served = response.extensions().get::<Served>().unwrap();
    assert_eq!(served.attempts, 3);
    let over = response.extensions().get::<FailedOver>().unwrap();
    assert_eq!(&*over.to, "spare");
    assert_eq!(*Failure::find(&**over.why).unwrap().ledger(), all);
}

#[tokio::test(start_paused = true)]
async fn a_first_success_carries_nothing() {
    let pools = Pools::new(&[Status(200)], &[]);
    let response = pools.send("GET").await.unwrap();
    assert!(response.extensions().is_empty());
}

/// All pools together make as many attempts as the policy says.
#[tokio::test(start_paused = true)]
async fn attempts_are_shared() {
    for (attempts, first, spare) in [(1, 1, 0), (2, 1, 1), (3, 2, 1), (5, 4, 1)] {
        let policy = RetryPolicy {
            attempts,
            ..policy()
        };
        let pools = Pools::with(policy, &vec![Unconnected; 9], &vec![Unconnected; 9]);
        assert_eq!(told(&pools.send("GET").await), 0);
        assert_eq!(pools.tries(), (first, spare), "{attempts}");
    }
    // What the first pool does not use is there for the other.
    let pools = Pools::new(&[Refuse], &vec![Unconnected; 9]);
    assert_eq!(told(&pools.send("GET").await), 0);
    assert_eq!(pools.tries(), (1, 3));
    // Without retries, what was not sent still goes on.
    let one = RetryPolicy {
        attempts: 1,
        ..policy()
    };
    let pools = Pools::with(one, &[Refuse], &[Status(200)]);
    assert_eq!(told(&pools.send("GET").await), 200);
}

#[tokio::test(start_paused = true)]
async fn what_a_proxy_before_us_hands_down_holds() {
    for (handed, tries) in [(1, (1, 0)), (2, (1, 1)), (3, (2, 1))] {
        let pools = Pools::new(&[const { Status(503) }; 9], &[const { Status(503) }; 9]);
        let mut request = request("GET", Full::from("body"));
        let mut context = RequestContext::new(clock::now(), true);
        context.allowance = Allowance::handed(handed);
        request.extensions_mut().insert(context);
        assert_eq!(told(&pools.ask(request).await), 503);
        assert_eq!(pools.tries(), tries, "{handed}");
    }
}

/// An attempt that hangs is cut in time for the other pool, also the last of its pool.
#[tokio::test(start_paused = true)]
async fn a_pool_that_hangs_leaves_time() {
    let pools = Pools::new(&[Hang, Hang], &[Status(200)]);
    let begun = clock::now();
    assert_eq!(told(&pools.send("GET").await), 200);
    let took = clock::now().since(begun);
    assert!(took >= Duration::from_secs(10), "{took:?}");
    assert!(took < Duration::from_secs(11), "{took:?}");
    // One that must not be sent twice has all the time there is.
    let pools = Pools::new(&[Reply::Slow(Duration::from_secs(9))], &[]);
    assert_eq!(told(&pools.send("POST").await), 200);
}

/// The veto of `Retry-After` is that of one pool.
#[tokio::test(start_paused = true)]
async fn retry_after_speaks_of_one_pool() {
    let pools = Pools::new(&[Reply::After(503, "3600")], &[Status(200)]);
    let begun = clock::now();
    assert_eq!(told(&pools.send("GET").await), 200);
    assert!(clock::now().since(begun) < Duration::from_secs(1));
    assert_eq!(pools.tries(), (1, 1));
}

/// A body above the cap was read and is gone; one that nobody has read goes on.
#[tokio::test(start_paused = true)]
async fn bodies_above_the_cap() {
    for (first, status, tries) in [
        (&[Status(503), Status(503)][..], 503, (2, 0)),
        (&[Refuse], 200, (1, 1)),
    ] {
        let mut pools = Pools::new(first, &[Status(200)]);
        pools.over = pools.over.replay_cap(3);
        assert_eq!(told(&pools.send("PUT").await), status);
        assert_eq!(pools.tries(), tries);
    }
}

/// It was there, and is not.
fn gone() -> BoxError {
    Failure::new(Attempt {
        phase: Phase::Connect,
        fault: Some(Fault::Errno(111)),
        accepted_before: true,
        ..Attempt::begin(1, clock::now())
    })
    .into()
}

/// The circuit of a pool has just opened: nobody waits for it while another pool answers, and they wait as
/// they would without one if that is out too.
#[tokio::test(start_paused = true)]
async fn waits_only_if_nobody_else_can() {
    let breaker = Breaker::new("app", BreakerConfig::default(), 1);
    breaker.set_backends(1);
    let works = Arc::new(AtomicBool::new(false));
    let backend = {
        let works = Arc::clone(&works);
        service_fn(move |_: Request<_>| {
            let works = works.load(Ordering::Relaxed);
            async move {
                match works {
                    true => Ok(Response::new(Body::from("back"))),
                    false => Err::<_, BoxError>(gone()),
                }
            }
        })
    };
    let retried = retry()
        .ride_out(breaker.clone())
        .layer(CircuitBreakerLayer::new(breaker.clone()).layer(backend));
    let first: Pool = BoxCloneSyncService::new(
        retried.map_response(|response: Response<_>| response.map(|_| Body::from("back"))),
    );
    let spare = Upstream::new(&[]);
    let over = Failover::new(first, 3, budget()).then("spare", pool(&retry(), &spare));
    let ask = || async {
        let begun = clock::now();
        let timed = TimeoutLayer::new(Duration::from_secs(15)).layer(over.clone());
        let got = timed.oneshot(request("POST", Full::from("body"))).await;
        (told(&got), clock::now().since(begun))
    };
    // Fails until it opens; the other pool serves.
    while breaker.state() == State::Closed {
        spare.will(&[Status(200)]);
        assert_eq!(ask().await.0, 200);
    }
    spare.will(&[Status(200)]);
    let (status, took) = ask().await;
    assert_eq!(status, 200);
    assert!(took < Duration::from_millis(100), "{took:?}");
    // Now that refuses as well, and the first is back after a moment.
    spare.will(&[Refuse]);
    let back = async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        works.store(true, Ordering::Relaxed);
    };
    let ((status, took), ()) = tokio::join!(ask(), back);
    assert_eq!(status, 200);
    assert!(took >= Duration::from_millis(700), "{took:?}");
    assert!(took < Duration::from_secs(5), "{took:?}");
}

/// A third pool is asked after the second, and none of them twice.
#[tokio::test(start_paused = true)]
async fn one_after_the_other() {
    let third = Upstream::new(&[Status(200)]);
    let mut pools = Pools::new(&[Refuse], &[Refuse]);
    pools.over = pools.over.then("third", pool(&retry(), &third));
    let got = pools.send("POST").await;
    assert_eq!((told(&got), pools.tries(), third.tries()), (200, (1, 1), 1));
    let over = got.unwrap().extensions().get::<FailedOver>().cloned();
    assert_eq!(&*over.unwrap().to, "third");
}

/// Ready when it is asked the second time.
#[derive(Clone)]
struct Hesitant(bool);

impl Service<Request<ReplayBody<Body>>> for Hesitant {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = std::future::Ready<Result<Response<Body>, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(Ok(()));
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn call(&mut self, _: Request<ReplayBody<Body>>) -> Self::Future {
        assert!(self.0, "called before it was ready");
        std::future::ready(Ok(Response::new(Body::from("ready"))))
    }
}

#[tokio::test(start_paused = true)]
async fn the_others_are_driven_to_readiness() {
    let first = Upstream::new(&[Refuse]);
    let hesitant = BoxCloneSyncService::new(Hesitant(false));
    let over = Failover::new(pool(&retry(), &first), 3, budget()).then("spare", hesitant);
    let got = over.oneshot(request("GET", Full::from("body"))).await;
    assert_eq!(told(&got), 200);
}
