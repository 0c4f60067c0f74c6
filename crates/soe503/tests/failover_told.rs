//! What is told about requests that another pool has answered, and whom.

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use soe503::explain::{Degraded, Explainer, Exposure, FailureRecord};
use soe503::{ExplainLayer, Failover, TimeoutLayer};
use soe503_core::Cause;
use soe503_core::ledger::Fault;
use support::explaining::header;
use support::pools::{Body, Pools, whose};
use support::request;
use support::retrying::budget;
use support::upstream::Reply;
use tower::{Layer, ServiceExt, service_fn};

use Reply::{Refuse, Status, Unconnected};

/// What a service below refuses with, and what is told to clients.
async fn explained(
    pools: &Pools,
) -> (
    Response<soe503::explain::ExplainBody<Body>>,
    Vec<FailureRecord>,
) {
    let records = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&records);
    let explainer = Explainer::builder("edge-eu1")
        .record(move |record: FailureRecord| keep.lock().unwrap().push(record))
        .build();
    let timed = TimeoutLayer::new(Duration::from_secs(15)).layer(pools.over.clone());
    let explained = ExplainLayer::new(explainer).layer(timed);
    let response = explained
        .oneshot(request("GET", Full::from("body")))
        .await
        .unwrap();
    let records = std::mem::take(&mut *records.lock().unwrap());
    (response, records)
}

#[tokio::test(start_paused = true)]
async fn a_mark_and_a_record_of_what_was_prevented() {
    let pools = Pools::new(&[Refuse], &[Status(200)]);
    let (response, records) = explained(&pools).await;
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, "x-soe-degraded"), "failover");
    let cause = header(&response, "soe-cause");
    assert!(
        cause.starts_with("circuit_open/consecutive_failures"),
        "{cause}"
    );
    assert!(header(&response, "proxy-status").starts_with("edge-eu1;"));
    assert_eq!(header(&response, "soe-attempts"), "1");
    assert_eq!(header(&response, "x-error-code"), "");
    assert_eq!(response.extensions().get(), Some(&Degraded::Failover));
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(&*body, b"200 on attempt 1");
    let [record] = &*records else {
        panic!("{records:?}")
    };
    assert_eq!(record.status, 200);
    assert_eq!(record.diagnosis.primary, Cause::CircuitConsecutiveFailures);
    assert_eq!(whose(&record.ledger), [false, true]);
    assert_eq!(record.ledger.last().unwrap().status, Some(200));
}

#[tokio::test(start_paused = true)]
async fn if_both_fail_the_first_is_the_cause_and_the_other_contributes() {
    let pools = Pools::new(&[Refuse], &vec![Unconnected; 3]);
    let (response, records) = explained(&pools).await;
    assert_eq!(response.status(), 503);
    assert_eq!(header(&response, "x-soe-degraded"), "");
    let cause = header(&response, "soe-cause");
    assert!(
        cause.starts_with("circuit_open/consecutive_failures"),
        "{cause}"
    );
    let diagnosis = &records[0].diagnosis;
    assert_eq!(diagnosis.primary, Cause::CircuitConsecutiveFailures);
    assert!(!diagnosis.contributing.is_empty(), "{diagnosis:?}");
    let faults: Vec<_> = records[0]
        .ledger
        .attempts
        .iter()
        .map(|a| &a.fault)
        .collect();
    assert!(matches!(faults[0], Some(Fault::Refused(_))), "{faults:?}");
    assert_eq!(whose(&records[0].ledger), [false, true, true, true]);
}

/// A failing answer of the other pool is passed on, marked, and nothing was prevented by it.
#[tokio::test(start_paused = true)]
async fn the_others_own_failure_is_marked_too() {
    let pools = Pools::new(&[Refuse], &[Status(500), Status(500), Status(500)]);
    let (response, records) = explained(&pools).await;
    assert_eq!(response.status(), 500);
    assert_eq!(header(&response, "x-soe-degraded"), "failover");
    assert_eq!(header(&response, "x-error-code"), "");
    assert_eq!(records.len(), 1);
}

/// What the other pool's backend has said of the request stays: its identifier, and its part of the time.
#[tokio::test(start_paused = true)]
async fn the_others_own_words_stay() {
    let pool = |well: bool| {
        service_fn(move |_: Request<_>| async move {
            if !well {
                return Err(support::errno(support::REFUSED));
            }
            let answer = Response::builder()
                .header("x-request-id", "theirs")
                .header("server-timing", "db;dur=7");
            Ok(answer.body(Body::default()).unwrap())
        })
    };
    let over = Failover::new(pool(false), 3, budget()).then("spare", pool(true));
    let service = ExplainLayer::new(Explainer::builder("edge-eu1").build()).layer(over);
    let mut asked: Request<Body> = request("GET", Full::from("body"));
    asked.extensions_mut().insert(Exposure::Internal);
    let response = service.oneshot(asked).await.unwrap();
    assert_eq!(header(&response, "x-soe-degraded"), "failover");
    assert_eq!(header(&response, "x-request-id"), "theirs");
    let timing: Vec<_> = response.headers().get_all("server-timing").iter().collect();
    assert_eq!(timing.len(), 2, "{timing:?}");
    assert_eq!(timing[0], "db;dur=7");
}
