use std::time::Duration;

use http::Method;
use soe503_core::Tick;
use soe503_core::diagnosis::{Context, diagnose};
use soe503_core::ledger::{Attempt, Fault, Ledger, Phase};

use super::*;

fn record(number: u64, at: Tick, pool: &str, errno: i32) -> Record {
    let mut attempt = Attempt::begin(1, at);
    attempt.phase = Phase::Connect;
    attempt.fault = Some(Fault::Errno(errno));
    let attempts = Ledger {
        attempts: vec![attempt],
    };
    Record {
        request_id: format!("r{number}").into(),
        trace_id: None,
        at,
        method: Method::GET,
        target: Some("/orders?card=4111".parse().unwrap()),
        host: None,
        pool: Some(pool.into()),
        status: 503,
        elapsed: Duration::from_millis(1),
        retry_after: None,
        incident: None,
        passed_on: false,
        context: None,
        diagnosis: diagnose(&attempts, &Context::new(at)),
        attempts,
    }
}

#[test]
fn of_each_second_pool_and_cause_the_first_ones_are_taken() {
    let mut sampler = Sampler::new(3);
    let mut taken = |millis: u64, pool: &str, errno: i32| {
        let records = (0..10).map(|n| record(n, Tick::from_millis(millis + n), pool, errno));
        records.filter(|record| sampler.takes(record)).count()
    };
    assert_eq!(taken(1000, "app", 111), 3);
    assert_eq!(taken(1500, "app", 111), 0, "it is the same second");
    assert_eq!(taken(1600, "app", 110), 3, "another cause");
    assert_eq!(taken(1700, "api", 111), 3, "another pool");
    assert_eq!(taken(2000, "app", 111), 3, "another second");
    let mut none = Sampler::new(0);
    assert!(!none.takes(&record(1, Tick::from_secs(1), "app", 111)));
}

#[test]
fn a_failure_is_told_the_same_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let begin = |path: &std::path::Path| {
        let journal = Journal::default();
        let wanted = Some((path.to_owned(), crate::journal::Limits::default()));
        journal
            .configure(wanted, super::super::unix_millis, || ())
            .unwrap();
        journal
    };
    let path = directory.path().join("journal.redb");
    let journal = begin(&path);
    let mut failures = Failures::new(journal.clone(), "edge-eu1".into());
    failures.sample(1);
    let now = soe503::clock::now();
    let kept = record(1, now, "app", 111);
    failures.offer(&kept);
    failures.offer(&record(2, now, "app", 111));
    let told = tell(&kept, "edge-eu1", Anchor::now());
    journal.stop();

    let again = begin(&path);
    again.flush();
    let found = find(&again, "r1").unwrap().unwrap();
    assert_eq!(found.diagnosis, told.diagnosis);
    assert_eq!(found.attempts, told.attempts);
    assert_eq!((&*found.server, found.status), ("edge-eu1", 503));
    assert_eq!(found.request.path, "/orders", "no query");
    assert_eq!(find(&again, "r2").unwrap(), None);
    again.stop();
}
