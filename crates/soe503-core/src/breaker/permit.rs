//! The right to make one request, and the duty to say how it went.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;
use std::thread;

use super::circuit::Circuit;
use super::handle::Breaker;
use super::lane::Lane;
use super::machine::Ending;
use super::state::Word;
use super::transition::Transition;
use super::window::Sample;
use crate::cause::Cause;
use crate::{Outcome, Tick, Verdict};

/// One admitted request.
///
/// End it with [`record`](Self::record) when the result is known, or with
/// [`abandon`](Self::abandon) when the caller has gone. A permit that is merely dropped counts
/// nothing and gives a probe's place back, unless its thread is panicking: that is a failure.
///
/// It carries the generation of the circuit that let it in; a result that comes after that
/// generation has ended is counted as stale and changes nothing.
#[must_use = "a dropped permit counts nothing"]
pub struct Permit {
    lane: Arc<Lane>,
    word: Word,
    kind: Kind,
    admitted_at: Tick,
    responded_at: Option<Tick>,
}

/// What a permit's end means to the breaker. As wide as a register: permits are moved right after they are made, and a
/// processor waits for a byte that was just written when it is read as part of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum Kind {
    /// Counted by a closed circuit.
    Counted,
    /// Holds a place in a half-open circuit.
    Probe,
    /// A probe that has announced its response head.
    AnsweredProbe,
    /// Counts nowhere: let in by force, by shadow mode, or ended already.
    Uncounted,
}

impl Permit {
    pub(super) const fn new(lane: Arc<Lane>, word: Word, kind: Kind, now: Tick) -> Self {
        Self {
            lane,
            word,
            kind,
            admitted_at: now,
            responded_at: None,
        }
    }

    /// A handle to the circuit that let it in, whether or not another is left.
    pub fn breaker(&self) -> Breaker {
        Breaker::from_lanes(self.lane.siblings())
    }

    #[inline]
    fn circuit(&self) -> &Circuit {
        &self.lane.circuit
    }

    /// When the request was let in.
    pub const fn admitted_at(&self) -> Tick {
        self.admitted_at
    }

    /// The circuit's generation then.
    pub const fn generation(&self) -> u64 {
        self.word.generation()
    }

    /// This request tries a half-open circuit.
    pub const fn is_probe(&self) -> bool {
        matches!(self.kind, Kind::Probe | Kind::AnsweredProbe)
    }

    /// The response's head is here: the latency is what it is now, however long the body takes.
    /// Later calls change nothing.
    #[inline]
    pub fn responded(&mut self, now: Tick) {
        if self.responded_at.is_some() {
            return;
        }
        self.responded_at = Some(now);
        if self.kind == Kind::Probe {
            self.probe_responded(now);
        }
    }

    /// The response's head is here, and says itself whether it was slow: `true` counts as slow where a slow rule is on, `false` as in
    /// time, whatever time it took. For answers that are late by nature, as those of a long poll, or whose service says that it
    /// struggles. Calls after the first, or after [`responded`](Self::responded), change nothing.
    pub fn responded_as(&mut self, now: Tick, slow: bool) {
        if self.responded_at.is_some() {
            return;
        }
        let in_time = self.admitted_at;
        let late = in_time.after(self.circuit().config.slow_request).max(now);
        self.responded_at = Some(if slow { late } else { in_time });
        if self.kind == Kind::Probe {
            self.probe_responded(now);
        }
    }

    #[cold]
    fn probe_responded(&mut self, now: Tick) {
        if !self.is_slow(now) {
            self.kind = Kind::AnsweredProbe;
            self.circuit().answer(self.word, now);
        }
    }

    /// The request ended with `outcome`. Returns the change of state that this result made.
    #[inline]
    pub fn record(mut self, now: Tick, outcome: Outcome) -> Option<Transition> {
        if outcome.verdict == Verdict::Success && self.succeed() {
            return None;
        }
        self.end(now, true, outcome)
    }

