//! A bug below us.

use core::fmt;

/// The inner service panicked. What it said went to the panic hook; the request ends here, and the
/// task and its neighbours go on.
#[derive(Clone, Copy, Debug)]
pub struct Panicked;

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the service panicked")
    }
}

impl std::error::Error for Panicked {}
