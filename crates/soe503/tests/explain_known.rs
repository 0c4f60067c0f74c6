//! What is known around a failure, and when it makes sense to come back.

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{Empty, Full};
use soe503::circuit_breaker::{Breaker, BreakerConfig};
use soe503::{BoxError, CircuitBreakerLayer, ExplainLayer, Explainer, Failure, clock};
use soe503_core::Cause;
use soe503_core::diagnosis::Context;
use soe503_core::explain::RetryInputs;
use soe503_core::ledger::{Attempt, Fault, Ledger, Phase};
use support::explaining::{explainer, failing, header};
use support::{RESET, get, status};
use tower::{Layer, ServiceExt, service_fn};

#[tokio::test]
async fn the_surroundings_are_asked() {
    let asked = Arc::new(Mutex::new(0));
    let count = asked.clone();
    let explainer = Explainer::builder("edge-eu1")
        .surroundings(
            move |ledger: &Ledger, context: &mut Context, inputs: &mut RetryInputs| {
                *count.lock().unwrap() += ledger.attempts.len();
                context.pool = Some("shop".into());
                inputs.probe_in = Some(Duration::from_secs(40));
            },
        )
        .build();
    let response = failing(explainer, get(), RESET).await;
    let wait: u32 = header(&response, "retry-after").parse().unwrap();
    assert!((40..=48).contains(&wait), "computed from it: {wait}");
    assert_eq!(*asked.lock().unwrap(), 1);
}

/// R17: behind an open circuit stands what opened it, and when it lets a probe through.
#[tokio::test(start_paused = true)]
async fn an_open_circuit_tells_its_root() {
    let config = BreakerConfig {
        open_for: Duration::from_secs(20),
        max_open_for: Duration::from_secs(20),
        ..BreakerConfig::default()
    };
    let breaker = Breaker::new("app", config, 1);
    let now = clock::now();
    for _ in 0..5 {
        let permit = breaker.admit(now).unwrap();
        permit.record(
            now,
            soe503_core::Outcome::failure(Cause::DependencyConnectRefused),
        );
    }
    let backend = service_fn(|_: Request<Empty<Bytes>>| async { Ok::<_, BoxError>(status(200)) });
    let guarded = CircuitBreakerLayer::new(breaker).layer(backend);
    let response = ExplainLayer::new(explainer())
        .layer(guarded)
        .oneshot(get())
        .await
        .unwrap();
    assert_eq!(response.status(), 503);
    let cause = header(&response, "soe-cause");
    assert!(
        cause.starts_with("circuit_open/consecutive_failures;"),
        "{cause}"
    );
    assert!(
        cause.contains("root=dependency_failure/connect_refused"),
        "{cause}"
    );
    let wait: u32 = header(&response, "retry-after").parse().unwrap();
    assert!((20..=27).contains(&wait), "{wait}");
    assert_eq!(header(&response, "soe-attempts"), "0");
}

/// What the backend said about coming back goes before what we would say, if it is later.
#[tokio::test]
async fn a_backends_own_word_about_coming_back_counts() {
    let busy = service_fn(|_: Request<Empty<Bytes>>| async {
        Err::<Response<Full<Bytes>>, BoxError>(
            Failure::new(Attempt {
                phase: Phase::Done,
                status: Some(503),
                fault: Some(Fault::Status(503)),
                retry_after: Some(Duration::from_secs(40)),
                ..Attempt::begin(1, clock::now())
            })
            .into(),
        )
    });
    let service = ExplainLayer::new(explainer()).layer(busy);
    let response = service.oneshot(get()).await.unwrap();
    let wait: u32 = header(&response, "retry-after").parse().unwrap();
    assert!((40..=48).contains(&wait), "{wait}");
}
