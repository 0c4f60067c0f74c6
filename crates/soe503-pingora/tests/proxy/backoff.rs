//! The pauses between attempts. One may be longer than it is asked to be here, never shorter.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use soe503::Explainer;
use soe503::explain::{FailureRecord, Record};
use soe503_core::ledger::Attempt;
use soe503_pingora::{Config, ResilientProxy};

use crate::support::{Backend, Does, Front, front, get};

/// Nothing but the backoff decides when the next attempt begins.
fn patient() -> Config {
    let mut config = Config {
        timeout: Duration::from_secs(60),
        ..Config::default()
    };
    config.retry.attempt_timeout = Some(Duration::from_secs(20));
    config.breaker.consecutive_failures = None;
    config.breaker.ride_out = Duration::from_secs(30);
    config
}

/// By the backend's own clock: from when it has read a request until it has read the next.
#[tokio::test]
async fn the_only_backend_has_a_tenth_of_a_second_to_come_back_and_then_two() {
    let backend = Backend::that(Does::Twice(&Does::Closes)).await;
    let (front, _) = front(patient(), &[&backend]).await;
    let answer = get(front.address).await;
    assert_eq!((answer.status, &*answer.body), (200, "ok\n"));
    let pauses = backend.pauses("GET / ");
    assert_eq!(pauses.len(), 2);
    assert!(pauses[0] >= Duration::from_millis(100), "{pauses:?}");
    assert!(pauses[1] >= Duration::from_millis(200), "{pauses:?}");
}

/// Keeps the records, those of backends' own answers too.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<FailureRecord>>>);

impl Record for Kept {
    fn record(&self, failure: FailureRecord) {
        self.0.lock().unwrap().push(failure);
    }

    fn passed_on(&self) -> bool {
        true
    }
}

/// Full jitter: each pause is anything from nothing to the bound, so it is their sum that says whether there are any. That
/// of 24 is below two bounds once in 10^16 times. What the records say is the pauses alone, without what the exchanges
/// between them take.
#[tokio::test]
async fn after_a_500_the_next_attempt_waits() {
    const BOUND: Duration = Duration::from_millis(100);
    let backends = [
        Backend::that(Does::Status(500)).await,
        Backend::that(Does::Status(500)).await,
        Backend::that(Does::Status(500)).await,
    ];
    let mut config = patient();
    config.pool.ejection.consecutive_failures = 0;
    config.pool.ejection.failure_rate = None;
    config.budget.min_per_second = 100;
    config.retry.backoff.base = BOUND;
    config.retry.backoff.max = BOUND;
    let kept = Kept::default();
    let explain = Explainer::builder("edge").record(kept.clone());
    let specs = backends.each_ref().map(Backend::spec);
    let balanced = config.build("app", specs.into(), explain).unwrap();
    let front = Front::of(ResilientProxy::new(balanced.stack)).await;
    for _ in 0..12 {
        let answer = get(front.address).await;
        assert_eq!((answer.status, &*answer.body), (500, "said"));
    }
    assert_eq!(backends.iter().map(Backend::requests).sum::<usize>(), 36);
    let records = kept.0.lock().unwrap();
    let pauses: Vec<_> = records.iter().flat_map(pauses).collect();
    assert_eq!(pauses.len(), 24, "two in each of twelve");
    let sum: Duration = pauses.iter().sum();
    assert!(sum >= 2 * BOUND, "{pauses:?}");
}

/// The time from the end of each attempt to the beginning of the next.
fn pauses(failure: &FailureRecord) -> Vec<Duration> {
    let attempts = &failure.ledger.attempts;
    let of = |two: &[Attempt]| {
        let ended = two[0].started.after(two[0].elapsed);
        two[1].started.since(ended)
    };
    attempts.windows(2).map(of).collect()
}
