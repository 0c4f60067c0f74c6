use std::time::Duration;

use http::Method;
use soe503_core::Tick;
use soe503_core::diagnosis::{Context, diagnose};
use soe503_core::ledger::{Attempt, Fault, Phase, RetryVerdict};

use super::*;

const NOW: Tick = Tick::from_secs(100);

fn refused(number: u8, backend: &str) -> Attempt {
    let mut attempt = Attempt::begin(number, NOW);
    attempt.backend = Some(backend.into());
    attempt.address = Some("10.0.0.7:8080".into());
    attempt.phase = Phase::Connect;
    attempt.fault = Some(Fault::Errno(111));
    attempt.elapsed = Duration::from_micros(400);
    attempt.accepted_before = true;
    attempt
}

fn record() -> Record {
    let mut first = refused(1, "b1");
    first.retry = Some(RetryVerdict::Retried);
    let mut second = refused(2, "b2");
    second.retry = Some(RetryVerdict::AttemptsSpent);
    let attempts = Ledger {
        attempts: vec![first, second],
    };
    Record {
        request_id: "01KAPX3Q".into(),
        trace_id: Some(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736),
        at: NOW,
        method: Method::POST,
        target: Some("/orders?card=4111".parse().unwrap()),
        host: Some("shop.example".parse().unwrap()),
        pool: Some("app".into()),
        status: 503,
        elapsed: Duration::from_micros(2_340),
        retry_after: Some(2),
        incident: None,
        passed_on: false,
        diagnosis: diagnose(&attempts, &Context::new(NOW)),
        attempts,
        context: Some(Context::new(NOW)),
    }
}

#[test]
fn a_record_is_told_in_full_and_without_the_query() {
    let anchor = Anchor::new(NOW, Duration::from_secs(1_795_369_268));
    let told = tell(&record(), "edge-eu1", anchor);
    assert_eq!(told.at.to_string(), "2026-11-22T17:41:08.000Z");
    assert_eq!(told.request.path, "/orders");
    assert_eq!(told.request.host.as_deref(), Some("shop.example"));
    assert_eq!((told.status, told.code.as_deref()), (503, Some("SOE-503")));
    assert_eq!((told.elapsed_ms, told.retry_after), (2.3, Some(2)));
    assert_eq!(told.diagnosis.cause, "dependency_failure/connect_refused");
    assert_eq!(told.diagnosis.grade, api::Grade::Proven);
    assert!(!told.diagnosis.evidence.is_empty());
    assert!(!told.diagnosis.actions.quick.is_empty());
    let json = serde_json::to_string(&told).unwrap();
    assert!(!json.contains("4111"), "{json}");
}

#[test]
fn each_attempt_keeps_its_facts() {
    let anchor = Anchor::new(NOW, Duration::ZERO);
    let told = tell(&record(), "edge-eu1", anchor);
    let facts: Vec<_> = told
        .attempts
        .iter()
        .map(|a| {
            (
                a.number,
                a.backend.as_deref(),
                a.address.as_deref(),
                a.phase,
                a.retry,
            )
        })
        .collect();
    let address = Some("10.0.0.7:8080");
    assert_eq!(
        facts,
        [
            (
                1,
                Some("b1"),
                address,
                api::Phase::Connect,
                Some(api::RetryVerdict::Retried)
            ),
            (
                2,
                Some("b2"),
                address,
                api::Phase::Connect,
                Some(api::RetryVerdict::AttemptsSpent)
            ),
        ]
    );
    let first = &told.attempts[0];
    assert_eq!(
        first.cause.as_deref(),
        Some("dependency_failure/connect_refused")
    );
    assert_eq!(first.elapsed_ms, 0.4);
    assert!(
        first
            .fault
            .as_deref()
            .is_some_and(|fault| fault.contains("refused")),
        "{first:?}"
    );
}

#[test]
fn what_is_told_can_be_diagnosed_again() {
    let record = record();
    let anchor = Anchor::new(NOW, Duration::from_secs(1_795_369_268));
    let told = serde_json::to_string(&tell(&record, "edge-eu1", anchor)).unwrap();
    let read: soe503_api::FailureRecord = serde_json::from_str(&told).unwrap();
    let snapshot: Snapshot = serde_json::from_value(read.snapshot.unwrap()).unwrap();
    assert_eq!(snapshot.diagnose(), record.diagnosis);
    let large = Record {
        context: None,
        ..record
    };
    assert_eq!(tell(&large, "edge-eu1", anchor).snapshot, None);
}
