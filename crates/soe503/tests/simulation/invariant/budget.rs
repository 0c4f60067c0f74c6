//! Retries against what the requests paid for.
//!
//! The rule, as [`soe503_core::retry::RetryBudget`] documents it: in every window that ends with a
//! retry, retries ≤ `ratio` × requests + `min_per_second` × whole seconds of the window (one at least).
//! Its windows are ten buckets on a grid that nobody outside sees. One that ends at `t` begins
//! between nine and ten tenths of a window before `t`, so with a slack of that one tenth the rule
//! can be judged from the times alone: the retries of the last nine tenths against the requests of the
//! last ten.
//!
//! A retry is what arrives at a backend as attempt 2 or later. It was paid for when the attempt before
//! it ended, or, if it is a hedge, as it begins; hedges have half of what requests pay. Retries that were paid for and never arrive are not counted, which can only hide a
//! violation that does not reach a backend.

use std::time::Duration;

use soe503::retry::BudgetConfig;

/// When requests arrived and retries were decided on, in milliseconds.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    config: BudgetConfig,
    requests: Vec<u32>,
    retries: Vec<u32>,
    hedges: Vec<u32>,
}

// === impl Ledger ===

impl Ledger {
    pub(crate) const fn new(config: BudgetConfig) -> Self {
        Self {
            config,
            requests: Vec::new(),
            retries: Vec::new(),
            hedges: Vec::new(),
        }
    }

    /// A request has come to the retry layer.
    pub(crate) fn request(&mut self, at: u32) {
        self.requests.push(at);
    }

    /// A retry was decided on.
    pub(crate) fn retry(&mut self, decided: u32) {
        self.retries.push(decided);
    }

    /// A hedge was decided on.
    pub(crate) fn hedge(&mut self, decided: u32) {
        self.retries.push(decided);
        self.hedges.push(decided);
    }

    pub(crate) fn retries(&self) -> usize {
        self.retries.len()
    }

    /// The first window that holds more than it may: when it ended, and what it holds.
    pub(crate) fn exceeded(&mut self) -> Option<(u32, String)> {
        self.retries.sort_unstable();
        self.hedges.sort_unstable();
        let BudgetConfig {
            ratio,
            window,
            min_per_second,
        } = self.config;
        let reserve = window.max(Duration::from_secs(1)).as_secs() * u64::from(min_per_second);
        let all = |requests| ratio.of(requests) + reserve;
        let half = |requests| ratio.of(requests) / 2;
        self.exceeds("retries", &self.retries, all)
            .or_else(|| self.exceeds("hedges", &self.hedges, half))
    }

    /// The first window in which there are more of `times` than `allowed` by its requests.
    fn exceeds(
        &self,
        what: &str,
        times: &[u32],
        allowed: impl Fn(u64) -> u64,
    ) -> Option<(u32, String)> {
        let window = self.config.window.as_millis() as u32;
        for (index, &at) in times.iter().enumerate() {
            // Of several at the same time, the last sees them all.
            if times.get(index + 1) == Some(&at) {
                continue;
            }
            let after = at.checked_sub(window / 10 * 9);
            let first = times.partition_point(|t| after.is_some_and(|after| *t <= after));
            let made = (index + 1 - first) as u64;
            let since = at.saturating_sub(window);
            let requests = self.requests.partition_point(|t| *t <= at)
                - self.requests.partition_point(|t| *t < since);
            let allowed = allowed(requests as u64);
            if made > allowed {
                let what = format!(
                    "{made} {what} in {} ms; {requests} requests in {window} ms pay for {allowed}",
                    window / 10 * 9
                );
                return Some((at, what));
            }
        }
        None
    }
}

#[test]
fn the_ledger_counts_a_window_at_a_time() {
    let mut ledger = Ledger::new(BudgetConfig {
        ratio: soe503_core::Ratio::percent(50),
        window: Duration::from_secs(1),
        min_per_second: 1,
    });
    (0..4).for_each(|n| ledger.request(n * 100));
    (0..3).for_each(|n| ledger.retry(300 + n));
    assert_eq!(ledger.exceeded(), None, "two for four requests, and one");
    ledger.retry(1_100);
    assert!(ledger.exceeded().is_some_and(|(at, _)| at == 1_100));
    let mut later = ledger.clone();
    later.retries[3] = 1_203;
    later.request(1_202);
    assert_eq!(
        later.exceeded(),
        None,
        "those before are nine tenths of a window ago"
    );
}
