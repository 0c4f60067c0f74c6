//! What is remembered of a backend's connections, because Pingora does not say it.

use std::collections::HashMap;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use soe503_core::Tick;

/// How long a fresh connection that broke off says something about the others.
const FRESH_BREAKS: Duration = Duration::from_secs(10);

/// When connections were last used, and when a fresh one last broke off.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// By descriptor. One that is used again for another connection is written over before it is read.
    used: Mutex<HashMap<RawFd, Tick>>,
    /// In nanoseconds; 0: never.
    broke_fresh: AtomicU64,
}

impl Memory {
    /// A request on this connection is over.
    pub(crate) fn used(&self, connection: RawFd, now: Tick) {
        self.lock().insert(connection, now);
    }

    /// How long this connection, which served a request before, has been idle.
    pub(crate) fn idle(&self, connection: RawFd, now: Tick) -> Option<Duration> {
        self.lock().get(&connection).map(|&at| now.since(at))
    }

    /// A connection that had served nothing broke off.
    pub(crate) fn broke_fresh(&self, now: Tick) {
        self.broke_fresh
            .store(now.as_nanos().max(1), Ordering::Relaxed);
    }

    /// Whether one did lately.
    pub(crate) fn breaks_fresh(&self, now: Tick) -> bool {
        let at = self.broke_fresh.load(Ordering::Relaxed);
        at != 0 && now.since(Tick::from_nanos(at)) < FRESH_BREAKS
    }

    /// A table of times is one whoever panicked beside it.
    fn lock(&self) -> MutexGuard<'_, HashMap<RawFd, Tick>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
