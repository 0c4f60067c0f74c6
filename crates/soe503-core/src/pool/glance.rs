//! What a pool looks like to a request that fails in it: what its diagnosis wants to know, and no more.

use core::sync::atomic::Ordering;
use std::sync::Arc;

use super::backend::Backend;
use super::handle::Pool;
use super::state::BackendState;
use super::word::Flags;
use crate::Tick;
use crate::diagnosis::{BackendView, BackendViews, Condition};

/// The backends of a pool between two changes.
///
/// Failures come in thousands while nothing changes, so it is made once for each [version](Pool::version) and shared. A
/// [snapshot](Pool::snapshot) has numbers that change with every request.
#[derive(Debug)]
#[non_exhaustive]
pub struct Glance {
    version: u64,
    /// In the order in which they were given.
    pub backends: BackendViews,
    /// When the first ejection runs out.
    pub due: Option<Tick>,
}

// === impl Pool ===

impl<S> Pool<S> {
    /// The backends as they are `now`. Does what is due by time first, so that nothing outdated shows.
    pub fn glance(&self, now: Tick) -> Arc<Glance> {
        let shared = &self.shared;
        if now.as_nanos() >= shared.wake_at.load(Ordering::Relaxed) {
            shared.tend(now);
        }
        // Before the look: of a change in between the next one shall know.
        let version = self.version();
        let last = shared.glance.load();
        if let Some(last) = last.as_ref().filter(|last| last.version == version) {
            return Arc::clone(last);
        }
        let backends = self.backends();
        let glance = Arc::new(Glance {
            version,
            backends: backends.iter().map(|backend| backend.view()).collect(),
            due: backends.iter().filter_map(|backend| backend.due()).min(),
        });
        shared.glance.store(Some(Arc::clone(&glance)));
        glance
    }
}

// === impl Backend ===

impl<S> Backend<S> {
    fn view(&self) -> BackendView {
        let flags = self.flags();
        let cold = self.vitals.cold();
        // Only the cause is wanted of it, not until when.
        let why = cold.why(flags, cold.since);
        BackendView {
            name: Arc::clone(&self.name),
            address: Some(Arc::clone(&self.address)),
            condition: BackendState::of(flags).condition(),
            cause: why.and_then(|why| why.cause),
            since: Some(cold.since),
            hints: cold.health.hints.clone(),
        }
    }

    /// When its ejection runs out.
    fn due(&self) -> Option<Tick> {
        self.flags().has(Flags::EJECTED).then(|| self.vitals.due())
    }
}

// === impl BackendState ===

impl BackendState {
    const fn condition(self) -> Condition {
        match self {
            Self::Up => Condition::Up,
            Self::Down => Condition::Down,
            Self::Ejected => Condition::Ejected,
            Self::Draining => Condition::Draining,
            Self::Disabled => Condition::Disabled,
            Self::Starting => Condition::Starting,
            Self::Warming => Condition::Warming,
        }
    }
}
