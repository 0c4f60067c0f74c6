//! How long answers of a pool usually take at most.

use core::time::Duration;

use smallvec::SmallVec;

use crate::histogram::Histogram;
use crate::{Ratio, Tick};

/// What the histograms of a pool's backends say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Learned {
    /// The median of the backends' percentiles.
    pub(super) latency: Duration,
    /// How many answers are remembered.
    pub(super) samples: u64,
}

/// A percentile of fewer answers than this says little.
const FEW: u64 = 20;
/// How many backends fit without allocation.
const SAMPLE: usize = 32;

/// `None` without an answer.
pub(super) fn learn<'a>(
    histograms: impl Iterator<Item = &'a Histogram>,
    percentile: Ratio,
    now: Tick,
) -> Option<Learned> {
    let mut samples = 0;
    let mut known: SmallVec<[(bool, Duration); SAMPLE]> = SmallVec::new();
    for histogram in histograms {
        histogram.fade(now);
        let count = histogram.count();
        samples += count;
        if let Some(latency) = histogram.quantile(percentile.as_f64()) {
            known.push((count >= FEW, latency));
        }
    }
    if known.iter().any(|(sure, _)| *sure) {
        known.retain(|(sure, _)| *sure);
    }
    known.sort_unstable_by_key(|(_, latency)| *latency);
    // Of an even number the lower one: half the pool being slow is not usual.
    let (_, latency) = *known.get(known.len().checked_sub(1)? / 2)?;
    Some(Learned { latency, samples })
}
