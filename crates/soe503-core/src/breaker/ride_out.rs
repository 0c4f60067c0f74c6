//! Until when it is worth while to wait at an open circuit.

use super::config::BreakerConfig;
use super::knock::worth_knocking;
use super::trip::{Trip, TripRule};
use crate::Tick;
use crate::cause::Cause;
use crate::pool::is_refusal;

/// Until when a request may wait for a circuit that `trip` opened; `None`: the service is plainly dead,
/// or an operator has switched it off, and whoever comes should hear so at once.
///
/// For [`ride_out`](BreakerConfig::ride_out) after the opening. A service of a single instance that
/// refuses connections, `alone`, is probably restarting. One of several is not: all of them are gone, and
/// nobody restarts all at once. Nor is one that has never accepted a connection. Connections that broke off may be the first sign of that. A network that
/// swallows packets may stop doing so at any moment.
pub(super) fn waits_until(config: &BreakerConfig, trip: &Trip, alone: bool) -> Option<Tick> {
    let gone = |cause: Cause| is_refusal(cause) || worth_knocking(Some(cause));
    let forced = matches!(trip.rule, TripRule::Forced { .. });
    let never_there = trip.root == Some(Cause::ConfigWrongPort);
    let dead = never_there || !alone && trip.root.is_none_or(gone);
    (!config.ride_out.is_zero() && !forced && !dead).then(|| trip.at.after(config.ride_out))
}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::sync::Arc;

    use super::super::window::{Kind, Sample, Tally};
    use super::*;
    use crate::Ratio;

    fn trip(cause: Option<Cause>) -> Trip {
        let mut tally = Tally::default();
        tally.add(Sample {
            failed: true,
            slow: false,
            cause,
        });
        let rule = TripRule::ConsecutiveFailures {
            failures: 5,
            usual: Ratio::ZERO,
        };
        let at = Tick::from_secs(7);
        Trip::opened(at, rule.clone(), vec![rule], tally.counts(Kind::Failed))
    }

    #[test]
    fn what_may_come_back_is_waited_for() {
        use Cause::*;
        let rows = [
            // Cause, waited for if it is the only one, and if it is one of several.
            (Some(DependencyConnectRefused), true, false),
            (Some(ConfigWrongPort), false, false),
            (Some(DependencyConnectTimeout), true, true),
            (Some(DependencyHostUnreachable), true, true),
            (Some(DependencyResetBeforeResponse), true, false),
            (Some(ConfigKeepaliveMismatch), true, false),
            (Some(DependencyResponseTimeout), true, true),
            (Some(OverloadUpstreamShedding), true, true),
            (Some(Unclassified), true, true),
            (None, true, false),
        ];
        let config = BreakerConfig::default();
        let until = Tick::from_secs(7).after(config.ride_out);
        for (cause, only_one, of_several) in rows {
            let found = [true, false].map(|alone| waits_until(&config, &trip(cause), alone));
            let expected = [only_one, of_several].map(|waits| waits.then_some(until));
            assert_eq!(found, expected, "{cause:?}");
        }
    }

    #[test]
    fn not_for_an_operator_and_not_when_it_is_off() {
        let config = BreakerConfig::default();
        let forced = Trip::forced(Tick::ZERO, Arc::from("drill"));
        assert_eq!(waits_until(&config, &forced, true), None);
        let off = BreakerConfig {
            ride_out: Duration::ZERO,
            ..config
        };
        assert_eq!(waits_until(&off, &trip(None), true), None);
    }
}
