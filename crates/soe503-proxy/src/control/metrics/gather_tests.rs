//! What counters name as an example.

use std::time::Duration;

use http::Method;
use soe503_core::Cause;
use soe503_core::diagnosis::{Context, diagnose};
use soe503_core::ledger::{Attempt, Fault, Ledger, Phase};

use super::super::{Format, render};
use super::*;
use crate::config::from_str;
use crate::control::access_log::AccessLog;
use crate::control::recorder::Recorder;
use crate::state::Finish;

const CONFIG: &str = r#"
[[listeners]]
address = "127.0.0.1:8080"
[[routes]]
pool = "app"
[pools.app]
backends = ["http://10.0.0.1:80", "http://10.0.0.2:80"]
"#;

/// A request of the trace `trace` failed, is counted and kept.
fn fails(proxy: &Proxy, request: &str, trace: u128, status: u16) {
    let now = soe503::clock::now();
    let mut attempt = Attempt::begin(1, now);
    attempt.phase = Phase::Connect;
    attempt.fault = Some(Fault::Errno(111));
    attempt.accepted_before = true;
    let attempts = Ledger::from(attempt);
    let diagnosis = diagnose(&attempts, &Context::new(now));
    assert_eq!(diagnosis.primary, Cause::DependencyConnectRefused);
    proxy.pool("app").unwrap().counters.finish(&Finish {
        status: Some(status),
        origin: Origin::Generated,
        cause: Some(diagnosis.primary),
        attempts: 1,
        prevented: false,
        hedged: false,
        degraded: None,
        took: Duration::from_millis(1),
    });
    proxy.recorder.record(Record {
        request_id: request.into(),
        trace_id: Some(trace),
        at: now,
        method: Method::GET,
        target: None,
        host: None,
        pool: Some("app".into()),
        status,
        elapsed: Duration::from_millis(1),
        retry_after: None,
        incident: None,
        passed_on: false,
        diagnosis,
        attempts,
        context: None,
    });
}

#[test]
fn a_failure_that_is_counted_names_the_latest_with_its_trace() {
    let config = from_str("test", CONFIG).unwrap_or_else(|report| panic!("{report}"));
    let proxy = Proxy::new(config, Recorder::default(), AccessLog::off());
    // One counter has both.
    fails(&proxy, "first", 0xa, 502);
    fails(&proxy, "second", 0xb, 503);
    let text = render(&gather(&proxy), Format::OpenMetrics);
    let named: Vec<&str> = text.lines().filter(|line| line.contains(" # {")).collect();
    let [line] = &named[..] else {
        panic!("{named:?}");
    };
    assert!(
        line.starts_with("soe503_responses_total{pool=\"app\",status=\"5xx\","),
        "{line}"
    );
    let example = format!(" 2 # {{trace_id=\"{:032x}\",request_id=\"second\"}}", 0xb);
    assert!(line.contains(&example), "{line}");
}
