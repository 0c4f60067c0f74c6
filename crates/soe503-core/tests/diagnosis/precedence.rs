//! Which of a request's attempts decides.

use std::num::NonZeroU32;
use std::sync::Arc;

use soe503_core::diagnosis::{Context, Evidence, Grade, diagnose};
use soe503_core::ledger::{Attempt, Fault, Phase, Refusal, TimeoutKind, TlsFault};
use soe503_core::limit::Class;
use soe503_core::maintenance::Notice;
use soe503_core::rate::{Quota, RateConfig, RateLimit};
use soe503_core::throttle::{Throttle, ThrottleConfig};
use soe503_core::{Cause, Tick};

use crate::mechanical::errno;
use crate::support::{
    answered, circuit, circuit_open, failed, ledger, ms, policy, pool, refused, reset,
};

fn primary<const N: usize>(attempts: [Attempt; N]) -> Cause {
    diagnose(&ledger(attempts), &pool()).primary
}

fn refusal(refusal: Refusal) -> Attempt {
    failed(Phase::Queue, Fault::Refused(refusal))
}

fn nobody(cause: Cause) -> Attempt {
    refusal(Refusal::NoBackend { cause, root: None })
}

fn dns(rcode: Option<u16>) -> Attempt {
    let resolved_before = true;
    failed(
        Phase::Dns,
        Fault::Dns {
            rcode,
            resolved_before,
        },
    )
}

fn late(kind: TimeoutKind, phase: Phase, millis: u64) -> Attempt {
    Attempt {
        elapsed: ms(millis),
        bytes_sent: Some(120),
        bytes_received: Some(0),
        ..failed(phase, Fault::Timeout(kind))
    }
}

fn full(backend: Option<&str>) -> Attempt {
    Attempt {
        backend: backend.map(Into::into),
        ..refusal(Refusal::Limit {
            cause: Cause::OverloadConcurrencyLimit,
            limit: 1,
            in_use: 1,
        })
    }
}

fn rate_limited() -> Attempt {
    let quota = Quota::new(NonZeroU32::MIN, ms(1_000));
    let limit = RateLimit::new("search", RateConfig::new(quota));
    let key = limit.key("a");
    let _ = limit.take(key, Tick::ZERO);
    let limited = limit.take(key, Tick::ZERO).unwrap_err();
    refusal(Refusal::RateLimited(Arc::new(limited)))
}

fn throttled() -> Attempt {
    let throttle = Throttle::new("app", ThrottleConfig::default());
    for _ in 0..60 {
        let _ = throttle.admit(Tick::ZERO, 0.999);
        throttle.refused(Tick::ZERO);
    }
    let held = throttle.admit(Tick::ZERO, 0.0).unwrap_err();
    refusal(Refusal::Throttled(held))
}

fn maintenance() -> Attempt {
    refusal(Refusal::Maintenance(Arc::new(Notice {
        target: "app".into(),
        reason: "new disks".into(),
        by: "ops".into(),
        link: None,
        start: 0,
        end: None,
    })))
}

fn queue() -> Attempt {
    refusal(Refusal::Queue {
        cause: Cause::OverloadQueueFull,
        limit: 1,
        in_use: 1,
        waiting: 1,
        waited: ms(0),
        class: Class::Normal,
    })
}

/// What is nearest to us first, and what only follows from failures last.
fn in_order() -> Vec<Attempt> {
    vec![
        policy(Cause::ConfigLoopDetected),
        errno(Phase::Connect, 24),
        dns(Some(2)),
        refused(),
        errno(Phase::Connect, 111),
        failed(Phase::Tls, Fault::Tls(TlsFault::Alert(48))),
        reset(),
        late(TimeoutKind::Attempt, Phase::WaitHeaders, 2_000),
        answered(500),
        full(Some("a")),
        circuit_open(Some(Cause::DependencyConnectRefused)),
        failed(Phase::WaitHeaders, Fault::Opaque),
    ]
}

#[test]
fn of_two_attempts_the_one_that_is_nearer_decides() {
    let all = in_order();
    let alone = all.iter().map(|one| primary([one.clone()]));
    let alone: Vec<Cause> = alone.collect();
    for (n, first) in all.iter().enumerate() {
        for (m, second) in all.iter().enumerate().skip(n + 1) {
            // A port that was never open, beside one that was: the pool's other backends say which.
            let what = format!("{} before {}", alone[n], alone[m]);
            assert_eq!(primary([first.clone(), second.clone()]), alone[n], "{what}");
            assert_eq!(
                primary([second.clone(), first.clone()]),
                alone[n],
                "{what}, the other way round"
            );
        }
    }
}

/// Whatever else happened to the request.
#[test]
fn what_we_decided_ourselves_goes_first() {
    for (attempt, cause) in [
        (rate_limited(), Cause::OverloadRateLimited),
        (throttled(), Cause::OverloadThrottled),
        (maintenance(), Cause::MaintenanceWindow),
        (policy(Cause::ConfigLoopDetected), Cause::ConfigLoopDetected),
        (full(None), Cause::OverloadConcurrencyLimit),
        (queue(), Cause::OverloadQueueFull),
        (nobody(Cause::ConfigNoEndpoints), Cause::ConfigNoEndpoints),
        (
            nobody(Cause::MaintenanceDraining),
            Cause::MaintenanceDraining,
        ),
    ] {
        let other = || errno(Phase::Connect, 24);
        assert_eq!(primary([other(), attempt.clone()]), cause);
        assert_eq!(primary([attempt, other()]), cause);
    }
    let queued = || late(TimeoutKind::Total, Phase::Queue, 5);
    let cause = primary([queued()]);
    assert_eq!(primary([errno(Phase::Connect, 24), queued()]), cause);
}

