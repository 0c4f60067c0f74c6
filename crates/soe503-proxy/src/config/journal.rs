//! What survives a restart.

use std::path::PathBuf;

use crate::journal::Limits;

/// The journal: `[journal]`.
///
/// # Defaults
///
/// - `path`: required
/// - `max_size`: `"64MiB"`
/// - `max_age`: `"720h"`
/// - `sample`: `10`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Journal {
    /// The file.
    pub path: PathBuf,
    /// How much, and for how long.
    pub limits: Limits,
    /// How many failed requests a second are kept of each pool and cause.
    pub sample: u32,
}

impl Journal {
    pub(super) const fn new(path: PathBuf, limits: Limits, sample: u32) -> Self {
        Self {
            path,
            limits,
            sample,
        }
    }
}
