//! Word from the data plane to the control plane that a circuit has opened.
//!
//! A breaker calls nobody, and looking at it four times a second is too late for what has to be
//! found out before the next answers are explained. Each failure is explained with the circuit's
//! state anyway: whoever does that first in an opening says so here.

use std::sync::atomic::{AtomicU64, Ordering};

use soe503_core::breaker::{Breaker, State};
use tokio::sync::Notify;

/// Openings of one circuit, each told once.
#[derive(Debug, Default)]
pub struct Openings {
    /// The generation told last. A circuit begins closed in generation 0, so 0 is none.
    told: AtomicU64,
    news: Notify,
}

impl Openings {
    /// Tells it if `breaker` is open, and this opening is not told yet. Never waits: two loads,
    /// unless there is news.
    pub fn notice(&self, breaker: &Breaker) {
        if breaker.state() != State::Open {
            return;
        }
        let generation = breaker.generation();
        if self.told.load(Ordering::Relaxed) != generation
            && self.told.swap(generation, Ordering::Relaxed) != generation
        {
            self.news.notify_one();
        }
    }

    /// Waits for an opening that nobody has waited for. One listener: of two, either hears it.
    pub async fn wait(&self) {
        self.news.notified().await;
    }
}
