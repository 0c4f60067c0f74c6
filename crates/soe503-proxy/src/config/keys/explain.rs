//! Keys of `[explain]`.

use super::values::FileName;
use crate::config::wire::{Optional, section};

section! {
    /// Explanations of failures, whichever listener they leave by.
    struct ExplainKeys {
        /// A file with the key that debug tokens are signed with: at least 32 characters in a line, which `lbctl
        /// debug-token` has too. A request with such a token in its `Soe503-Debug` field is told everything about its
        /// failure. Up to four lines, of which the first one signs: so a key can be replaced. A relative path
        /// starts at the config file; a reload reads it again.
        debug_key_file: Optional<FileName>, absent("no token counts"), like("\"debug.key\"");
    }
}
