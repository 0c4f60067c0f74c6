//! While nothing is limited: what is usual, and whether it still is.

use std::collections::VecDeque;

use super::{Answers, SLOW, Seen};

/// What is usual.
#[derive(Debug)]
pub(super) struct Open {
    usual: Option<Usual>,
    /// Answers that nothing was learnt from yet.
    fresh: Answers,
    fresh_for: f64,
    /// Nanoseconds that something is usual for.
    known_for: f64,
    /// The last looks, the newest last.
    looks: VecDeque<Look>,
    /// Looks in a row that were alarming.
    alarming: u32,
    /// Nanoseconds since something was answered.
    silent: f64,
    /// Requests that ended without an answer since then, and what was admitted and waited at the last look.
    gave_up: f64,
    before: (u64, u32),
    /// So many in flight turned out to be no crowd.
    excused: f64,
}

/// Latencies as they usually are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Usual {
    /// Nanoseconds.
    pub(super) mean: f64,
    /// The mean binary logarithm of the nanoseconds: a few slow ones do not move it.
    pub(super) log: f64,
}

#[derive(Clone, Copy, Debug)]
struct Look {
    past: f64,
    /// Admitted, ever.
    admitted: u64,
    answers: Answers,
}

/// More wait for an answer than their arrival explains.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alarm {
    /// What is usual, if that is known.
    pub(super) usual: Option<Usual>,
    /// Answers per nanosecond now, if there are enough to tell.
    pub(super) rate: Option<f64>,
}

/// What is usual follows what is seen with this time constant, in nanoseconds.
const MEMORY: f64 = 10e9;
const BEGINNING: f64 = 1e9;
/// Answers that something is learnt from.
const ENOUGH: u32 = 20;
/// Answers that say something about all.
const TELLING: f64 = 8.0;
/// What was no crowd is none again up to this multiple.
const EXCUSE: f64 = 1.5;
/// Share of the requests below which no answers seem to come.
const STALLED: f64 = 0.25;
/// How many usual latencies a request may be in flight before it is one too many.
const PATIENCE: f64 = 1.5;
/// Looks in a row that have to be alarming.
const SURE: u32 = 2;
/// Nothing was answered for so long although somebody waits, and nothing is known: nanoseconds.
const SILENT: f64 = 1e9;
/// And so many of those who wait have been given up for each that is still waited for. Answers may take seconds by
/// plan; that there are none is known once their time is over, not before. A few clients leave earlier.
const GIVEN_UP: f64 = 0.5;

impl Open {
    pub(super) const fn new() -> Self {
        Self {
            usual: None,
            fresh: Answers::NONE,
            fresh_for: 0.0,
            known_for: 0.0,
            looks: VecDeque::new(),
            alarming: 0,
            silent: 0.0,
            gave_up: 0.0,
            before: (0, 0),
            excused: 0.0,
        }
    }

    /// The usual latency in nanoseconds, once it is known.
    pub(super) fn base(&self) -> Option<f64> {
        self.usual.map(|usual| usual.mean)
    }

    pub(super) fn look(&mut self, past: f64, seen: &Seen) -> Option<Alarm> {
        self.looks.push_back(Look {
            past,
            admitted: seen.admitted,
            answers: seen.answers,
        });
        let quiet = seen.answers.count > 0 || seen.pending <= seen.floor;
        self.silent = if quiet { 0.0 } else { self.silent + past };
        self.count_given_up(quiet, seen);
        let Some(usual) = self.usual else {
            self.learn(past, seen);
            self.looks.clear();
            let given_up = self.gave_up >= GIVEN_UP * f64::from(seen.pending);
            return (self.silent > SILENT && given_up).then_some(Alarm {
                usual: None,
                rate: None,
            });
        };
        let recent = self.recently(PATIENCE * usual.mean);
        let got = f64::from(recent.answers.count);
        let stalled = got < STALLED * recent.admitted && recent.admitted >= TELLING;
        let slow = got >= TELLING && recent.answers.mean_log() > usual.log + SLOW.log2();
        self.excused = self.excused.min(EXCUSE * f64::from(seen.pending));
        let excused = f64::from(seen.pending) <= EXCUSE * self.excused;
        if excused || recent.explains(seen) || !(stalled || slow) {
            self.alarming = 0;
            self.learn(past, seen);
            return None;
        }
        self.alarming += 1;
        let rate = (got >= f64::from(ENOUGH)).then(|| got / recent.time);
        (self.alarming >= SURE).then_some(Alarm {
            usual: Some(usual),
            rate,
        })
    }

