//! What backends say is wrong behind them, as evidence and as the cause.

use std::sync::Arc;

use soe503_core::Cause;
use soe503_core::diagnosis::{Context, Diagnosis, Evidence, Grade, diagnose};
use soe503_core::health::Hints;
use soe503_core::ledger::{Attempt, Fault, Phase, TimeoutKind};

use crate::support::{answered, circuit, circuit_open, failed, ledger, pool, refused};

const DB: &str =
    r#"{"status":"fail","checks":{"db":[{"status":"fail","output":"too many connections"}]}}"#;
const SLOW: &str = r#"{"status":"warn","checks":{"db":[{"status":"warn"}]}}"#;
const DISK: &str = r#"{"status":"DOWN","components":{"diskSpace":{"status":"DOWN"}}}"#;
const QUEUE: &str =
    r#"{"status":"DOWN","components":{"queue":{"status":"DOWN"},"db":{"status":"DOWN"}}}"#;

/// A pool of three whose backends say this of themselves.
fn saying(documents: [&str; 3]) -> Context {
    let mut context = pool();
    for (backend, document) in context.backends.iter_mut().zip(documents) {
        backend.hints = Hints::read(document.as_bytes()).map(Arc::new);
    }
    context
}

fn of(attempt: Attempt, context: &Context) -> Diagnosis {
    diagnose(&ledger([attempt]), context)
}

/// The components in the evidence: name, backends, output.
fn told(diagnosis: &Diagnosis) -> Vec<(String, usize, Option<String>)> {
    let told = diagnosis.evidence.iter().filter_map(|e| match e {
        Evidence::Component {
            name,
            output,
            backends,
            of: 3,
        } => Some((
            name.to_string(),
            *backends,
            output.as_deref().map(str::to_owned),
        )),
        _ => None,
    });
    told.collect()
}

#[test]
fn fm17_a_component_that_two_backends_share_is_the_cause() {
    let shared = Cause::DependencyShared;
    let upstream = Cause::DependencyUpstream503;
    // (what the backends say, primary cause, grade)
    let rows = [
        ([DB, DB, DB], shared, Grade::Proven),
        ([DB, DB, ""], shared, Grade::Inferred),
        ([DB, QUEUE, ""], shared, Grade::Inferred),
        ([DB, "", ""], upstream, Grade::Proven),
        ([DB, SLOW, SLOW], upstream, Grade::Proven),
        ([DISK, DISK, DISK], upstream, Grade::Proven),
        (["", "", ""], upstream, Grade::Proven),
    ];
    for (documents, primary, grade) in rows {
        let diagnosis = of(answered(503), &saying(documents));
        assert_eq!(
            (diagnosis.primary, diagnosis.grade),
            (primary, grade),
            "{documents:?}"
        );
        let replaced = (primary == shared).then_some(upstream);
        assert_eq!(diagnosis.replaces, replaced, "{documents:?}");
    }
}

#[test]
fn it_explains_what_it_can_and_nothing_else() {
    let late = failed(Phase::WaitHeaders, Fault::Timeout(TimeoutKind::Attempt));
    for (attempt, primary) in [
        (answered(500), Cause::DependencyShared),
        (late, Cause::DependencyShared),
        (answered(429), Cause::OverloadUpstreamShedding),
        (refused(), Cause::DependencyConnectRefused),
        (
            failed(Phase::WaitHeaders, Fault::Closed),
            Cause::DependencyResetBeforeResponse,
        ),
    ] {
        let diagnosis = of(attempt, &saying([DB, DB, DB]));
        assert_eq!(diagnosis.primary, primary);
    }
}

#[test]
fn it_stands_behind_an_open_circuit() {
    let mut view = circuit();
    for (root, expected) in [
        (Cause::DependencyUpstream503, Cause::DependencyShared),
        (
            Cause::DependencyConnectRefused,
            Cause::DependencyConnectRefused,
        ),
    ] {
        view.root = Some(root);
        let context = Context {
            circuit: Some(view.clone()),
            ..saying([DB, DB, ""])
        };
        let diagnosis = of(circuit_open(Some(root)), &context);
        assert_eq!(diagnosis.primary, Cause::CircuitConsecutiveFailures);
        assert_eq!(diagnosis.root, Some(expected));
    }
}

#[test]
fn what_backends_name_is_evidence_also_where_only_one_does() {
    let many = of(answered(503), &saying([QUEUE, DB, DISK]));
    assert_eq!(
        told(&many),
        [
            ("db".into(), 2, None),
            ("queue".into(), 1, None),
            ("diskSpace".into(), 1, None),
        ]
    );
    let one = of(refused(), &saying(["", DB, ""]));
    assert_eq!(
        told(&one),
        [("db".into(), 1, Some("too many connections".into()))]
    );
    let none = of(answered(503), &saying([SLOW, SLOW, SLOW]));
    assert_eq!(told(&none), [], "a warning is no failure");
}
