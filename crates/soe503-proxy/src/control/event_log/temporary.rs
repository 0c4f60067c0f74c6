//! Levels that an operator has set for a while.

use std::sync::Arc;

use soe503_core::Tick;

use super::Levels;

/// Levels that end by themselves, so that nobody has to think of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Temporary {
    /// Which.
    pub levels: Levels,
    /// Until when.
    pub until: Tick,
    /// Why, if somebody said so.
    pub reason: Option<Arc<str>>,
    /// Who wanted it, if somebody said so.
    pub by: Option<Arc<str>>,
}
