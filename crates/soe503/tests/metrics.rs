//! What is published, by the recorder that a test can read.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use soe503::circuit_breaker::{Breaker, BreakerConfig};
use soe503::concurrency_limit::{Limit, LimitConfig};
use soe503::metrics::Publisher;
use soe503::pool::{BackendSpec, Backends, PoolConfig};
use soe503::rate_limit::{Limit as Rate, Quota, RateConfig};
use soe503::retry::{BudgetConfig, RetryBudget, RetryPolicy};
use soe503::throttle::{ThrottleConfig, ThrottleHandle};
use soe503::{CircuitBreakerLayer, Pool, RetryLayer, clock};
use soe503_core::hedge::HedgeConfig;
use soe503_core::metrics::{ALL, Kind};
use support::REFUSED;
use tower::{Layer, ServiceBuilder, ServiceExt, service_fn};

/// Series as `name{label="value"}`, with the value.
type Series = BTreeMap<String, f64>;

/// Publishes, and says what the recorder has then.
fn published(recorder: &DebuggingRecorder, publisher: &mut Publisher) -> Series {
    metrics::with_local_recorder(recorder, || publisher.publish());
    read(recorder)
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn read(recorder: &DebuggingRecorder) -> Series {
    let snapshot = recorder.snapshotter().snapshot();
    let values = snapshot.into_vec().into_iter();
    values
        .map(|(key, _, help, value)| {
            let name = key.key().name();
            assert!(help.is_some(), "{name} is not described");
            let labels = key.key().labels();
            let labels: Vec<_> = labels
                .map(|label| format!("{}={:?}", label.key(), label.value()))
                .collect();
            let value = match value {
                DebugValue::Counter(count) => count as f64,
                DebugValue::Gauge(value) => value.into_inner(),
                DebugValue::Histogram(_) => panic!("{name}: there are none"),
            };
            (format!("{name}{{{}}}", labels.join(",")), value)
        })
        .collect()
}

fn failing() -> impl tower::Service<
    Request<()>,
    Response = Response<Empty<Bytes>>,
    Error = std::io::Error,
    Future: Send,
> + Clone {
    service_fn(|_: Request<()>| async { Err(std::io::Error::from_raw_os_error(REFUSED)) })
}

#[tokio::test(start_paused = true)]
async fn a_circuit_that_opens_is_seen() {
    let breaker = Breaker::new("shop", BreakerConfig::default(), 1);
    let recorder = DebuggingRecorder::new();
    let mut publisher = Publisher::new().breaker(&breaker);
    let before = published(&recorder, &mut publisher);
    assert_eq!(
        before[r#"soe503_circuit_state{pool="shop",state="closed"}"#],
        1.0
    );
    assert_eq!(
        before[r#"soe503_circuit_state{pool="shop",state="open"}"#],
        0.0
    );

    let layer = CircuitBreakerLayer::new(breaker);
    for _ in 0..7 {
        let failed = layer.layer(failing()).oneshot(Request::new(())).await;
        failed.unwrap_err();
    }
    let after = published(&recorder, &mut publisher);
    assert_eq!(
        after[r#"soe503_circuit_state{pool="shop",state="closed"}"#],
        0.0
    );
    assert_eq!(
        after[r#"soe503_circuit_state{pool="shop",state="open"}"#],
        1.0
    );
    assert_eq!(
        after[r#"soe503_circuit_transitions_total{pool="shop",to="open"}"#],
        1.0
    );
    assert_eq!(after[r#"soe503_circuit_refused_total{pool="shop"}"#], 2.0);

    // Twice read is not twice counted.
    published(&recorder, &mut publisher);
    let again = published(&recorder, &mut publisher);
    assert_eq!(again, after);
}

#[tokio::test(start_paused = true)]
async fn retries_and_backends_are_counted() {
    let refuses = service_fn(|_: Request<_>| async {
        Err::<Response<Empty<Bytes>>, _>(std::io::Error::from_raw_os_error(REFUSED))
    });
    let backends = Backends::new("shop", PoolConfig::default(), 1);
    let spec = |name: &str| BackendSpec::new(name, refuses);
    backends.set_backends(vec![spec("a"), spec("b")], clock::now());
    let budget = RetryBudget::new("shop", BudgetConfig::default());
    let service = ServiceBuilder::new()
        .layer(RetryLayer::new(budget.clone(), RetryPolicy::default()))
        .service(Pool::new(backends.clone()));
    service.oneshot(support::get()).await.unwrap_err();

    let recorder = DebuggingRecorder::new();
    let mut publisher = Publisher::new().budget(&budget).pool(&backends);
    let series = published(&recorder, &mut publisher);
    let spent = series[r#"soe503_retry_budget_spent_total{pool="shop"}"#];
    assert!(spent >= 1.0, "{spent}");
    let of = |backend: &str, what: &str| {
        series[&format!("soe503_backend_{what}{{pool=\"shop\",backend=\"{backend}\"}}")]
    };
    let both = |what: &str| of("a", what) + of("b", what);
    assert_eq!(both("requests_total"), 2.0, "each was asked once");
    assert_eq!(both("failures_total"), 2.0);
    let out = |backend: &str| {
        series[&format!(
            "soe503_backend_state{{pool=\"shop\",backend=\"{backend}\",state=\"ejected\"}}"
        )]
    };
    assert!(out("a") + out("b") >= 1.0, "a refused connection ejects");

    // A backend that has gone is in no state. To be read by this recorder sets a gauge to 0, hence once more before.
    metrics::with_local_recorder(&recorder, || publisher.publish());
    backends.set_backends(vec![spec("b")], clock::now());
    let series = published(&recorder, &mut publisher);
    let gone = series.iter().filter(|(name, _)| {
        name.starts_with("soe503_backend_state") && name.contains(r#"backend="a""#)
    });
    let gone: Vec<_> = gone.collect();
    assert_eq!(gone.len(), 7);
    assert!(gone.iter().all(|(_, value)| **value == 0.0), "{gone:?}");
}

/// With a handle of each kind, each row of the table is published, as it says there, and nothing else.
#[tokio::test(start_paused = true)]
async fn the_table_is_published_in_full() {
    let config = PoolConfig {
        hedge: Some(HedgeConfig::default()),
        ..PoolConfig::default()
    };
    let backends = Backends::new("shop", config, 1);
    backends.set_backends(vec![BackendSpec::new("a", ())], clock::now());
    let quota = Quota::new(NonZeroU32::MIN, Duration::from_secs(60));
    let rate = Rate::new("shop", RateConfig::new(quota));
    let key = rate.key("somebody");
    rate.take(key, clock::now()).unwrap();
    rate.take(key, clock::now()).unwrap_err();
    let limit = Limit::with("shop", LimitConfig::fixed(1));
    let _slot = limit.try_acquire().unwrap();
    limit.try_acquire().unwrap_err();
    let throttle = ThrottleHandle::new("shop", ThrottleConfig::default());
    let mut publisher = Publisher::new()
        .breaker(&Breaker::new("shop", BreakerConfig::default(), 1))
        .budget(&RetryBudget::new("shop", BudgetConfig::default()))
        .limit(&limit)
        .rate_limit(&rate)
        .throttle(&throttle)
        .pool(&backends);
    let recorder = DebuggingRecorder::new();
    let series = published(&recorder, &mut publisher);
    assert_eq!(
        series[r#"soe503_rate_limit_requests_total{limit="shop",result="allowed"}"#],
        1.0
    );
    assert_eq!(
        series[r#"soe503_rate_limit_requests_total{limit="shop",result="limited"}"#],
        1.0
    );
    assert_eq!(series[r#"soe503_pool_in_flight{pool="shop"}"#], 1.0);
    assert_eq!(
        series[r#"soe503_shed_total{pool="shop",priority="normal"}"#],
        1.0
    );

    let names: BTreeSet<&str> = series
        .keys()
        .map(|series| series.split('{').next().unwrap())
        .collect();
    let table: BTreeSet<&str> = ALL.iter().map(|metric| metric.name).collect();
    assert_eq!(names, table);
    for metric in ALL {
        let is_counter = metric.name.ends_with("_total");
        assert_eq!(metric.kind == Kind::Counter, is_counter, "{}", metric.name);
        let mut of = series
            .keys()
            .filter(|s| s.starts_with(&format!("{}{{", metric.name)));
        let labels = of.next().unwrap().matches('=').count();
        assert_eq!(labels, metric.labels.len(), "{}", metric.name);
    }
}

#[tokio::test(start_paused = true)]
async fn from_time_to_time_is_at_once_and_then_with_each_period() {
    let breaker = Breaker::new("shop", BreakerConfig::default(), 1);
    let recorder = DebuggingRecorder::new();
    let publishing = Publisher::new()
        .breaker(&breaker)
        .every(Duration::from_secs(5));
    let mut publishing = tokio_test::task::spawn(publishing);
    let open = r#"soe503_circuit_state{pool="shop",state="open"}"#;
    metrics::with_local_recorder(&recorder, || {
        tokio_test::assert_pending!(publishing.poll());
    });
    assert_eq!(read(&recorder)[open], 0.0);
    breaker.force_open(clock::now(), "a test");
    tokio::time::advance(Duration::from_secs(4)).await;
    assert!(!publishing.is_woken());
    tokio::time::advance(Duration::from_secs(2)).await;
    assert!(publishing.is_woken());
    metrics::with_local_recorder(&recorder, || {
        tokio_test::assert_pending!(publishing.poll());
    });
    assert_eq!(read(&recorder)[open], 1.0);
}
