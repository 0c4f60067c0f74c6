//! The little statistics that rules need.

/// The value that a part `q` (0 to 1) of `values` does not exceed, by nearest rank.
pub(crate) fn quantile(values: impl Iterator<Item = f64>, q: f64) -> Option<f64> {
    let mut all: Vec<f64> = values.collect();
    if all.is_empty() {
        return None;
    }
    let rank = (q.clamp(0.0, 1.0) * all.len() as f64).ceil() as usize;
    let (_, value, _) = all.select_nth_unstable_by(rank.max(1) - 1, f64::total_cmp);
    Some(*value)
}

/// Spearman's rank correlation; `None` for fewer than three points, or where one side does not vary.
pub(crate) fn spearman(points: &[(f64, f64)]) -> Option<f64> {
    if points.len() < 3 {
        return None;
    }
    let x: Vec<f64> = points.iter().map(|p| p.0).collect();
    let y: Vec<f64> = points.iter().map(|p| p.1).collect();
    let (x, y) = (ranks(&x), ranks(&y));
    let mean = (points.len() as f64 + 1.0) / 2.0;
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (a, b) in x.iter().zip(&y) {
        xy += (a - mean) * (b - mean);
        xx += (a - mean).powi(2);
        yy += (b - mean).powi(2);
    }
    (xx > 0.0 && yy > 0.0).then(|| xy / (xx * yy).sqrt())
}

/// Ranks from 1; equal values share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut at = 0;
    while at < order.len() {
        let same = order[at..]
            .iter()
            .take_while(|i| values[**i].total_cmp(&values[order[at]]).is_eq())
            .count();
        let shared = at as f64 + (same as f64 + 1.0) / 2.0;
        for i in &order[at..at + same] {
            ranks[*i] = shared;
        }
        at += same;
    }
    ranks
}

/// By how many deviations `value` lies above `others`: the distance from their median by 1.4826 × the
/// median absolute deviation, which is taken for 5 % of the median at least.
pub(crate) fn deviations(value: f64, others: &[f64]) -> Option<f64> {
    let median = quantile(others.iter().copied(), 0.5)?;
    let spread = quantile(others.iter().map(|o| (o - median).abs()), 0.5)?;
    let spread = (1.4826 * spread).max(median.abs() * 0.05).max(1e-9);
    Some((value - median) / spread)
}

/// Fisher's exact test, one-sided: the chance that of `all` events, of which `failed` failed, a group of
/// `group` got `in_group` failures or more, if the group made no difference.
pub(crate) fn fisher(in_group: u64, group: u64, failed: u64, all: u64) -> f64 {
    if group > all || failed > all || in_group > group.min(failed) {
        return 1.0;
    }
    let ln = Factorials::up_to(all);
    let choose = |n: u64, k: u64| ln.of(n) - ln.of(k) - ln.of(n - k);
    let whole = choose(all, failed);
    let chance = |k: u64| {
        let rest = failed - k;
        match rest <= all - group {
            true => (choose(group, k) + choose(all - group, rest) - whole).exp(),
            false => 0.0,
        }
    };
    (in_group..=group.min(failed))
        .map(chance)
        .sum::<f64>()
        .min(1.0)
}

/// Natural logarithms of factorials: a table for small numbers, Stirling's series beyond.
struct Factorials(Vec<f64>);

impl Factorials {
    fn up_to(all: u64) -> Self {
        let mut sum = 0.0;
        let table = (0..=all.min(256)).map(|n| {
            sum += (n.max(1) as f64).ln();
            sum
        });
        Self(table.collect())
    }

