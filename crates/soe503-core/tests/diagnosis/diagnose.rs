//! From all attempts of a request to one cause.

use soe503_core::diagnosis::{Because, Condition, Context, Evidence, Grade, Level, diagnose};
use soe503_core::ledger::{Attempt, Fault, Ledger, Phase, Refusal, RetryVerdict, TimeoutKind};
use soe503_core::{Cause, Tick};

use crate::support::{
    answered, backend, circuit, circuit_open, failed, ledger, ms, on, pool, refused, reset,
};

fn hung() -> Attempt {
    Attempt {
        connect: Some(ms(1)),
        bytes_sent: Some(100),
        elapsed: ms(5000),
        ..failed(Phase::WaitHeaders, Fault::Timeout(TimeoutKind::Attempt))
    }
}

fn policy(cause: Cause) -> Attempt {
    failed(Phase::Queue, Fault::Refused(Refusal::Policy(cause)))
}

fn no_backend(cause: Cause, root: Option<Cause>) -> Attempt {
    failed(
        Phase::Queue,
        Fault::Refused(Refusal::NoBackend { cause, root }),
    )
}

/// Each fault beats all that come after it, in either order of appearance.
#[test]
fn precedence() {
    let tls = failed(
        Phase::Tls,
        Fault::Tls(soe503_core::ledger::TlsFault::Untrusted),
    );
    let name = failed(
        Phase::Dns,
        Fault::Dns {
            rcode: Some(2),
            resolved_before: false,
        },
    );
    let stale = Attempt {
        reused: true,
        idle_age: Some(ms(4000)),
        ..reset()
    };
    let order = [
        policy(Cause::MaintenanceWindow),
        failed(Phase::Connect, Fault::Errno(24)),
        name,
        refused(),
        failed(Phase::Connect, Fault::Errno(111)), // never accepted
        tls,
        reset(),
        stale,
        hung(),
        answered(500),
        circuit_open(None),
        failed(Phase::WaitHeaders, Fault::Opaque),
    ];
    for (at, winner) in order.iter().enumerate() {
        for loser in &order[at + 1..] {
            let cause = |a: &Attempt| soe503_core::diagnosis::mechanical(a).unwrap();
            for pair in [[winner, loser], [loser, winner]] {
                let diagnosis = diagnose(&ledger(pair.map(Attempt::clone)), &Context::default());
                assert_eq!(diagnosis.primary, cause(winner), "against {}", cause(loser));
                let told = diagnosis.contributing.contains(&cause(loser))
                    || diagnosis.root == Some(cause(loser));
                assert!(told, "{} is not lost", cause(loser));
            }
        }
    }
}

#[test]
fn nothing_known_is_said_so() {
    let left = ledger([failed(Phase::Write, Fault::Client)]);
    for ledger in [Ledger::default(), left] {
        let diagnosis = diagnose(&ledger, &Context::default());
        assert_eq!(diagnosis.primary, Cause::Unclassified);
        assert_eq!(diagnosis.grade, Grade::Suspected);
        assert_eq!(diagnosis.evidence, []);
    }
}

#[test]
fn the_same_facts_give_the_same_diagnosis() {
    let ledger = ledger([
        on(1, "a", refused()),
        on(2, "b", hung()),
        circuit_open(None),
    ]);
    let context = Context {
        circuit: Some(circuit()),
        ..pool()
    };
    assert_eq!(diagnose(&ledger, &context), diagnose(&ledger, &context));
}

