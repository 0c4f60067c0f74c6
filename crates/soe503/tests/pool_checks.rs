//! Which answers prove that a backend serves, whatever its health check says.

mod support;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body_util::{BodyExt, Empty};
use soe503::Pool;
use soe503::clock;
use soe503::pool::{BackendSpec, Backends, PoolConfig};
use soe503_core::health::{CheckResult, Doubt, Health, HealthReport};
use soe503_core::ledger::{Attempt, Fault};
use support::{Handle, Mock, Script, Step, get};
use tokio_test::{assert_pending, assert_ready_ok, task};
use tower::ServiceExt;
use tower_test::mock;

type Inner = Mock<Empty<Bytes>, Script>;

/// A check that asks for a path that is not there, so many times that it would condemn.
fn gone() -> HealthReport {
    let mut attempt = Attempt::begin(1, clock::now());
    attempt.fault = Some(Fault::Status(404));
    let failed = CheckResult::failed(&attempt, Duration::from_secs(1), "404".into(), None);
    let CheckResult::Failed { doubt, error, .. } = failed else {
        panic!("{failed:?}");
    };
    HealthReport {
        doubt: doubt as Option<Doubt>,
        last_error: Some(error),
        ..HealthReport::unchecked(Health::Down)
    }
}

/// Whether an answer keeps the backend in rotation.
async fn proves(status: u16, head: &[(&str, &str)], trailers: Option<HeaderMap>) -> bool {
    let backends: Backends<Inner> = Backends::new("app", PoolConfig::default(), 1);
    let (service, mut handle): (_, Handle<Empty<Bytes>, Script>) = mock::pair();
    backends.set_backends(vec![BackendSpec::new("a", service)], clock::now());
    backends.set_health("a", gone(), clock::now()).unwrap();
    let mut future = task::spawn(Pool::new(backends.clone()).oneshot(get()));
    assert_pending!(future.poll());
    let steps = match trailers {
        Some(trailers) => vec![Step::Data("x"), Step::Trailers(trailers), Step::End],
        None => vec![Step::Data("x"), Step::End],
    };
    let mut response = Response::builder().status(status);
    for (name, value) in head {
        response = response.header(*name, *value);
    }
    let (_, reply) = handle.next_request().await.unwrap();
    reply.send_response(response.body(Script::new(steps)).unwrap());
    let response = assert_ready_ok!(future.poll());
    let _ = response.into_body().collect().await.unwrap();
    backends.set_health("a", gone(), clock::now()).unwrap();
    backends.backends()[0].is_check_overruled()
}

#[tokio::test]
async fn an_answer_proves_what_was_asked_for_and_nothing_else_does() {
    for (status, proof) in [
        (200, true),
        (204, true),
        (206, true),
        (304, true),
        (301, false),
        (302, false),
        (400, false),
        (401, false),
        (404, false),
        (429, false),
        (500, false),
        (501, false),
        (503, false),
    ] {
        assert_eq!(proves(status, &[], None).await, proof, "{status}");
    }
}

#[tokio::test]
async fn a_grpc_answer_proves_it_by_its_status() {
    let grpc = ("content-type", "application/grpc");
    for (code, proof) in [("0", true), ("5", false), ("12", false), ("14", false)] {
        let trailers = [("grpc-status".parse().unwrap(), code.parse().unwrap())];
        let trailers: HeaderMap = trailers.into_iter().collect();
        let told = proves(200, &[grpc], Some(trailers)).await;
        assert_eq!(told, proof, "trailers {code}");
        let only = proves(200, &[grpc, ("grpc-status", code)], None).await;
        assert_eq!(only, proof, "trailers-only {code}");
    }
    assert!(!proves(200, &[grpc], None).await, "no status at all");
}
