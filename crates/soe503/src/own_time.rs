//! Times at which this process cannot be trusted to be in time.
//!
//! A proxy that is stopped by its processor quota finds everything late, and would take every backend for
//! dead (rule R10 of the diagnosis). Whoever watches that says so here; until then timeouts say nothing
//! about backends: they count neither for a circuit nor for an ejection. Requests end as they would.
//!
//! One word for the process, read only where an attempt has timed out.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use soe503_core::Tick;

static UNTIL: AtomicU64 = AtomicU64::new(0);

/// From now `until` then timeouts are our own.
pub fn distrust(until: Tick) {
    UNTIL.fetch_max(until.as_nanos(), Relaxed);
}

/// Whether a timeout at this moment says nothing.
#[must_use]
pub fn is_distrusted(now: Tick) -> bool {
    now.as_nanos() < UNTIL.load(Relaxed)
}
