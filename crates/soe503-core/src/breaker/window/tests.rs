//! Both windows against a list of all events, and row by row against the field's own tables.

use core::time::Duration;
use std::collections::BTreeMap;

use proptest::prelude::*;

use super::count::CountWindow;
use super::tally::{Kind, Tally};
use super::time::TimeWindow;
use super::{CauseCounts, Sample, WindowTotals};
use crate::Tick;
use crate::cause::Cause;

const GOOD: Sample = sample(false, false);
const BAD: Sample = sample(true, false);
const SLOW_GOOD: Sample = sample(false, true);
const SLOW_BAD: Sample = sample(true, true);

const fn sample(failed: bool, slow: bool) -> Sample {
    Sample {
        failed,
        slow,
        cause: if failed || slow {
            Some(Cause::Unclassified)
        } else {
            None
        },
    }
}

const fn totals(total: u64, failed: u64, slow: u64) -> WindowTotals {
    WindowTotals {
        total,
        failed,
        slow,
    }
}

/// resilience4j `FixedSizeSlidingWindowMetricsTest.testSlidingWindowMetrics` (size 4) and
/// `testSlidingWindowMetricsWithSlowCalls` (size 2).
#[test]
fn count_window_evicts_step_by_step() {
    let tables: [(u32, &[(Sample, WindowTotals)]); 2] = [
        (
            4,
            &[
                (BAD, totals(1, 1, 0)),
                (GOOD, totals(2, 1, 0)),
                (GOOD, totals(3, 1, 0)),
                (GOOD, totals(4, 1, 0)),
                (GOOD, totals(4, 0, 0)),
            ],
        ),
        (
            2,
            &[
                (SLOW_BAD, totals(1, 1, 1)),
                (SLOW_GOOD, totals(2, 1, 2)),
                (GOOD, totals(2, 0, 1)),
                (GOOD, totals(2, 0, 0)),
                (GOOD, totals(2, 0, 0)),
            ],
        ),
    ];
    for (size, rows) in tables {
        let mut window = CountWindow::new(size);
        for (step, &(sample, expected)) in rows.iter().enumerate() {
            assert_eq!(window.record(sample), expected, "size {size}, step {step}");
        }
        window.clear();
        assert_eq!(window.totals(), totals(0, 0, 0));
    }
}

/// resilience4j `SlidingTimeWindowMetricsTest.testSlidingTimeWindowMetrics`: there five slices of
/// a second, here ten of half a second.
#[test]
fn time_window_evicts_step_by_step() {
    let rows = [
        (0, BAD, totals(1, 1, 0)),
        (100, GOOD, totals(2, 1, 0)),
        (200, GOOD, totals(3, 1, 0)),
        (1200, GOOD, totals(4, 1, 0)),
        (2200, GOOD, totals(5, 1, 0)),
        (3200, BAD, totals(6, 2, 0)),
        (4200, GOOD, totals(7, 2, 0)),
        (5200, GOOD, totals(5, 1, 0)),
        (6200, GOOD, totals(5, 1, 0)),
        (11_200, GOOD, totals(1, 0, 0)),
    ];
    let mut window = TimeWindow::new(Duration::from_secs(5));
    for (ms, sample, expected) in rows {
        let got = window.record(Tick::from_millis(ms), sample);
        assert_eq!(got, expected, "at {ms} ms");
    }
}

/// linkerd `success_rate.rs`: `idle_gap_beyond_u32_steps_does_not_wedge_window`.
#[test]
fn a_gap_of_more_than_u32_slices_does_not_wedge_the_window() {
    let mut window = TimeWindow::new(Duration::from_millis(10));
    window.record(Tick::ZERO, BAD);
    let far = 60 * 86_400 * 1000;
    assert!(far > u64::from(u32::MAX));
    window.record(Tick::from_millis(far), GOOD);
    window.record(Tick::from_millis(far + 1), BAD);
    let last = window.record(Tick::from_millis(far + 2), GOOD);
    assert_eq!(last, totals(3, 1, 0));
}

/// S15: the slices are anchored, so a result leaves when its slice does, and not a part of a slice
/// later because others came in between.
#[test]
fn results_leave_at_the_boundary_and_do_not_drift() {
    let mut window = TimeWindow::new(Duration::from_secs(10));
    window.record(Tick::from_millis(900), BAD);
    // Each of these is late in its slice; an unanchored window would slip by 0.9 s each time.
    for second in 1..10 {
        window.record(Tick::from_millis(second * 1000 + 900), GOOD);
    }
    assert_eq!(window.totals(Tick::from_millis(9999)), totals(10, 1, 0));
    assert_eq!(window.totals(Tick::from_millis(10_000)), totals(9, 0, 0));
}

#[test]
fn the_last_tick_is_a_time_too() {
    let mut window = TimeWindow::new(Duration::from_millis(10));
    window.record(Tick::MAX, BAD);
    assert_eq!(window.record(Tick::MAX, GOOD), totals(2, 1, 0));
    assert_eq!(
        window.record(Tick::ZERO, GOOD),
        totals(3, 1, 0),
        "late, and counted now"
    );
    assert_eq!(window.causes().counts(Kind::Failed).len(), 1);
}

#[test]
fn a_tally_orders_by_count_then_by_recency() {
    let mut tally = Tally::default();
    for cause in [
        Cause::DependencyConnectRefused,
        Cause::DependencyResponseTimeout,
        Cause::DependencyResponseTimeout,
        Cause::DependencyConnectRefused,
        Cause::DependencyConnectTimeout,
    ] {
        tally.add(failed(cause));
    }
    let counts = tally.counts(Kind::Failed);
    assert_eq!(
        &*counts,
        [
            (Cause::DependencyConnectRefused, 2),
            (Cause::DependencyResponseTimeout, 2),
            (Cause::DependencyConnectTimeout, 1),
        ]
    );
    assert!(tally.counts(Kind::Slow).is_empty());
}

