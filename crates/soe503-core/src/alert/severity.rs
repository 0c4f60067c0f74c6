//! How bad it is.

use crate::diagnosis::Level;

/// How bad an incident is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Something is wrong, and no request has failed of it.
    Info,
    /// Some requests fail.
    Warning,
    /// A pool as a whole fails, or all of them, or this proxy.
    Critical,
}

impl Severity {
    /// All of them, the mildest first.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Critical];

    /// Of an incident with this reach and so many failed requests; `proxy`: it is this proxy's own.
    pub const fn of(level: Level, proxy: bool, failed: u64) -> Self {
        match (failed, level) {
            (0, _) => Self::Info,
            (_, Level::Pool | Level::AllPools) => Self::Critical,
            _ if proxy => Self::Critical,
            _ => Self::Warning,
        }
    }

    /// `info`, `warning` or `critical`: as alert rules and PagerDuty call it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}
