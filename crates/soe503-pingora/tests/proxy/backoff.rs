//! The pauses between attempts, by the backend's own clock: when it has read a request, and when it has read the next.
//! A pause may be longer than it is here asked to be, never shorter.

use std::time::Duration;

use soe503::Explainer;
use soe503::explain::Exposure;
use soe503::pool::BackendSpec;
use soe503_pingora::{Config, ResilientProxy, Upstream};

use crate::support::{Backend, Client, Does, Front, front, get};

/// Lets one attempt after another fail, and is in nobody's way but the backoff's.
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

/// Full jitter: each pause is anything from nothing to the bound, so it is their sum that says whether there are any. That
/// of 24 is below two bounds once in 10^16 times.
#[tokio::test]
async fn after_a_500_the_next_attempt_waits() {
    const BOUND: Duration = Duration::from_millis(100);
    let backend = Backend::that(Does::Twice(&Does::Status(500))).await;
    // An attempt goes to a backend that was not tried: it has as many names as there are attempts.
    let names = ["one", "two", "three"];
    let specs = names.map(|name| BackendSpec::new(name, Upstream::new(backend.peer())));
    let mut config = patient();
    config.pool.ejection.consecutive_failures = 0;
    config.pool.ejection.failure_rate = None;
    config.budget.min_per_second = 100;
    config.retry.backoff.base = BOUND;
    config.retry.backoff.max = BOUND;
    let explain = Explainer::builder("edge").exposure(Exposure::Full);
    let balanced = config.build("app", specs.into(), explain).unwrap();
    let front = Front::of(ResilientProxy::new(balanced.stack)).await;
    let mut pauses = Vec::new();
    for number in 0..12 {
        let request = format!("GET /{number} HTTP/1.1\r\nHost: a\r\n\r\n");
        let answer = Client::to(front.address).await.ask(&request).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        pauses.extend(backend.pauses(&format!("GET /{number} ")));
    }
    assert_eq!(pauses.len(), 24, "two after each of twelve");
    let sum: Duration = pauses.iter().sum();
    assert!(sum >= 2 * BOUND, "{pauses:?}");
}
