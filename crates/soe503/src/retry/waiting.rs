//! Waiting for what refused a request.

use std::error::Error;
use std::task::{Context, Poll};
use std::time::Duration;

use soe503_core::Tick;
use soe503_core::breaker::{Breaker, CircuitOpen, State};
use soe503_core::waiting::Place;

use super::attempts::{Attempts, Next};
use super::body::CanReplay;
use super::plan::Plan;
use crate::clock;
use crate::context::RequestContext;
use crate::error::{BoxError, Component, Rejected, find};

/// One who waits looks again after this time at the latest if it was not called: calls are made when a
/// circuit changes, and a chain of them may end with one who is turned away.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Up to so much later, so that not all look at the same moment.
const SPREAD: Duration = Duration::from_millis(50);

/// What a refusal says about waiting.
#[derive(Debug)]
pub(super) struct Prospect {
    /// When to look again, called or not: by the time at which waiting ends.
    pub(super) look_at: Tick,
    /// The circuit that refused, as it was then.
    generation: Option<u64>,
}

/// One request's wait, which may be interrupted by attempts.
#[derive(Debug)]
pub(super) struct Wait {
    place: Place,
    since: Tick,
    /// What refused it last.
    refusal: Option<BoxError>,
    /// That was the circuit, which calls; a pool does not.
    for_circuit: bool,
}

impl Prospect {
    /// `None` if waiting makes no sense. `since`: the request waits since then.
    pub(super) fn of(
        error: &(dyn Error + 'static),
        breaker: &Breaker,
        context: &RequestContext,
        since: Option<Tick>,
    ) -> Option<Self> {
        let rejected = Rejected::find(error)?;
        let now = context.now;
        let (until, look_at) = match rejected.component() {
            Component::CircuitBreaker => {
                let came = since.unwrap_or(now);
                return Self::at(find::<CircuitOpen>(error)?, context, (now, came));
            }
            // A backend is due back at a known time: the end of an ejection, or of maintenance.
            Component::Pool => {
                let due = now.after(rejected.retry_after()?);
                let until = since.unwrap_or(now).after(breaker.config().ride_out);
                (until, due)
            }
            _ => return None,
        };
        Self::until(until, look_at, None, context.deadline, now)
    }

    /// The same of a circuit that is open.
    fn at(open: &CircuitOpen, context: &RequestContext, (now, came): (Tick, Tick)) -> Option<Self> {
        let look_at = open.retry_at.unwrap_or(now);
        let generation = Some(open.generation);
        // Who has waited for longer has heard the news.
        let moment = came.after(open.linger);
        let until = open.wait_until.map_or(moment, |until| until.max(moment));
        Self::until(until, look_at, generation, context.deadline, now)
    }

    fn until(
        until: Tick,
        look_at: Tick,
        generation: Option<u64>,
        deadline: Option<Tick>,
        now: Tick,
    ) -> Option<Self> {
        let until = deadline.map_or(until, |deadline| until.min(deadline));
        let due_in_time = generation.is_some() || look_at < until;
        if now >= until || !due_in_time {
            return None;
        }
        let spread = SPREAD.mul_f64(fastrand::f64());
        let look_at = look_at.max(now.after(LOOK_EVERY)).after(spread);
        Some(Self {
            look_at: look_at.min(until),
            generation,
        })
    }

    /// The circuit refused, and not the pool.
    pub(super) const fn is_circuit(&self) -> bool {
        self.generation.is_some()
    }

    /// The circuit has changed since the refusal. To be asked with a place in the room: who has one
    /// is called for what changes later.
    pub(super) fn is_over(&self, breaker: &Breaker) -> bool {
        self.generation
            .is_some_and(|generation| generation != breaker.generation())
    }
}

impl Wait {
    /// Takes a place, or goes back to the one it had; `false` if there is none.
    pub(super) fn begin(slot: &mut Option<Self>, breaker: &Breaker, now: Tick) -> bool {
        match slot {
            Some(wait) => wait.place.wait_again(),
            None => {
                let Some(place) = breaker.waiting_room().enter() else {
                    return false;
                };
                *slot = Some(Self {
                    place,
                    since: now,
                    refusal: None,
                    for_circuit: false,
                });
            }
        }
        true
    }

