//! Whether a pool's overload keeps itself going: what the control plane asks once a second.

use std::sync::{Mutex, MutexGuard, PoisonError};

use soe503_core::Tick;
use soe503_core::metastable::{Change, Counts, Metastable, Orders, Stage, Why};

/// One pool's watch, and how often each stage was entered.
#[derive(Debug, Default)]
pub struct MetastableWatch {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    machine: Metastable,
    /// How often each stage was entered.
    entered: [u64; Stage::ALL.len()],
}

/// What the watch shows.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// The stage.
    pub stage: Stage,
    /// Since when.
    pub since: Tick,
    /// By which numbers.
    pub why: Option<Why>,
    /// How often each stage was entered, in the order of [`Stage::ALL`].
    pub entered: [u64; Stage::ALL.len()],
}

// === impl MetastableWatch ===

impl MetastableWatch {
    /// Takes in what was counted, and says what to do.
    pub(super) fn turn(
        &self,
        now: Tick,
        counts: Counts,
        pending: u32,
        closed: bool,
    ) -> (Option<Change>, Orders) {
        let mut inner = self.inner();
        let change = inner.machine.turn(now, counts, pending, closed);
        if let Some(change) = change {
            inner.entered[change.to as usize] += 1;
        }
        (change, inner.machine.orders())
    }

    /// Nobody watches any more.
    pub(super) fn forget(&self) {
        self.inner().machine = Metastable::new();
    }

    /// What there is to see.
    pub fn shown(&self) -> Shown {
        let inner = self.inner();
        Shown {
            stage: inner.machine.stage(),
            since: inner.machine.since(),
            why: inner.machine.why(),
            entered: inner.entered,
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Shown ===

impl Shown {
    /// The stage and its numbers, if anything is cut.
    pub fn cut(&self) -> Option<(Stage, Why)> {
        let why = self.why?;
        (self.stage != Stage::Normal).then_some((self.stage, why))
    }
}
