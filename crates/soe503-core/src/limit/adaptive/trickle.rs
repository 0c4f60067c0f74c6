//! A few more than the limit allows, while what is in flight does not come to an end.
//!
//! What raised the alarm may hold its slots for long: a stall, or a thousand requests that were never
//! meant to be answered soon (long polls). In the second case the others are answered as always, if only
//! they are let in; some are, and more of them each time that they are.

use super::{Answers, SLOW, Seen};

#[derive(Debug)]
pub(super) struct Trickle {
    /// The usual latency in nanoseconds, and the usual logarithm of one.
    base: f64,
    log: f64,
    /// How many are let in each time, and from what number of admissions on.
    more: f64,
    from: u64,
    /// How many may be in flight because of that.
    limit: f64,
    time: f64,
    pause: f64,
    answers: Answers,
    /// How many were answered as usual.
    good: u32,
}

/// Usual latencies from one time to the next, at first and at most.
const PAUSE: f64 = 2.0;
const LONGEST: f64 = 8.0;
/// So many answers as usual, and there is no crowd.
const ENOUGH: u32 = 12;

impl Trickle {
    pub(super) fn new(base: f64, log: f64, seen: &Seen) -> Self {
        Self {
            base,
            log,
            more: 1.0,
            from: seen.admitted,
            limit: f64::from(seen.pending) + 1.0,
            time: 0.0,
            pause: PAUSE,
            answers: Answers::NONE,
            good: 0,
        }
    }

    /// How many may be in flight because of it.
    pub(super) const fn limit(&self) -> f64 {
        self.limit
    }

    /// Whether answers are as usual after all.
    pub(super) fn look(&mut self, past: f64, seen: &Seen) -> bool {
        self.time += past;
        self.answers.add(&seen.answers);
        if self.time < self.pause * self.base {
            let left = self.more - (seen.admitted - self.from) as f64;
            self.limit = if left > 0.0 {
                f64::from(seen.pending) + left
            } else {
                0.0
            };
            return false;
        }
        let answers = core::mem::replace(&mut self.answers, Answers::NONE);
        let most = f64::from(answers.count) >= 0.5 * self.more;
        if most && answers.mean_log() <= self.log + SLOW.log2() {
            self.good += answers.count;
            self.more *= 2.0;
            self.pause = PAUSE;
        } else {
            self.good = 0;
            self.more = 1.0;
            self.pause = (2.0 * self.pause).min(LONGEST);
        }
        self.limit = f64::from(seen.pending) + self.more;
        self.from = seen.admitted;
        self.time = 0.0;
        self.good >= ENOUGH
    }
}
