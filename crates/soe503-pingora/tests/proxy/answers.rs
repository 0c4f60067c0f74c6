//! What clients are told.

use std::sync::{Arc, Mutex};

use soe503::explain::{Explainer, FailureRecord};
use soe503_core::Cause;
use soe503_pingora::{Config, ResilientProxy};

use crate::support::{Backend, Client, Does, Front, front, get, hasty, nobody, post};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\n\r\n";

#[tokio::test]
async fn a_failure_of_each_kind_has_its_cause() {
    for (does, status, cause) in [
        (
            Does::Closes,
            502,
            "dependency_failure/reset_before_response",
        ),
        (
            Does::Resets,
            502,
            "dependency_failure/reset_before_response",
        ),
        (Does::Babbles, 502, "dependency_failure/invalid_response"),
        (Does::Hangs, 504, "dependency_failure/response_timeout"),
    ] {
        let backends = [Backend::that(does).await, Backend::that(does).await];
        let (front, _) = front(hasty(), &backends.each_ref()).await;
        let answer = get(front.address).await;
        assert_eq!(
            (answer.status, answer.cause()),
            (status, Some(cause)),
            "{does:?}: {}",
            answer.body
        );
        assert_eq!(
            answer.field("x-error-code"),
            Some(&*format!("SOE-{status}"))
        );
        assert_eq!(
            answer.field("content-type"),
            Some("application/problem+json")
        );
        assert_eq!(answer.field("cache-control"), Some("no-store"));
        assert!(
            answer
                .field("proxy-status")
                .is_some_and(|value| value.starts_with("edge;error="))
        );
        assert!(
            answer.body.contains(&format!("\"cause\":\"{cause}\"")),
            "{}",
            answer.body
        );
        assert!(answer.whole);
    }
}

#[tokio::test]
async fn refused_by_all_of_a_pool_that_had_served() {
    let backends = [
        Backend::that(Does::Answers).await,
        Backend::that(Does::Answers).await,
    ];
    let (front, balanced) = front(hasty(), &backends.each_ref()).await;
    for _ in 0..8 {
        assert_eq!(get(front.address).await.status, 200);
    }
    for backend in &backends {
        backend.kill().await;
    }
    let mut last = get(front.address).await;
    for _ in 0..30 {
        assert_eq!(last.status / 100, 5);
        last = get(front.address).await;
    }
    assert_eq!(last.status, 503, "{}", last.body);
    let told = last.field("soe-cause").unwrap();
    assert!(told.starts_with("circuit_open/"), "{told}");
    assert!(
        told.contains("root=\"dependency_failure/connect_refused\"")
            || told.contains("root=dependency_failure/connect_refused"),
        "{told}"
    );
    assert!(last.field("retry-after").is_some());
    assert_eq!(balanced.breaker.state().as_str(), "open");
}

#[tokio::test]
async fn a_refusal_leaves_the_clients_connection_as_it_is() {
    let backend = Backend::that(Does::Answers).await;
    let (front, balanced) = front(Config::default(), &[&backend]).await;
    balanced
        .breaker
        .force_open(soe503::clock::now(), "works on the cable");
    let mut client = Client::to(front.address).await;
    for _ in 0..3 {
        let answer = client.ask(GET).await;
        assert_eq!(answer.status, 503, "{}", answer.body);
        assert_eq!(answer.cause(), Some("maintenance/admin_disabled"));
    }
    balanced.breaker.reset(soe503::clock::now());
    assert_eq!(client.ask(GET).await.status, 200, "on the same connection");
    assert_eq!(backend.requests(), 1);
}

