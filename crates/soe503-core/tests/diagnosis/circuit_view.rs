//! What a diagnosis is told of a circuit.

use soe503_core::breaker::{Breaker, BreakerConfig};
use soe503_core::diagnosis::CircuitView;
use soe503_core::ledger::{Fault, Ledger, Phase};
use soe503_core::{Cause, Outcome, Ratio, Tick};

use crate::support::{failed, ms};

const REFUSED: Cause = Cause::DependencyConnectRefused;

#[test]
fn a_circuit_is_told_while_it_is_not_closed() {
    let config = BreakerConfig {
        consecutive_failures: Some(3),
        open_for: ms(1_000),
        jitter: Ratio::ZERO,
        probe_interval: None,
        ..BreakerConfig::default()
    };
    let breaker = Breaker::try_new("app", config, 1).unwrap();
    let view = |millis| CircuitView::of(&breaker.snapshot(Tick::from_millis(millis)));
    assert_eq!(view(1), None, "all is well");
    for _ in 0..3 {
        let permit = breaker.admit(Tick::from_millis(5)).unwrap();
        permit.record(Tick::from_millis(6), Outcome::failure(REFUSED));
    }
    let open = view(10).unwrap();
    assert_eq!(open.rule, Cause::CircuitConsecutiveFailures);
    assert_eq!(
        (open.root, &*open.causes),
        (Some(REFUSED), &[(REFUSED, 3)][..])
    );
    assert_eq!(open.opened_at, Tick::from_millis(6));
    assert_eq!(open.retry_at, Some(Tick::from_millis(1_006)));
    assert_eq!((open.last_probe, open.knocked), (None, None));
    let late = Cause::DependencyUpstream503;
    let probe = breaker.admit(Tick::from_millis(1_006)).unwrap();
    probe.record(Tick::from_millis(1_010), Outcome::failure(late));
    let half = view(1_011).unwrap();
    let probes = breaker.snapshot(Tick::from_millis(1_011));
    assert_eq!(half.opened_at, Tick::from_millis(6), "{probes:?}");
}

#[test]
fn attempts_that_failed_are_known_though_another_saved_the_request() {
    let good = || soe503_core::ledger::Attempt::begin(2, Tick::ZERO);
    let bad = || failed(Phase::WaitHeaders, Fault::Closed);
    for (attempts, any) in [
        (vec![], false),
        (vec![good()], false),
        (vec![bad(), good()], true),
        (vec![good(), bad()], true),
    ] {
        let ledger = Ledger { attempts };
        assert_eq!(ledger.any_failed(), any, "{ledger:?}");
    }
}
