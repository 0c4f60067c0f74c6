//! Who is told more about a failure, whoever they are.

use std::fmt;
use std::path::PathBuf;

/// Explanations: `[explain]`.
///
/// # Defaults
///
/// - `debug_key_file`: no token counts
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExplainSettings {
    /// The keys that debug tokens are signed with.
    pub debug_keys: Option<DebugKeys>,
}

/// The keys in a key file. Their `Debug` form does not show them.
#[derive(Clone, PartialEq, Eq)]
pub struct DebugKeys {
    path: PathBuf,
    keys: Vec<String>,
}

// === impl DebugKeys ===

impl DebugKeys {
    pub(crate) const fn new(path: PathBuf, keys: Vec<String>) -> Self {
        Self { path, keys }
    }

    /// Where they are.
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// The keys.
    pub(crate) fn all(&self) -> impl Iterator<Item = &[u8]> {
        self.keys.iter().map(String::as_bytes)
    }
}

impl fmt::Debug for DebugKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DebugKeys")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
