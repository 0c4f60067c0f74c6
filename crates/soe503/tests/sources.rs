//! What is behind an error stays in its chain: whoever logs it, or looks for what happened, finds it by `source()`.

mod support;

use std::error::Error;
use std::io;
use std::num::NonZeroU32;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{Empty, Full};
use soe503::circuit_breaker::{Breaker, BreakerConfig, CircuitBreaker};
use soe503::concurrency_limit::{ConcurrencyLimit, Limit};
use soe503::failover::FailedOver;
use soe503::pool::{BackendSpec, Backends, PoolConfig};
use soe503::rate_limit::{KeyBy, Limit as Rate, Quota, RateConfig, RateLimit};
use soe503::throttle::{ThrottleConfig, ThrottleHandle};
use soe503::{
    BoxError, Failover, Failure, Pool, Rejected, ReplayBody, RetryLayer, Throttle, TimeoutLayer,
    clock,
};
use soe503_core::breaker::CircuitOpen;
use soe503_core::limit::LimitReached;
use soe503_core::pool::NoBackend;
use soe503_core::rate::Limited;
use soe503_core::throttle::Throttled;
use support::pools::Pools;
use support::retrying::{budget, policy};
use support::upstream::Reply;
use support::{REFUSED, empty, errno, get, request};
use tower::{Layer, ServiceExt, service_fn};

/// The `T` behind the `F`, as others than this crate would look for it.
fn behind<'e, F: Error + 'static, T: Error + 'static>(
    error: &'e (dyn Error + 'static),
) -> Option<&'e T> {
    let mut next = Some(error);
    while let Some(error) = next.filter(|error| !error.is::<F>()) {
        next = error.source();
    }
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

async fn well(_: Request<Empty<Bytes>>) -> Result<Response<Empty<Bytes>>, BoxError> {
    Ok(empty(200))
}

#[tokio::test(start_paused = true)]
async fn a_refusal_has_its_components_own_words() {
    let breaker = Breaker::new("app", BreakerConfig::default(), 1);
    breaker.force_open(clock::now(), "drill");
    let circuit = CircuitBreaker::new(service_fn(well), breaker);
    let error = circuit.oneshot(get()).await.unwrap_err();
    let open = behind::<Rejected, CircuitOpen>(&*error).unwrap();
    assert_eq!(&*open.name, "app");

    let limited = ConcurrencyLimit::new(service_fn(well), Limit::new("search", 0));
    let error = limited.oneshot(get()).await.unwrap_err();
    let reached = behind::<Rejected, LimitReached>(&*error).unwrap();
    assert_eq!(&**reached.name(), "search");

    let quota = Quota::new(NonZeroU32::MIN, Duration::from_secs(60));
    let rate = Rate::new("api", RateConfig::new(quota));
    let rated = RateLimit::new(service_fn(well), rate, KeyBy::Everyone);
    rated.clone().oneshot(get()).await.unwrap();
    let error = rated.oneshot(get()).await.unwrap_err();
    let over = behind::<Rejected, Limited>(&*error).unwrap();
    assert_eq!(over.wait, Duration::from_secs(60));

    let backends = Backends::new("shop", PoolConfig::default(), 1);
    backends.set_backends(vec![BackendSpec::new("a", service_fn(well))], clock::now());
    backends.set_backends(Vec::new(), clock::now());
    let error = Pool::new(backends).oneshot(get()).await;
    let error = error.map(|_| ()).unwrap_err();
    let none = behind::<Rejected, NoBackend>(&*error).unwrap();
    assert_eq!(&*none.pool, "shop");

    let throttle = ThrottleHandle::new("app", ThrottleConfig::default());
    for _ in 0..100 {
        throttle.admit(clock::now(), 1.0).unwrap();
        throttle.refused(clock::now());
    }
    let throttled = Throttle::new(service_fn(well), throttle);
    let error = loop {
        // Nine in ten are held back.
        if let Err(error) = throttled.clone().oneshot(get()).await {
            break error;
        }
    };
    let held = behind::<Rejected, Throttled>(&*error).unwrap();
    assert!(held.requests >= 100, "{held:?}");
}

/// The error of the service at the bottom, through all that may stand between.
#[tokio::test(start_paused = true)]
async fn a_failure_has_what_the_service_has_said() {
    fn said(error: &(dyn Error + 'static)) -> Option<i32> {
        behind::<Failure, io::Error>(error)?.raw_os_error()
    }
    let refuses =
        service_fn(|_: Request<_>| async { Err::<Response<Empty<Bytes>>, _>(errno(REFUSED)) });
    let backends = Backends::new("shop", PoolConfig::default(), 1);
    backends.set_backends(vec![BackendSpec::new("a", refuses)], clock::now());
    let error = Pool::new(backends).oneshot(get()).await;
    let error = error.map(|_| ()).unwrap_err();
    assert_eq!(said(&*error), Some(REFUSED), "{error:?}");

    let refuses = service_fn(|_: Request<ReplayBody<Full<Bytes>>>| async {
        Err::<Response<Empty<Bytes>>, _>(errno(REFUSED))
    });
    let retried = RetryLayer::new(budget(), policy()).layer(refuses);
    let timed = TimeoutLayer::new(Duration::from_secs(15)).layer(retried);
    let error = timed.oneshot(request("GET", Full::default())).await;
    let error = error.unwrap_err();
    assert_eq!(said(&*error), Some(REFUSED), "{error:?}");

    let over = Failover::new(refuses, 3, budget()).then("spare", refuses);
    let error = over.oneshot(request("GET", Full::default())).await;
    let error = error.unwrap_err();
    assert_eq!(said(&*error), Some(REFUSED), "{error:?}");
}

/// Also where the client has an answer, of another pool.
#[tokio::test(start_paused = true)]
async fn why_another_pool_has_answered_has_the_firsts_refusal() {
    let pools = Pools::new(&[Reply::Refuse], &[Reply::Status(200)]);
    let answer = pools.send("GET").await.unwrap();
    let over: &FailedOver = answer.extensions().get().unwrap();
    let refused = behind::<Failure, Rejected>(&**over.why).unwrap();
    assert_eq!(refused.name(), "app");
}