#[test]
fn all_refused() {
    let attempts = [
        on(1, "a", refused()),
        on(2, "b", refused()),
        on(3, "c", refused()),
    ];
    let mut ledger = ledger(attempts);
    ledger.attempts[2].retry = Some(RetryVerdict::NoOtherBackend);
    let diagnosis = diagnose(&ledger, &pool());
    assert_eq!(diagnosis.primary, Cause::DependencyConnectRefused);
    assert_eq!((diagnosis.root, diagnosis.grade), (None, Grade::Proven));
    assert_eq!(diagnosis.scope.level, Level::Pool);
    assert_eq!(diagnosis.scope.backends_affected, Some(3));
    assert_eq!(diagnosis.retry, Some(RetryVerdict::NoOtherBackend));
    assert!(diagnosis.unsent);
    assert_eq!(diagnosis.tries, 3);
    let seen = diagnosis
        .evidence
        .iter()
        .filter(|e| matches!(e, Evidence::Attempt { .. }));
    assert_eq!(seen.count(), 3);
    let not: Vec<_> = diagnosis
        .ruled_out
        .iter()
        .map(|r| (r.cause, &r.because))
        .collect();
    assert!(not.contains(&(Cause::ConfigWrongPort, &Because::AcceptedBefore)));
    assert!(not.contains(&(
        Cause::DependencyHostUnreachable,
        &Because::HostAnswered(ms(1))
    )));
    assert!(not.contains(&(Cause::MaintenanceDraining, &Because::NoneDraining(3))));
}

/// One backend that used to accept makes "wrong port" wrong for the pool.
#[test]
fn a_wrong_port_is_suspected_and_only_when_nobody_ever_accepted() {
    let never = || failed(Phase::Connect, Fault::Errno(111));
    let diagnosis = diagnose(&ledger([on(1, "a", never()), on(2, "b", never())]), &pool());
    assert_eq!(diagnosis.primary, Cause::ConfigWrongPort);
    assert_eq!(diagnosis.grade, Grade::Suspected);
    assert!(diagnosis.retryable(), "a suspicion keeps nobody away");
    let diagnosis = diagnose(
        &ledger([on(1, "a", never()), on(2, "b", refused())]),
        &pool(),
    );
    assert_eq!(diagnosis.primary, Cause::DependencyConnectRefused);
    assert_eq!(diagnosis.contributing, [Cause::ConfigWrongPort]);
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
        }
    );
    // Never without any.
    let diagnosis = diagnose(&ledger([circuit_open(None)]), &pool());
    assert_eq!(diagnosis.root, Some(Cause::Unclassified));
}

/// Rule R17: the cause changed while the circuit was open.
#[test]
fn the_last_probe_corrects_the_root() {
    let mut view = circuit();
    view.last_probe = Some((Tick::from_secs(98), Cause::DependencyUpstream503));
    let context = Context {
        circuit: Some(view),
        ..pool()
    };
    let refusal = circuit_open(Some(Cause::DependencyConnectRefused));
    let diagnosis = diagnose(&ledger([refusal]), &context);
    assert_eq!(diagnosis.root, Some(Cause::DependencyUpstream503));
    let Evidence::Circuit {
        causes, last_probe, ..
    } = &diagnosis.evidence[0]
    else {
        panic!("the circuit is the evidence");
    };
    assert_eq!(
        causes,
        &[(Cause::DependencyConnectRefused, 5)],
        "what opened it stays told"
    );
    assert_eq!(*last_probe, Some((ms(3_000), Cause::DependencyUpstream503)));
}