#[tokio::test]
async fn nobody_is_there() {
    let (front, balanced) = front(hasty(), &[]).await;
    let answer = get(front.address).await;
    assert_eq!(
        (answer.status, answer.cause()),
        (503, Some("misconfiguration/no_endpoints"))
    );
    let one = soe503_pingora::Upstream::backend(pingora::prelude::HttpPeer::new(
        nobody().await,
        false,
        String::new(),
    ));
    balanced.set_backends(vec![one]);
    let answer = get(front.address).await;
    assert_eq!(
        (answer.status, answer.cause()),
        (503, Some("misconfiguration/wrong_port")),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn a_backends_own_answer_is_passed_on_and_not_tagged() {
    let backend = Backend::that(Does::Status(503)).await;
    let (front, _) = front(hasty(), &[&backend]).await;
    let answer = post(front.address).await;
    assert_eq!((answer.status, &*answer.body), (503, "said"));
    assert_eq!(answer.field("x-error-code"), None);
    assert_eq!(answer.field("soe-cause"), None);
    assert_eq!(answer.field("etag"), Some("\"x\""));
    let member = answer.field("proxy-status").unwrap();
    assert!(
        member.starts_with("edge") && member.contains("received-status=503"),
        "{member}"
    );
    assert_eq!(answer.field("soe-attempts"), Some("1"));
}

#[tokio::test]
async fn a_backend_that_pretends_to_be_us_is_not_believed() {
    let backend = Backend::that(Does::Pretends(503)).await;
    let (behind, _) = front(hasty(), &[&backend]).await;
    let answer = post(behind.address).await;
    assert_eq!((answer.status, &*answer.body), (503, "said"));
    assert_eq!(
        (answer.field("x-error-code"), answer.field("soe-cause")),
        (None, None)
    );
    backend.becomes(Does::Pretends(200));
    let answer = post(behind.address).await;
    assert_eq!((answer.status, answer.field("x-error-code")), (200, None));
}

#[tokio::test]
async fn head_gets_the_fields_and_no_body() {
    let backend = Backend::that(Does::Closes).await;
    let (front, _) = front(hasty(), &[&backend]).await;
    let mut client = Client::to(front.address).await;
    let answer = client.ask("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(
        (answer.status, answer.field("x-error-code")),
        (502, Some("SOE-502"))
    );
    assert!(
        answer
            .field("content-length")
            .unwrap()
            .parse::<usize>()
            .unwrap()
            > 100
    );
    assert!(client.is_closed().await);
    assert!(client.is_empty(), "nothing after the head");
}

#[tokio::test]
async fn both_lengths_are_refused_before_a_backend_hears_of_it() {
    let backend = Backend::that(Does::Answers).await;
    let (front, _) = front(Config::default(), &[&backend]).await;
    for framing in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "transfer-encoding: chunked\r\ncontent-length: 5",
    ] {
        let request = format!("POST / HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n0\r\n\r\n");
        let mut client = Client::to(front.address).await;
        let answer = client.ask(&request).await;
        assert_eq!(answer.status, 400, "{framing}");
        assert_eq!(
            answer.field("content-type"),
            Some("application/problem+json")
        );
        assert!(answer.body.contains("Transfer-Encoding"), "{}", answer.body);
        assert!(client.is_closed().await, "what follows could be anything");
    }
    assert_eq!(backend.requests(), 0);
    let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assert_eq!(
        Client::to(front.address).await.ask(chunked).await.status,
        200,
        "one length is fine"
    );
}

#[tokio::test]
async fn whoever_keeps_records_hears_of_failures() {
    let backend = Backend::that(Does::Closes).await;
    let records: Arc<Mutex<Vec<FailureRecord>>> = Arc::default();
    let kept = Arc::clone(&records);
    let explain =
        Explainer::builder("edge").record(move |record| kept.lock().unwrap().push(record));
    let balanced = hasty().build("app", vec![backend.spec()], explain).unwrap();
    let front = Front::of(ResilientProxy::new(balanced.stack)).await;
    assert_eq!(post(front.address).await.status, 502);
    let records = records.lock().unwrap();
    let [record] = &records[..] else {
        panic!("{}", records.len());
    };
    assert_eq!(
        record.diagnosis.primary,
        Cause::DependencyResetBeforeResponse
    );
    assert_eq!(record.method, http::Method::POST);
    let attempt = record.ledger.last().unwrap();
    assert_eq!(
        attempt.backend.as_deref(),
        Some(&*backend.address.to_string())
    );
    assert!(attempt.connect.is_some() && !attempt.reused, "{attempt:?}");
    assert_eq!(attempt.knock, Some(soe503_core::ledger::Knock::Accepted));
    assert!(attempt.fresh_breaks);
}
