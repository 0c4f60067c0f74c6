//! How long whoever an open circuit refuses waits for newer news, when nobody waits for the end any more.

use core::time::Duration;

use super::config::BreakerConfig;
use super::ride_out;
use super::trip::Trip;
use crate::Tick;
use crate::cause::Cause;

/// So long a refusal may be put off. A few probes are sent and answered in that time: as much as the
/// request's own attempts would take at backends that are there and answer badly.
pub(super) const LINGER: Duration = Duration::from_millis(200);

/// How long after it came a request that is refused `now` may wait for the next probes. Zero: what is known is
/// as good as what will be, so it should hear so at once.
///
/// What a request is told is as old as the last probe that came back, and by then the service may be back: without
/// this, all who come in the last moments of an outage fail, and those who come while the first good probe is
/// still under way. So where probes come back quickly with a 503, which says that this will pass (RFC 9110 §15.6.4), a
/// request hears of some that were sent after it came. Another 5xx promises nothing, and is told at once. Where
/// probes do not come back, be it that the backends are gone, that they hang, or that hardly anybody comes, waiting
/// would bring no news.
pub(super) fn linger(config: &BreakerConfig, trip: &Trip, now: Tick) -> Duration {
    // Who waits for blips waits for news; who does not want that, or would wait for the dead, does not.
    let willing = ride_out::waits_until(config, trip, false).is_some();
    let spoke = trip.last_probe.is_some_and(|probe| {
        now.since(probe.at) <= LINGER
            && trip.knocked.is_none()
            && probe.cause.is_some_and(will_pass)
    });
    if willing && spoke && config.probe_interval.is_some() {
        LINGER
    } else {
        Duration::ZERO
    }
}

/// The backend has said it itself, in a whole answer: not now.
const fn will_pass(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::OverloadUpstreamShedding | Cause::DependencyUpstream503
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::knock::Knocked;
    use super::super::trip::{FailedProbe, TripRule};
    use super::super::window::{Kind, Tally};
    use super::*;
    use crate::Ratio;

    fn trip() -> Trip {
        let rule = TripRule::ConsecutiveFailures {
            failures: 5,
            usual: Ratio::ZERO,
        };
        Trip::opened(
            Tick::ZERO,
            rule.clone(),
            vec![rule],
            Tally::default().counts(Kind::Failed),
        )
    }

    fn probed(cause: Option<Cause>) -> Trip {
        let at = Tick::from_secs(9);
        trip().probed(FailedProbe { at, cause })
    }

    #[test]
    fn only_where_probes_are_told_that_it_will_pass() {
        use Cause::*;
        let config = BreakerConfig::default();
        let rows = [
            (Some(OverloadUpstreamShedding), true),
            (Some(DependencyUpstream503), true),
            (Some(DependencyUpstreamError), false),
            (Some(DependencyNested), false),
            (Some(DependencyResponseTimeout), false),
            (Some(DependencyConnectTimeout), false),
            (Some(DependencyConnectRefused), false),
            (Some(DependencyResetBeforeResponse), false),
            (Some(DependencyResponseTruncated), false),
            (Some(Unclassified), false),
            (None, false),
        ];
        for (cause, expected) in rows {
            let found = linger(&config, &probed(cause), Tick::from_millis(9_040));
            assert_eq!(!found.is_zero(), expected, "{cause:?}");
        }
    }

    #[test]
    fn not_on_old_news_and_not_where_nobody_should_wait() {
        let config = BreakerConfig::default();
        let bad = probed(Some(Cause::DependencyUpstream503));
        let soon = Tick::from_millis(9_040);
        assert_eq!(linger(&config, &bad, Tick::from_millis(9_200)), LINGER);
        let none = Duration::ZERO;
        assert_eq!(linger(&config, &bad, Tick::from_millis(9_201)), none, "old");
        assert_eq!(linger(&config, &trip(), soon), none, "no probe yet");
        let refused = bad.knocked(Knocked::new(soon, Cause::DependencyConnectRefused));
        assert_eq!(linger(&config, &refused, soon), none, "dead since");
        let forced = Trip::forced(Tick::ZERO, Arc::from("drill"));
        assert_eq!(linger(&config, &forced, soon), none, "an operator's");
        for off in [
            BreakerConfig {
                ride_out: none,
                ..config.clone()
            },
            BreakerConfig {
                probe_interval: None,
                ..config
            },
        ] {
            assert_eq!(linger(&off, &bad, soon), none);
        }
    }
}
