//! The handle that everybody shares.

use core::fmt;
use std::sync::Arc;

use super::circuit::Circuit;
use super::config::BreakerConfig;
use super::config_error::ConfigError;
use super::knock::Knocked;
use super::lane::Lanes;
use super::machine::Admission;
use super::permit::{Kind, Permit};
use super::refusal::CircuitOpen;
use super::snapshot::BreakerSnapshot;
use super::state::{Mode, State, Word};
use super::transition::Transition;
use crate::Tick;
use crate::waiting::WaitingRoom;

/// A named circuit breaker. Clones are handles to the same circuit.
///
/// ```
/// use soe503_core::breaker::{Breaker, BreakerConfig, State};
/// use soe503_core::{Cause, Outcome, Tick};
///
/// let breaker = Breaker::new("app", BreakerConfig::default(), 1);
/// for n in 0..5 {
///     let permit = breaker.admit(Tick::from_millis(n))?;
///     permit.record(Tick::from_millis(n), Outcome::failure(Cause::DependencyConnectRefused));
/// }
/// let refused = breaker.admit(Tick::from_millis(5)).unwrap_err();
/// assert_eq!(refused.root, Some(Cause::DependencyConnectRefused));
/// assert_eq!(breaker.state(), State::Open);
/// # Ok::<(), soe503_core::breaker::CircuitOpen>(())
/// ```
#[derive(Clone)]
pub struct Breaker {
    lanes: Arc<Lanes>,
}

impl Breaker {
    /// A closed circuit. `seed` feeds the jitter.
    ///
    /// A configuration that [`BreakerConfig::validate`] refuses is [clamped](BreakerConfig::clamped);
    /// use [`try_new`](Self::try_new) to have it refused.
    pub fn new(name: impl Into<Arc<str>>, config: BreakerConfig, seed: u64) -> Self {
        let circuit = Circuit::new(name.into(), config.clamped(), seed);
        Self::from_lanes(Lanes::to(Arc::new(circuit)))
    }

    /// A closed circuit.
    ///
    /// # Errors
    /// [`ConfigError`] if the configuration cannot work.
    pub fn try_new(
        name: impl Into<Arc<str>>,
        config: BreakerConfig,
        seed: u64,
    ) -> Result<Self, ConfigError> {
        config.validate()?;
        Ok(Self::new(name, config, seed))
    }

    /// The name it was given.
    pub fn name(&self) -> &str {
        &self.circuit().name
    }

    /// Its configuration.
    pub fn config(&self) -> &BreakerConfig {
        &self.circuit().config
    }

    /// Its state, by one load. In shadow mode: the state it would act on.
    #[inline]
    pub fn state(&self) -> State {
        self.circuit().word().mode().state()
    }

    /// One more with each transition, by one load. Whoever has seen this one has seen the state.
    pub fn generation(&self) -> u64 {
        self.circuit().word().generation()
    }

    /// Asks for one request to be let through. Closed: one atomic load and no lock.
    ///
    /// # Errors
    /// [`CircuitOpen`] if the circuit is open, or half-open with every probe out.
    #[inline]
    pub fn admit(&self, now: Tick) -> Result<Permit, CircuitOpen> {
        self.admit_as(now, true)
    }

    /// As [`admit`](Self::admit), for a request that is `repeatable`, or not: early probes are rather
    /// made of those that may run twice.
    ///
    /// # Errors
    /// As [`admit`](Self::admit).
    #[inline]
    pub fn admit_as(&self, now: Tick, repeatable: bool) -> Result<Permit, CircuitOpen> {
        let word = self.circuit().word();
        match word.mode() {
            Mode::Closed => Ok(self.permit(word, Kind::Counted, now)),
            Mode::Bypass => Ok(self.permit(word, Kind::Uncounted, now)),
            Mode::Open | Mode::HalfOpen => self.admit_slowly(now, repeatable),
        }
    }

    /// Whether [`admit`](Self::admit) would let a request through. For those who ask before they have
    /// one: nothing is counted, and no probe's place is taken.
    pub fn would_admit(&self, now: Tick) -> bool {
        let circuit = self.circuit();
        self.state() == State::Closed || circuit.lock().would_admit(&circuit.config, now)
    }

    /// Opens the circuit until [`reset`](Self::reset) or [`force_closed`](Self::force_closed),
    /// also in shadow mode. `why` is told to those who are refused.
    pub fn force_open(&self, now: Tick, why: impl Into<Arc<str>>) -> Option<Transition> {
        let why = why.into();
        self.circuit()
            .locked(|machine, _| Some(machine.force_open(now, why)))
    }

