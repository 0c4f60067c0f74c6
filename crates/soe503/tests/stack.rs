//! The layers together, in the order in which they are meant to stand.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get as route;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use soe503::circuit_breaker::{Breaker, BreakerConfig};
use soe503::concurrency_limit::Limit;
use soe503::explain::Explained;
use soe503::pool::{BackendSpec, Backends, PoolConfig};
use soe503::retry::{BudgetConfig, RetryBudget, RetryPolicy};
use soe503::{
    BoxError, CircuitBreakerLayer, ConcurrencyLimitLayer, ExplainLayer, Explainer, Pool,
    ReplayBody, RetryLayer, Served, TimeoutLayer, clock,
};
use soe503_core::Cause;
use soe503_core::breaker::State;
use soe503_core::pool::BackendState;
use support::{RESET, Script, Step, errno};
use tokio_test::{assert_pending, task};
use tower::util::BoxCloneSyncService;
use tower::{Layer, ServiceBuilder, ServiceExt, service_fn};

type Replay = ReplayBody<Full<Bytes>>;
type Backend = BoxCloneSyncService<Request<Replay>, Response<Full<Bytes>>, BoxError>;

/// How a backend behaves, and how often it was reached.
#[derive(Clone)]
struct Behaviour {
    answer: fn() -> Answer,
    /// Until this is set, it answers 200.
    begun: Arc<AtomicBool>,
    reached: Arc<AtomicU32>,
}

#[derive(Clone, Copy)]
enum Answer {
    Status(u16),
    Refused,
    Hang,
    /// 503, and not before a minute has passed.
    Shed,
}

struct Stack {
    backends: Backends<Backend>,
    breaker: Breaker,
    budget: RetryBudget,
    behaviours: Vec<Behaviour>,
    begun: Arc<AtomicBool>,
    service: BoxCloneSyncService<Request<Full<Bytes>>, Response<Full<Bytes>>, BoxError>,
}

impl Stack {
    /// Backends `0`, `1`, … that behave like this, under the whole stack.
    fn new(answers: &[fn() -> Answer]) -> Self {
        let begun = Arc::new(AtomicBool::new(true));
        let behaviours: Vec<Behaviour> = answers
            .iter()
            .map(|answer| Behaviour {
                answer: *answer,
                begun: Arc::clone(&begun),
                reached: Arc::default(),
            })
            .collect();
        let backends = Backends::new("app", PoolConfig::default(), 1);
        let spec = |(i, behaviour): (usize, &Behaviour)| {
            let behaviour = behaviour.clone();
            let service =
                service_fn(move |request: Request<Replay>| behaviour.clone().serve(request));
            BackendSpec::new(i.to_string(), BoxCloneSyncService::new(service))
        };
        backends.set_backends(
            behaviours.iter().enumerate().map(spec).collect(),
            clock::now(),
        );
        let breaker = Breaker::new("app", BreakerConfig::default(), 1);
        let budget = RetryBudget::new("app", BudgetConfig::default());
        let stack = ServiceBuilder::new()
            .layer(ExplainLayer::new(Explainer::builder("edge").build()))
            .layer(TimeoutLayer::new(Duration::from_secs(15)))
            .layer(ConcurrencyLimitLayer::new(Limit::new("app", 100)))
            .layer(RetryLayer::new(budget.clone(), RetryPolicy::default()))
            .layer(CircuitBreakerLayer::new(breaker.clone()))
            .service(Pool::new(backends.clone()));
        let service = stack
            .map_response(|response: Response<_>| response.map(|_| Full::default()))
            .map_err(|never| match never {});
        Self {
            backends,
            breaker,
            budget,
            behaviours,
            begun,
            service: BoxCloneSyncService::new(service),
        }
    }

    async fn send(&self, method: &str) -> Response<Full<Bytes>> {
        let request = support::request(method, Full::from("body"));
        self.service.clone().oneshot(request).await.unwrap()
    }

    fn reached(&self) -> Vec<u32> {
        let count = |behaviour: &Behaviour| behaviour.reached.load(Ordering::Relaxed);
        self.behaviours.iter().map(count).collect()
    }

    fn state(&self, i: usize) -> BackendState {
        self.backends.backends()[i].state()
    }
}

impl Behaviour {
    async fn serve(self, request: Request<Replay>) -> Result<Response<Full<Bytes>>, BoxError> {
        self.reached.fetch_add(1, Ordering::Relaxed);
        let answer = match self.begun.load(Ordering::Relaxed) {
            true => (self.answer)(),
            false => Answer::Status(200),
        };
        match answer {
            Answer::Status(status) => {
                request.into_body().collect().await?;
                Ok(support::status(status))
            }
            Answer::Shed => {
                request.into_body().collect().await?;
                let mut answer = support::status(503);
                let minute = http::HeaderValue::from_static("60");
                answer.headers_mut().insert("retry-after", minute);
                Ok(answer)
            }
            Answer::Refused => Err(errno(support::REFUSED)),
            Answer::Hang => std::future::pending().await,
        }
    }
}

