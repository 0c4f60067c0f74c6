//! What stands behind a request that was not sent.

use soe503_core::Cause;
use soe503_core::Tick;
use soe503_core::diagnosis::{Condition, Context, Evidence, Grade, Level, diagnose};
use soe503_core::ledger::{Attempt, Fault, Phase, Refusal};
use soe503_core::limit::Class;

use crate::support::{
    backend, circuit, circuit_open, failed, ledger, ms, on, policy, pool, refused,
};

fn no_backend(cause: Cause, root: Option<Cause>) -> Attempt {
    failed(
        Phase::Queue,
        Fault::Refused(Refusal::NoBackend { cause, root }),
    )
}

#[test]
fn an_open_circuit_tells_its_root() {
    let refusal = || ledger([circuit_open(Some(Cause::DependencyResponseTimeout))]);
    // Without the breaker's state, the refusal's own word.
    let diagnosis = diagnose(&refusal(), &pool());
    assert_eq!(diagnosis.primary, Cause::CircuitConsecutiveFailures);
    assert_eq!(diagnosis.root, Some(Cause::DependencyResponseTimeout));
    assert_eq!(diagnosis.grade, Grade::Proven);
    assert_eq!(diagnosis.scope.level, Level::Pool);
    // With it, the state, and its ages.
    let context = Context {
        circuit: Some(circuit()),
        ..pool()
    };
    let diagnosis = diagnose(&refusal(), &context);
    assert_eq!(diagnosis.root, Some(Cause::DependencyConnectRefused));
    assert_eq!(
        diagnosis.evidence[0],
        Evidence::Circuit {
            rule: Cause::CircuitConsecutiveFailures,
            causes: vec![(Cause::DependencyConnectRefused, 5)],
            open_for: Some(ms(12_000)),
            probe_in: Some(ms(3_000)),
            last_probe: None,
            knocked: None,
        }
    );
    // Never without any.
    let diagnosis = diagnose(&ledger([circuit_open(None)]), &pool());
    assert_eq!(diagnosis.root, Some(Cause::Unclassified));
}

/// Rule R17: the cause changed while the circuit was open, as its probes and knocks told.
#[test]
fn what_opened_the_circuit_stays_told_beside_its_root() {
    let refused = Cause::DependencyConnectRefused;
    let mut view = circuit();
    view.root = Some(Cause::DependencyHostUnreachable);
    view.last_probe = Some((Tick::from_secs(98), Cause::DependencyUpstream503));
    view.knocked = Some((Tick::from_secs(99), Cause::DependencyHostUnreachable));
    let context = Context {
        circuit: Some(view),
        ..pool()
    };
    let refusal = circuit_open(Some(refused));
    let diagnosis = diagnose(&ledger([refusal]), &context);
    assert_eq!(diagnosis.root, Some(Cause::DependencyHostUnreachable));
    let Evidence::Circuit {
        causes,
        last_probe,
        knocked,
        ..
    } = &diagnosis.evidence[0]
    else {
        panic!("the circuit is the evidence");
    };
    assert_eq!(causes, &[(refused, 5)]);
    assert_eq!(*last_probe, Some((ms(3_000), Cause::DependencyUpstream503)));
    let unreachable = Cause::DependencyHostUnreachable;
    assert_eq!(*knocked, Some((ms(2_000), unreachable)));
}

#[test]
fn no_backend_left() {
    let out = |name, cause| backend(name, Condition::Ejected, Some(cause));
    let mut context = pool();
    context.backends = vec![
        out("a", Cause::DependencyResponseTimeout),
        out("b", Cause::DependencyConnectRefused),
        out("c", Cause::DependencyConnectRefused),
    ]
    .into();
    let refusal = || ledger([no_backend(Cause::CircuitAllEjected, None)]);
    let diagnosis = diagnose(&refusal(), &context);
    assert_eq!(diagnosis.primary, Cause::CircuitAllEjected);
    assert_eq!(
        diagnosis.root,
        Some(Cause::DependencyConnectRefused),
        "the majority"
    );
    assert_eq!(diagnosis.scope.backends_affected, Some(3));
    assert!(diagnosis.evidence.contains(&Evidence::Backends {
        total: 3,
        in_rotation: 0
    }));
    let told = diagnosis
        .evidence
        .iter()
        .filter(|e| matches!(e, Evidence::Backend { .. }));
    assert_eq!(told.count(), 3);

    let empty = diagnose(
        &ledger([no_backend(Cause::ConfigNoEndpoints, None)]),
        &Context::default(),
    );
    assert_eq!(
        (empty.primary, empty.root),
        (Cause::ConfigNoEndpoints, None)
    );
    assert!(!empty.retryable());

    // The cause that took all of them out, named directly: it is no root of itself.
    let cause = Cause::DependencyConnectRefused;
    let direct = diagnose(&ledger([no_backend(cause, Some(cause))]), &context);
    assert_eq!((direct.primary, direct.root), (cause, None));
}

/// What the request met itself comes before what followed from it.
#[test]
fn a_refusal_after_a_failure_contributes() {
    let ledger = ledger([on(1, "a", refused()), circuit_open(None)]);
    let diagnosis = diagnose(
        &ledger,
        &Context {
            circuit: Some(circuit()),
            ..pool()
        },
    );
    assert_eq!(diagnosis.primary, Cause::DependencyConnectRefused);
    assert_eq!(diagnosis.contributing, [Cause::CircuitConsecutiveFailures]);
    assert!(matches!(diagnosis.evidence[1], Evidence::Circuit { .. }));
}

