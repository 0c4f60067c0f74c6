//! Each fork on the way from what was seen to a cause, from both sides.

use std::sync::Arc;

use soe503_core::Cause;
use soe503_core::diagnosis::rules::{Fact, Finding, Findings};
use soe503_core::diagnosis::{Because, Condition, Context, Diagnosis, Evidence, Grade, diagnose};
use soe503_core::health::Hints;
use soe503_core::ledger::{Attempt, Fault, Phase, Refusal, TimeoutKind};
use soe503_core::limit::Class;
use soe503_core::maintenance::Notice;
use soe503_core::pool::Full;

use crate::support::{answered, backend, failed, ledger, ms, on, pool, refused};

use Cause::{
    ConfigBadRelease, ConfigLimitTooLow, ConfigNoEndpoints, ConfigTimeoutTooShort, ConfigWrongPort,
    DependencyConnectRefused, DependencyDnsFailure, DependencyInvalidResponse,
    DependencyResponseTimeout, DependencyShared, DependencyUpstream503, DependencyUpstreamError,
    MaintenanceDraining, OverloadAcceptBacklog, OverloadPoolSaturated, OverloadQueueFull,
    OverloadUpstreamShedding, ResourceCpuThrottled,
};

fn of(attempt: Attempt, context: &Context) -> Diagnosis {
    diagnose(&ledger([attempt]), context)
}

fn late() -> Attempt {
    let late = failed(Phase::WaitHeaders, Fault::Timeout(TimeoutKind::Attempt));
    on(1, "a", late)
}

fn connect_timeout() -> Attempt {
    let late = failed(Phase::Connect, Fault::Timeout(TimeoutKind::Connect));
    on(1, "a", late)
}

fn queue_full() -> Attempt {
    let refusal = Refusal::Queue {
        cause: OverloadQueueFull,
        limit: 8,
        in_use: 8,
        waiting: 100,
        waited: ms(0),
        class: Class::default(),
    };
    failed(Phase::Queue, Fault::Refused(refusal))
}

fn nobody(cause: Cause) -> Attempt {
    failed(
        Phase::Queue,
        Fault::Refused(Refusal::NoBackend { cause, root: None }),
    )
}

fn maintenance() -> Attempt {
    let notice = Notice {
        target: "app".into(),
        reason: "new disks".into(),
        by: "ops".into(),
        link: None,
        start: 0,
        end: None,
    };
    failed(
        Phase::Queue,
        Fault::Refused(Refusal::Maintenance(Arc::new(notice))),
    )
}

fn finding(cause: Cause) -> Finding {
    Finding::new(cause, Grade::Inferred)
}

/// The usual pool with what rules found about it.
fn with(findings: Findings) -> Context {
    Context {
        findings: Some(Arc::new(findings)),
        ..pool()
    }
}

fn found<const N: usize>(list: [Finding; N]) -> Context {
    with(Findings {
        list: list.into(),
        ..Findings::default()
    })
}

fn failing(causes: &[(Cause, u32)], list: Vec<Finding>) -> Context {
    with(Findings {
        causes: causes.into(),
        list,
        ..Findings::default()
    })
}

/// A limit of which is proven that it is too low is why nobody found a place, whatever else there is to do; saturation is
/// only how it looks.
#[test]
fn only_saturation_steps_behind_what_is_deeper() {
    let limit = finding(ConfigLimitTooLow).with(Fact::Bursts {
        in_use: 2.0,
        limit: 8,
    });
    let learned = finding(OverloadPoolSaturated).with(Fact::LimitLearned { limit: 8 });
    for (finding, root, primary) in [
        (&limit, None, ConfigLimitTooLow),
        (&limit, Some(DependencyInvalidResponse), ConfigLimitTooLow),
        (&learned, None, OverloadPoolSaturated),
        (&learned, Some(DependencyInvalidResponse), OverloadQueueFull),
        (&learned, Some(OverloadPoolSaturated), OverloadPoolSaturated),
    ] {
        let context = Context {
            root,
            ..found([finding.clone()])
        };
        let told = of(queue_full(), &context);
        assert_eq!(told.primary, primary, "{} and {root:?}", finding.cause);
    }
}

/// It is nearer than what is known of all; that the time is too short it says is not so.
#[test]
fn what_is_known_of_the_backend_alone_goes_first() {
    let slow = Finding {
        backends: vec!["a".into()],
        ..finding(DependencyResponseTimeout)
    };
    for (other, beside) in [
        (ConfigTimeoutTooShort, vec![]),
        (OverloadPoolSaturated, vec![OverloadPoolSaturated]),
        (ConfigBadRelease, vec![ConfigBadRelease]),
    ] {
        let told = of(late(), &found([slow.clone(), finding(other)]));
        assert_eq!(told.primary, DependencyResponseTimeout, "{other}");
        assert_eq!(told.contributing, beside, "{other}");
    }
}

