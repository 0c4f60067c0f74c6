//! A breaker as seen from outside.

use std::sync::Arc;

use super::config::BreakerConfig;
use super::machine::{Machine, Phase};
use super::state::{Forced, State};
use super::trip::{Trip, TripRule};
use super::window::WindowTotals;
use crate::Tick;

/// Everything there is to show about a breaker, at one moment. Looking changes nothing: an open
/// circuit whose time is over stays open until a request comes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct BreakerSnapshot {
    /// The breaker's name.
    pub name: Arc<str>,
    /// Its state. In shadow mode: the state it would act on.
    pub state: State,
    /// An operator's override, if there is one.
    pub forced: Option<Forced>,
    /// Since when it has been in this state.
    pub since: Tick,
    /// When it opened first, before any probe; `None` while closed.
    pub opened_at: Option<Tick>,
    /// When it lets a probe through; only while open by rule.
    pub retry_at: Option<Tick>,
    /// Why it is not closed; `None` while closed.
    pub trip: Option<Arc<Trip>>,
    /// Why a rule opened it last, also after it has closed again.
    pub last_trip: Option<Arc<Trip>>,
    /// Probes whose results are still to come.
    pub probes_in_flight: u32,
    /// Probes of this half-open period that succeeded.
    pub probes_succeeded: u32,
    /// Probes of this half-open period that failed.
    pub probes_failed: u32,
    /// Failures since the last success, while closed.
    pub consecutive_failures: u32,
    /// What the window holds; `None` if neither rate is configured, because then none is kept.
    pub window: Option<WindowTotals>,
    /// It watches and reports, and refuses nothing by rule.
    pub shadow: bool,
    /// One more with each transition.
    pub generation: u64,
    /// How often a rule opened it, failed probes not counted again.
    pub trips: u64,
    /// Requests refused; in shadow mode, requests that would have been.
    pub refused: u64,
    /// Results that came in after the state they belonged to had ended, and changed nothing.
    pub stale: u64,
}

impl BreakerSnapshot {
    pub(super) fn of(
        name: &Arc<str>,
        config: &BreakerConfig,
        machine: &mut Machine,
        now: Tick,
    ) -> Self {
        let mut snapshot = Self {
            name: Arc::clone(name),
            state: machine.word().mode().state(),
            forced: None,
            since: Tick::ZERO,
            opened_at: None,
            retry_at: None,
            trip: None,
            last_trip: machine.last_trip.clone(),
            probes_in_flight: 0,
            probes_succeeded: 0,
            probes_failed: 0,
            consecutive_failures: machine.closed.streak(),
            window: machine.closed.window.as_mut().map(|w| w.totals(now)),
            shadow: config.shadow,
            generation: machine.generation,
            trips: machine.trips,
            refused: machine.refused,
            stale: machine.stale,
        };
        snapshot.describe(&machine.phase);
        snapshot
    }

    fn describe(&mut self, phase: &Phase) {
        match phase {
            Phase::Closed { since } => self.since = *since,
            Phase::Bypass { since, why } => {
                self.since = *since;
                self.forced = Some(Forced::Closed {
                    why: Arc::clone(why),
                    since: *since,
                });
            }
            Phase::Open {
                since,
                retry_at,
                trip,
                early,
            } => {
                self.probes_in_flight = early.in_flight();
                self.since = *since;
                self.retry_at = *retry_at;
                self.opened_by(trip);
                if let TripRule::Forced { why } = &trip.rule {
                    self.forced = Some(Forced::Open {
                        why: Arc::clone(why),
                        since: *since,
                    });
                }
            }
            Phase::HalfOpen {
                since,
                trip,
                probation,
            } => {
                self.since = *since;
                self.opened_by(trip);
                self.probes_in_flight = probation.in_flight();
                self.probes_succeeded = probation.succeeded();
                self.probes_failed = probation.failed();
            }
        }
    }

    fn opened_by(&mut self, trip: &Arc<Trip>) {
        self.opened_at = Some(trip.at);
        self.trip = Some(Arc::clone(trip));
    }
}