    pub(super) const fn is_for_circuit(&self) -> bool {
        self.for_circuit
    }

    pub(super) const fn since(&self) -> Tick {
        self.since
    }

    /// What it waits for has refused it with `error`.
    pub(super) fn refused(&mut self, error: BoxError, by_circuit: bool) {
        self.refusal = Some(error);
        self.for_circuit = by_circuit;
    }

    pub(super) fn poll_called(&mut self, cx: &Context<'_>) -> Poll<()> {
        self.place.poll_called(cx.waker())
    }

    /// The circuit lets requests through, and this one's turn has not come: when to look again.
    pub(super) fn look(&mut self, now: Tick) -> Tick {
        self.place.look();
        now.after(LOOK_EVERY + SPREAD.mul_f64(fastrand::f64()))
    }

    /// Tries without having been called.
    pub(super) fn step_out(&mut self) {
        self.place.step_out();
    }

    /// Why it waits, if it does not any more.
    pub(super) fn take_refusal(&mut self) -> Option<BoxError> {
        self.refusal.take()
    }

    /// The request was answered: others may try.
    pub(super) fn answered(self, took: Duration) {
        self.place.answered(took);
    }
}

impl<S, F, ReqB, ResB> Attempts<S, F, ReqB, ResB> {
    /// The attempt in flight was refused: waits, if that is worth while.
    pub(super) fn wait(&mut self, error: BoxError) -> Result<Next<ResB>, BoxError> {
        let Plan {
            context,
            spare,
            replay,
            ..
        } = &mut self.plan;
        let rules = &spare.rules;
        let Some(breaker) = rules.ride_out.as_ref().filter(|_| !context.elsewhere) else {
            return Err(error);
        };
        let since = self.wait.as_ref().map(Wait::since);
        let prospect = Prospect::of(&*error, breaker, context, since);
        let Some(prospect) = prospect.filter(|_| replay.can() == CanReplay::Yes) else {
            return Err(error);
        };
        if !Wait::begin(&mut self.wait, breaker, context.now) {
            return Err(error);
        }
        // It was no attempt: the next one has its number.
        context.number = context.number.saturating_sub(1);
        if let Some(wait) = &mut self.wait {
            wait.refused(error, prospect.is_circuit());
            if prospect.is_over(breaker) {
                wait.step_out();
                return Ok(Next::Again(None));
            }
        }
        Ok(Next::Wait(prospect.look_at))
    }

    /// Whether the wait is over: called, or its time has come.
    pub(super) fn poll_called(&mut self, cx: &Context<'_>) -> Poll<()> {
        match &mut self.wait {
            Some(wait) => wait.poll_called(cx),
            None => Poll::Ready(()),
        }
    }

    /// It was not called by the time it wanted to look, which is now.
    pub(super) fn look(&mut self) -> Option<Next<ResB>> {
        let wait = self.wait.as_mut()?;
        let deadline = self.plan.context.deadline;
        let now = clock::now();
        if deadline.is_none_or(|deadline| now < deadline) {
            let closed = |breaker: &Breaker| breaker.state() == State::Closed;
            if wait.is_for_circuit() && self.plan.rules().ride_out.as_ref().is_some_and(closed) {
                let at = wait.look(now);
                return Some(Next::Wait(deadline.map_or(at, |deadline| at.min(deadline))));
            }
            wait.step_out();
            return None;
        }
        // It waited in vain: what it waited for is the reason.
        let error = wait.take_refusal()?;
        self.wait = None;
        Some(if self.failed.is_empty() {
            Next::Done(Err(error))
        } else {
            self.ended(error, true)
        })
    }
}
