//! The events: one for each change of a state, and none for requests.

mod support;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use soe503::circuit_breaker::{Breaker, BreakerConfig};
use soe503::pool::{BackendSpec, Backends, PoolConfig};
use soe503::{CircuitBreakerLayer, Pool, clock};
use soe503_core::pool::EjectionConfig;
use support::{REFUSED, Script, Step};
use tokio_test::{assert_ready_err, assert_ready_ok, task};
use tower::{Layer, ServiceExt, service_fn};
use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// Everything that was told since it was last asked.
#[derive(Clone, Default)]
struct Heard {
    events: Arc<Mutex<Vec<Told>>>,
}

#[derive(Debug)]
struct Told {
    level: Level,
    target: String,
    fields: BTreeMap<&'static str, String>,
}

impl Heard {
    /// Hears what this thread tells, as long as the guard lives.
    fn listen() -> (Self, DefaultGuard) {
        let heard = Self::default();
        let subscriber = tracing_subscriber::registry().with(heard.clone());
        (heard, tracing::subscriber::set_default(subscriber))
    }

    fn take(&self) -> Vec<Told> {
        std::mem::take(&mut self.events.lock().unwrap())
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> tracing_subscriber::Layer<S> for Heard {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut told = Told {
            level: *event.metadata().level(),
            target: event.metadata().target().to_owned(),
            fields: BTreeMap::new(),
        };
        // Other crates may have something to say as well.
        if told.target.starts_with("soe503") {
            event.record(&mut told);
            self.events.lock().unwrap().push(told);
        }
    }
}

impl Visit for Told {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.fields.insert(field.name(), format!("{value:?}"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_circuit_tells_each_change_once() {
    let (heard, _guard) = Heard::listen();
    let breaker = Breaker::new("shop", BreakerConfig::default(), 1);
    let well = Arc::new(AtomicBool::new(true));
    let service = {
        let well = Arc::clone(&well);
        service_fn(move |_: Request<()>| {
            let well = well.load(Ordering::Relaxed);
            async move {
                match well {
                    true => Ok(Response::new(Empty::<Bytes>::new())),
                    false => Err(std::io::Error::from_raw_os_error(REFUSED)),
                }
            }
        })
    };
    // Two services of two layers with one handle are one circuit.
    let one = CircuitBreakerLayer::new(breaker.clone()).layer(service.clone());
    let other = CircuitBreakerLayer::new(breaker.clone()).layer(service);
    let request = || Request::new(());
    for _ in 0..50 {
        one.clone().oneshot(request()).await.unwrap();
        other.clone().oneshot(request()).await.unwrap();
    }
    assert!(heard.take().is_empty(), "nothing has changed");

    well.store(false, Ordering::Relaxed);
    for _ in 0..50 {
        one.clone().oneshot(request()).await.unwrap_err();
        other.clone().oneshot(request()).await.unwrap_err();
    }
    let told = heard.take();
    let [open] = &told[..] else {
        panic!("one change, one event: {told:?}");
    };
    assert_eq!(open.level, Level::WARN);
    assert_eq!(open.target, "soe503::circuit_breaker");
    let field = |name: &str| open.fields[name].as_str();
    assert_eq!(field("message"), "the circuit is open");
    assert_eq!((field("from"), field("to")), ("closed", "open"));
    assert_eq!(field("pool"), "shop");
    // Refused, and nobody has ever answered there.
    assert_eq!(field("root"), "misconfiguration/wrong_port");
    assert!(
        field("rule").starts_with("5 consecutive failures"),
        "{}",
        field("rule")
    );

    well.store(true, Ordering::Relaxed);
    tokio::time::advance(Duration::from_secs(10)).await;
    for _ in 0..50 {
        one.clone().oneshot(request()).await.unwrap();
    }
    let told = heard.take();
    let states: Vec<_> = told.iter().map(|told| told.fields["to"].as_str()).collect();
    assert_eq!(states, ["half_open", "closed"]);
    assert!(told.iter().all(|told| told.level == Level::INFO));

    // What an operator does is told with the next request.
    breaker.force_open(clock::now(), "drill");
    one.clone().oneshot(request()).await.unwrap_err();
    let told = heard.take();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].fields["rule"].contains("drill"), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_is_ejected_is_told_with_its_pool() {
    let (heard, _guard) = Heard::listen();
    let backends = Backends::new("shop", PoolConfig::default(), 1);
    let refuses = service_fn(|_: Request<()>| async {
        Err::<Response<Empty<Bytes>>, _>(std::io::Error::from_raw_os_error(REFUSED))
    });
    let spec = |name: &str| BackendSpec::new(name, refuses);
    backends.set_backends(vec![spec("a"), spec("b")], clock::now());
    let pool = Pool::new(backends);
    pool.oneshot(Request::new(())).await.unwrap_err();
    let told = heard.take();
    let [out] = &told[..] else {
        panic!("one change, one event: {told:?}");
    };
    assert_eq!((out.level, &*out.target), (Level::WARN, "soe503::pool"));
    assert_eq!(out.fields["pool"], "shop");
    assert_eq!(out.fields["to"], "ejected");
    assert_eq!(out.fields["cause"], "misconfiguration/wrong_port");
    assert!(!out.fields["why"].is_empty());
}

/// Out is a warning, and back is not; so is out by what nobody waited for.
#[tokio::test(start_paused = true)]
async fn a_backend_that_goes_and_comes_back_is_told() {
    let (heard, _guard) = Heard::listen();
    let config = PoolConfig {
        abandon_after: Some(Duration::from_secs(1)),
        ejection: EjectionConfig {
            consecutive_failures: 1,
            ..EjectionConfig::default()
        },
        ..PoolConfig::default()
    };
    let backends = Backends::new("shop", config, 1);
    let well = Arc::new(AtomicBool::new(false));
    let spec = |name: &'static str| {
        let well = Arc::clone(&well);
        let service = service_fn(move |_: Request<()>| {
            let well = name == "b" || well.load(Ordering::Relaxed);
            async move {
                if !well {
                    std::future::pending::<()>().await;
                }
                Ok::<_, std::io::Error>(Response::new(Empty::<Bytes>::new()))
            }
        });
        BackendSpec::new(name, service)
    };
    backends.set_backends(vec![spec("a"), spec("b")], clock::now());
    let pool = Pool::new(backends);
    let mut told = Vec::new();
    for _ in 0..100 {
        let mut left = task::spawn(pool.clone().oneshot(Request::new(())));
        let _ = left.poll();
        tokio::time::advance(Duration::from_secs(1)).await;
        drop(left);
        told = heard.take();
        if !told.is_empty() {
            break;
        }
    }
    let [out] = &told[..] else {
        panic!("one change, one event: {told:?}");
    };
    assert_eq!((out.level, &*out.fields["to"]), (Level::WARN, "ejected"));
    well.store(true, Ordering::Relaxed);
    tokio::time::advance(Duration::from_secs(60)).await;
    for _ in 0..20 {
        pool.clone().oneshot(Request::new(())).await.unwrap();
    }
    let told = heard.take();
    let back = told.first().expect("it is back");
    assert_eq!(
        (back.level, &*back.fields["from"]),
        (Level::INFO, "ejected")
    );
    assert_eq!(back.fields["message"], "the backend is in rotation");
}

/// Each when it is made, and not with whatever request comes next.
#[tokio::test(start_paused = true)]
async fn a_circuit_tells_a_change_when_it_is_made() {
    let (heard, _guard) = Heard::listen();
    let states = || -> Vec<String> {
        let told = heard.take().into_iter();
        told.map(|told| told.fields["to"].clone()).collect()
    };
    let breaker = support::circuit::breaker(1);
    let (mut service, mut handle) = support::circuit::guarded::<Script>(&breaker);
    assert_ready_ok!(service.poll_ready());
    let mut failed = task::spawn(service.call(support::get()));
    let (_, reply) = handle.next_request().await.unwrap();
    reply.send_error(support::errno(REFUSED));
    assert_ready_err!(failed.poll());
    assert_eq!(states(), ["open"]);

    // With the first probe, before it is answered.
    tokio::time::advance(Duration::from_secs(2)).await;
    for n in 0..breaker.config().probes {
        assert_ready_ok!(service.poll_ready());
        let mut probe = task::spawn(service.call(support::get()));
        let expected: &[&str] = if n == 0 { &["half_open"] } else { &[] };
        assert_eq!(states(), expected, "probe {n}");
        let (_, reply) = handle.next_request().await.unwrap();
        reply.send_response(Response::new(Script::new([Step::Data("a")])));
        // Its client leaves the body: it has succeeded all the same.
        drop(assert_ready_ok!(probe.poll()));
    }
    assert_eq!(states(), ["closed"]);

    // Between readiness and the call.
    assert_ready_ok!(service.poll_ready());
    breaker.force_open(clock::now(), "drill");
    let refused = task::spawn(service.call(support::get()));
    assert_eq!(states(), ["open"]);
    drop(refused);
}

/// Who closes a circuit by force has to be found in the log.
#[tokio::test(start_paused = true)]
async fn a_circuit_closed_by_force_is_a_warning_with_its_reason() {
    let (heard, _guard) = Heard::listen();
    let breaker = Breaker::new("shop", BreakerConfig::default(), 1);
    breaker.force_closed(clock::now(), "we know better");
    let well = service_fn(|_: Request<()>| async {
        Ok::<_, std::io::Error>(Response::new(Empty::<Bytes>::new()))
    });
    let service = CircuitBreakerLayer::new(breaker).layer(well);
    service.oneshot(Request::new(())).await.unwrap();
    let told = heard.take();
    let [closed] = &told[..] else {
        panic!("one change, one event: {told:?}");
    };
    assert_eq!(closed.level, Level::WARN);
    assert_eq!(closed.fields["why"], "we know better");
}