    fn of(&self, n: u64) -> f64 {
        if let Some(known) = self.0.get(n as usize) {
            return *known;
        }
        let x = n as f64;
        x * x.ln() - x + 0.5 * (2.0 * core::f64::consts::PI * x).ln() + 1.0 / (12.0 * x)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn quantiles() {
        let of = |q| quantile([3.0, 1.0, 2.0, 4.0].into_iter(), q);
        assert_eq!(
            (of(0.0), of(0.25), of(0.5), of(1.0)),
            (Some(1.0), Some(1.0), Some(2.0), Some(4.0))
        );
        assert_eq!(quantile([].into_iter(), 0.5), None);
    }

    #[test]
    fn correlation() {
        let rising: Vec<(f64, f64)> = (0..10).map(|i| (f64::from(i), f64::from(i * i))).collect();
        assert!(close(spearman(&rising).unwrap(), 1.0));
        let falling: Vec<(f64, f64)> = rising.iter().map(|(x, y)| (*x, -y)).collect();
        assert!(close(spearman(&falling).unwrap(), -1.0));
        // By hand: ranks 1, 2.5, 2.5, 4 against 1, 3, 2, 4.
        let tied = [(1.0, 10.0), (2.0, 30.0), (2.0, 20.0), (3.0, 40.0)];
        assert!((spearman(&tied).unwrap() - 0.948_683).abs() < 1e-6);
        for flat in [
            [(1.0, 1.0), (1.0, 2.0), (1.0, 3.0)],
            [(1.0, 1.0), (2.0, 1.0), (3.0, 1.0)],
        ] {
            assert_eq!(spearman(&flat), None, "one side is flat");
        }
        assert_eq!(spearman(&rising[..2]), None);
        assert!(close(spearman(&rising[..3]).unwrap(), 1.0));
    }

    #[test]
    fn the_lady_tasting_tea() {
        // Fisher's own example: 8 cups, 4 of a kind; all four right: 1 in 70, three or more: 17 in 70.
        assert!(close(fisher(4, 4, 4, 8), 1.0 / 70.0));
        assert!(close(fisher(3, 4, 4, 8), 17.0 / 70.0));
        assert!(close(fisher(0, 4, 4, 8), 1.0));
        for impossible in [fisher(1, 5, 3, 4), fisher(1, 2, 5, 4), fisher(3, 4, 2, 8)] {
            assert!(close(impossible, 1.0), "it says nothing");
        }
        assert!(fisher(50, 1000, 50, 3000) < 1e-20);
        assert!(fisher(17, 1000, 50, 3000) > 0.3);
    }

    #[test]
    fn factorials_of_large_numbers() {
        let logs = Factorials::up_to(10);
        for n in [257_u64, 300, 2_000] {
            let sum: f64 = (1..=n).map(|n| (n as f64).ln()).sum();
            assert!(close(logs.of(n), sum), "{n}: {} and {sum}", logs.of(n));
        }
    }

    #[test]
    fn one_that_stands_out() {
        // 1.4826 times the median of 0, 2 and 2.
        let far = deviations(900.0, &[50.0, 52.0, 48.0]).unwrap();
        assert!(close(far, 850.0 / 2.9652), "{far}");
        // Five percent of 50.
        let near = deviations(60.0, &[50.0, 50.0, 50.0]).unwrap();
        assert!(close(near, 4.0), "{near}");
        assert!(deviations(60.0, &[50.0, 70.0, 40.0]).unwrap() < 1.0);
        assert!(
            deviations(50.4, &[50.0, 50.0, 50.0]).unwrap() < 1.0,
            "no spread is no proof"
        );
        assert_eq!(deviations(1.0, &[]), None);
    }

    proptest! {
        #[test]
        fn a_chance_is_a_chance(all in 1_u64..2000, group in 0_u64..2000, failed in 0_u64..2000, hit in 0_u64..2000) {
            let p = fisher(hit, group, failed, all);
            prop_assert!((0.0..=1.0).contains(&p), "{p}");
        }

        #[test]
        fn more_in_the_group_is_less_likely(all in 10_u64..600, a in 0.0..1.0_f64, b in 0.0..1.0_f64) {
            let (group, failed) = ((all as f64 * a) as u64, (all as f64 * b) as u64);
            let most = group.min(failed);
            for hit in 1..=most {
                prop_assert!(fisher(hit, group, failed, all) <= fisher(hit - 1, group, failed, all) + 1e-9);
            }
        }
    }
}
