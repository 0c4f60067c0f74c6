//! How an open circuit finds out that what is behind is back, and who may wait for that.

use core::time::Duration;
use std::sync::Arc;

use super::config::BreakerConfig;
use super::linger::linger;
use super::machine::{Machine, Phase};
use super::probation::{Probation, ProbeVerdict};
use super::ride_out;
use super::transition::{Transition, TransitionReason};
use super::trip::{FailedProbe, Trip};
use crate::Tick;

impl Machine {
    pub(super) fn begin_probation_if_due(&mut self, now: Tick) {
        let Phase::Open {
            retry_at: Some(retry_at),
            trip,
            ..
        } = &self.phase
        else {
            return;
        };
        if now < *retry_at {
            return;
        }
        let phase = Phase::HalfOpen {
            since: now,
            trip: Arc::clone(trip),
            probation: Probation::new(now),
        };
        self.change(now, phase, TransitionReason::OpenTimeOver);
    }

    /// An early probe succeeded: half-open, and that is the first result.
    pub(super) fn is_back(
        &mut self,
        config: &BreakerConfig,
        now: Tick,
        trip: Arc<Trip>,
    ) -> Transition {
        let probation = Probation::after_success(now);
        let verdict = probation.verdict(config);
        let phase = Phase::HalfOpen {
            since: now,
            trip,
            probation,
        };
        let half_open = self.change(now, phase, TransitionReason::EarlyProbeSucceeded);
        verdict
            .and_then(|verdict| self.end_probation(config, now, verdict))
            .unwrap_or(half_open)
    }

    /// Until when it is worth while to wait for the circuit; `None`: it is not, or it is closed.
    pub(super) fn waits_until(&self, config: &BreakerConfig) -> Option<Tick> {
        match &self.phase {
            // It is back, by the look of it; the verdict is due any moment.
            Phase::HalfOpen { probation, .. }
                if probation.succeeded() > 0 && !config.ride_out.is_zero() =>
            {
                Some(Tick::MAX)
            }
            Phase::HalfOpen { trip, .. } | Phase::Open { trip, .. } => {
                ride_out::waits_until(config, trip, self.alone)
            }
            Phase::Closed { .. } | Phase::Bypass { .. } => None,
        }
    }

    /// How long after it came whoever is refused `now` may wait for the next probes.
    pub(super) fn linger(&self, config: &BreakerConfig, now: Tick) -> Duration {
        match &self.phase {
            Phase::HalfOpen { trip, .. } | Phase::Open { trip, .. } => linger(config, trip, now),
            Phase::Closed { .. } | Phase::Bypass { .. } => Duration::ZERO,
        }
    }

    /// How many of those who wait may try after a change of state.
    pub(super) fn welcome(&self, config: &BreakerConfig) -> u32 {
        match &self.phase {
            Phase::Closed { .. } | Phase::Bypass { .. } => config.probes,
            Phase::HalfOpen { probation, .. } => probation.places(config),
            Phase::Open { .. } => 0,
        }
    }

    pub(super) fn end_probation_if_overdue(&mut self, config: &BreakerConfig, now: Tick) {
        if let Phase::HalfOpen { probation, .. } = &mut self.phase
            && let Some(verdict) = probation.overdue(config, now)
        {
            self.end_probation(config, now, verdict);
        }
    }

    pub(super) fn end_probation(
        &mut self,
        config: &BreakerConfig,
        now: Tick,
        verdict: ProbeVerdict,
    ) -> Option<Transition> {
        let Phase::HalfOpen {
            trip, probation, ..
        } = &self.phase
        else {
            return None;
        };
        Some(match verdict {
            ProbeVerdict::Recovered => self.change(
                now,
                Phase::Closed { since: now },
                TransitionReason::Recovered,
            ),
            ProbeVerdict::Failed => {
                let hung = probation.verdict(config).is_none();
                let last = probation.last_failed().filter(|_| !hung);
                let last = last.unwrap_or(FailedProbe {
                    at: now,
                    cause: None,
                });
                let trip = Arc::new(trip.reopened(last, probation.majority()));
                let why = if hung {
                    TransitionReason::ProbesHung
                } else {
                    TransitionReason::ProbesFailed
                };
                self.open(config, now, trip, why)
            }
        })
    }
}
