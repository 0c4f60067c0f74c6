//! What was found about a pool's last minutes, for whoever fails in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use arc_swap::ArcSwap;
use soe503_core::Tick;
use soe503_core::diagnosis::Repeats;
use soe503_core::diagnosis::rules::Findings;

/// The newest findings, and how many failed requests were retries of their clients.
#[derive(Debug, Default)]
pub struct Trends {
    findings: ArcSwap<Findings>,
    looked: AtomicU64,
    again: AtomicU64,
    /// How many of those that were looked at had been by the time of the last count.
    taken: AtomicU64,
    repeats: Repeats,
}

impl Trends {
    /// What the rules found last.
    pub fn findings(&self) -> Arc<Findings> {
        self.findings.load_full()
    }

    /// Puts new findings in force.
    pub fn publish(&self, findings: Findings) {
        self.findings.store(Arc::new(findings));
    }

    /// A request failed that its client calls a retry (`again`), or not; `name` is what it would be called then as well.
    pub fn note(&self, again: bool, name: (&[u8], &str, &str), now: Tick) {
        self.looked.fetch_add(1, Relaxed);
        if self.repeats.failed(name, now) || again {
            self.again.fetch_add(1, Relaxed);
        }
    }

    /// What has failed by now is about to be counted.
    pub fn take_in(&self) {
        self.taken.store(self.looked.load(Relaxed), Relaxed);
    }

    /// How many requests have failed since the last count, about a quarter of a second ago.
    pub fn fresh(&self) -> u64 {
        let looked = self.looked.load(Relaxed);
        looked.saturating_sub(self.taken.load(Relaxed))
    }

    /// How many failed requests were looked at, ever, and how many of them were retries of clients.
    pub fn repeated(&self) -> (u64, u64) {
        (self.looked.load(Relaxed), self.again.load(Relaxed))
    }
}
