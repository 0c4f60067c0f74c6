//! Whether one backend fares worse than the others: a sequential test.
//!
//! **Why sequential.** A share over a fixed window is either late or unsound: looked at after each result it
//! crosses any threshold by chance some time, and a balancer that avoids a bad backend starves the window of
//! evidence. Wald's probability ratio ("Sequential Tests of Statistical Hypotheses", 1945), begun anew whenever it
//! speaks for the backend (Page's CUSUM, 1954), takes as many results as it needs: six of twenty are enough where
//! the others have none, and with few requests it takes longer instead of guessing.
//!
//! **Cost.** Only bad results come by. How many good ones lay between is the difference of two counters that exist
//! anyway, so a good result costs nothing.

use core::time::Duration;

use crate::Tick;

/// Results, and the bad ones among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) all: u64,
    pub(super) bad: u64,
}

/// What the other backends have counted, ever.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Others {
    pub(super) count: Count,
    /// Which set of backends was asked: counts of another one cannot be compared.
    pub(super) edition: u64,
}

/// What is too much.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    /// The share of bad results that is, while the others have none.
    pub(super) share: f32,
    /// Fewer results than this prove nothing.
    pub(super) least: u64,
    /// What is older does not count.
    pub(super) span: Duration,
    /// The most that one second can weigh: a pause is one event, however many requests met it.
    pub(super) per_second: f32,
}

/// The results of a backend since they began to speak against it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Trial {
    since: Tick,
    bad: u64,
    /// Results of the backend, ever, when this began and when it was last heard.
    from: u64,
    heard: u64,
    others: Others,
    score: f32,
    /// The second of the last result, and what it weighs so far.
    second: u64,
    weight: f32,
}

/// A backend fares worse than the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) span: Duration,
    pub(super) own: Count,
    pub(super) others: Count,
}

/// e^10: by chance alone a judgement comes about once in twenty thousand trials.
const ENOUGH: f32 = 10.0;
/// What is fine is at most this part of what is too much.
const FINE: f32 = 0.1;
/// Worse than the others means at least so many times as bad.
const WORSE: f32 = 2.0;
/// A share above this is too near to all to be told from it.
const MOST: f32 = 0.95;

// === impl Trial ===

impl Trial {
    /// Whether the next bad result begins a new trial: what came so far speaks for the backend, or is too old.
    pub(super) fn is_over(&self, rule: &Rule, now: Tick, ended: u64) -> bool {
        let (_, good) = steps(rule.share * FINE, rule.share);
        let score = self.score - good * self.between(ended) as f32;
        self.bad == 0 || score <= 0.0 || now.since(self.since) > rule.span
    }

    /// Begins with the result that is added next. `ended`: results of the backend, ever, without that one.
    pub(super) fn begin(now: Tick, ended: u64, others: Others) -> Self {
        Self {
            since: now,
            from: ended,
            heard: ended,
            others,
            ..Self::default()
        }
    }

    /// Adds a bad result. `ended`: as for [`Self::begin`]. The others are asked only where that can matter.
    pub(super) fn add(
        &mut self,
        rule: &Rule,
        now: Tick,
        ended: u64,
        others: impl FnOnce() -> Others,
    ) -> Option<Finding> {
        let (bad, good) = steps(rule.share * FINE, rule.share);
        let step = bad - good * self.between(ended) as f32;
        let second = now.as_nanos() / 1_000_000_000;
        if second != self.second {
            self.second = second;
            self.weight = 0.0;
        }
        let step = step.min(rule.per_second - self.weight);
        self.weight += step;
        self.score += step;
        self.bad += 1;
        self.heard = ended;
        if self.score < ENOUGH {
            return None;
        }
        let all = (ended + 1).saturating_sub(self.from);
        let own = Count {
            // One that is waited for beyond its time is bad before it ends.
            all: all.max(self.bad),
            bad: self.bad,
        };
        if own.all < rule.least {
            return None;
        }
        let seen = others();
        if seen.edition != self.others.edition {
            *self = Self::default();
            return None;
        }
        let others = seen.count.since(self.others.count);
        own.is_worse(&others, rule.share).then(|| Finding {
            span: now.since(self.since),
            own,
            others,
        })
    }

    /// How many good results came since the last bad one.
    fn between(&self, ended: u64) -> u64 {
        let since = ended.saturating_sub(self.heard);
        // The last bad one itself ended after it was added.
        if self.bad == 0 {
            since
        } else {
            since.saturating_sub(1)
        }
    }
}

// === impl Count ===

impl Count {
    fn since(&self, before: Self) -> Self {
        let all = self.all.saturating_sub(before.all);
        Self {
            all,
            bad: self.bad.saturating_sub(before.bad).min(all),
        }
    }

    /// The share of bad results, from 0 to 1.
    pub(super) fn share(&self) -> f32 {
        self.bad as f32 / self.all.max(1) as f32
    }

    /// What is to be expected of whoever has this count: by Laplace's rule of succession, so few results leave
    /// much possible, and none at all anything.
    fn expected(&self) -> f32 {
        (self.bad + 1) as f32 / (self.all + 2) as f32
    }

    /// Whether this is at least `share`, and too bad to be what the others have.
    fn is_worse(&self, others: &Self, share: f32) -> bool {
        let fine = others.expected().max(share * FINE);
        let wrong = share.max(fine * WORSE);
        if wrong > MOST || self.share() < wrong {
            return false;
        }
        let (bad, good) = steps(fine, wrong);
        self.bad as f32 * bad - (self.all - self.bad) as f32 * good >= ENOUGH
    }
}

/// What a bad result adds to the evidence that the share is `wrong` rather than `fine`, and what a good one takes
/// away.
fn steps(fine: f32, wrong: f32) -> (f32, f32) {
    ((wrong / fine).ln(), ((1.0 - fine) / (1.0 - wrong)).ln())
}

#[cfg(test)]
#[path = "trial_tests.rs"]
mod tests;
