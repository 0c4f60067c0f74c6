//! What a configuration gets wrong.

use core::fmt;
use core::time::Duration;

use super::config::Window;

/// A key of [`BreakerConfig`](super::BreakerConfig) that cannot work.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// This key must be greater than zero.
    Zero(&'static str),
    /// The rates could never be looked at: the count window holds fewer results than they need.
    MinimumAboveWindow {
        /// The results that the rates need.
        minimum_requests: u32,
        /// The results that the window holds.
        window: u32,
    },
    /// The longest open time is shorter than the first.
    MaxOpenBelowOpen {
        /// The first open time.
        open_for: Duration,
        /// The longest.
        max_open_for: Duration,
    },
    /// The window is too small or too large to be kept.
    WindowOutOfRange(Window),
}

// === impl ConfigError ===

impl ConfigError {
    /// The key to change, as it is named in the configuration.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Zero(key) => key,
            Self::MinimumAboveWindow { .. } => "minimum_requests",
            Self::MaxOpenBelowOpen { .. } => "max_open_for",
            Self::WindowOutOfRange(_) => "window",
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Zero(key) => write!(f, "{key} must be greater than zero"),
            Self::MinimumAboveWindow {
                minimum_requests,
                window,
            } => write!(
                f,
                "minimum_requests ({minimum_requests}) is more than the window holds ({window}): \
                 the rates would never be looked at"
            ),
            Self::MaxOpenBelowOpen {
                open_for,
                max_open_for,
            } => write!(
                f,
                "max_open_for ({max_open_for:?}) is shorter than open_for ({open_for:?})"
            ),
            Self::WindowOutOfRange(Window::Time(span)) => {
                write!(f, "window ({span:?}) must be from 10 ms to 24 h")
            }
            Self::WindowOutOfRange(Window::Count(size)) => {
                write!(f, "window ({size}) must be from 1 to 65536 requests")
            }
        }
    }
}

impl core::error::Error for ConfigError {}
