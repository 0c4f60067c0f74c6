//! The state machine, as it is under the lock.

use std::collections::VecDeque;
use std::sync::Arc;

use fastrand::Rng;

use super::closed::ClosedCounts;
use super::config::BreakerConfig;
use super::early::EarlyProbes;
use super::knock::Knocked;
use super::open_time::open_time;
use super::probation::Probation;
use super::state::{Mode, State, Word};
use super::transition::{Transition, TransitionReason};
use super::trip::{FailedProbe, Trip};
use super::window::Sample;
use crate::{Tick, Verdict};

/// Everything about a breaker that changes.
///
/// Plain data and `&mut self` methods: one caller at a time, and a test can drive it with a
/// table. [`Breaker`](super::Breaker) wraps it in a lock and publishes the word.
#[derive(Debug)]
pub(super) struct Machine {
    pub(super) phase: Phase,
    pub(super) generation: u64,
    pub(super) closed: ClosedCounts,
    pub(super) last_trip: Option<Arc<Trip>>,
    pub(super) trips: u64,
    pub(super) refused: u64,
    pub(super) stale: u64,
    history: VecDeque<Transition>,
    rng: Rng,
    /// There is one backend, or nobody has said that there are more.
    pub(super) alone: bool,
    /// The latest time that any call brought, for those that bring none.
    latest: Tick,
}

/// The state, with what belongs to it.
#[derive(Debug)]
pub(super) enum Phase {
    Closed {
        since: Tick,
    },
    /// Closed by force.
    Bypass {
        since: Tick,
        why: Arc<str>,
    },
    Open {
        since: Tick,
        /// `None`: open by force.
        retry_at: Option<Tick>,
        trip: Arc<Trip>,
        early: EarlyProbes,
    },
    HalfOpen {
        since: Tick,
        trip: Arc<Trip>,
        probation: Probation,
    },
}

/// The answer to one request.
#[derive(Debug)]
pub(super) enum Admission {
    /// Come in; your result counts.
    Counted,
    /// Come in as a probe.
    Probe,
    /// Come in; your result counts nowhere.
    Uncounted,
    /// Not now.
    Refused {
        state: State,
        retry_at: Option<Tick>,
        trip: Arc<Trip>,
    },
}

/// How a permit ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ending {
    /// The word that the permit was given under.
    pub(super) word: Word,
    /// When; the last that the permit heard, if it was dropped and nobody told.
    pub(super) at: Tick,
    /// Somebody told when.
    pub(super) told: bool,
    /// The response head had been announced with [`Machine::answer`].
    pub(super) answered: bool,
    pub(super) verdict: Verdict,
    /// Not read if the verdict is [`Verdict::Ignore`].
    pub(super) sample: Sample,
}

/// How many transitions are kept for [`Breaker::transitions_since`](super::Breaker::transitions_since).
const HISTORY: usize = 32;

impl Machine {
    pub(super) fn new(config: &BreakerConfig, seed: u64) -> Self {
        Self {
            phase: Phase::Closed { since: Tick::ZERO },
            generation: 0,
            closed: ClosedCounts::new(config),
            last_trip: None,
            trips: 0,
            refused: 0,
            stale: 0,
            history: VecDeque::with_capacity(HISTORY),
            rng: Rng::with_seed(seed),
            alone: true,
            latest: Tick::ZERO,
        }
    }

    /// `repeatable`: the request may run twice, so that it can well be a probe.
    pub(super) fn admit(
        &mut self,
        config: &BreakerConfig,
        now: Tick,
        repeatable: bool,
    ) -> Admission {
        self.latest = self.latest.max(now);
        self.begin_probation_if_due(now);
        self.end_probation_if_overdue(config, now);
        let (retry_at, trip) = match &mut self.phase {
            Phase::Closed { .. } => return Admission::Counted,
            Phase::Bypass { .. } => return Admission::Uncounted,
            Phase::HalfOpen {
                probation, trip, ..
            } => {
                if probation.admit(config, now) {
                    return Admission::Probe;
                }
                (Some(now), trip)
            }
            Phase::Open {
                retry_at: Some(retry_at),
                trip,
                early,
                ..
            } => {
                if early.admit(config, now, repeatable, &mut self.rng) {
                    // Where early probes go, nothing has to happen when the open time is over.
                    let wait = open_time(config, trip.reopened, &mut self.rng);
                    *retry_at = now.after(wait).max(*retry_at);
                    return Admission::Probe;
                }
                (Some(*retry_at), trip)
            }
            Phase::Open { trip, .. } => (None, trip),
        };
        let trip = Arc::clone(trip);
        self.refused += 1;
        // An operator's word is an order, also to a breaker that only watches.
        if config.shadow && retry_at.is_some() {
            return Admission::Uncounted;
        }
        Admission::Refused {
            state: self.word().mode().state(),
            retry_at,
            trip,
        }
    }

    /// Whether a request would get in at `now`, if it may run twice. Nothing is counted.
    pub(super) fn would_admit(&self, config: &BreakerConfig, now: Tick) -> bool {
        match &self.phase {
            Phase::Closed { .. } | Phase::Bypass { .. } => true,
            Phase::HalfOpen { probation, .. } => probation.places(config) > 0,
            Phase::Open { retry_at: None, .. } => false,
            Phase::Open {
                retry_at: Some(retry_at),
                early,
                ..
            } => now >= *retry_at || early.would_admit(config, now, true),
        }
    }

