//! Polling an attempt, with an eye on its time.

use std::task::Poll;

use soe503_core::Tick;
use soe503_core::breaker::{Breaker, State};

use super::attempts::Attempts;
use super::body::CanReplay;
use super::plan::Plan;
use crate::clock;
use crate::flight::{self, UnderWay};
use crate::overtime::{self, Word};

/// What a poll of the attempt in flight has to do with its time.
#[derive(Clone, Copy, Debug)]
pub(super) enum Watch {
    /// Nothing.
    AsBefore,
    /// It is late, and this is what the pool says about it.
    Late(Option<UnderWay>),
    /// It is over since then, and the attempt ends.
    Cut(Option<Tick>),
    /// It is over, and the attempt has until the request's deadline.
    GoesOn,
}

impl<S, F, ReqB, ResB> Attempts<S, F, ReqB, ResB> {
    /// The attempt in flight has time left, and nobody asks about it: it need only be polled.
    ///
    /// Apart from [`watch`](Self::watch) because an answer is large, and would be moved through that.
    pub(super) fn is_in_time(&mut self) -> bool {
        // The first poll follows the beginning at once.
        if !std::mem::replace(&mut self.watched, true) {
            return true;
        }
        let due = self.plan.context.attempt_deadline;
        due.is_none_or(|due| clock::now() < due) && !self.asks()
    }

    /// Polls the attempt in flight, and when its time is over has it end or go on. `Ready(None)`: it is
    /// cut, and nobody below has seen to that.
    pub(super) fn watch<T>(&mut self, poll: impl FnOnce() -> Poll<T>) -> (Poll<T>, Watch) {
        // The first poll follows the beginning at once.
        if !std::mem::replace(&mut self.watched, true) {
            return (poll(), Watch::AsBefore);
        }
        let due = self.plan.context.attempt_deadline;
        if due.is_none_or(|due| clock::now() < due) {
            if self.asks() {
                let (polled, told) = flight::ask(poll);
                return (polled, Watch::Late(told));
            }
            return (poll(), Watch::AsBefore);
        }
        self.plan.context.attempt_deadline = None;
        let word = self.word();
        let polled = overtime::within(word, poll);
        let goes_on = overtime::take().is_some() || word == Word::GoOn;
        let watch = if goes_on {
            Watch::GoesOn
        } else {
            Watch::Cut(due)
        };
        (polled, watch)
    }

    /// What becomes of the attempt in flight, whose time is over: it is worth nothing to end it if no
    /// other can follow, or not now.
    fn word(&self) -> Word {
        let Plan {
            context,
            spare,
            replay,
            ..
        } = &self.plan;
        let rules = &spare.rules;
        let closed = |breaker: &Breaker| breaker.state() == State::Closed;
        let elsewhere = context.elsewhere
            && context.idempotent
            && replay.can() == CanReplay::Yes
            && rules.budget.could_pay(clock::now());
        if elsewhere {
            return Word::Cut;
        }
        // One that follows may be under way already.
        let may_follow = self.are_two()
            || context.idempotent
                && self.made() < rules.policy.attempts
                && self.allows_another()
                && replay.can() == CanReplay::Yes
                && rules.ride_out.as_ref().is_none_or(closed)
                && rules.budget.could_pay(clock::now());
        if may_follow { Word::Cut } else { Word::GoOn }
    }
}