    /// Goes on after a limit was in force, with what turned out to be usual in it, and how many in flight
    /// turned out to be no crowd.
    pub(super) fn resume(&mut self, found: Option<Usual>, excused: f64) {
        self.excused = excused;
        self.looks.clear();
        self.fresh = Answers::NONE;
        self.fresh_for = 0.0;
        self.alarming = 0;
        self.silent = 0.0;
        self.gave_up = 0.0;
        self.usual = found.or(self.usual);
    }

    /// Those who were admitted, and neither wait any more nor were answered.
    fn count_given_up(&mut self, quiet: bool, seen: &Seen) {
        let (admitted, pending) =
            core::mem::replace(&mut self.before, (seen.admitted, seen.pending));
        let ended =
            (seen.admitted - admitted) as f64 + f64::from(pending) - f64::from(seen.pending);
        self.gave_up = if quiet {
            0.0
        } else {
            self.gave_up + ended.max(0.0)
        };
    }

    /// Adds the looks up that go back `span`; forgets the others.
    fn recently(&mut self, span: f64) -> Recent {
        let mut recent = Recent::default();
        let newest = self.looks.back().map_or(0, |look| look.admitted);
        let mut kept = 0;
        for look in self.looks.iter().rev() {
            kept += 1;
            recent.admitted = (newest - look.admitted) as f64;
            if recent.time >= span {
                break;
            }
            recent.time += look.past;
            recent.answers.add(&look.answers);
        }
        self.looks.drain(..self.looks.len() - kept);
        recent
    }

    fn learn(&mut self, past: f64, seen: &Seen) {
        self.fresh.add(&seen.answers);
        self.fresh_for += past;
        if self.fresh.count < ENOUGH {
            return;
        }
        let fresh = core::mem::replace(&mut self.fresh, Answers::NONE);
        let time = core::mem::take(&mut self.fresh_for);
        let Some(usual) = &mut self.usual else {
            self.usual = Some(Usual::of(&fresh));
            return;
        };
        // In the beginning, what is slow has not been answered yet: that is made up for soon.
        let memory = (self.known_for / 2.0).clamp(BEGINNING, MEMORY);
        self.known_for += time;
        let share = 1.0 - (-time / memory).exp();
        usual.mean += (fresh.mean() - usual.mean) * share;
        usual.log += (fresh.mean_log() - usual.log) * share;
    }
}

impl Usual {
    /// How much latencies differ: their mean above the usual one.
    pub(super) fn spread(&self) -> f64 {
        self.mean / self.log.exp2()
    }

    pub(super) fn of(answers: &Answers) -> Self {
        Self {
            mean: answers.mean(),
            log: answers.mean_log(),
        }
    }
}

/// What happened lately.
#[derive(Clone, Copy, Debug, Default)]
struct Recent {
    time: f64,
    admitted: f64,
    answers: Answers,
}

impl Recent {
    /// What waits for an answer is not more than what came lately, give or take.
    fn explains(&self, seen: &Seen) -> bool {
        let chance = 2.0 * self.admitted.sqrt() + 2.0;
        seen.pending <= seen.floor || f64::from(seen.pending) <= self.admitted + chance
    }
}

#[cfg(test)]
#[path = "open_tests.rs"]
mod tests;
