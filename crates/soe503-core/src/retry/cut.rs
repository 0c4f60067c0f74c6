//! Why nothing is retried, whatever there is to pay with.

/// Why a budget pays for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cut {
    /// Most attempts fail: [`KillSwitch`](super::KillSwitch).
    MostFail,
    /// Retries would keep an overload going: [`metastable`](crate::metastable).
    Overload,
}

// === impl Cut ===

impl Cut {
    /// Its place among the reasons of a budget.
    pub(super) const fn bit(self) -> u8 {
        1 << self as u8
    }
}