/// Of two causes that counted equally often the later one comes first, also when the ring has
/// wrapped and when slices are added up.
#[test]
fn windows_keep_the_order_of_their_causes() {
    let (older, newer) = (failed(CAUSES[0]), failed(CAUSES[1]));
    let expected = [(CAUSES[1], 1), (CAUSES[0], 1)];
    let mut count = CountWindow::new(3);
    for sample in [GOOD, GOOD, older, newer] {
        count.record(sample);
    }
    assert_eq!(&*count.causes().counts(Kind::Failed), expected);

    let mut time = TimeWindow::new(Duration::from_secs(10));
    // Into one slice, where the first slot is the newer cause's.
    for sample in [newer, older, newer] {
        time.record(Tick::ZERO, sample);
    }
    time.record(Tick::from_secs(1), older);
    let counts = time.causes().counts(Kind::Failed);
    assert_eq!(&*counts, [(CAUSES[0], 2), (CAUSES[1], 2)]);

    // Two each, and the one seen last has the first slot.
    let mut slice = Tally::default();
    for sample in [newer, older, older, newer] {
        slice.add(sample);
    }
    let mut merged = Tally::default();
    merged.merge(&slice);
    assert_eq!(
        &*merged.counts(Kind::Failed),
        [(CAUSES[1], 2), (CAUSES[0], 2)]
    );
}

#[test]
fn a_tally_keeps_eight_causes_and_counts_on() {
    let mut tally = Tally::default();
    for cause in Cause::ALL.iter().take(12) {
        tally.add(failed(*cause));
    }
    tally.add(failed(Cause::ALL[3]));
    let counts = tally.counts(Kind::Failed);
    assert_eq!(counts.len(), 8);
    assert_eq!(counts[0], (Cause::ALL[3], 2));
    assert_eq!(counts.majority(), Some(Cause::ALL[3]));
}

// === against a list of everything that ever happened ===

const CAUSES: [Cause; 3] = [
    Cause::DependencyConnectRefused,
    Cause::DependencyResponseTimeout,
    Cause::DependencyUpstream503,
];

const fn failed(cause: Cause) -> Sample {
    Sample {
        failed: true,
        slow: false,
        cause: Some(cause),
    }
}

fn any_sample() -> impl Strategy<Value = Sample> {
    (any::<bool>(), any::<bool>(), 0..CAUSES.len()).prop_map(|(failed, slow, cause)| Sample {
        failed,
        slow,
        cause: (failed || slow).then(|| CAUSES[cause]),
    })
}

fn naive_totals<'a>(samples: impl Iterator<Item = &'a Sample>) -> WindowTotals {
    let mut sum = totals(0, 0, 0);
    for sample in samples {
        sum.total += 1;
        sum.failed += u64::from(sample.failed);
        sum.slow += u64::from(sample.slow);
    }
    sum
}

fn naive_failed<'a>(samples: impl Iterator<Item = &'a Sample>) -> BTreeMap<Cause, u32> {
    let mut counts = BTreeMap::new();
    for sample in samples.filter(|sample| sample.failed) {
        *counts.entry(sample.cause.unwrap()).or_default() += 1;
    }
    counts
}

fn as_map(counts: &CauseCounts) -> BTreeMap<Cause, u32> {
    counts.iter().copied().collect()
}

proptest! {
    #[test]
    fn count_window_is_the_last_n_events(
        size in 1_u32..12,
        samples in prop::collection::vec(any_sample(), 0..60),
    ) {
        let mut window = CountWindow::new(size);
        for (n, sample) in samples.iter().enumerate() {
            let seen = &samples[..=n];
            let live = &seen[seen.len().saturating_sub(size as usize)..];
            prop_assert_eq!(window.record(*sample), naive_totals(live.iter()));
            let causes = window.causes().counts(Kind::Failed);
            prop_assert_eq!(as_map(&causes), naive_failed(live.iter()));
        }
    }

    /// Gaps up to two and a half windows, zero among them, and some times going backwards.
    #[test]
    fn time_window_is_the_events_of_ten_slices(
        span_ms in prop::sample::select(vec![10_u64, 70, 1000, 10_000]),
        start in 0_u64..1_000_000_000_000,
        events in prop::collection::vec((0_u64..2_500, any::<bool>(), any_sample()), 0..60),
    ) {
        let width = span_ms * 1_000_000 / 10;
        let mut window = TimeWindow::new(Duration::from_millis(span_ms));
        let mut now = start;
        // Every event with its slice; a late one counts in the newest slice there was.
        let mut all: Vec<(u64, Sample)> = Vec::new();
        for (per_mille, backwards, sample) in events {
            let step = span_ms * 1000 * per_mille;
            now = if backwards && per_mille < 200 {
                now.saturating_sub(step)
            } else {
                now + step
            };
            let newest = all.last().map_or(0, |&(slice, _)| slice);
            let slice = newest.max(now / width);
            all.push((slice, sample));
            let live = || all.iter().filter(|(s, _)| s + 10 > slice).map(|(_, s)| s);
            prop_assert_eq!(window.record(Tick::from_nanos(now), sample), naive_totals(live()));
            prop_assert_eq!(
                as_map(&window.causes().counts(Kind::Failed)),
                naive_failed(live())
            );
        }
    }
}
