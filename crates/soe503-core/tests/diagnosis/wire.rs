//! What the kernel knows of a connection tells a silent service from a machine that is gone.

use soe503_core::Cause;
use soe503_core::diagnosis::{Because, Condition, Context, Diagnosis, Grade, diagnose};
use soe503_core::explain::in_words;
use soe503_core::ledger::{Attempt, Fault, Phase, TimeoutKind, Wire};

use crate::support::{backend, circuit, failed, ledger, ms, on, pool};

const DEAF: Wire = Wire {
    unacked: 409,
    retransmits: 3,
    rtt: ms(1),
};
const ARRIVED: Wire = Wire {
    unacked: 0,
    retransmits: 0,
    rtt: ms(1),
};

fn unanswered(wire: Option<Wire>) -> Attempt {
    let attempt = failed(Phase::WaitHeaders, Fault::Timeout(TimeoutKind::Attempt));
    let attempt = Attempt {
        elapsed: ms(1_500),
        reused: true,
        wire: wire.map(Box::new),
        ..attempt
    };
    on(1, "a", attempt)
}

/// The first backend is out for `cause`.
fn out_for(cause: Cause) -> Context {
    let mut context = pool();
    context.backends[0] = backend("a", Condition::Ejected, Some(cause));
    context
}

fn told(wire: Option<Wire>, context: &Context) -> Diagnosis {
    diagnose(&ledger([unanswered(wire)]), context)
}

#[test]
fn a_machine_that_nothing_is_heard_of_is_called_by_what_it_is_out_for() {
    for cause in [
        Cause::DependencyHostUnreachable,
        Cause::DependencyConnectTimeout,
        Cause::ConfigFirewallReject,
    ] {
        let mut circuit = circuit();
        circuit.root = Some(cause);
        let behind_a_circuit = Context {
            circuit: Some(circuit),
            ..pool()
        };
        for context in [out_for(cause), behind_a_circuit] {
            let diagnosis = told(Some(DEAF), &context);
            assert_eq!(
                (diagnosis.primary, diagnosis.replaces, diagnosis.grade),
                (
                    cause,
                    Some(Cause::DependencyResponseTimeout),
                    Grade::Inferred
                )
            );
            // It has the request, or nothing is known of that.
            for wire in [Some(ARRIVED), None] {
                let late = told(wire, &context).primary;
                assert_eq!(late, Cause::DependencyResponseTimeout, "{wire:?}");
            }
        }
    }
}

#[test]
fn what_is_no_matter_of_the_network_explains_no_silence_of_it() {
    for cause in [
        Cause::DependencyConnectRefused,
        Cause::DependencyUpstreamError,
    ] {
        let primary = told(Some(DEAF), &out_for(cause)).primary;
        assert_eq!(primary, Cause::DependencyResponseTimeout, "{cause}");
    }
    let alone = told(Some(DEAF), &pool()).primary;
    assert_eq!(alone, Cause::DependencyResponseTimeout);
}

#[test]
fn an_acknowledged_request_rules_the_network_out() {
    let excluded = |wire| {
        let all = told(wire, &pool()).ruled_out;
        let found = all
            .into_iter()
            .find(|out| out.cause == Cause::DependencyHostUnreachable);
        found.map(|out| out.because)
    };
    assert_eq!(excluded(Some(ARRIVED)), Some(Because::Acknowledged));
    assert_eq!((excluded(Some(DEAF)), excluded(None)), (None, None));
}

#[test]
fn one_lost_packet_is_no_silence() {
    for (unacked, retransmits, deaf) in [(409, 1, false), (409, 2, true), (0, 9, false)] {
        let wire = Wire {
            unacked,
            retransmits,
            ..DEAF
        };
        assert_eq!(wire.is_deaf(), deaf, "{wire:?}");
    }
}

#[test]
fn it_is_told() {
    let words = |wire| in_words(&unanswered(wire));
    assert_eq!(words(None), "connected and sent, no response");
    assert_eq!(
        words(Some(ARRIVED)),
        "connected and sent, no response; its machine has acknowledged the request"
    );
    assert_eq!(
        words(Some(DEAF)),
        "connected and sent, no response; its machine acknowledges nothing: 409 bytes, sent again 3 times"
    );
    let once = Wire {
        retransmits: 1,
        ..DEAF
    };
    assert_eq!(words(Some(once)), words(None));
}