#[test]
fn what_one_finding_explains_is_one_share() {
    let context = failing(
        &[
            (DependencyUpstream503, 6),
            (DependencyUpstreamError, 3),
            (DependencyConnectRefused, 1),
        ],
        vec![finding(ConfigBadRelease)],
    );
    let told = of(on(1, "a", answered(500)), &context);
    let shares = [(ConfigBadRelease, 0.9), (DependencyConnectRefused, 0.1)];
    assert_eq!(told.shares, shares);
    let counts = vec![(ConfigBadRelease, 9), (DependencyConnectRefused, 1)];
    let all = Evidence::Composition {
        causes: counts,
        of: 10,
    };
    assert!(told.evidence.contains(&all), "{:?}", told.evidence);
}

#[test]
fn one_cause_is_no_composition() {
    for (causes, composed) in [
        (vec![(DependencyUpstreamError, 5)], false),
        (
            vec![(DependencyUpstreamError, 5), (DependencyConnectRefused, 5)],
            true,
        ),
    ] {
        let told = of(on(1, "a", answered(500)), &failing(&causes, vec![]));
        let composition = |e: &Evidence| matches!(e, Evidence::Composition { .. });
        assert_eq!(
            told.evidence.iter().any(composition),
            composed,
            "{causes:?}"
        );
    }
}

/// But what we fail with ourselves goes before both.
#[test]
fn what_backends_say_goes_before_what_is_read_off_them() {
    const DB: &str = r#"{"status":"fail","checks":{"db":[{"status":"fail"}]}}"#;
    for (cause, primary) in [
        (OverloadPoolSaturated, DependencyShared),
        (ResourceCpuThrottled, ResourceCpuThrottled),
    ] {
        let mut context = found([finding(cause)]);
        for backend in context.backends.iter_mut() {
            backend.hints = Hints::read(DB.as_bytes()).map(Arc::new);
        }
        let told = of(late(), &context);
        assert_eq!(told.primary, primary, "{cause}");
        assert_eq!(told.replaces, Some(DependencyResponseTimeout), "{cause}");
        assert!(!told.contributing.contains(&cause));
    }
}

#[test]
fn whoever_fills_the_pool_knows_why_it_is_empty() {
    let empty = Context {
        unresolved: Some(DependencyDnsFailure),
        ..Context::default()
    };
    let told = of(nobody(ConfigNoEndpoints), &empty);
    assert_eq!(
        (told.primary, told.replaces, told.grade),
        (DependencyDnsFailure, Some(ConfigNoEndpoints), Grade::Proven)
    );
}

#[test]
fn what_is_known_to_lie_behind_an_overload_lies_behind_no_failure() {
    let context = Context {
        root: Some(OverloadPoolSaturated),
        ..pool()
    };
    for (attempt, root) in [
        (on(1, "a", answered(429)), Some(OverloadPoolSaturated)),
        (queue_full(), Some(OverloadPoolSaturated)),
        (on(1, "a", refused()), None),
        (on(1, "a", answered(500)), None),
    ] {
        let told = of(attempt, &context);
        assert_eq!(told.root, root, "{}", told.primary);
    }
}

#[test]
fn full_backends_are_shown_as_they_are() {
    let full = r#"{"why":"line_full","backends":3,"limit":12,"in_flight":11,"waiting":7,"waited":{"secs":0,"nanos":5},"class":"low"}"#;
    let full: Full = serde_json::from_str(full).unwrap();
    let refusal = Fault::Refused(Refusal::BackendsFull(full));
    let told = of(failed(Phase::Queue, refusal), &pool());
    assert_eq!(told.evidence[0], Evidence::BackendsFull(full));
}

/// Where other connections ended at the same age, it is more than a guess.
#[test]
fn idle_connections_that_end_alike() {
    for (used_up, grade) in [(false, Grade::Suspected), (true, Grade::Inferred)] {
        let closed = Attempt {
            reused: true,
            idle_age: Some(ms(5_000)),
            used_up,
            ..failed(Phase::WaitHeaders, Fault::Closed)
        };
        let told = of(on(1, "a", closed), &pool());
        assert_eq!(told.primary, Cause::ConfigKeepaliveMismatch);
        assert_eq!(told.grade, grade, "{used_up}");
    }
}

