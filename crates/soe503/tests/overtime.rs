//! Attempts that have had their time and are waited for, because no other can follow.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use soe503::circuit_breaker::{Breaker, BreakerConfig};
use soe503::pool::{BackendSpec, Backends, PoolConfig};
use soe503::retry::{BudgetConfig, RetryBudget, RetryPolicy};
use soe503::{BoxError, CircuitBreakerLayer, Pool, ReplayBody, RetryLayer, TimeoutLayer, clock};
use soe503_core::Ratio;
use soe503_core::breaker::State;
use tower::util::BoxCloneSyncService;
use tower::{Layer, ServiceExt, service_fn};

type Request_ = Request<ReplayBody<Full<Bytes>>>;
type Backend = BoxCloneSyncService<Request_, Response<Full<Bytes>>, BoxError>;
type Service = BoxCloneSyncService<Request<Full<Bytes>>, u16, BoxError>;

struct Stack {
    backends: Backends<Backend>,
    breaker: Breaker,
    reached: Arc<AtomicU64>,
    service: Service,
}

impl Stack {
    /// So many backends that take so long, attempts of 1 s in requests of 4 s.
    fn new(count: usize, takes: Duration, budget: BudgetConfig) -> Self {
        Self::stalled(count, takes, Duration::ZERO, budget)
    }

    /// The same, and for `stall` from now on they hold what they get.
    fn stalled(count: usize, takes: Duration, stall: Duration, budget: BudgetConfig) -> Self {
        let until = clock::instant(clock::now().after(stall));
        let reached = Arc::new(AtomicU64::new(0));
        let backends = Backends::new("app", PoolConfig::default(), 1);
        let spec = |n: usize| {
            let reached = Arc::clone(&reached);
            let service = service_fn(move |_: Request_| {
                reached.fetch_add(1, Ordering::Relaxed);
                async move {
                    tokio::time::sleep(takes).await;
                    tokio::time::sleep_until(until).await;
                    Ok::<_, BoxError>(Response::new(Full::new(Bytes::new())))
                }
            });
            BackendSpec::new(n.to_string(), BoxCloneSyncService::new(service))
        };
        backends.set_backends((0..count).map(spec).collect(), clock::now());
        let breaker = Breaker::new("app", BreakerConfig::default(), 1);
        let policy = RetryPolicy {
            attempt_timeout: Some(Duration::from_secs(1)),
            ..RetryPolicy::default()
        };
        let pool = Pool::new(backends.clone());
        let guarded = CircuitBreakerLayer::new(breaker.clone()).layer(pool);
        let retried = RetryLayer::new(RetryBudget::new("app", budget), policy)
            .ride_out(breaker.clone())
            .layer(guarded);
        let timed = TimeoutLayer::new(Duration::from_secs(4)).layer(retried);
        let service = timed.map_response(|response: Response<_>| response.status().as_u16());
        Self {
            backends,
            breaker,
            reached,
            service: BoxCloneSyncService::new(service),
        }
    }

    async fn ask(&self, method: &str) -> (Option<u16>, Duration) {
        let begun = clock::now();
        let request = support::request(method, Full::new(Bytes::from_static(b"a question")));
        let got = self.service.clone().oneshot(request).await;
        (got.ok(), clock::now().since(begun))
    }

    /// Failures in a row, of all backends.
    fn failures(&self) -> u64 {
        let backends = self.backends.backends();
        backends.iter().map(|backend| backend.failures()).sum()
    }

    fn reached(&self) -> u64 {
        self.reached.load(Ordering::Relaxed)
    }
}

fn no_budget() -> BudgetConfig {
    BudgetConfig {
        ratio: Ratio::ZERO,
        min_per_second: 0,
        ..BudgetConfig::default()
    }
}

const TWO: Duration = Duration::from_secs(2);

