//! The handles of the `metrics` crate, made from the table.

use ::metrics::{Counter, Gauge, Label, counter, gauge};
use soe503_core::metrics::{Kind, Metric};

/// The counter of `metric` with these values of its labels, in their order.
pub(super) fn counter(metric: &'static Metric, values: &[&str]) -> Counter {
    debug_assert_eq!(metric.kind, Kind::Counter, "{}", metric.name);
    counter!(description: metric.help, metric.name, labels(metric, values))
}

/// The gauge of `metric`, likewise.
pub(super) fn gauge(metric: &'static Metric, values: &[&str]) -> Gauge {
    debug_assert_eq!(metric.kind, Kind::Gauge, "{}", metric.name);
    gauge!(description: metric.help, metric.name, labels(metric, values))
}

/// One gauge for each of `words`, of which the metric's last label has one.
pub(super) fn gauges<const N: usize>(
    metric: &'static Metric,
    name: &str,
    words: [&str; N],
) -> [Gauge; N] {
    words.map(|word| gauge(metric, &[name, word]))
}

/// Likewise.
pub(super) fn counters<const N: usize>(
    metric: &'static Metric,
    name: &str,
    words: [&str; N],
) -> [Counter; N] {
    words.map(|word| counter(metric, &[name, word]))
}

fn labels(metric: &Metric, values: &[&str]) -> Vec<Label> {
    debug_assert_eq!(metric.labels.len(), values.len(), "{}", metric.name);
    let pairs = metric.labels.iter().zip(values);
    pairs
        .map(|(name, value)| Label::new(*name, String::from(*value)))
        .collect()
}

/// 1 for the one that `is`, 0 for the others.
pub(super) fn one_of<const N: usize>(gauges: &[Gauge; N], is: Option<usize>) {
    for (i, gauge) in gauges.iter().enumerate() {
        gauge.set(if Some(i) == is { 1.0 } else { 0.0 });
    }
}

/// A count as a gauge has it.
#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
pub(super) const fn float(count: u64) -> f64 {
    count as f64
}
