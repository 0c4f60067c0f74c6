//! A trace's context, whatever the format that it travels in.

use http::HeaderMap;

use super::{b3, w3c};
use crate::config::{Propagator, Propagators};
use crate::traces::{SpanId, TraceId};

/// What a caller says about the trace that its request belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Context {
    /// The trace, and the caller's span in it; `None`: there is none, only a decision.
    pub(super) ids: Option<(TraceId, SpanId)>,
    pub(super) decision: Decision,
}

/// What was decided about recording a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Nothing yet (B3 only).
    Deferred,
    No,
    Yes,
    /// Whatever anybody's ratio says (B3 only).
    Debug,
}

/// A span, as it is told to whoever is asked next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    pub(super) trace: TraceId,
    pub(super) span: SpanId,
    pub(super) decision: Decision,
}

impl Context {
    /// The first of the formats in which there is a valid one, and that format.
    pub(super) fn extract(headers: &HeaderMap, from: Propagators) -> Option<(Self, Propagator)> {
        from.iter().find_map(|format| {
            let context = match format {
                Propagator::TraceContext => w3c::extract(headers),
                Propagator::B3 => b3::extract_single(headers),
                Propagator::B3Multi => b3::extract_multi(headers),
            };
            Some((context?, format))
        })
    }
}

impl Decision {
    /// Whether it is recorded, if that is decided.
    pub(super) const fn sampled(self) -> Option<bool> {
        match self {
            Self::Deferred => None,
            Self::No => Some(false),
            Self::Yes | Self::Debug => Some(true),
        }
    }

    /// What it becomes when this hop has decided.
    pub(super) const fn decided(self, sampled: bool) -> Self {
        match (self, sampled) {
            (Self::Debug, true) => Self::Debug,
            (_, true) => Self::Yes,
            (_, false) => Self::No,
        }
    }
}

impl Told {
    /// Writes it in these formats, over what is there.
    pub(super) fn inject(self, headers: &mut HeaderMap, into: Propagators) {
        for format in into.iter() {
            match format {
                Propagator::TraceContext => w3c::inject(headers, self),
                Propagator::B3 => b3::inject_single(headers, self),
                Propagator::B3Multi => b3::inject_multi(headers, self),
            }
        }
    }
}

/// Takes out what a caller has said in these formats. `valid`: the format whose context goes on.
pub(super) fn clear(headers: &mut HeaderMap, of: Propagators, valid: Option<Propagator>) {
    for format in of.iter() {
        match format {
            Propagator::TraceContext => w3c::clear(headers, valid == Some(format)),
            Propagator::B3 => b3::clear_single(headers),
            Propagator::B3Multi => b3::clear_multi(headers),
        }
    }
}

/// The number that these digits write: lower case, and all of them digits.
pub(super) fn hex(digits: &[u8]) -> Option<u128> {
    let digit = |b: &u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    let plain = digits.len() <= 32 && digits.iter().all(digit);
    let text = std::str::from_utf8(digits).ok().filter(|_| plain)?;
    u128::from_str_radix(text, 16).ok()
}

#[cfg(test)]
#[path = "context_tests.rs"]
mod tests;