/// What the answer says of its neighbours: excluded with that reason, or not.
#[test]
fn neighbours_that_are_ruled_out() {
    let port = failed(Phase::Connect, Fault::Errno(111));
    let with = |condition| {
        let mut context = pool();
        context.backends[2].condition = condition;
        context
    };
    let pooled = |alive| Context {
        pooled_alive: alive,
        ..pool()
    };
    let none = Because::NoneDraining(3);
    type Row = (&'static str, Attempt, Context, Cause, Option<Because>);
    let rows: [Row; 14] = [
        (
            "never open",
            on(1, "a", port),
            pool(),
            DependencyConnectRefused,
            Some(Because::NeverAccepted),
        ),
        (
            "open before",
            on(1, "a", refused()),
            pool(),
            ConfigWrongPort,
            Some(Because::AcceptedBefore),
        ),
        (
            "503",
            on(1, "a", answered(503)),
            pool(),
            OverloadUpstreamShedding,
            Some(Because::NoSheddingMark(ms(40))),
        ),
        (
            "500",
            on(1, "a", answered(500)),
            pool(),
            OverloadUpstreamShedding,
            None,
        ),
        (
            "all stalled",
            connect_timeout(),
            pooled(Some(false)),
            OverloadAcceptBacklog,
            Some(Because::PooledStalled),
        ),
        (
            "others go on",
            connect_timeout(),
            pooled(Some(true)),
            OverloadAcceptBacklog,
            None,
        ),
        (
            "not known",
            connect_timeout(),
            pooled(None),
            OverloadAcceptBacklog,
            None,
        ),
        (
            "all up",
            on(1, "a", refused()),
            pool(),
            MaintenanceDraining,
            Some(none.clone()),
        ),
        (
            "one is out",
            on(1, "a", refused()),
            with(Condition::Ejected),
            MaintenanceDraining,
            Some(none),
        ),
        (
            "one leaves",
            on(1, "a", refused()),
            with(Condition::Draining),
            MaintenanceDraining,
            None,
        ),
        (
            "one is switched off",
            on(1, "a", refused()),
            with(Condition::Disabled),
            MaintenanceDraining,
            None,
        ),
        (
            "no backends",
            on(1, "a", refused()),
            Context::default(),
            MaintenanceDraining,
            None,
        ),
        (
            "maintenance",
            maintenance(),
            pool(),
            MaintenanceDraining,
            None,
        ),
        (
            "maintenance of no backends",
            maintenance(),
            Context::default(),
            MaintenanceDraining,
            None,
        ),
    ];
    for (what, attempt, context, cause, because) in rows {
        let told = of(attempt, &context);
        let out = told.ruled_out.iter().find(|out| out.cause == cause);
        assert_eq!(out.map(|out| &out.because), because.as_ref(), "{what}");
    }
}

/// A backend in rotation that something is said of is not out.
#[test]
fn what_backends_are_out_for_is_behind_a_full_queue() {
    use Condition::{Down, Up};
    for (conditions, root) in [
        ([Up, Up, Up], OverloadPoolSaturated),
        ([Down, Up, Up], OverloadPoolSaturated),
        ([Down, Down, Up], DependencyConnectRefused),
    ] {
        let mut context = pool();
        context.root = Some(OverloadPoolSaturated);
        let said = |condition| backend("x", condition, Some(DependencyConnectRefused));
        context.backends = conditions.map(said).into();
        let told = of(queue_full(), &context);
        assert_eq!(told.root, Some(root), "{conditions:?}");
    }
}

/// That answers are late may be only how too much to do looks; what else backends fail with is no such thing.
#[test]
fn what_most_backends_fail_with_is_behind_a_full_queue() {
    for (cause, known, root) in [
        (DependencyInvalidResponse, None, DependencyInvalidResponse),
        (
            DependencyInvalidResponse,
            Some(OverloadPoolSaturated),
            DependencyInvalidResponse,
        ),
        (DependencyResponseTimeout, None, DependencyResponseTimeout),
        (
            DependencyResponseTimeout,
            Some(OverloadPoolSaturated),
            OverloadPoolSaturated,
        ),
    ] {
        let findings = Findings {
            causes: vec![(cause, 9)],
            failing: vec!["a".into(), "b".into()],
            ..Findings::default()
        };
        let context = Context {
            root: known,
            ..with(findings)
        };
        let told = of(queue_full(), &context);
        assert_eq!(told.root, Some(root), "{cause}, {known:?}");
    }
}
