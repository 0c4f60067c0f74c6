//! What happened in the last seconds.

/// What a pool has counted, ever. All of it only grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests that are over and were sent to a backend at least once.
    pub requests: u64,
    /// Attempts beyond the first of a request.
    pub retries: u64,
    /// Requests that were answered well, with their clients still there.
    pub good: u64,
    /// Requests that ended because time did: their clients left, or a timeout or a queue of ours ended
    /// them.
    pub late: u64,
    /// Requests that were turned away before they were sent.
    pub shed: u64,
}

/// The counts of the last turns.
#[derive(Clone, Debug, Default)]
pub(super) struct Window {
    /// By turn, the newest last: how long it took in seconds, and what came in it.
    turns: [(f64, Counts); TURNS],
    next: usize,
}

/// What happened in the window.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    pub(super) seconds: f64,
    pub(super) counts: Counts,
}

pub(super) const TURNS: usize = 5;

// === impl Counts ===

impl Counts {
    /// What came since `before`.
    pub(super) const fn since(&self, before: &Self) -> Self {
        Self {
            requests: self.requests.saturating_sub(before.requests),
            retries: self.retries.saturating_sub(before.retries),
            good: self.good.saturating_sub(before.good),
            late: self.late.saturating_sub(before.late),
            shed: self.shed.saturating_sub(before.shed),
        }
    }

    /// Everything that was sent to a backend.
    pub const fn attempts(&self) -> u64 {
        self.requests + self.retries
    }
}

// === impl Window ===

impl Window {
    pub(super) const fn push(&mut self, seconds: f64, counts: Counts) {
        self.turns[self.next] = (seconds, counts);
        self.next = (self.next + 1) % TURNS;
    }

    pub(super) fn sum(&self) -> Sum {
        let mut sum = Sum::default();
        for (seconds, counts) in &self.turns {
            sum.seconds += seconds;
            sum.counts.requests += counts.requests;
            sum.counts.retries += counts.retries;
            sum.counts.good += counts.good;
            sum.counts.late += counts.late;
            sum.counts.shed += counts.shed;
        }
        sum
    }

    /// The last turn alone.
    pub(super) fn last(&self) -> Sum {
        let (seconds, counts) = self.turns[(self.next + TURNS - 1) % TURNS];
        Sum { seconds, counts }
    }
}

// === impl Sum ===

impl Sum {
    /// Good answers per second.
    pub(super) fn goodput(&self) -> f64 {
        rate(self.counts.good, self.seconds)
    }

    /// Attempts per second.
    pub(super) fn attempts(&self) -> f64 {
        rate(self.counts.attempts(), self.seconds)
    }

    /// The share of the attempts that led to a good answer.
    pub(super) fn useful(&self) -> f64 {
        share(self.counts.good, self.counts.attempts())
    }

    /// The share of the attempts that were retries.
    pub(super) fn retry_share(&self) -> f64 {
        share(self.counts.retries, self.counts.attempts())
    }

    /// What was not answered well is mostly late.
    pub(super) const fn is_late(&self) -> bool {
        let Counts {
            requests,
            good,
            late,
            ..
        } = self.counts;
        2 * late > requests.saturating_sub(good)
    }
}

fn rate(count: u64, seconds: f64) -> f64 {
    if seconds > 0.0 {
        count as f64 / seconds
    } else {
        0.0
    }
}

fn share(part: u64, whole: u64) -> f64 {
    match whole {
        0 => 0.0,
        _ => part as f64 / whole as f64,
    }
}
