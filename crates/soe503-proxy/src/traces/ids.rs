//! Identifiers of traces and spans, and which traces are recorded.

use std::num::NonZeroU64;

use crate::config::Ratio;

/// A trace: 16 bytes that are not all zero (W3C Trace Context §3.2.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceId {
    // Not one `u128`: that would have to be aligned, and pads what has one.
    high: u64,
    low: u64,
}

/// A span: 8 bytes that are not all zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SpanId(NonZeroU64);

/// Which traces are recorded: a share of them, decided by their ids, so that all who decide so choose the same ones
/// (OpenTelemetry's `TraceIdRatioBased`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampler {
    /// A trace is sampled if the lower half of its id, without its last bit, is below this.
    bound: u64,
    /// Whoever began the trace has decided already.
    by_parent: bool,
}

// === impl TraceId ===

impl TraceId {
    /// The trace with this id; `None` for zero, which is none.
    pub const fn new(id: u128) -> Option<Self> {
        match id {
            0 => None,
            id => Some(Self {
                high: (id >> 64) as u64,
                low: id as u64,
            }),
        }
    }

    /// A new trace.
    pub fn random() -> Self {
        Self {
            high: fastrand::u64(..),
            low: fastrand::u64(1..),
        }
    }

    /// Its upper and its lower half.
    pub const fn halves(self) -> (u64, u64) {
        (self.high, self.low)
    }

    /// As it goes over the wire.
    pub const fn to_bytes(self) -> [u8; 16] {
        ((self.high as u128) << 64 | self.low as u128).to_be_bytes()
    }
}

// === impl SpanId ===

impl SpanId {
    /// The span with this id; `None` for zero, which is none.
    pub const fn new(id: u64) -> Option<Self> {
        match NonZeroU64::new(id) {
            Some(id) => Some(Self(id)),
            None => None,
        }
    }

    /// A new span.
    pub fn random() -> Self {
        Self(NonZeroU64::MIN.saturating_add(fastrand::u64(..u64::MAX)))
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0.get()
    }

    /// As it goes over the wire.
    pub const fn to_bytes(self) -> [u8; 8] {
        self.0.get().to_be_bytes()
    }
}

// === impl Sampler ===

impl Sampler {
    /// Samples `ratio` of the traces; with `by_parent`, of those that begin here.
    pub fn new(ratio: Ratio, by_parent: bool) -> Self {
        // 2^63 at most, which is above everything that it is compared with.
        let bound = ratio.as_f64() * (1_u64 << 63) as f64;
        Self {
            bound: bound as u64,
            by_parent,
        }
    }

    /// Whether this trace is recorded. `parent`: what whoever began it has decided, if anybody has.
    pub fn samples(self, trace: TraceId, parent: Option<bool>) -> bool {
        match parent {
            Some(decided) if self.by_parent => decided,
            _ => trace.low >> 1 < self.bound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampler(ratio: f64, by_parent: bool) -> Sampler {
        Sampler::new(Ratio::new(ratio).unwrap(), by_parent)
    }

    #[test]
    fn ids_are_never_zero_and_go_in_network_order() {
        assert_eq!(TraceId::new(0), None);
        assert_eq!(SpanId::new(0), None);
        let id = TraceId::new(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736).unwrap();
        assert_eq!(id.halves(), (0x4bf9_2f35_77b3_4da6, 0xa3ce_929d_0e0e_4736));
        assert_eq!(id.to_bytes()[..2], [0x4b, 0xf9]);
        assert_eq!(
            SpanId::new(0x0102).unwrap().to_bytes(),
            [0, 0, 0, 0, 0, 0, 1, 2]
        );
        assert_ne!(TraceId::random(), TraceId::random());
        assert_ne!(SpanId::random(), SpanId::random());
    }

    /// The rows are what `TraceIdRatioBased` of the OpenTelemetry SDKs decides.
    #[test]
    fn a_ratio_decides_by_the_lower_half_of_the_id() {
        let half = 1_u128 << 63;
        for (ratio, low, sampled) in [
            (0.0, 1, false),
            (0.0, u128::from(u64::MAX), false),
            (1.0, 1, true),
            (1.0, u128::from(u64::MAX), true),
            (0.5, half - 1, true),
            (0.5, half, false),
            (0.5, u128::from(u64::MAX), false),
            (0.25, half / 2 - 1, true),
            (0.25, half / 2, false),
        ] {
            for high in [0, 7, u128::from(u64::MAX)] {
                let id = TraceId::new(high << 64 | low).unwrap();
                assert_eq!(
                    sampler(ratio, true).samples(id, None),
                    sampled,
                    "{ratio} {low:x}"
                );
            }
        }
    }

    #[test]
    fn a_share_is_sampled() {
        fastrand::seed(7);
        let sampler = sampler(0.01, true);
        let sampled = (0..100_000).filter(|_| sampler.samples(TraceId::random(), None));
        let sampled = sampled.count();
        assert!((900..1100).contains(&sampled), "{sampled} of 100,000");
    }

    #[test]
    fn who_began_the_trace_decides_unless_that_counts_for_nothing() {
        let id = TraceId::new(1).unwrap();
        for (ratio, by_parent, parent, sampled) in [
            (0.0, true, Some(true), true),
            (1.0, true, Some(false), false),
            (1.0, true, None, true),
            (0.0, false, Some(true), false),
            (1.0, false, Some(false), true),
        ] {
            assert_eq!(sampler(ratio, by_parent).samples(id, parent), sampled);
        }
    }
}
