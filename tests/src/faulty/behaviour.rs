//! The ways in which a backend can be wrong.

use std::str::FromStr;
use std::time::Duration;

/// What happens to a request after it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An answer of 200 with 1 KiB and the request's `X-Load-Id`.
    Ok,
    /// The same, and then the connection is closed without a word, as servers do with idle ones.
    OkThenClose,
    /// Nothing until the behaviour changes; then what the new one says.
    Hold,
    /// Nothing, for ever; the connection stays open.
    Hang,
    /// The connection is reset.
    Reset,
    /// The connection is closed in order, without an answer.
    Close,
    /// Headers and 400 of 1024 body bytes, then the connection is closed.
    Truncate,
    /// Bytes that are not HTTP.
    Garbage,
    /// A complete answer with this status.
    Status(u16),
}

/// How a backend behaves at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Behaviour {
    /// Towards everything but the health path.
    pub traffic: Fault,
    /// Towards `/healthz`.
    pub health: Fault,
    /// Work per request, before the fault shows. Health checks take none.
    pub delay: Duration,
}

/// No fault has this name.
#[derive(Debug, thiserror::Error)]
#[error(
    "unknown fault {0:?}: ok, ok-then-close, hold, hang, reset, close, truncate, garbage, or a status"
)]
pub struct UnknownFault(String);

// === impl Behaviour ===

impl Behaviour {
    /// All is well, at once.
    pub const OK: Self = Self {
        traffic: Fault::Ok,
        health: Fault::Ok,
        delay: Duration::ZERO,
    };

    /// This fault for traffic and health checks alike.
    pub const fn everywhere(fault: Fault) -> Self {
        Self {
            traffic: fault,
            health: fault,
            delay: Duration::ZERO,
        }
    }

    /// This fault for traffic; health checks are answered.
    pub const fn traffic_only(fault: Fault) -> Self {
        Self {
            traffic: fault,
            health: Fault::Ok,
            delay: Duration::ZERO,
        }
    }
}

// === impl Fault ===

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(name: &str) -> Result<Self, UnknownFault> {
        Ok(match name {
            "ok" => Self::Ok,
            "ok-then-close" => Self::OkThenClose,
            "hold" => Self::Hold,
            "hang" => Self::Hang,
            "reset" => Self::Reset,
            "close" => Self::Close,
            "truncate" => Self::Truncate,
            "garbage" => Self::Garbage,
            other => match other.parse() {
                Ok(status @ 200..=599) => Self::Status(status),
                _ => return Err(UnknownFault(other.to_owned())),
            },
        })
    }
}
