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

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: f64 = 100e6;

    fn seen(admitted: u64, count: u32, millis: f64) -> Seen {
        let nanos = millis * 1e6;
        Seen {
            admitted,
            pending: 50,
            waiting: 9,
            answers: Answers {
                count,
                total: f64::from(count) * nanos,
                logs: f64::from(count) * nanos.log2(),
            },
            floor: 8,
        }
    }

    fn begun() -> Trickle {
        Trickle::new(BASE, BASE.log2(), &seen(1000, 0, 1.0))
    }

    #[test]
    fn one_more_is_let_in_at_first_and_none_after_it() {
        let mut trickle = begun();
        assert_eq!(trickle.limit(), 51.0);
        assert!(!trickle.look(99e6, &seen(1000, 0, 1.0)));
        assert_eq!(trickle.limit(), 51.0, "nobody has come yet");
        assert!(!trickle.look(99e6, &seen(1001, 0, 1.0)));
        assert_eq!(trickle.limit(), 0.0, "it was let in");
    }

    /// Twice as many each time that the answers are as usual: 1 + 2 + 4 are 7, and 8 more are enough.
    #[test]
    fn more_are_let_in_each_time_that_they_are_answered_as_ever() {
        let mut trickle = begun();
        let mut admitted = 1000;
        for (more, over) in [(1, false), (2, false), (4, false), (8, true)] {
            admitted += u64::from(more);
            assert!(!trickle.look(199e6, &seen(admitted, 0, 1.0)));
            let done = trickle.look(1e6, &seen(admitted, more, 100.0));
            assert_eq!(done, over, "after {more} more");
            assert_eq!(trickle.limit(), 50.0 + 2.0 * f64::from(more));
        }
    }

    #[test]
    fn answers_are_as_usual_up_to_half_as_much_again() {
        for (count, millis, limit) in [
            (1, 149.0, 52.0),
            (1, 151.0, 51.0),
            (0, 100.0, 51.0),
            (2, 100.0, 52.0),
        ] {
            let mut trickle = begun();
            trickle.look(200e6, &seen(1001, count, millis));
            assert_eq!(trickle.limit(), limit, "{count} after {millis} ms");
        }
        // Half of those that were let in have to be answered.
        for (count, limit) in [(2, 58.0), (1, 51.0)] {
            let mut trickle = begun();
            trickle.look(200e6, &seen(1001, 1, 100.0));
            trickle.look(200e6, &seen(1003, 1, 100.0));
            assert_eq!(trickle.limit(), 54.0, "one of two");
            trickle.look(200e6, &seen(1007, count, 100.0));
            assert_eq!(trickle.limit(), limit, "{count} of four");
        }
    }

    /// Two usual latencies, then four, then eight, and no more.
    #[test]
    fn pauses_grow_while_nothing_is_answered() {
        let mut trickle = begun();
        for pause in [200e6, 400e6, 800e6, 800e6] {
            trickle.look(pause - 1e6, &seen(1001, 0, 1.0));
            assert_eq!(trickle.limit(), 0.0, "{pause}: not yet");
            trickle.look(1e6, &seen(1000, 0, 1.0));
            assert_eq!(trickle.limit(), 51.0, "{pause}");
        }
        // And begin anew with what is answered.
        trickle.look(800e6, &seen(1000, 1, 100.0));
        assert_eq!(trickle.limit(), 52.0);
        trickle.look(200e6, &seen(1002, 2, 100.0));
        assert_eq!(trickle.limit(), 54.0);
    }
}
