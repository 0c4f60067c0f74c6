//! The tools of these tests do what they say: a test with a tool that cannot fail proves nothing.

use soe503_tests::faulty::{Behaviour, Fault, FaultyBackend};
use soe503_tests::http::{Answer, AnswerError, Connection, get, once};
use soe503_tests::load::{Arrivals, Plan, run};
use soe503_tests::proxy::free_address;

async fn ask(fault: Fault) -> Result<Answer, AnswerError> {
    let backend = FaultyBackend::start(Behaviour::everywhere(fault))
        .await
        .unwrap();
    get(backend.address(), "/").await
}

#[tokio::test]
async fn each_fault_looks_like_itself() {
    assert_eq!(ask(Fault::Ok).await.unwrap().status, 200);
    assert_eq!(ask(Fault::OkThenClose).await.unwrap().status, 200);
    assert_eq!(ask(Fault::Status(500)).await.unwrap().status, 500);
    let reset = ask(Fault::Reset).await;
    assert!(matches!(reset, Err(AnswerError::Io(_))), "{reset:?}");
    let closed = ask(Fault::Close).await;
    assert!(
        matches!(closed, Err(AnswerError::Closed { received: 0 })),
        "{closed:?}"
    );
    let cut = ask(Fault::Truncate).await;
    assert!(
        matches!(cut, Err(AnswerError::Closed { received: 400 })),
        "{cut:?}"
    );
    let garbage = ask(Fault::Garbage).await;
    assert!(
        matches!(garbage, Err(AnswerError::Malformed(_))),
        "{garbage:?}"
    );
}

#[tokio::test]
async fn a_held_request_is_released() {
    let backend = FaultyBackend::start(Behaviour::traffic_only(Fault::Hold))
        .await
        .unwrap();
    let mut client = Connection::open(backend.address()).await.unwrap();
    let request = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
    client.send(request).await.unwrap();
    backend.received(1).await;
    assert!(!client.is_stale(), "nothing has come yet");
    backend.set(Behaviour::OK);
    assert_eq!(client.answer(false).await.unwrap().status, 200);
}

#[tokio::test]
async fn executions_are_counted_whatever_became_of_the_answer() {
    let backend = FaultyBackend::start(Behaviour::traffic_only(Fault::Reset))
        .await
        .unwrap();
    let request = "POST /o HTTP/1.1\r\nHost: a\r\nX-Load-Id: o1\r\nContent-Length: 2\r\n\r\nhi";
    for _ in 0..2 {
        let _ = once(backend.address(), request).await;
    }
    let health = get(backend.address(), "/healthz").await.unwrap();
    assert_eq!(health.status, 200);
    let counts = backend.counts();
    assert_eq!(counts.executions["o1"], 2);
    assert_eq!((counts.requests, counts.health_checks), (2, 1));
}

#[tokio::test]
async fn half_a_request_is_not_an_execution() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let mut client = Connection::open(backend.address()).await.unwrap();
    client
        .send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf")
        .await
        .unwrap();
    drop(client);
    assert_eq!(get(backend.address(), "/").await.unwrap().status, 200);
    assert_eq!(backend.counts().requests, 1);
}

fn plan(target: std::net::SocketAddr) -> Plan {
    Plan {
        target,
        rate: 400.0,
        seconds: 0.5,
        post_share: 0.3,
        arrivals: Arrivals::Poisson,
        seed: 7,
        ids: "t".into(),
        path: None,
        host: "a".into(),
    }
}

#[tokio::test]
async fn every_request_of_the_load_has_its_result() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let plan = plan(backend.address());
    let shots = plan.shots();
    let records = run(plan, || {}).await;
    assert_eq!(records.len(), shots.len());
    for record in &records {
        assert_eq!(record.status, Some(200), "{record:?}");
        assert_eq!(record.error, None, "{record:?}");
    }
    let counts = backend.counts();
    assert_eq!(counts.executions.len(), shots.len());
    assert!(counts.executions.values().all(|&count| count == 1));
    assert!(counts.connections < shots.len() as u64, "they are kept");
}

#[tokio::test]
async fn failures_of_the_load_are_kept_and_not_waited_for() {
    let refused = run(plan(free_address()), || {}).await;
    assert!(!refused.is_empty());
    assert!(refused.iter().all(|record| record.error.is_some()));

    let backend = FaultyBackend::start(Behaviour::traffic_only(Fault::Status(503)))
        .await
        .unwrap();
    let failed = run(plan(backend.address()), || {}).await;
    for record in &failed {
        assert_eq!(record.status, Some(503));
        assert!(!record.headers.is_empty());
        assert_eq!(record.body.as_ref().map(String::len), Some(1024));
    }
}
