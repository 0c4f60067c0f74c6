//! What backends say about their load, and what that does to choosing.
//!
//! - **By cost** (P2C, least request): a backend's cost is divided by the part of it that is still free,
//!   at most ten times as dear. One that is at 80 % costs five times what an idle one does.
//! - **In turn or at random**: weights are those of gRPC's `weighted_round_robin` (gRFC A58): requests per
//!   second by utilization, where errors count as utilization. A backend's weight as configured is
//!   multiplied by that, relative to the mean: from a fifth to twice the mean.
//!
//! A report holds until the next, at most for [`PoolConfig::load_reports`](super::PoolConfig). Who says
//! nothing counts as the mean of those who do, so silence does not attract load.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;

use super::backend::Backend;
use super::latency::{Fading, SAMPLE};
use crate::Tick;
use crate::orca::LoadReport;
use crate::time::saturating_nanos;

/// The last report of a backend.
#[derive(Debug, Default)]
pub(super) struct Reported {
    utilization: Fading,
    /// Requests per second by utilization; unset if it does not say how many requests.
    rate: Fading,
}

/// What is typical for the reports of a pool.
#[derive(Debug)]
pub(super) struct ReportClimate {
    /// For how long a report holds, in nanoseconds; 0: nobody listens.
    expiry: AtomicU64,
    /// Two `f32`: how much dearer the mean of those who report is, and the mean of their rates.
    mean: AtomicU64,
}

/// No utilization is taken for more: the rest would be free, and a tenth always may be.
const MOST: f32 = 0.9;
/// The smallest and the largest weight, relative to the mean.
const WEIGHTS: (f32, f32) = (0.2, 2.0);

// === impl Reported ===

impl Reported {
    /// How much dearer the backend is; `None` if it has not said lately.
    fn pressure(&self, now: Tick, expiry: Duration) -> Option<f32> {
        let utilization = fresh(&self.utilization, now, expiry)?;
        Some(1.0 / (1.0 - utilization.min(MOST)))
    }
}

fn fresh(value: &Fading, now: Tick, expiry: Duration) -> Option<f32> {
    if value.is_unset() {
        return None;
    }
    let (value, age) = value.read(now);
    (age < expiry).then_some(value)
}

// === impl ReportClimate ===

impl ReportClimate {
    pub(super) const fn new() -> Self {
        Self {
            expiry: AtomicU64::new(0),
            mean: AtomicU64::new(0),
        }
    }

    pub(super) fn set_expiry(&self, expiry: Option<Duration>) {
        let expiry = expiry.map_or(0, saturating_nanos);
        self.expiry.store(expiry, Ordering::Relaxed);
    }

    /// For how long a report holds; `None`: nobody listens.
    pub(super) fn expiry(&self) -> Option<Duration> {
        let nanos = self.expiry.load(Ordering::Relaxed);
        (nanos > 0).then(|| Duration::from_nanos(nanos))
    }

    fn mean(&self) -> (f32, f32) {
        let word = self.mean.load(Ordering::Relaxed);
        let half = |bits: u64| f32::from_bits(bits as u32);
        (half(word >> 32), half(word))
    }

    /// Takes the means anew.
    pub(super) fn refresh<'a>(
        &self,
        now: Tick,
        count: usize,
        reported: impl Fn(usize) -> &'a Reported,
    ) {
        let Some(expiry) = self.expiry() else {
            return;
        };
        let step = count.div_ceil(SAMPLE).max(1);
        let sampled = || (0..count).step_by(step).map(&reported);
        let mean = |values: &mut dyn Iterator<Item = f32>| {
            let (sum, count) = values.fold((0.0, 0.0), |(sum, n), value| (sum + value, n + 1.0));
            if count > 0.0 { sum / count } else { 0.0_f32 }
        };
        let pressure = mean(&mut sampled().filter_map(|r| r.pressure(now, expiry)));
        let rate = mean(&mut sampled().filter_map(|r| fresh(&r.rate, now, expiry)));
        let word = u64::from(pressure.to_bits()) << 32 | u64::from(rate.to_bits());
        self.mean.store(word, Ordering::Relaxed);
    }
}

// === impl Backend ===

impl<S> Backend<S> {
    /// The backend says how busy it is. Nothing happens unless the pool listens
    /// ([`PoolConfig::load_reports`](super::PoolConfig::load_reports)).
    pub fn report(&self, now: Tick, report: &LoadReport) {
        let (Some(_), Some(utilization)) = (self.climate.reports.expiry(), report.utilization())
        else {
            return;
        };
        let reported = &self.vitals.reported;
        reported.utilization.set(now, utilization as f32);
        if report.rps > 0.0 {
            let errors = report.eps / report.rps;
            let rate = report.rps / (utilization + errors);
            reported.rate.set(now, rate as f32);
        }
    }

    /// How busy it is by its last report, if that still holds: 1 is fully.
    pub fn utilization(&self, now: Tick) -> Option<f64> {
        let expiry = self.climate.reports.expiry()?;
        fresh(&self.vitals.reported.utilization, now, expiry).map(f64::from)
    }

    /// The factor by which reports make it dearer, 1 or more; `None`: nobody listens.
    #[inline]
    pub(super) fn pressure(&self, now: Tick) -> Option<f32> {
        (self.climate.reports.expiry.load(Ordering::Relaxed) > 0).then(|| self.said_pressure(now))
    }

    #[inline(never)]
    fn said_pressure(&self, now: Tick) -> f32 {
        let reports = &self.climate.reports;
        let Some(expiry) = reports.expiry() else {
            return 1.0;
        };
        let said = self.vitals.reported.pressure(now, expiry);
        said.unwrap_or_else(|| reports.mean().0).max(1.0)
    }

    /// The chance of a turn that reports leave it, from 0 to 1; `None`: every one.
    pub(super) fn chance(&self, now: Tick) -> Option<f32> {
        let reports = &self.climate.reports;
        let expiry = reports.expiry()?;
        let (_, mean) = reports.mean();
        if mean <= 0.0 {
            return None;
        }
        let rate = fresh(&self.vitals.reported.rate, now, expiry).unwrap_or(mean);
        let (least, most) = WEIGHTS;
        Some((rate / mean).clamp(least, most) / most)
    }
}