/// Nobody wanted it so.
#[test]
fn that_all_are_out_comes_after_what_took_them_out() {
    for cause in [
        Cause::CircuitAllEjected,
        Cause::ConfigWrongPort,
        Cause::ConfigFirewallReject,
        Cause::ConfigKeepaliveMismatch,
        Cause::DependencyConnectRefused,
    ] {
        let upstream = primary([answered(500)]);
        assert_eq!(primary([nobody(cause), answered(500)]), upstream, "{cause}");
    }
}

#[test]
fn a_name_that_is_not_resolved_in_time_is_one_that_does_not_resolve() {
    let slow = || late(TimeoutKind::Attempt, Phase::Dns, 2_000);
    assert_eq!(primary([slow()]), Cause::DependencyDnsFailure);
    assert_eq!(primary([refused(), slow()]), Cause::DependencyDnsFailure);
    // Nor has one that is not there been connected to.
    let fault = Fault::Dns {
        rcode: Some(3),
        resolved_before: false,
    };
    let nobody = failed(Phase::Dns, fault);
    assert_eq!(primary([refused(), nobody]), Cause::ConfigDnsNxdomain);
}

/// Before it had four times as long as what was answered took, and a tenth of a second.
#[test]
fn a_deadline_that_cuts_an_attempt_says_nothing_about_a_backend() {
    let (upstream, timeout) = (
        Cause::DependencyUpstream503,
        Cause::DependencyResponseTimeout,
    );
    let answer = |millis| Attempt {
        elapsed: ms(millis),
        ..answered(503)
    };
    for (took, kind, phase, elapsed, cause) in [
        (40, TimeoutKind::Total, Phase::WaitHeaders, 160, timeout),
        (40, TimeoutKind::Total, Phase::WaitHeaders, 159, upstream),
        (10, TimeoutKind::Total, Phase::WaitHeaders, 100, timeout),
        (10, TimeoutKind::Total, Phase::WaitHeaders, 99, upstream),
        (40, TimeoutKind::Attempt, Phase::WaitHeaders, 50, timeout),
        (40, TimeoutKind::Total, Phase::Connect, 5_000, upstream),
        (40, TimeoutKind::Total, Phase::Write, 5_000, timeout),
    ] {
        let attempts = [answer(took), late(kind, phase, elapsed)];
        assert_eq!(
            primary(attempts),
            cause,
            "{took} ms, {kind:?} after {elapsed} ms"
        );
    }
}

#[test]
fn a_refusal_is_shown_by_what_refused() {
    let shown = |attempt: Attempt| diagnose(&ledger([attempt]), &pool()).evidence.remove(0);
    assert!(
        matches!(shown(rate_limited()), Evidence::Quota(limited) if &*limited.name == "search")
    );
    assert!(matches!(shown(throttled()), Evidence::Throttle(told) if told.accepted == 0));
    assert!(matches!(shown(maintenance()), Evidence::Maintenance(notice) if &*notice.by == "ops"));
    assert!(matches!(
        shown(full(None)),
        Evidence::Limit {
            limit: 1,
            in_use: 1
        }
    ));
    assert!(matches!(shown(queue()), Evidence::Queue { waiting: 1, .. }));
    let cause = Cause::ConfigLoopDetected;
    assert_eq!(shown(policy(cause)), Evidence::Decision { cause });
    let cause = Cause::ConfigNoEndpoints;
    assert_eq!(shown(nobody(cause)), Evidence::Decision { cause });
}

/// Where the breaker knows no failures, the refusal's own word.
#[test]
fn a_circuit_is_told_with_what_opened_it() {
    let root = Cause::DependencyConnectRefused;
    for (known, causes) in [
        (vec![], vec![(root, 0)]),
        (vec![(root, 5)], vec![(root, 5)]),
    ] {
        let mut view = circuit();
        view.causes = known;
        let context = Context {
            circuit: Some(view),
            ..pool()
        };
        let told = diagnose(&ledger([circuit_open(Some(root))]), &context);
        let Evidence::Circuit { causes: shown, .. } = &told.evidence[0] else {
            panic!("{:?}", told.evidence);
        };
        assert_eq!(*shown, causes);
    }
}

#[test]
fn what_others_may_have_said_is_inferred() {
    let grade = |attempt: Attempt| diagnose(&ledger([attempt]), &pool()).grade;
    // A router that says no host at once, and a filter that says no.
    assert_eq!(grade(errno(Phase::Connect, 113)), Grade::Inferred);
    assert_eq!(grade(errno(Phase::Connect, 13)), Grade::Proven);
}

/// Who took the connection has not refused it.
#[test]
fn a_refusal_after_the_connect_is_a_break() {
    let later = Attempt {
        accepted_before: true,
        ..errno(Phase::WaitHeaders, 111)
    };
    assert_eq!(primary([later]), Cause::DependencyResetBeforeResponse);
}