const OK: fn() -> Answer = || Answer::Status(200);
const REFUSES: fn() -> Answer = || Answer::Refused;
const HANGS: fn() -> Answer = || Answer::Hang;
const FAILS: fn() -> Answer = || Answer::Status(500);
const SHEDS: fn() -> Answer = || Answer::Shed;

/// One of three backends fails in each way there is: no GET is lost, the circuit stays closed, and
/// the bad one is out of rotation. Some traffic before that fills the retry budget, which is empty
/// at a cold start by design.
#[tokio::test(start_paused = true)]
async fn one_bad_backend_costs_no_request() {
    for bad in [REFUSES, FAILS, HANGS, SHEDS] {
        let stack = Stack::new(&[OK, bad, OK]);
        stack.begun.store(false, Ordering::Relaxed);
        for _ in 0..100 {
            stack.send("GET").await;
            tokio::time::advance(Duration::from_millis(20)).await;
        }
        stack.begun.store(true, Ordering::Relaxed);
        let before = stack.reached()[1];
        for _ in 0..100 {
            let response = stack.send("GET").await;
            assert_eq!(response.status(), 200, "{:?}", response.headers());
            tokio::time::advance(Duration::from_millis(20)).await;
        }
        assert_eq!(stack.breaker.state(), State::Closed);
        let snapshot = stack.breaker.snapshot(clock::now());
        assert_eq!((snapshot.trips, snapshot.consecutive_failures), (0, 0));
        let reached = stack.reached()[1] - before;
        assert!(
            (1..20).contains(&reached),
            "failures that ejected, and probes: {reached}"
        );
    }
}

/// A POST is never sent twice, unless it was never sent.
#[tokio::test(start_paused = true)]
async fn a_post_runs_at_most_once() {
    let refusing = Stack::new(&[OK, REFUSES, REFUSES]);
    for _ in 0..10 {
        assert_eq!(refusing.send("POST").await.status(), 200);
    }
    assert_eq!(refusing.reached()[0], 10);
    assert_eq!(refusing.state(1), BackendState::Ejected);

    let failing = Stack::new(&[FAILS, FAILS]);
    let response = failing.send("POST").await;
    assert_eq!(response.status(), 500);
    assert_eq!(failing.reached().iter().sum::<u32>(), 1);
}

/// All backends refuse: every answer is tagged, the circuit opens with the root, and then nothing
/// is reached any more.
#[tokio::test(start_paused = true)]
async fn an_outage_is_told_and_not_multiplied() {
    let stack = Stack::new(&[REFUSES, REFUSES, REFUSES]);
    let mut requests = 0;
    while stack.breaker.state() == State::Closed {
        let response = stack.send("GET").await;
        requests += 1;
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["x-error-code"], "SOE-503");
        assert!(requests < 10, "five failures in a row open it");
    }
    let before: u32 = stack.reached().iter().sum();
    for _ in 0..50 {
        let response = stack.send("GET").await;
        assert_eq!(response.status(), 503);
        let explained = response.extensions().get::<Explained>().unwrap();
        assert_eq!(explained.cause, Cause::CircuitConsecutiveFailures);
        assert!(explained.root.is_some());
        assert!(response.headers().contains_key("retry-after"));
    }
    assert_eq!(
        stack.reached().iter().sum::<u32>(),
        before,
        "nothing was touched"
    );
    assert!(
        stack.budget.snapshot(clock::now()).spent <= 9,
        "and nothing was withdrawn for it"
    );

    // The first request after the open time is the probe.
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(stack.send("GET").await.status(), 503);
    assert!(stack.reached().iter().sum::<u32>() > before);
}

/// Clients that leave move no breaker and blame no backend, however many.
#[tokio::test(start_paused = true)]
async fn clients_that_leave_blame_nobody() {
    let stack = Stack::new(&[HANGS, HANGS]);
    for _ in 0..50 {
        let mut leaving = task::spawn(stack.send("GET"));
        assert_pending!(leaving.poll());
        tokio::time::advance(Duration::from_millis(100)).await;
        drop(leaving);
    }
    assert_eq!(stack.breaker.snapshot(clock::now()).consecutive_failures, 0);
    for backend in &*stack.backends.backends() {
        assert_eq!((backend.state(), backend.failures()), (BackendState::Up, 0));
        assert_eq!(backend.in_flight(), 0);
    }
}

/// A storm of the clients' own mistakes is a run of successes.
#[tokio::test(start_paused = true)]
async fn four_hundreds_blame_nobody() {
    let stack = Stack::new(&[|| Answer::Status(404), || Answer::Status(400)]);
    for _ in 0..50 {
        assert!(stack.send("GET").await.status().is_client_error());
    }
    assert_eq!(stack.breaker.state(), State::Closed);
    assert!(
        stack
            .backends
            .backends()
            .iter()
            .all(|backend| backend.failures() == 0)
    );
}

