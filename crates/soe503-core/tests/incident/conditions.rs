//! What is wrong though nothing fails: what is a condition.

use std::time::Duration;

use soe503_core::diagnosis::{Grade, Level};
use soe503_core::health::{CheckConfig, CheckResult, Checker, HealthReport};
use soe503_core::incident::condition::{
    BackendSeen, CheckSeen, NameSeen, PathFound, PoolSeen, conditions,
};
use soe503_core::ledger::{Attempt, Fault, Phase, TimeoutKind};
use soe503_core::pool::{BackendState, By};
use soe503_core::{Cause, Tick};

pub(crate) const PATH: Cause = Cause::ConfigHealthCheckPath;
const REJECTED: Cause = Cause::ConfigHealthCheckRejected;
const STRICT: Cause = Cause::ConfigHealthCheckTooStrict;
pub(crate) const REFUSED: Cause = Cause::DependencyConnectRefused;

/// What checks report that ended like this, `times` in a row from `since` on.
fn report(phase: Phase, fault: &Fault, times: u64, since: Tick) -> HealthReport {
    let config = CheckConfig::default();
    let mut checker = Checker::new(config, 1, since);
    for n in 0..times {
        let mut attempt = Attempt::begin(1, since);
        attempt.phase = phase;
        if let Fault::Status(status) = fault {
            attempt.status = Some(*status);
        }
        attempt.fault = Some(fault.clone());
        let result =
            CheckResult::failed(&attempt, Duration::from_secs(1), "it failed".into(), None);
        checker.record(since.after(Duration::from_secs(2 * n)), result);
    }
    checker.report().clone()
}

pub(crate) fn status(status: u16, since: Tick) -> HealthReport {
    report(Phase::Done, &Fault::Status(status), 4, since)
}

pub(crate) fn well(name: &str) -> BackendSeen {
    BackendSeen {
        name: name.into(),
        address: format!("{name}:80").into(),
        state: BackendState::Up,
        cause: None,
        by: By::Traffic,
        text: "".into(),
        since: Tick::ZERO,
        health: HealthReport::default(),
        overruled: false,
        answered: 50,
        p99: Some(Duration::from_millis(11)),
    }
}

/// Its check fails like this, and its requests are answered.
pub(crate) fn overruled(name: &str, health: HealthReport) -> BackendSeen {
    BackendSeen {
        health,
        overruled: true,
        ..well(name)
    }
}

/// It is out for this cause.
pub(crate) fn out(
    name: &str,
    state: BackendState,
    by: By,
    cause: Option<Cause>,
    since: Tick,
) -> BackendSeen {
    BackendSeen {
        state,
        cause,
        by,
        text: "connect: connection refused (111)".into(),
        since,
        answered: 0,
        ..well(name)
    }
}

fn taken_out(name: &str, state: BackendState) -> BackendSeen {
    out(name, state, By::Operator, None, Tick::ZERO)
}

pub(crate) fn pool(now: Tick, backends: Vec<BackendSeen>) -> PoolSeen {
    PoolSeen {
        now,
        pool: "cart".into(),
        check: Some(CheckSeen {
            asks: "GET /status".into(),
            path: Some("/status".into()),
            found: Vec::new(),
        }),
        backends,
        names: Vec::new(),
        maintenance: false,
        out_after: Some(Duration::from_secs(120)),
    }
}

/// The conditions that would begin, by cause.
fn begin(seen: &PoolSeen) -> Vec<Cause> {
    let found = conditions(seen);
    let begin = found.iter().filter(|one| one.begins);
    begin.map(|one| one.cause).collect()
}

