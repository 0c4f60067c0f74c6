//! A pool that hedges, and whose requests are played by a script.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use soe503::circuit_breaker::{Breaker, BreakerConfig};
use soe503::pool::{BackendSpec, Backends, PoolConfig};
use soe503::retry::{BudgetConfig, RetryBudget, RetryPolicy};
use soe503::{
    BoxError, CircuitBreakerLayer, Failure, Pool, ReplayBody, RequestContext, RetryLayer, Served,
    TimeoutLayer, clock,
};
use soe503_core::hedge::{HedgeConfig, HedgeSnapshot, Withheld};
use soe503_core::ledger::Ledger;
use tower::util::BoxCloneSyncService;
use tower::{Layer, ServiceExt, service_fn};

type ToBackend = Request<ReplayBody<Full<Bytes>>>;
type Backend = BoxCloneSyncService<ToBackend, Response<Full<Bytes>>, BoxError>;
type Service = BoxCloneSyncService<Request<Full<Bytes>>, Answer, BoxError>;

/// What a backend does with the request that comes next, whichever it comes to.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    /// Answers with this status after so many milliseconds.
    Answer(u16, u64),
    /// The connection fails with this errno after so many milliseconds.
    Break(i32, u64),
    /// Nothing ever happens.
    Hang,
}

/// A request that came to a backend.
#[derive(Clone, Debug)]
pub struct Visit {
    pub backend: usize,
    pub number: u8,
    pub hedge: bool,
    /// Milliseconds since the request was sent.
    pub after: u64,
    pub attempts_lent: u8,
    /// How many backends it has tried before.
    pub tried: usize,
}

#[derive(Debug, Default)]
struct Script {
    acts: VecDeque<Act>,
    visits: Vec<Visit>,
    cancelled: Vec<u8>,
    began: Option<soe503_core::Tick>,
}

/// An answer with what the layers know about it.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub served: Option<Served>,
}

pub struct Hedged {
    pub backends: Backends<Backend>,
    pub breaker: Breaker,
    /// The one that hedging looks at.
    pub circuit: Breaker,
    pub budget: RetryBudget,
    script: Arc<Mutex<Script>>,
    service: Service,
}

/// What became of one request.
#[derive(Debug)]
pub struct Outcome {
    /// 0 for an error.
    pub status: u16,
    pub took: u64,
    pub visits: Vec<Visit>,
    pub cancelled: Vec<u8>,
    pub ledger: Option<Ledger>,
    pub attempts: u8,
}

pub struct Options {
    pub backends: usize,
    pub attempts: u8,
    pub max: u8,
    pub timeout: u64,
    pub budget: BudgetConfig,
    pub warm: bool,
}

/// How long requests take on which a hedge is learned, and so when one is due, about.
pub const USUAL: u64 = 30;

impl Default for Options {
    fn default() -> Self {
        Self {
            backends: 3,
            attempts: 3,
            max: 1,
            timeout: 4_000,
            budget: BudgetConfig::default(),
            warm: true,
        }
    }
}

/// Writes down that a request was dropped before it ended.
struct Cancelled(Arc<Mutex<Script>>, u8, bool);

impl Drop for Cancelled {
    fn drop(&mut self) {
        // Poisoned, the test is failing: to panic here too would end all others.
        if let (false, Ok(mut script)) = (self.2, self.0.lock()) {
            script.cancelled.push(self.1);
        }
    }
}

impl Hedged {
    pub async fn new() -> Self {
        Self::with(Options::default()).await
    }

    /// Knows by 120 requests how long answers take, unless it shall not.
    pub async fn with(options: Options) -> Self {
        let script: Arc<Mutex<Script>> = Arc::default();
        let config = PoolConfig {
            hedge: Some(HedgeConfig {
                max: options.max,
                ..HedgeConfig::default()
            }),
            ..PoolConfig::default()
        };
        let backends = Backends::new("app", config, 1);
        let spec = |backend: usize| {
            let script = Arc::clone(&script);
            let service =
                service_fn(move |request: ToBackend| act(backend, Arc::clone(&script), request));
            BackendSpec::new(format!("b{backend}"), BoxCloneSyncService::new(service))
        };
        let specs = (0..options.backends).map(spec).collect();
        backends.set_backends(specs, clock::now());
        let breaker = Breaker::new("app", BreakerConfig::default(), 1);
        let circuit = Breaker::new("app", BreakerConfig::default(), 1);
        let budget = RetryBudget::new("app", options.budget);
        let policy = RetryPolicy {
            attempts: options.attempts,
            attempt_timeout: Some(Duration::from_secs(1)),
            ..RetryPolicy::default()
        };
        let pool = Pool::new(backends.clone());
        let guarded = CircuitBreakerLayer::new(breaker.clone()).layer(pool);
        let retried = RetryLayer::new(budget.clone(), policy)
            .ride_out(breaker.clone())
            .hedge(backends.hedge().clone(), circuit.clone())
            .layer(guarded);
        let timed = TimeoutLayer::new(Duration::from_millis(options.timeout)).layer(retried);
        let service = timed.map_response(|response: Response<_>| Answer {
            status: response.status().as_u16(),
            served: response.extensions().get().cloned(),
        });
        let hedged = Self {
            backends,
            breaker,
            circuit,
            budget,
            script,
            service: BoxCloneSyncService::new(service),
        };
        if options.warm {
            for _ in 0..120 {
                hedged.get(&[Act::Answer(200, USUAL)]).await;
            }
            // One more pick, for the pool to look at its histograms.
            tokio::time::advance(Duration::from_millis(200)).await;
            hedged.get(&[Act::Answer(200, USUAL)]).await;
        }
        hedged
    }

