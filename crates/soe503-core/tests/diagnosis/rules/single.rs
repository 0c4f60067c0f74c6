//! Rules that need one request and what was found about its pool.

use soe503_core::Cause;
use soe503_core::diagnosis::rules::{Departure, Findings, Late};
use soe503_core::diagnosis::{Grade, diagnose};
use soe503_core::ledger::Ledger;

use super::requests::{around, connect_timed_out, diagnosed, timed_out};
use super::world::{Tell, World, well};
use crate::support::{ms, on, refused, reset};

#[test]
fn a_full_accept_queue() {
    // The first timeout may be the network's end: what was answered was answered before it.
    let mut world = World::usual(3);
    let told = diagnosed(connect_timed_out("b0"), &world);
    assert_eq!(told.primary, Cause::DependencyConnectTimeout);
    let some_fail = |_| Tell {
        failures: vec![(Cause::DependencyConnectTimeout, 2)],
        ..well(3)
    };
    world.run(2, some_fail);
    let told = diagnosed(connect_timed_out("b0"), &world);
    assert_eq!(
        (told.primary, told.grade),
        (Cause::OverloadAcceptBacklog, Grade::Inferred)
    );
    // Others are silent too: it may be a filter that lets established connections pass.
    let mut context = around(world.findings());
    context.backends[1].cause = Some(Cause::DependencyConnectTimeout);
    let told = diagnose(&Ledger::from(connect_timed_out("b0")), &context);
    assert_eq!(
        (told.primary, told.grade),
        (Cause::OverloadAcceptBacklog, Grade::Suspected)
    );
    // Nothing is answered: silence.
    let mut silent = world;
    silent.run(1, |_| Tell {
        good: 0,
        failures: vec![(Cause::DependencyConnectTimeout, 30)],
        backends: vec![(0, 30, 30); 3],
        ..well(3)
    });
    let told = diagnosed(connect_timed_out("b0"), &silent);
    assert_eq!(told.primary, Cause::DependencyConnectTimeout);
}

#[test]
fn a_timeout_that_is_too_short() {
    use Cause::{ConfigTimeoutTooShort, DependencyResponseTimeout};
    let with = |late: Option<Late>, p50: Option<u64>| Findings {
        usual_p50: p50.map(ms),
        late,
        ..Findings::default()
    };
    let came = |came, of| Some(Late { came, of });
    let slower = Findings {
        slower: true,
        ..with(came(20, 20), Some(900))
    };
    let busier = Findings {
        busier: true,
        ..with(came(20, 20), Some(900))
    };
    let rows = [
        (
            "below the usual median",
            with(None, Some(900)),
            ConfigTimeoutTooShort,
            Grade::Inferred,
        ),
        (
            "above it",
            with(None, Some(300)),
            DependencyResponseTimeout,
            Grade::Inferred,
        ),
        (
            "late answers came",
            with(came(12, 30), Some(300)),
            ConfigTimeoutTooShort,
            Grade::Proven,
        ),
        (
            "some came",
            with(came(2, 5), Some(300)),
            ConfigTimeoutTooShort,
            Grade::Inferred,
        ),
        (
            "hardly any came",
            with(came(2, 30), Some(300)),
            DependencyResponseTimeout,
            Grade::Inferred,
        ),
        (
            "too few to tell",
            with(came(2, 2), Some(300)),
            DependencyResponseTimeout,
            Grade::Inferred,
        ),
        (
            "slower than usual",
            slower,
            DependencyResponseTimeout,
            Grade::Inferred,
        ),
        (
            "busier than usual",
            busier,
            DependencyResponseTimeout,
            Grade::Inferred,
        ),
        (
            "nothing is known",
            with(None, None),
            DependencyResponseTimeout,
            Grade::Inferred,
        ),
    ];
    for (name, findings, cause, grade) in rows {
        let told = diagnose(&Ledger::from(timed_out("b0", 500)), &around(findings));
        assert_eq!((told.primary, told.grade), (cause, grade), "{name}");
    }
    // Less than the half of them takes; nothing at all is no time that anybody has set.
    for (after, cause) in [
        (899, ConfigTimeoutTooShort),
        (900, DependencyResponseTimeout),
        (0, DependencyResponseTimeout),
    ] {
        let ledger = Ledger::from(timed_out("b0", after));
        let told = diagnose(&ledger, &around(with(None, Some(900))));
        assert_eq!(told.primary, cause, "{after} ms");
    }
}

#[test]
fn tls_at_a_plain_port_and_a_backend_that_is_leaving() {
    let mut world = World::usual(3);
    world.speak_tls = vec!["b1".into()];
    let told = diagnosed(on(1, "b1", reset()), &world);
    assert_eq!(
        (told.primary, told.grade),
        (Cause::ConfigTlsPlaintextMismatch, Grade::Proven)
    );
    let told = diagnosed(on(1, "b0", reset()), &world);
    assert_eq!(told.primary, Cause::DependencyResetBeforeResponse);

    let mut world = World::usual(3);
    world.departures = vec![Departure {
        name: "b9".into(),
        at: soe503_core::Tick::from_secs(world.at - 5),
        refused: Some(soe503_core::Tick::from_secs(world.at - 7)),
    }];
    for (backend, grade) in [("b9", Grade::Inferred), ("b0", Grade::Suspected)] {
        let told = diagnosed(on(1, backend, refused()), &world);
        assert_eq!(
            (told.primary, told.grade),
            (Cause::MaintenanceDraining, grade),
            "{backend}"
        );
    }
}
