use super::*;
use crate::cause::RetrySafety;
use crate::diagnosis::Grade;

/// Strings with everything that may need an escape, and with what need not.
const TEXTS: [&str; 10] = [
    "",
    "plain",
    "5 × 3 µs, 90 %",
    "\"quoted\"",
    "a \\",
    "\"quoted\" and \\",
    "line\nline\ttab\r",
    "\u{0}\u{1f}\u{7f}",
    "…é\u{2028}\u{1f980}",
    "</script>",
];

const NUMBERS: [f64; 12] = [
    0.0, 0.1, 0.05, 0.29, 0.57, 1.0, 12.3, 99.99, 123_456.7, 1e12, 1.5e300, 0.123_456,
];

fn stranger(text: &str) -> Problem {
    Problem {
        kind: text.to_owned(),
        title: "a title",
        status: 503,
        detail: text.to_owned(),
        instance: text.to_owned(),
        code: "SOE-503".to_owned(),
        category: Cause::OverloadQueueFull.category(),
        cause: Cause::OverloadQueueFull,
        root: None,
        grade: Grade::Proven,
        origin: "generated",
        retryable: true,
        retry_after: None,
        retry_safety: RetrySafety::Unsent,
        owner_action_required: false,
        violated_policies: Vec::new(),
        maintenance: None,
        request_id: text.to_owned(),
        trace_id: None,
        at: "2026-11-22T17:41:08Z".to_owned(),
        first_seen: None,
        hop: None,
        scope: None,
        requests: None,
        lasted: None,
        change: None,
        changes: None,
        attempts: Vec::new(),
        not_retried: None,
        evidence: Vec::new(),
        ruled_out: Vec::new(),
        contributing: Vec::new(),
        shares: Vec::new(),
        missing: Vec::new(),
        actions: None,
    }
}

/// Everything there is, with `text` wherever there is room for one.
fn operator(text: &str, float: f64) -> Problem {
    let some = || Some(text.to_owned());
    let attempt = |hedge| ToldAttempt {
        number: 2,
        hedge,
        pool: some(),
        backend: some(),
        address: some(),
        phase: "connect",
        fault: some(),
        cause: Some(Cause::DependencyConnectRefused),
        elapsed_ms: float,
        reused: hedge,
        bytes_sent: Some(u64::MAX),
        bytes_received: Some(0),
        status: Some(502),
    };
    let bare = ToldAttempt {
        pool: None,
        backend: None,
        address: None,
        fault: None,
        cause: None,
        bytes_sent: None,
        bytes_received: None,
        status: None,
        ..attempt(false)
    };
    let list = || vec![text.to_owned(), text.to_owned()];
    Problem {
        root: Some(Cause::DependencyConnectRefused),
        grade: Grade::Suspected,
        retry_after: Some(u32::MAX),
        retry_safety: RetrySafety::MayHaveRun,
        owner_action_required: true,
        violated_policies: list(),
        maintenance: Some(ToldMaintenance {
            reason: text.to_owned(),
            since: text.to_owned(),
            until: some(),
            link: some(),
            by: some(),
        }),
        trace_id: some(),
        hop: some(),
        scope: Some(ToldScope {
            level: "pool",
            pool: some(),
            backends_total: Some(3),
            backends_affected: Some(0),
        }),
        first_seen: some(),
        requests: Some(ToldRequests {
            failed: u64::MAX,
            total: Some(3),
            prevented: 0,
        }),
        change: Some(ToldChange {
            title: text.to_owned(),
            at: text.to_owned(),
            before_ms: match float {
                0.0 => 0,
                float if float > 1.0 => i64::MIN,
                _ => 1_500,
            },
            likelihood_ratio: float,
            grade: Grade::Inferred,
        }),
        changes: some(),
        attempts: vec![attempt(true), bare, attempt(false)],
        not_retried: Some("not tried again"),
        evidence: TEXTS
            .map(|what| ToldEvidence {
                kind: "circuit",
                what: what.to_owned(),
            })
            .into(),
        ruled_out: vec![ToldRuledOut {
            cause: Cause::ConfigWrongPort,
            because: text.to_owned(),
        }],
        contributing: Cause::ALL.to_vec(),
        shares: vec![ToldShare {
            cause: Cause::Unclassified,
            share: float,
        }],
        missing: vec!["load reports", "what is usual"],
        actions: Some(ToldActions {
            quick: list(),
            long_term: Vec::new(),
            verify: vec![text.to_owned()],
        }),
        ..stranger(text)
    }
}

#[test]
fn as_a_library_has_it() {
    for text in TEXTS {
        for float in NUMBERS {
            for problem in [stranger(text), operator(text, float)] {
                let library = serde_json::to_string(&problem).unwrap();
                assert_eq!(to_json(&problem), library);
            }
        }
    }
}

#[test]
fn what_is_left_out_is_left_out() {
    let mut problem = operator("a", 0.5);
    problem.scope = problem.scope.map(|scope| ToldScope {
        pool: None,
        backends_total: None,
        backends_affected: None,
        ..scope
    });
    problem.maintenance = problem.maintenance.map(|told| ToldMaintenance {
        until: None,
        link: None,
        by: None,
        ..told
    });
    problem.requests = problem.requests.map(|told| ToldRequests {
        total: None,
        ..told
    });
    let library = serde_json::to_string(&problem).unwrap();
    assert_eq!(to_json(&problem), library);
}