#[test]
fn no_backend_left() {
    let out = |name, cause| backend(name, Condition::Ejected, Some(cause));
    let mut context = pool();
    context.backends = vec![
        out("a", Cause::DependencyResponseTimeout),
        out("b", Cause::DependencyConnectRefused),
        out("c", Cause::DependencyConnectRefused),
    ];
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
fn a_timeout_is_as_sure_as_what_is_known_of_the_usual() {
    let graded = |usual_p99| {
        let context = Context {
            usual_p99,
            ..pool()
        };
        diagnose(&ledger([on(1, "a", hung())]), &context)
    };
    assert_eq!(graded(None).grade, Grade::Inferred);
    assert_eq!(graded(Some(ms(2501))).grade, Grade::Suspected);
    let ample = graded(Some(ms(80)));
    assert_eq!(ample.grade, Grade::Proven);
    let because = Because::Ample {
        allowed: ms(5000),
        usual: ms(80),
    };
    let not = ample
        .ruled_out
        .iter()
        .find(|r| r.cause == Cause::ConfigTimeoutTooShort);
    assert_eq!(not.map(|r| &r.because), Some(&because));
    assert!(!ample.unsent);
    assert_eq!(ample.scope.level, Level::Backend);
}

#[test]
fn a_connect_timeout_is_as_sure_as_what_pooled_connections_do() {
    let silent = || {
        ledger([on(
            1,
            "a",
            failed(Phase::Connect, Fault::Timeout(TimeoutKind::Connect)),
        )])
    };
    let graded = |pooled_alive| {
        diagnose(
            &silent(),
            &Context {
                pooled_alive,
                ..pool()
            },
        )
    };
    assert_eq!(graded(None).grade, Grade::Inferred);
    assert_eq!(graded(Some(true)).grade, Grade::Suspected);
    assert_eq!(graded(Some(false)).grade, Grade::Proven);
    assert_eq!(
        graded(Some(false)).ruled_out[0].cause,
        Cause::OverloadAcceptBacklog
    );
}

/// An idle connection that died with its backend was not closed for idleness.
#[test]
fn a_dead_backend_is_no_keepalive_mismatch() {
    let stale = || Attempt {
        reused: true,
        idle_age: Some(ms(4000)),
        ..reset()
    };
    let ledger = ledger([on(1, "a", stale())]);
    let alive = diagnose(&ledger, &pool());
    assert_eq!(
        (alive.primary, alive.grade),
        (Cause::ConfigKeepaliveMismatch, Grade::Suspected)
    );
    let mut context = pool();
    context.backends[0] = backend(
        "a",
        Condition::Ejected,
        Some(Cause::DependencyConnectRefused),
    );
    let dead = diagnose(&ledger, &context);
    assert_eq!(dead.primary, Cause::DependencyResetBeforeResponse);
    assert_eq!(dead.replaces, Some(Cause::ConfigKeepaliveMismatch));
    assert_eq!(dead.grade, Grade::Inferred);
}

#[test]
fn scopes() {
    let level = |ledger: &Ledger, context: &Context| diagnose(ledger, context).scope.level;
    let one = ledger([on(1, "a", reset())]);
    assert_eq!(level(&one, &pool()), Level::Backend);
    assert_eq!(level(&one, &Context::default()), Level::Backend);
    let two = ledger([on(1, "a", reset()), on(2, "b", reset())]);
    assert_eq!(level(&two, &pool()), Level::Subset);
    let mut context = pool();
    context.backends[2].condition = Condition::Down;
    assert_eq!(level(&two, &context), Level::Pool);
    context.backends.truncate(1);
    assert_eq!(level(&one, &context), Level::Pool, "a pool of one");
    assert_eq!(
        level(&ledger([policy(Cause::ConfigUnknownPool)]), &pool()),
        Level::Request
    );
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
    context.backends = vec![backend("a", Condition::Ejected, cause); 1000];
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

#[test]
fn a_crash_and_a_stale_connection_are_told_apart_by_what_was_seen() {
    let because = |attempt| {
        let diagnosis = diagnose(&ledger([on(1, "a", attempt)]), &pool());
        assert_eq!(diagnosis.primary, Cause::DependencyResetBeforeResponse);
        let not = diagnosis.ruled_out.into_iter();
        not.filter(|r| r.cause == Cause::ConfigKeepaliveMismatch)
            .map(|r| r.because)
            .next()
    };
    assert_eq!(because(reset()), Some(Because::Fresh));
    let busy = Attempt {
        reused: true,
        idle_age: Some(ms(40)),
        ..reset()
    };
    assert_eq!(because(busy.clone()), Some(Because::IdleOnly(ms(40))));
    let unknown = Attempt {
        idle_age: None,
        ..busy
    };
    assert_eq!(
        because(unknown),
        None,
        "nothing is claimed that was not seen"
    );
}