    /// Ends the request as a success if that changes nothing about the circuit, as nearly all successes do: a circuit that is closed,
    /// without a window and without a run of failures. `false`: nothing was done, and [`record`](Self::record) is to be called.
    ///
    /// For who keeps the permit inside something larger, and would move it to end it.
    #[inline]
    pub fn succeed(&mut self) -> bool {
        let nothing =
            self.kind == Kind::Counted && self.circuit().success_changes_nothing(self.word);
        if nothing {
            self.kind = Kind::Uncounted;
        }
        nothing
    }

    /// The caller has gone before the request ended (rows S2, S5 and S6).
    ///
    /// With a response head it is a success: the service did its part. Without one it is a failure
    /// if it took [`abandon_after`](super::BreakerConfig::abandon_after) or longer, with the cause
    /// `dependency_failure/response_timeout`; else nothing. While the thread is panicking it is a
    /// failure (row S7).
    pub fn abandon(mut self, now: Tick) -> Option<Transition> {
        let outcome = if thread::panicking() {
            PANICKED
        } else if self.responded_at.is_some() {
            Outcome::SUCCESS
        } else {
            let limit = self.circuit().config.abandoned_is_failure_after();
            match limit {
                Some(limit) if self.age(now) >= limit => {
                    Outcome::failure(Cause::DependencyResponseTimeout)
                }
                _ => Outcome::IGNORE,
            }
        };
        self.end(now, true, outcome)
    }

    #[inline(never)]
    fn end(&mut self, at: Tick, told: bool, outcome: Outcome) -> Option<Transition> {
        let kind = core::mem::replace(&mut self.kind, Kind::Uncounted);
        let nothing = outcome.verdict == Verdict::Ignore && kind == Kind::Counted;
        if nothing || kind == Kind::Uncounted {
            return None;
        }
        self.circuit().end(Ending {
            word: self.word,
            at,
            told,
            answered: kind == Kind::AnsweredProbe,
            verdict: outcome.verdict,
            sample: self.sample(at, outcome),
        })
    }

    fn sample(&self, at: Tick, outcome: Outcome) -> Sample {
        let slow = self.is_slow(at);
        let failed = matches!(outcome.verdict, Verdict::Failure | Verdict::Degraded);
        let unnamed = match (failed, slow) {
            (true, _) => Some(Cause::Unclassified),
            // The head did not come within `slow_request`.
            (false, true) => Some(Cause::DependencyResponseTimeout),
            (false, false) => None,
        };
        Sample {
            failed,
            slow,
            cause: outcome.cause.or(unnamed),
        }
    }

    /// Slowness counts only where a rule asks for it.
    fn is_slow(&self, now: Tick) -> bool {
        let config = &self.circuit().config;
        config.slow_rate.is_some() && self.age(now) >= config.slow_request
    }

    /// Time until the response's head, or until `now` if there is none yet.
    fn age(&self, now: Tick) -> Duration {
        self.responded_at.unwrap_or(now).since(self.admitted_at)
    }
}

/// A panic in the request's own code. It is a bug, and no cause of the table proves which.
const PANICKED: Outcome = Outcome::failure(Cause::Unclassified);

impl Drop for Permit {
    #[inline]
    fn drop(&mut self) {
        if self.kind != Kind::Uncounted {
            self.dropped();
        }
    }
}

impl Permit {
    #[cold]
    fn dropped(&mut self) {
        let outcome = if thread::panicking() {
            PANICKED
        } else {
            Outcome::IGNORE
        };
        let at = self.responded_at.unwrap_or(self.admitted_at);
        // What this changes, nobody can be handed: see `Breaker::transitions_since`.
        drop(self.end(at, false, outcome));
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("breaker", &self.circuit().name)
            .field("generation", &self.generation())
            .field("probe", &self.is_probe())
            .field("admitted_at", &self.admitted_at)
            .finish_non_exhaustive()
    }
}