#[test]
fn a_queue_never_stands_without_a_root() {
    let limit = Refusal::Limit {
        cause: Cause::OverloadQueueFull,
        limit: 512,
        in_use: 512,
    };
    let ledger = ledger([failed(Phase::Queue, Fault::Refused(limit))]);
    let diagnosis = diagnose(&ledger, &pool());
    assert_eq!(diagnosis.root, Some(Cause::Unclassified));
    assert_eq!(
        diagnosis.evidence,
        [Evidence::Limit {
            limit: 512,
            in_use: 512
        }]
    );
    let known = Context {
        root: Some(Cause::OverloadPoolSaturated),
        ..pool()
    };
    assert_eq!(
        diagnose(&ledger, &known).root,
        Some(Cause::OverloadPoolSaturated)
    );
}

#[test]
fn a_line_tells_its_length_and_how_long_it_took() {
    for (cause, waited) in [
        (Cause::OverloadQueueFull, ms(0)),
        (Cause::OverloadQueueTimeout, ms(250)),
    ] {
        let queue = Refusal::Queue {
            cause,
            limit: 34,
            in_use: 34,
            waiting: 150,
            waited,
            class: Class::Low,
        };
        let ledger = ledger([failed(Phase::Queue, Fault::Refused(queue))]);
        let saturated = Context {
            root: Some(Cause::OverloadPoolSaturated),
            ..pool()
        };
        let diagnosis = diagnose(&ledger, &saturated);
        assert_eq!(diagnosis.primary, cause);
        assert_eq!(diagnosis.root, Some(Cause::OverloadPoolSaturated));
        assert!(diagnosis.retryable());
        assert_eq!(
            diagnosis.evidence,
            [Evidence::Queue {
                limit: 34,
                in_use: 34,
                waiting: 150,
                waited,
                class: Class::Low,
            }]
        );
    }
}

#[test]
fn waiting_helps_unless_a_proven_root_needs_a_human() {
    let open = |root| diagnose(&ledger([circuit_open(Some(root))]), &pool());
    assert!(open(Cause::DependencyConnectRefused).retryable());
    assert!(!open(Cause::ConfigTlsCertExpired).retryable());
    assert!(
        open(Cause::ConfigWrongPort).retryable(),
        "suspected at most"
    );
    assert!(open(Cause::DependencyConnectRefused).owner_action_required());
    assert!(
        !diagnose(&ledger([policy(Cause::MaintenanceWindow)]), &pool()).owner_action_required()
    );
}

/// A tie goes to the cause that is first in the documentation, whatever the order of backends.
#[test]
fn the_majority_is_deterministic() {
    let root = |causes: [Cause; 2]| {
        let mut context = pool();
        context.backends = causes
            .map(|cause| backend(cause.id(), Condition::Ejected, Some(cause)))
            .into();
        let refusal = no_backend(Cause::CircuitAllEjected, None);
        diagnose(&ledger([refusal]), &context).root
    };
    let (first, second) = (
        Cause::DependencyConnectRefused,
        Cause::DependencyResponseTimeout,
    );
    assert_eq!(root([first, second]), Some(first));
    assert_eq!(root([second, first]), Some(first));
}

#[test]
fn evidence_stays_bounded_in_a_large_pool() {
    let mut context = pool();
    let cause = Some(Cause::DependencyConnectRefused);
    context.backends = vec![backend("a", Condition::Ejected, cause); 1000].into();
    let diagnosis = diagnose(
        &ledger([no_backend(Cause::CircuitAllEjected, None)]),
        &context,
    );
    assert!(diagnosis.evidence.len() <= 20);
    let all = Evidence::Backends {
        total: 1000,
        in_rotation: 0,
    };
    assert!(diagnosis.evidence.contains(&all));
}

/// What another pool was asked for decides nothing, however much nearer to a root it is; it is told.
#[test]
fn another_pool_contributes() {
    let elsewhere = |attempt| Attempt {
        pool: Some("spare".into()),
        ..attempt
    };
    let attempts = [
        circuit_open(None),
        elsewhere(on(1, "s1", refused())),
        elsewhere(circuit_open(None)),
    ];
    let diagnosis = diagnose(&ledger(attempts), &pool());
    assert_eq!(diagnosis.primary, Cause::CircuitConsecutiveFailures);
    assert_eq!(
        diagnosis.contributing,
        [Cause::DependencyConnectRefused],
        "{diagnosis:?}"
    );
    assert_eq!(diagnosis.scope.backends_affected, Some(0));
    let others = diagnosis.evidence.iter().filter(
        |evidence| matches!(evidence, Evidence::Failover { pool, .. } if &**pool == "spare"),
    );
    assert_eq!(others.count(), 2);
}

/// Whoever stands in line behind an open circuit waits for what that is open for; how busy the pool looked before lies
/// further back.
#[test]
fn a_line_before_an_open_circuit_has_the_root_of_that() {
    let refusal = Refusal::Queue {
        cause: Cause::OverloadQueueTimeout,
        limit: 8,
        in_use: 8,
        waiting: 3,
        waited: ms(5_000),
        class: Class::default(),
    };
    let ledger = ledger([failed(Phase::Queue, Fault::Refused(refusal))]);
    let context = Context {
        circuit: Some(circuit()),
        root: Some(Cause::OverloadPoolSaturated),
        ..pool()
    };
    let diagnosis = diagnose(&ledger, &context);
    assert_eq!(diagnosis.primary, Cause::OverloadQueueTimeout);
    assert_eq!(diagnosis.root, Some(Cause::DependencyConnectRefused));
    let closed = Context {
        circuit: None,
        ..context
    };
    let saturated = Some(Cause::OverloadPoolSaturated);
    assert_eq!(diagnose(&ledger, &closed).root, saturated);
}
