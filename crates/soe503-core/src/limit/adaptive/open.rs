//! While nothing is limited: what is usual, and whether it still is.

use std::collections::VecDeque;

use super::{Answers, Seen};

/// What is usual.
#[derive(Debug)]
pub(super) struct Open {
    /// The usual latency in nanoseconds, and the usual logarithm of one.
    mean: f64,
    log: f64,
    /// Answers that these are made of.
    known: f64,
    /// Answers per nanosecond, of late.
    rate: f64,
    /// The last looks, the newest last.
    looks: VecDeque<Look>,
    /// Looks in a row that were alarming.
    alarming: u32,
}

#[derive(Clone, Copy, Debug)]
struct Look {
    past: f64,
    admitted: u64,
    answers: u32,
}

/// More wait for an answer than their arrival explains.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alarm {
    /// The usual latency in nanoseconds.
    pub(super) base: f64,
    /// Answers per nanosecond before it.
    pub(super) rate: f64,
    /// Answers per nanosecond in it, if there are enough to tell.
    pub(super) now: Option<f64>,
}

/// The usual follows what is seen with this time constant, in nanoseconds.
const MEMORY: f64 = 15e9;
const RATE_MEMORY: f64 = 1e9;
/// Nothing is usual before so many answers.
const LEARNT: f64 = 50.0;
/// An answer is slow from this multiple of the usual on.
const SLOW: f64 = 1.5;
/// How many usual latencies a request may be in flight before it is one too many.
const PATIENCE: f64 = 2.0;
/// Answers that a throughput is told from.
const ENOUGH: u32 = 20;
/// A single look does not raise the usual by more than its weight in this.
const FREAK: f64 = 3.0;

impl Open {
    pub(super) const fn new() -> Self {
        Self {
            mean: 0.0,
            log: 0.0,
            known: 0.0,
            rate: 0.0,
            looks: VecDeque::new(),
            alarming: 0,
        }
    }

    /// The usual latency in nanoseconds, once it is known.
    pub(super) fn base(&self) -> Option<f64> {
        (self.known >= LEARNT).then_some(self.mean)
    }

    pub(super) fn look(&mut self, past: f64, seen: &Seen) -> Option<Alarm> {
        let expected = self.rate * past;
        let previous = self.looks.back().map_or(seen.admitted, |look| look.admitted);
        self.looks.push_back(Look {
            past,
            admitted: seen.admitted,
            answers: seen.answers.count,
        });
        let Some(base) = self.base() else {
            self.learn(past, &seen.answers);
            self.looks.truncate(1);
            return None;
        };
        let (arrived, answered, span) = self.recently(PATIENCE * base, previous);
        let few = arrived + 3.0 * arrived.sqrt() + 2.0;
        let crowded = seen.pending > seen.floor && f64::from(seen.pending) > few;
        let stalled = f64::from(seen.answers.count) < 0.25 * expected;
        let slow = seen.answers.count > 0 && seen.answers.mean_log() > self.log + SLOW.log2();
        if crowded && (stalled || slow) {
            self.alarming += 1;
            let now = (answered >= ENOUGH).then(|| f64::from(answered) / span);
            return (self.alarming >= 2).then_some(Alarm {
                base,
                rate: self.rate,
                now,
            });
        }
        self.alarming = 0;
        self.learn(past, &seen.answers);
        None
    }

    /// Goes on after a limit was in force. `base` is what turned out to be usual now.
    pub(super) fn resume(&mut self, base: Option<(f64, f64)>) {
        self.looks.clear();
        self.alarming = 0;
        if let Some((mean, log)) = base {
            self.mean = mean;
            self.log = log;
        }
    }

    /// What was admitted and answered in the last `span`, and the time that this really is.
    fn recently(&mut self, span: f64, _previous: u64) -> (f64, u32, f64) {
        let newest = self.looks.back().map_or(0, |look| look.admitted);
        let (mut time, mut answers) = (0.0, 0);
        let mut keep = 0;
        let mut oldest = newest;
        for look in self.looks.iter().rev() {
            keep += 1;
            oldest = look.admitted;
            if time >= span {
                break;
            }
            time += look.past;
            answers += look.answers;
        }
        let surplus = self.looks.len() - keep;
        self.looks.drain(..surplus);
        ((newest - oldest) as f64, answers, time.max(1.0))
    }

    fn learn(&mut self, past: f64, answers: &Answers) {
        let kept = (-past / RATE_MEMORY).exp();
        self.rate = self.rate * kept + f64::from(answers.count) / past.max(1.0) * (1.0 - kept);
        if answers.count == 0 {
            return;
        }
        let count = f64::from(answers.count);
        self.known += count;
        let (mut mean, mut log) = (answers.mean(), answers.mean_log());
        if self.known > LEARNT {
            mean = mean.min(self.mean * FREAK);
            log = log.min(self.log + FREAK.log2());
        }
        let share = (1.0 - (-past / MEMORY).exp()).max(count / self.known.min(1000.0)).min(1.0);
        let share = if self.known > 1000.0 { 1.0 - (-past / MEMORY).exp() } else { share };
        self.mean += (mean - self.mean) * share;
        self.log += (log - self.log) * share;
    }
}