/// After a failover the answer says what it took; a first success says nothing.
#[tokio::test(start_paused = true)]
async fn the_ledger_tells_of_what_the_client_did_not_see() {
    let stack = Stack::new(&[OK, REFUSES]);
    let mut failovers = 0;
    for _ in 0..20 {
        let response = stack.send("GET").await;
        let served = response.extensions().get::<Served>().unwrap();
        assert_eq!(served.backend.as_deref(), Some("0"));
        match &served.ledger {
            None => assert_eq!(served.attempts, 1),
            Some(ledger) => {
                failovers += 1;
                assert_eq!((served.attempts, ledger.attempts.len()), (2, 2));
                assert_eq!(ledger.attempts[0].backend.as_deref(), Some("1"));
                assert_eq!(ledger.attempts[1].backend.as_deref(), Some("0"));
            }
        }
    }
    assert_eq!(failovers, 1, "one refused connection ejects");
}

/// A failure that only the trailers or the end of a body tell is still one backend's: the
/// pool's circuit counts it as degraded.
#[tokio::test]
async fn late_failures_of_one_backend_do_not_add_to_the_circuits_run() {
    let trailers = HeaderMap::from_iter([("grpc-status".parse().unwrap(), "14".parse().unwrap())]);
    for (grpc, last) in [(true, None), (false, Some(RESET))] {
        for (siblings, expected) in [(0, 1), (1, 0)] {
            let trailers = trailers.clone();
            let service = service_fn(move |_: Request<Full<Bytes>>| {
                let end = match last {
                    Some(errno) => Step::Error(errno),
                    None => Step::Trailers(trailers.clone()),
                };
                let mut response = Response::new(Script::new([Step::Data("a"), end, Step::End]));
                if grpc {
                    response
                        .headers_mut()
                        .insert("content-type", "application/grpc".parse().unwrap());
                }
                std::future::ready(Ok::<_, BoxError>(response))
            });
            let backends = Backends::new("app", PoolConfig::default(), 1);
            let specs = (0..=siblings).map(|i| BackendSpec::new(i.to_string(), service.clone()));
            backends.set_backends(specs.collect(), clock::now());
            let breaker = Breaker::new("app", BreakerConfig::default(), 1);
            let service =
                CircuitBreakerLayer::new(breaker.clone()).layer(Pool::new(backends.clone()));
            let response = service
                .oneshot(support::request("POST", Full::default()))
                .await
                .unwrap();
            let _ = response.into_body().collect().await;
            let run = breaker.snapshot(clock::now()).consecutive_failures;
            assert_eq!(run, expected, "grpc {grpc}, {siblings} siblings");
        }
    }
}

/// axum calls `Layer::layer` once per route: the circuit is one all the same.
#[tokio::test]
async fn routes_of_an_axum_app_share_the_state() {
    static DOWN: AtomicUsize = AtomicUsize::new(0);
    let breaker = Breaker::new("app", BreakerConfig::default(), 1);
    let stack = ServiceBuilder::new()
        .layer(ExplainLayer::new(Explainer::builder("shop").build()))
        .layer(TimeoutLayer::new(Duration::from_secs(1)))
        .layer(ConcurrencyLimitLayer::new(Limit::new("shop", 10)))
        .layer(CircuitBreakerLayer::new(breaker.clone()));
    let down = || async {
        DOWN.fetch_add(1, Ordering::Relaxed);
        StatusCode::INTERNAL_SERVER_ERROR
    };
    let app = Router::new()
        .route("/a", route(down))
        .route("/b", route(down))
        .route("/c", route(|| async { "fine" }))
        .layer(stack);
    let send = |path: &str| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        app.clone().oneshot(request)
    };
    assert_eq!(send("/c").await.unwrap().status(), 200);
    for path in ["/a", "/b", "/a", "/b", "/a"] {
        assert_eq!(send(path).await.unwrap().status(), 500);
    }
    assert_eq!(breaker.state(), State::Open);
    for path in ["/a", "/b", "/c"] {
        let response = send(path).await.unwrap();
        assert_eq!(response.headers()["x-error-code"], "SOE-503");
    }
    assert_eq!(DOWN.load(Ordering::Relaxed), 5);
}

/// With axum as the client of itself: a plain body goes through the retry layer and back.
#[tokio::test]
async fn framing_survives_the_stack() {
    let echo = service_fn(|request: Request<ReplayBody<Full<Bytes>>>| async move {
        use http_body::Body as _;
        let hint = request.body().size_hint().exact();
        Ok::<_, BoxError>(Response::new(Full::new(Bytes::from(format!("{hint:?}")))))
    });
    let budget = RetryBudget::new("app", BudgetConfig::default());
    let breaker = Breaker::new("app", BreakerConfig::default(), 1);
    let service = ServiceBuilder::new()
        .layer(ExplainLayer::new(Explainer::builder("edge").build()))
        .layer(ConcurrencyLimitLayer::new(Limit::new("app", 1)))
        .layer(RetryLayer::new(budget, RetryPolicy::default()))
        .layer(CircuitBreakerLayer::new(breaker))
        .service(echo);
    let request = support::request("POST", Full::new(Bytes::from("12345")));
    let response = service.oneshot(request).await.unwrap();
    assert_eq!(http_body::Body::size_hint(response.body()).exact(), Some(7));
    assert_eq!(
        response.into_body().collect().await.unwrap().to_bytes(),
        "Some(5)"
    );
}
