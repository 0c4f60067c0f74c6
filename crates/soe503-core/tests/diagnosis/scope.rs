//! How far a failure reaches.

use std::sync::Arc;

use soe503_core::Cause;
use soe503_core::diagnosis::rules::{Finding, Findings};
use soe503_core::diagnosis::{Condition, Context, Grade, Level, diagnose};
use soe503_core::ledger::{Attempt, Fault, Phase, Refusal};
use soe503_core::limit::Class;

use crate::support::{answered, failed, ledger, ms, on, policy, pool, refused};

fn dns() -> Attempt {
    let fault = Fault::Dns {
        rcode: Some(2),
        resolved_before: true,
    };
    failed(Phase::Dns, fault)
}

fn nobody() -> Attempt {
    let refusal = Refusal::NoBackend {
        cause: Cause::ConfigNoEndpoints,
        root: None,
    };
    failed(Phase::Queue, Fault::Refused(refusal))
}

fn queue_full() -> Attempt {
    let refusal = Refusal::Queue {
        cause: Cause::OverloadQueueFull,
        limit: 8,
        in_use: 8,
        waiting: 100,
        waited: ms(0),
        class: Class::default(),
    };
    failed(Phase::Queue, Fault::Refused(refusal))
}

fn bare() -> Context {
    Context::default()
}

fn out(backends: usize) -> Context {
    let mut context = pool();
    for backend in &mut context.backends[..backends] {
        backend.condition = Condition::Down;
    }
    context
}

fn unresolved() -> Context {
    Context {
        unresolved: Some(Cause::DependencyDnsFailure),
        ..bare()
    }
}

/// Others fail at these backends.
fn failing(names: &[&str]) -> Context {
    let findings = Findings {
        failing: names.iter().map(|name| Arc::from(*name)).collect(),
        ..Findings::default()
    };
    Context {
        findings: Some(Arc::new(findings)),
        ..pool()
    }
}

/// A finding that takes the place of a late answer, about these backends.
fn found(backends: &[&str]) -> Context {
    let mut finding = Finding::new(Cause::ConfigBadRelease, Grade::Inferred);
    finding.backends = backends.iter().map(|name| Arc::from(*name)).collect();
    let findings = Findings {
        list: vec![finding],
        ..Findings::default()
    };
    Context {
        findings: Some(Arc::new(findings)),
        ..pool()
    }
}

#[test]
fn levels_and_counts() {
    use Level::{Backend, Pool, Request, Subset};
    let here = || on(1, "a", refused());
    type Row = (
        &'static str,
        Attempt,
        Context,
        Level,
        Option<usize>,
        Option<usize>,
    );
    #[rustfmt::skip]
    let rows: [Row; 22] = [
        ("one of three", here(), pool(), Backend, Some(3), Some(1)),
        ("another is out", on(1, "b", refused()), out(1), Subset, Some(3), Some(2)),
        ("it is out itself", here(), out(1), Backend, Some(3), Some(1)),
        ("it and another are", here(), out(2), Subset, Some(3), Some(2)),
        ("all are", here(), out(3), Pool, Some(3), Some(3)),
        ("others fail there", here(), failing(&["a"]), Backend, Some(3), Some(1)),
        ("and elsewhere", here(), failing(&["b"]), Subset, Some(3), Some(2)),
        ("everywhere", here(), failing(&["b", "c"]), Pool, Some(3), Some(3)),
        ("at one that has gone", here(), failing(&["gone"]), Backend, Some(3), Some(1)),
        ("nothing is known of the pool", here(), bare(), Backend, None, Some(1)),
        ("nor of a backend", dns(), bare(), Request, None, None),
        ("no backend was reached", dns(), pool(), Request, Some(3), Some(0)),
        ("nothing resolves", nobody(), unresolved(), Pool, None, None),
        ("another reason", here(), unresolved(), Backend, None, Some(1)),
        ("no backends", nobody(), bare(), Pool, None, None),
        ("no backends to choose of", nobody(), pool(), Pool, Some(3), Some(0)),
        ("a line of ours", queue_full(), pool(), Pool, Some(3), Some(0)),
        ("one sheds", on(1, "a", answered(429)), pool(), Backend, Some(3), Some(1)),
        ("a loop", policy(Cause::ConfigLoopDetected), pool(), Request, Some(3), Some(0)),
        ("a window", policy(Cause::MaintenanceWindow), pool(), Pool, Some(3), Some(0)),
        ("what was found about it", on(1, "a", answered(500)), found(&["a"]), Backend, Some(3), Some(1)),
        ("what was found about all", on(1, "a", answered(500)), found(&[]), Pool, Some(3), Some(3)),
    ];
    for (what, attempt, context, level, total, affected) in rows {
        let scope = diagnose(&ledger([attempt]), &context).scope;
        assert_eq!(
            (scope.level, scope.backends_total, scope.backends_affected),
            (level, total, affected),
            "{what}"
        );
    }
}
