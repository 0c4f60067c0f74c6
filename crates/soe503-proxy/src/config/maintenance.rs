//! Planned interruptions, and who is let through.

use std::{fmt, sync::Arc};

use http::{HeaderName, HeaderValue};
use soe503_core::maintenance::When;

use super::Networks;

/// A planned interruption: `[[maintenance]]`.
///
/// # Defaults
///
/// - `pools`: none
/// - `routes`: none
/// - `start`: required, unless `weekly` is there
/// - `end`: it is ended by hand
/// - `weekly`: it takes place once
/// - `duration`: required with `weekly`, not allowed without it
/// - `reason`: required
/// - `status_page`: none is told
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Maintenance {
    /// The pools all of whose routes are interrupted.
    pub pools: Vec<Arc<str>>,
    /// The routes that are interrupted, as `lbctl` and the access log call them.
    pub routes: Vec<Arc<str>>,
    /// When.
    pub when: When,
    /// Why.
    pub reason: Arc<str>,
    /// Where its progress is told.
    pub status_page: Option<Arc<str>>,
}

/// Who is let through while a route is interrupted: `[routes.maintenance_bypass]`.
///
/// # Defaults
///
/// - `header`: nobody is let through by a header
/// - `value`: required with `header`
/// - `networks`: `[]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MaintenanceBypass {
    /// Requests with this field and this value.
    pub header: Option<(HeaderName, Secret)>,
    /// Clients of these networks.
    pub networks: Networks,
}

/// A value that is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(HeaderValue);

// === impl MaintenanceBypass ===

impl MaintenanceBypass {
    /// Whether it lets nobody through.
    pub fn is_empty(&self) -> bool {
        self.header.is_none() && self.networks.is_empty()
    }
}

// === impl Secret ===

impl Secret {
    /// A secret that is this value.
    pub const fn new(value: HeaderValue) -> Self {
        Self(value)
    }

    /// The value, for the message that it belongs in.
    pub(crate) const fn reveal(&self) -> &HeaderValue {
        &self.0
    }

    /// Whether `value` is it. How long that takes does not depend on where they differ.
    pub fn is(&self, value: &HeaderValue) -> bool {
        let (mine, other) = (self.0.as_bytes(), value.as_bytes());
        let differ = mine.iter().zip(other).fold(0, |all, (a, b)| all | (a ^ b));
        mine.len() == other.len() && differ == 0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