    /// A probe's response head came in time.
    pub(super) fn answer(&mut self, word: Word, now: Tick) {
        if word != self.word() {
            return;
        }
        if let Phase::HalfOpen { probation, .. } = &mut self.phase {
            probation.answer(now);
        }
    }

    pub(super) fn end(&mut self, config: &BreakerConfig, ending: Ending) -> Option<Transition> {
        self.latest = self.latest.max(ending.at);
        let now = if ending.told { ending.at } else { self.latest };
        let counts = ending.verdict != Verdict::Ignore;
        if ending.word != self.word() {
            self.stale += u64::from(counts);
            return None;
        }
        match &mut self.phase {
            Phase::Closed { .. } if counts => {
                let trip = self
                    .closed
                    .record(config, now, ending.verdict, ending.sample)?;
                self.trips += 1;
                Some(self.open(config, now, Arc::new(trip), TransitionReason::Tripped))
            }
            Phase::Open { trip, early, .. } => {
                early.settle(now, counts);
                let sample = ending.sample;
                if counts && (sample.failed || sample.slow) {
                    let (at, cause) = (now, sample.cause);
                    *trip = Arc::new(trip.probed(FailedProbe { at, cause }));
                    self.last_trip = Some(Arc::clone(trip));
                } else if counts {
                    let trip = Arc::clone(trip);
                    return Some(self.is_back(config, now, trip));
                }
                None
            }
            Phase::HalfOpen { probation, .. } => {
                let result = counts.then_some(ending.sample);
                probation.settle(ending.told.then_some(now), ending.answered, result);
                let verdict = probation.verdict(config)?;
                self.end_probation(config, now, verdict)
            }
            _ => None,
        }
    }

    pub(super) fn force_open(&mut self, now: Tick, why: Arc<str>) -> Transition {
        let trip = Arc::new(Trip::forced(now, why));
        let phase = Phase::Open {
            since: now,
            retry_at: None,
            trip: Arc::clone(&trip),
            early: EarlyProbes::new(&BreakerConfig::default(), now, &mut self.rng),
        };
        self.change(now, phase, TransitionReason::ForcedOpen(trip))
    }

    pub(super) fn force_closed(&mut self, now: Tick, why: Arc<str>) -> Transition {
        let phase = Phase::Bypass {
            since: now,
            why: Arc::clone(&why),
        };
        self.change(now, phase, TransitionReason::ForcedClosed(why))
    }

    /// Back to closed. A circuit that is closed already only forgets what it counted: its
    /// generation stays, because nothing changed that a request could have seen (row S4).
    pub(super) fn reset(&mut self, now: Tick) -> Option<Transition> {
        self.closed.forget();
        if matches!(self.phase, Phase::Closed { .. }) {
            return None;
        }
        Some(self.change(now, Phase::Closed { since: now }, TransitionReason::Reset))
    }

    /// Takes in what knocking found. `false` if the circuit is not in `generation` any more, or not
    /// open by rule: the knocks belong to another outage, or to an operator's.
    pub(super) fn knocked(&mut self, generation: u64, found: Knocked) -> bool {
        self.latest = self.latest.max(found.at);
        let Phase::Open {
            retry_at: Some(_),
            trip,
            ..
        } = &mut self.phase
        else {
            return false;
        };
        if generation != self.generation {
            return false;
        }
        *trip = Arc::new(trip.knocked(found));
        self.last_trip = Some(Arc::clone(trip));
        true
    }

    pub(super) fn transitions_since(&self, generation: u64) -> Vec<Transition> {
        self.history
            .iter()
            .filter(|transition| transition.generation > generation)
            .cloned()
            .collect()
    }

    pub(super) fn word(&self) -> Word {
        let mode = match self.phase {
            Phase::Closed { .. } => Mode::Closed,
            Phase::Bypass { .. } => Mode::Bypass,
            Phase::Open { .. } => Mode::Open,
            Phase::HalfOpen { .. } => Mode::HalfOpen,
        };
        Word::new(self.generation, mode)
    }

    pub(super) fn open(
        &mut self,
        config: &BreakerConfig,
        now: Tick,
        trip: Arc<Trip>,
        why: fn(Arc<Trip>) -> TransitionReason,
    ) -> Transition {
        let wait = open_time(config, trip.reopened, &mut self.rng);
        self.last_trip = Some(Arc::clone(&trip));
        let phase = Phase::Open {
            since: now,
            retry_at: Some(now.after(wait)),
            trip: Arc::clone(&trip),
            early: EarlyProbes::new(config, now, &mut self.rng),
        };
        self.change(now, phase, why(trip))
    }

    /// The only place where the state changes: a new generation, and nothing counted yet.
    pub(super) fn change(&mut self, now: Tick, phase: Phase, why: TransitionReason) -> Transition {
        let from = self.word().mode().state();
        self.phase = phase;
        self.generation += 1;
        self.closed.clear();
        let transition = Transition {
            from,
            to: self.word().mode().state(),
            at: now,
            generation: self.generation,
            why,
        };
        if self.history.len() == HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(transition.clone());
        transition
    }
}
