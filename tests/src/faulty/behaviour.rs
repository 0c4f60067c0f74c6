//! The ways in which a backend can be wrong.

use std::str::FromStr;
use std::time::Duration;

use crate::http::Request;

/// What happens to a request after it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An answer of 200 with the request's `X-Load-Id`.
    Ok,
    /// The same, and then the connection is closed without a word, as servers do with idle ones.
    OkThenClose,
    /// The same, so much later. The work is done by then: it takes no slot.
    Late(Duration),
    /// Nothing until the behaviour changes; then what the new one says.
    Hold,
    /// Nothing, for ever; the connection stays open.
    Hang,
    /// The connection is reset.
    Reset,
    /// The connection is closed in order, without an answer.
    Close,
    /// Headers and 400 body bytes of more, then the connection is closed.
    Truncate,
    /// The same with half of the body, and then a reset.
    ResetMidway,
    /// Bytes that are not HTTP.
    Garbage,
    /// A complete answer with this status.
    Status(u16),
    /// A complete 503 with a `Retry-After` of so many seconds.
    RetryAfter(u16),
}

/// How a backend behaves at the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behaviour {
    /// Towards everything but the health path.
    pub traffic: Fault,
    /// How many of a hundred requests meet `traffic`; the others are answered.
    pub percent: u8,
    /// Only requests whose path begins with this segment meet `traffic`.
    pub only: Option<String>,
    /// Towards `/healthz`.
    pub health: Fault,
    /// Work per request, before the fault shows. Health checks take none.
    pub delay: Duration,
}

/// No fault has this name.
#[derive(Debug, thiserror::Error)]
#[error(
    "unknown fault {0:?}: ok, ok-then-close, late-MILLISECONDS, hold, hang, reset, close, truncate, reset-midway, garbage, \
     retry-after-SECONDS, or a status"
)]
pub struct UnknownFault(String);

// === impl Behaviour ===

impl Behaviour {
    /// All is well, at once.
    pub const OK: Self = Self::everywhere(Fault::Ok);

    /// This fault for traffic and health checks alike.
    pub const fn everywhere(fault: Fault) -> Self {
        Self::both(fault, fault)
    }

    /// This fault for traffic; health checks are answered.
    pub const fn traffic_only(fault: Fault) -> Self {
        Self::both(fault, Fault::Ok)
    }

    const fn both(traffic: Fault, health: Fault) -> Self {
        Self {
            traffic,
            percent: 100,
            only: None,
            health,
            delay: Duration::ZERO,
        }
    }

    /// What this request meets, by its path and by lot.
    pub(super) fn meets(&self, request: &Request) -> Fault {
        let first = request.target.trim_start_matches('/').split('/').next();
        let concerned = self.only.is_none() || self.only.as_deref() == first;
        // No lot is drawn where there is nothing to choose.
        if concerned && (self.percent >= 100 || fastrand::u8(0..100) < self.percent) {
            self.traffic
        } else {
            Fault::Ok
        }
    }
}

// === impl Fault ===

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(name: &str) -> Result<Self, UnknownFault> {
        let number = |prefix| name.strip_prefix(prefix)?.parse::<u16>().ok();
        Ok(match name {
            "ok" => Self::Ok,
            "ok-then-close" => Self::OkThenClose,
            "hold" => Self::Hold,
            "hang" => Self::Hang,
            "reset" => Self::Reset,
            "close" => Self::Close,
            "truncate" => Self::Truncate,
            "reset-midway" => Self::ResetMidway,
            "garbage" => Self::Garbage,
            _ => {
                if let Some(milliseconds) = number("late-") {
                    Self::Late(Duration::from_millis(milliseconds.into()))
                } else if let Some(seconds) = number("retry-after-") {
                    Self::RetryAfter(seconds)
                } else if let Some(status @ 200..=599) = number("") {
                    Self::Status(status)
                } else {
                    return Err(UnknownFault(name.to_owned()));
                }
            }
        })
    }
}