    pub async fn get(&self, acts: &[Act]) -> Outcome {
        let request = super::request("GET", Full::new(Bytes::new()));
        self.send(request, acts).await
    }

    pub async fn send(&self, request: Request<Full<Bytes>>, acts: &[Act]) -> Outcome {
        let began = clock::now();
        *self.script.lock().unwrap() = Script {
            acts: acts.iter().copied().collect(),
            began: Some(began),
            ..Script::default()
        };
        let got = self.service.clone().oneshot(request).await;
        let took = millis(clock::now().since(began));
        let script = std::mem::take(&mut *self.script.lock().unwrap());
        assert!(script.acts.is_empty(), "not played: {:?}", script.acts);
        let (status, ledger, attempts) = match got {
            Ok(answer) => {
                let ledger = answer
                    .served
                    .as_ref()
                    .and_then(|s| s.ledger.as_deref().cloned());
                let attempts = answer.served.map_or(1, |served| served.attempts);
                (answer.status, ledger, attempts)
            }
            Err(error) => {
                let ledger = Failure::find(&*error).map(|failure| failure.ledger().clone());
                (0, ledger.clone(), ledger.map_or(0, |ledger| ledger.spent()))
            }
        };
        self.is_clean();
        Outcome {
            status,
            took,
            visits: script.visits,
            cancelled: script.cancelled,
            ledger,
            attempts,
        }
    }

    /// A request that its caller leaves after so many milliseconds.
    pub async fn leave(&self, after: u64, acts: &[Act]) -> usize {
        *self.script.lock().unwrap() = Script {
            acts: acts.iter().copied().collect(),
            began: Some(clock::now()),
            ..Script::default()
        };
        let request = super::request("GET", Full::new(Bytes::new()));
        let sent = self.service.clone().oneshot(request);
        let left = tokio::time::timeout(Duration::from_millis(after), sent).await;
        assert!(left.is_err(), "{left:?}");
        self.is_clean();
        self.script.lock().unwrap().visits.len()
    }

    /// Nobody holds a backend, and no probe of the circuit is out.
    fn is_clean(&self) {
        for backend in &*self.backends.backends() {
            assert_eq!(backend.in_flight(), 0, "{}", backend.name);
        }
    }

    /// How many requests were taken for failures, by backend.
    pub fn failures(&self) -> u64 {
        let backends = self.backends.backends();
        backends.iter().map(|backend| backend.failures()).sum()
    }

    pub fn seen(&self) -> HedgeSnapshot {
        self.backends.hedge().snapshot()
    }

    /// What was withheld, and how often; `None` if nothing was.
    pub fn withheld(&self) -> Option<(Withheld, u64)> {
        let counts = self.seen().withheld;
        let some = Withheld::ALL.into_iter().zip(counts);
        some.into_iter().find(|(_, count)| *count > 0)
    }
}

async fn act(
    backend: usize,
    script: Arc<Mutex<Script>>,
    request: ToBackend,
) -> Result<Response<Full<Bytes>>, BoxError> {
    let context: RequestContext = request.extensions().get().cloned().unwrap();
    let act = {
        let mut script = script.lock().unwrap();
        let after = script
            .began
            .map_or(0, |began| millis(clock::now().since(began)));
        script.visits.push(Visit {
            backend,
            number: context.number,
            hedge: context.hedge,
            after,
            attempts_lent: context.allowance.lent(),
            tried: context.tried.len(),
        });
        script.acts.pop_front().expect("nobody said what to do")
    };
    let mut cancelled = Cancelled(script, context.number, false);
    let wait = |millis| tokio::time::sleep(Duration::from_millis(millis));
    let result = match act {
        Act::Answer(status, after) => {
            wait(after).await;
            // Nothing to read: it has ended with its head.
            Ok(super::status(status).map(|_| Full::default()))
        }
        Act::Break(errno, after) => {
            wait(after).await;
            Err(super::errno(errno))
        }
        Act::Hang => std::future::pending().await,
    };
    cancelled.2 = true;
    result
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap()
}