#[test]
fn a_check_is_broken_if_it_fails_everywhere_and_requests_are_answered() {
    let (since, now) = (Tick::from_secs(100), Tick::from_secs(110));
    let gone = || overruled("b", status(404, since));
    let timeout = Fault::Timeout(TimeoutKind::Attempt);
    let late = report(Phase::WaitHeaders, &timeout, 4, since);
    let alert = Fault::Tls(soe503_core::ledger::TlsFault::Untrusted);
    let tls = report(Phase::Tls, &alert, 4, since);
    let silent = BackendSeen {
        overruled: false,
        ..gone()
    };
    let once = overruled("b", report(Phase::Done, &Fault::Status(404), 1, since));
    let dead = out(
        "d",
        BackendState::Ejected,
        By::Traffic,
        Some(REFUSED),
        since,
    );
    let draining = taken_out("d", BackendState::Draining);
    let sick = BackendSeen {
        state: BackendState::Down,
        ..overruled("b", status(503, since))
    };
    type Row = (&'static str, Vec<BackendSeen>, Vec<Cause>);
    let rows: Vec<Row> = vec![
        ("its path is gone", vec![gone(), gone(), gone()], vec![PATH]),
        ("the only backend's", vec![gone()], vec![PATH]),
        (
            "it must show who it is",
            vec![
                overruled("a", status(401, since)),
                overruled("b", status(401, since)),
            ],
            vec![REJECTED],
        ),
        (
            "TLS fails for it alone",
            vec![overruled("a", tls)],
            vec![REJECTED],
        ),
        (
            "it gives up early",
            vec![overruled("a", late)],
            vec![STRICT],
        ),
        // N1: one backend leaves rotation that way.
        (
            "one alone fails it",
            vec![gone(), well("a"), well("c")],
            vec![],
        ),
        ("one passes it", vec![gone(), gone(), well("c")], vec![]),
        (
            "no request is answered",
            vec![silent.clone(), silent.clone()],
            vec![],
        ),
        ("one is answered", vec![silent, gone()], vec![PATH]),
        ("one check is none", vec![once], vec![]),
        (
            "who is dead says nothing about it",
            vec![gone(), gone(), dead.clone()],
            vec![PATH],
        ),
        (
            "nor does who is drained",
            vec![gone(), draining.clone()],
            vec![PATH],
        ),
        ("all are drained", vec![draining.clone(), draining], vec![]),
        // 5xx is the backend's word.
        (
            "they say that they are not well",
            vec![sick.clone(), sick],
            vec![],
        ),
        ("all is well", vec![well("a"), well("b")], vec![]),
    ];
    for (name, backends, expected) in rows {
        assert_eq!(begin(&pool(now, backends)), expected, "{name}");
    }
}

#[test]
fn what_is_told_names_the_path_that_answers() {
    let (since, now) = (Tick::from_secs(100), Tick::from_secs(110));
    let names = ["cart-1", "cart-2", "cart-3"];
    let backends = names.map(|name| overruled(name, status(404, since)));
    let mut seen = pool(now, backends.to_vec());
    let found = |path: &str, status, good| PathFound {
        path: path.into(),
        status,
        good,
        address: "cart-2:80".into(),
        at: now,
    };
    seen.check.as_mut().unwrap().found = vec![
        found("/health", Some(404), false),
        found("/healthz", Some(200), true),
        found("/", Some(200), true),
    ];
    let told = conditions(&seen).remove(0);
    assert_eq!((told.grade, told.level), (Grade::Proven, Level::Pool));
    assert_eq!(
        (told.backends_affected, told.backends_total),
        (Some(3), Some(3))
    );
    assert_eq!(told.since, since);
    let quick = "set pools.cart.health_check.path = \"/healthz\" (answers 200 now)";
    assert_eq!(told.quick[0], quick);
    assert_eq!(told.verify[0], "curl -i http://cart-2:80/healthz");
    let lines: Vec<_> = told
        .evidence
        .iter()
        .map(|e| (e.kind, &*e.what, e.count))
        .collect();
    assert_eq!(
        lines,
        [
            (
                "probe",
                "GET /status -> 404 on cart-1:80, cart-2:80, cart-3:80",
                Some(12)
            ),
            (
                "traffic",
                "requests are answered by 3 backends (cart-1:80, cart-2:80, cart-3:80), 99 % within 11 ms",
                Some(150)
            ),
            (
                "candidate",
                "GET /health -> 404, GET /healthz -> 200, GET / -> 200, GET /status -> 404 on cart-2:80",
                None
            ),
        ]
    );
    let not: Vec<Cause> = told.ruled_out.iter().map(|(cause, _)| *cause).collect();
    assert_eq!(
        not,
        [REFUSED, Cause::ConfigWrongPort, Cause::MaintenanceDraining]
    );
    // A single success only lets it be inferred.
    let few = BackendSeen {
        answered: 1,
        ..overruled("cart-1", status(404, since))
    };
    assert_eq!(
        conditions(&pool(now, vec![few])).remove(0).grade,
        Grade::Inferred
    );
}

#[test]
fn who_is_out_for_long_for_a_proven_reason_is_a_condition() {
    let now = Tick::from_secs(1000);
    let (long, short) = (Tick::from_secs(800), Tick::from_secs(900));
    use BackendState::{Disabled, Down, Draining, Ejected, Starting};
    let ejected = |since| out("b", Ejected, By::Traffic, Some(REFUSED), since);
    let refused = report(Phase::Connect, &Fault::Errno(111), 9, long);
    let by_checks = BackendSeen {
        health: refused,
        ..out("b", Down, By::Checks, Some(REFUSED), long)
    };
    let not_ready = BackendSeen {
        health: status(503, long),
        ..out(
            "b",
            Down,
            By::Checks,
            Some(Cause::DependencyUpstream503),
            long,
        )
    };
    let deliberate = BackendSeen {
        health: status(404, long),
        ..out("b", Down, By::Checks, None, long)
    };
    let full = BackendSeen {
        health: status(503, long),
        ..out("b", Down, By::Checks, Some(Cause::ResourceDiskFull), long)
    };
    let ours = out(
        "b",
        Ejected,
        By::Traffic,
        Some(Cause::ResourceFdLimit),
        long,
    );
    let rows = [
        ("it refuses requests", ejected(long), Some(REFUSED)),
        ("it restarts", ejected(short), None),
        ("it refuses checks", by_checks, Some(REFUSED)),
        ("it says that it is not ready", not_ready, None),
        ("N1: 404 on purpose", deliberate, None),
        ("its disk is full", full, Some(Cause::ResourceDiskFull)),
        ("we have no descriptors", ours, None),
        ("an operator drains it", taken_out("b", Draining), None),
        ("or has disabled it", taken_out("b", Disabled), None),
        (
            "it waits for its first check",
            taken_out("b", Starting),
            None,
        ),
    ];
    for (name, backend, expected) in rows {
        let mut seen = pool(now, vec![well("a"), backend]);
        let found = begin(&seen);
        assert_eq!(found, Vec::from_iter(expected), "{name}");
        seen.maintenance = true;
        assert_eq!(begin(&seen), [], "{name}, but that was planned");
        seen.maintenance = false;
        seen.out_after = None;
        assert_eq!(begin(&seen), [], "{name}, but nobody wants to know");
    }
    let told = conditions(&pool(now, vec![well("a"), ejected(long), well("c")])).remove(0);
    assert_eq!((told.level, told.grade), (Level::Backend, Grade::Proven));
    assert_eq!(
        told.what,
        "b is out of rotation; 2 of 3 backends carry the load"
    );
    let told = conditions(&pool(now, vec![ejected(long), ejected(long)])).remove(0);
    assert_eq!(told.level, Level::Pool);
    assert_eq!(
        told.what,
        "b, b are out of rotation, and no backend is left"
    );
}

pub(crate) fn name(cause: Cause, since: Tick) -> NameSeen {
    NameSeen {
        host: "cart.example".into(),
        cause,
        text: "no answer from 10.0.0.53".into(),
        since,
        addresses: 3,
        confirmed: Some(Tick::from_secs(90)),
    }
}

#[test]
fn a_name_that_does_not_resolve_is_a_condition_while_its_last_answer_carries() {
    let mut seen = pool(Tick::from_secs(120), vec![well("a")]);
    seen.names = vec![name(Cause::DependencyDnsFailure, Tick::from_secs(100))];
    let told = conditions(&seen).remove(0);
    assert_eq!(told.cause, Cause::DependencyDnsFailure);
    assert_eq!(
        told.what,
        "cart.example does not resolve, and 3 addresses of the last good answer are used"
    );
    assert_eq!(told.verify, ["dig @RESOLVER cart.example"]);
    assert_eq!(
        told.evidence[1].what,
        "cart.example resolved to 3 addresses 30 s ago; they stay in use"
    );
}
