//! What survives a restart.

use std::path::Path;

use crate::config::{Journal, keys::JournalKeys};
use crate::journal::Limits;

/// The journal; `None` if its path is missing or wrong, and then that was told.
pub(super) fn journal(keys: JournalKeys, base: &Path) -> Option<Journal> {
    let limits = Limits {
        max_size: keys.max_size.value.0,
        max_age: keys.max_age.value,
    };
    let path = base.join(keys.path.0?.value.0);
    Some(Journal::new(path, limits, keys.sample.value))
}