#[tokio::test(start_paused = true)]
async fn a_post_has_the_rest_of_the_deadline_and_its_backend_the_verdict() {
    let stack = Stack::new(3, TWO, BudgetConfig::default());
    let mut asked = tokio_test::task::spawn(stack.ask("POST"));
    tokio_test::assert_pending!(asked.poll());
    tokio::time::sleep(Duration::from_millis(1_010)).await;
    tokio_test::assert_pending!(asked.poll());
    assert_eq!(
        stack.failures(),
        1,
        "counted when the attempt has had its time"
    );
    let circuit = stack.breaker.snapshot(clock::now());
    assert_eq!(circuit.consecutive_failures, 0, "against the backend alone");
    let in_flight: u32 = stack
        .backends
        .backends()
        .iter()
        .map(|b| b.in_flight())
        .sum();
    assert_eq!(in_flight, 1, "it is still there");
    let (got, took) = asked.await;
    assert_eq!(got, Some(200));
    assert!(
        took >= TWO && took < Duration::from_millis(2_100),
        "{took:?}"
    );
    assert_eq!((stack.failures(), stack.reached()), (1, 1));
    let in_flight: u32 = stack
        .backends
        .backends()
        .iter()
        .map(|b| b.in_flight())
        .sum();
    assert_eq!(in_flight, 0);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_is_the_end_and_no_second_failure() {
    let stack = Stack::new(3, Duration::from_secs(60), BudgetConfig::default());
    let (got, took) = stack.ask("POST").await;
    assert_eq!(got, None);
    assert!(took >= Duration::from_secs(4) && took < Duration::from_millis(4_010));
    assert_eq!((stack.failures(), stack.reached()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn without_budget_no_attempt_is_cut() {
    let stack = Stack::new(3, TWO, no_budget());
    let (got, took) = stack.ask("GET").await;
    assert_eq!((got, stack.reached()), (Some(200), 1), "after {took:?}");
    let takes = Duration::from_millis(1_500);
    let rich = Stack::new(3, takes, BudgetConfig::default());
    let (got, took) = rich.ask("GET").await;
    assert_eq!(
        (got, rich.reached()),
        (Some(200), 3),
        "after {took:?}: the last has the rest"
    );
}

#[tokio::test(start_paused = true)]
async fn where_there_is_no_other_backend_no_attempt_is_cut() {
    let stack = Stack::new(1, TWO, BudgetConfig::default());
    let (got, took) = stack.ask("GET").await;
    assert_eq!((got, stack.reached()), (Some(200), 1), "after {took:?}");
    assert_eq!(stack.failures(), 1);
}

#[tokio::test(start_paused = true)]
async fn all_that_stall_and_recover_lose_nothing() {
    let takes = Duration::from_millis(30);
    let budget = BudgetConfig::default();
    let stack = Arc::new(Stack::stalled(3, takes, TWO, budget));
    let mut asked = Vec::new();
    for n in 0..400 {
        let stack = Arc::clone(&stack);
        let method = if n % 10 == 0 { "POST" } else { "GET" };
        asked.push(tokio::spawn(async move { stack.ask(method).await }));
        tokio::time::sleep(Duration::from_millis(4)).await;
    }
    assert_eq!(stack.breaker.state(), State::Open, "by what had its time");
    let mut failed = 0;
    for one in asked {
        failed += u32::from(one.await.unwrap().0.is_none());
    }
    assert_eq!(failed, 0);
}

/// With one backend, what it fails is what the pool fails; but for a request that may not run twice, which may well
/// take longer than an attempt should.
#[tokio::test(start_paused = true)]
async fn only_who_may_run_twice_speaks_against_the_whole_pool() {
    for (method, run) in [("GET", 1), ("POST", 0)] {
        let stack = Stack::new(1, TWO, BudgetConfig::default());
        assert_eq!(stack.ask(method).await.0, Some(200));
        let circuit = stack.breaker.snapshot(clock::now());
        assert_eq!(stack.failures(), 1, "{method}");
        assert_eq!(circuit.consecutive_failures, run, "{method}");
    }
}
