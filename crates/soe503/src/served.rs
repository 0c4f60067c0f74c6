//! What the layers of one stack know about the answer in their hands.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use soe503_core::Tick;
use soe503_core::ledger::Ledger;
use soe503_core::pool::FailureScope;

use crate::error::BoxError;

/// A response extension: who answered, after how many attempts. Inserted once by the pool, or by
/// the retry layer where there is none, and changed in place by the others.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Served {
    /// The backend's name.
    pub backend: Option<Arc<str>>,
    /// The backend's address as text; known for failures only.
    pub address: Option<Arc<str>>,
    /// The pool's number of the backend.
    pub backend_id: Option<u32>,
    /// How many attempts were made, this one included.
    pub attempts: u8,
    /// When the response's head came.
    pub responded_at: Tick,
    /// If the answer counts as a failure: of the backend alone, or of its whole pool.
    pub scope: Option<FailureScope>,
    /// What another attempt would have to expect; known for failures only.
    pub outlook: Option<Outlook>,
    /// What was tried. Only there if something failed.
    pub ledger: Option<Box<Ledger>>,
    /// Whom a failure concerns that only the end of the body tells.
    pub(crate) late: Option<Arc<LateScope>>,
}

/// What a pool knows, after a failed attempt, about the prospects of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outlook {
    /// A backend is in rotation that the request has not tried.
    pub other_backend: bool,
    /// How long an attempt usually takes here; `None` before the first answer.
    pub typical_latency: Option<Duration>,
}

/// A response extension: the pool that the request was meant for could not serve it, and another one has
/// answered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FailedOver {
    /// The pool that has answered.
    pub to: Arc<str>,
    /// Why the first did not, with a [`Failure`](crate::Failure) in its chain that has the ledger of all
    /// pools.
    pub why: Arc<BoxError>,
}

/// Written by the pool at the end of a body, read by the breaker around it right after.
pub(crate) type LateScope = OnceLock<FailureScope>;

// === impl Served ===

impl Served {
    /// An answer on the first attempt, from a backend nobody named.
    pub fn new(responded_at: Tick) -> Self {
        Self {
            backend: None,
            address: None,
            backend_id: None,
            attempts: 1,
            responded_at,
            scope: None,
            outlook: None,
            ledger: None,
            late: None,
        }
    }
}

// === impl Outlook ===

impl Outlook {
    /// With or without another backend, and nothing known about latencies.
    #[must_use]
    pub const fn new(other_backend: bool) -> Self {
        Self {
            other_backend,
            typical_latency: None,
        }
    }

    /// How long an attempt usually takes.
    #[must_use]
    pub const fn with_typical_latency(mut self, latency: Option<Duration>) -> Self {
        self.typical_latency = latency;
        self
    }
}