    /// Closes the circuit and suspends its rules until [`reset`](Self::reset) or
    /// [`force_open`](Self::force_open): every request is let through and no result counts.
    pub fn force_closed(&self, now: Tick, why: impl Into<Arc<str>>) -> Option<Transition> {
        let why = why.into();
        self.circuit()
            .locked(|machine, _| Some(machine.force_closed(now, why)))
    }

    /// Closes the circuit, forgets what was counted, and puts its rules back in force. `None` if
    /// it was closed and not forced; then only the counts are forgotten.
    pub fn reset(&self, now: Tick) -> Option<Transition> {
        self.circuit().locked(|machine, _| machine.reset(now))
    }

    /// Takes in that knocking at the backends failed, as [`root_of_knocks`](super::root_of_knocks)
    /// says: refusals name that as their root from now on, until a probe tells otherwise. It is no
    /// transition; when probes go and what opened the circuit stays.
    ///
    /// `generation` is that of the [snapshot](BreakerSnapshot::generation) which gave reason to
    /// knock. Returns `false`, and changes nothing, if the circuit has moved on or is not open by rule.
    pub fn knocked(&self, generation: u64, found: Knocked) -> bool {
        self.circuit()
            .locked(|machine, _| machine.knocked(generation, found))
    }

    /// Says how many backends there are behind it. One that refuses connections is probably
    /// restarting; several that do are dead. Unless somebody says so, it is one.
    pub fn set_backends(&self, count: usize) {
        self.circuit()
            .locked(|machine, _| machine.alone = count <= 1);
    }

    /// There is one backend behind it, for all it knows.
    pub fn is_alone(&self) -> bool {
        self.circuit().lock().alone
    }

    /// Where those wait whom it refuses while a blip is ridden out. It calls them when it lets
    /// requests through again, and when there is nothing to wait for.
    pub fn waiting_room(&self) -> &WaitingRoom {
        &self.circuit().room
    }

    /// Everything there is to show, at `now`.
    pub fn snapshot(&self, now: Tick) -> BreakerSnapshot {
        let circuit = self.circuit();
        BreakerSnapshot::of(&circuit.name, &circuit.config, &mut circuit.lock(), now)
    }

    /// The transitions of later generations than `generation`, oldest first; the last 32 are kept.
    ///
    /// For recorders: also has what no caller was handed, such as the change that an admission or
    /// a dropped permit made.
    pub fn transitions_since(&self, generation: u64) -> Vec<Transition> {
        self.circuit().lock().transitions_since(generation)
    }

    /// The transitions that this method has not handed out yet, oldest first. Each is handed out once, whoever asks:
    /// for events, of which there should be one. As a rule there are none, and that costs two loads.
    pub fn untold(&self) -> Vec<Transition> {
        self.circuit().untold()
    }

    /// Whether it refuses requests and nobody may wait for its end either: whoever comes now, a probe aside, is
    /// told so at once, or after a [moment](CircuitOpen::linger). Closed: one load.
    pub fn turns_away(&self, now: Tick) -> bool {
        matches!(self.circuit().word().mode(), Mode::Open | Mode::HalfOpen)
            && self
                .circuit()
                .locked(|machine, config| machine.waits_until(config))
                .is_none_or(|until| until <= now)
    }

    #[cold]
    fn admit_slowly(&self, now: Tick, repeatable: bool) -> Result<Permit, CircuitOpen> {
        let (admission, word, wait_until, linger) = self.circuit().locked(|machine, config| {
            let admission = machine.admit(config, now, repeatable);
            let linger = machine.linger(config, now);
            (
                admission,
                machine.word(),
                machine.waits_until(config),
                linger,
            )
        });
        match admission {
            Admission::Counted => Ok(self.permit(word, Kind::Counted, now)),
            Admission::Probe => Ok(self.permit(word, Kind::Probe, now)),
            Admission::Uncounted => Ok(self.permit(word, Kind::Uncounted, now)),
            Admission::Refused {
                state,
                retry_at,
                trip,
            } => Err(CircuitOpen {
                name: Arc::clone(&self.circuit().name),
                state,
                rule: trip.cause,
                root: trip.root,
                opened_at: trip.at,
                retry_at,
                wait_until: wait_until.filter(|&until| now < until),
                linger,
                generation: word.generation(),
                trip,
            }),
        }
    }

    #[inline]
    fn permit(&self, word: Word, kind: Kind, now: Tick) -> Permit {
        Permit::new(self.lanes.mine(), word, kind, now)
    }

    pub(super) const fn from_lanes(lanes: Arc<Lanes>) -> Self {
        Self { lanes }
    }

    #[inline]
    fn circuit(&self) -> &Circuit {
        &self.lanes.circuit
    }
}

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breaker")
            .field("name", &self.circuit().name)
            .field("state", &self.state())
            .field("generation", &self.circuit().word().generation())
            .finish_non_exhaustive()
    }
}
