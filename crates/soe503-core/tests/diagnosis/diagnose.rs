//! From all attempts of a request to one cause.

use std::sync::Arc;

use soe503_core::Cause;
use soe503_core::diagnosis::rules::Findings;
use soe503_core::diagnosis::{
    Because, Condition, Context, Evidence, Grade, Level, RuledOut, diagnose,
};
use soe503_core::ledger::{Attempt, Fault, Ledger, Phase, RetryVerdict, TimeoutKind};

use crate::support::{
    answered, backend, circuit, circuit_open, failed, ledger, ms, on, policy, pool, refused, reset,
};

fn hung() -> Attempt {
    Attempt {
        connect: Some(ms(1)),
        bytes_sent: Some(100),
        elapsed: ms(5000),
        ..failed(Phase::WaitHeaders, Fault::Timeout(TimeoutKind::Attempt))
    }
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

/// The request's deadline ended what came after an answer.
#[test]
fn what_was_answered_goes_before_what_was_cut() {
    let cut = |phase, millis| Attempt {
        elapsed: ms(millis),
        ..failed(phase, Fault::Timeout(TimeoutKind::Total))
    };
    let primary = |second| {
        let both = ledger([on(1, "a", answered(500)), on(2, "b", second)]);
        let diagnosis = diagnose(&both, &pool());
        (diagnosis.primary, diagnosis.contributing)
    };
    // The answer took 40 ms.
    let (error, late) = (
        Cause::DependencyUpstreamError,
        Cause::DependencyResponseTimeout,
    );
    assert_eq!(primary(cut(Phase::WaitHeaders, 159)), (error, vec![late]));
    assert_eq!(primary(cut(Phase::WaitHeaders, 0)).0, error, "in the pause");
    assert_eq!(
        primary(cut(Phase::Queue, 900)),
        (error, vec![Cause::OverloadQueueTimeout]),
        "without a backend"
    );
    assert_eq!(primary(cut(Phase::Connect, 40)).0, error);
    // Ample time: the second one is silent.
    assert_eq!(primary(cut(Phase::WaitHeaders, 160)), (late, vec![error]));
    let own = Attempt {
        elapsed: ms(60),
        ..hung()
    };
    assert_eq!(primary(own).0, late, "its own time was over");
    // An open circuit comes after both, and nothing was answered where all were cut.
    let refused = [on(1, "a", cut(Phase::WaitHeaders, 90)), circuit_open(None)];
    assert_eq!(diagnose(&ledger(refused), &pool()).primary, late);
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

/// The same where the other one is out of rotation already, so that this request did not meet it.
#[test]
fn a_pool_that_is_gone_is_no_wrong_port_where_nobody_had_asked_before() {
    let never = failed(Phase::Connect, Fault::Errno(111));
    let asked = |name, cause| {
        let mut context = pool();
        context.backends[1] = backend(name, Condition::Ejected, Some(cause));
        diagnose(&ledger([on(1, "a", never.clone())]), &context)
    };
    let diagnosis = asked("b", Cause::DependencyConnectRefused);
    assert_eq!(diagnosis.primary, Cause::DependencyConnectRefused);
    assert_eq!(diagnosis.replaces, Some(Cause::ConfigWrongPort));
    assert_eq!(diagnosis.grade, Grade::Inferred);
    let accepted = |r: &RuledOut| r.because == Because::AcceptedBefore;
    assert!(
        !diagnosis.ruled_out.iter().any(accepted),
        "this one never did"
    );
    // A circuit opened for what it was told.
    let mut context = pool();
    let open = ledger([circuit_open(Some(Cause::ConfigWrongPort))]);
    assert_eq!(diagnose(&open, &context).root, Some(Cause::ConfigWrongPort));
    context.backends[1] = backend(
        "b",
        Condition::Ejected,
        Some(Cause::DependencyConnectRefused),
    );
    let root = diagnose(&open, &context).root;
    assert_eq!(root, Some(Cause::DependencyConnectRefused));
    // It refuses of its own, or the other one is out for something else.
    for (name, cause) in [
        ("a", Cause::DependencyConnectRefused),
        ("b", Cause::ConfigWrongPort),
        ("b", Cause::DependencyUpstreamError),
    ] {
        assert_eq!(
            asked(name, cause).primary,
            Cause::ConfigWrongPort,
            "{name} {cause:?}"
        );
    }
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
fn those_who_fail_others_are_affected_as_well() {
    let failing = |names: &[&str]| Context {
        findings: Some(Arc::new(Findings {
            failing: names.iter().map(|name| Arc::from(*name)).collect(),
            ..Findings::default()
        })),
        ..pool()
    };
    let one = ledger([on(1, "a", reset())]);
    let scope = |names: &[&str]| {
        let scope = diagnose(&one, &failing(names)).scope;
        (scope.level, scope.backends_affected)
    };
    assert_eq!(scope(&[]), (Level::Backend, Some(1)));
    assert_eq!(scope(&["a"]), (Level::Backend, Some(1)));
    assert_eq!(scope(&["c", "gone"]), (Level::Subset, Some(2)));
    assert_eq!(scope(&["b", "c"]), (Level::Pool, Some(3)));
    let nobody = Context {
        unresolved: Some(Cause::DependencyDnsFailure),
        ..Context::default()
    };
    let nobody = diagnose(&ledger([policy(Cause::ConfigNoEndpoints)]), &nobody);
    assert_eq!(
        (nobody.primary, nobody.scope.level),
        (Cause::DependencyDnsFailure, Level::Pool)
    );
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
