use super::*;

const DECAY: Duration = Duration::from_secs(10);

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn at(secs: u64) -> Tick {
    Tick::from_secs(secs)
}

/// `got` nanoseconds are within 1 % of `want`.
fn near(got: f32, want: Duration) {
    let want = want.as_nanos() as f32;
    assert!((got - want).abs() <= want * 0.01, "{got} for {want}");
}

#[test]
fn a_peak_counts_at_once_and_fades_slowly() {
    let estimate = Estimate::default();
    estimate.observe(at(1), ms(10), DECAY);
    near(estimate.read(at(1), 0.0, DECAY), ms(10));
    estimate.observe(at(1), ms(200), DECAY);
    near(estimate.read(at(1), 0.0, DECAY), ms(200));
    // One time constant later, a low sample has the weight 1 - 1/e.
    estimate.observe(at(11), ms(10), DECAY);
    near(
        estimate.read(at(11), 0.0, DECAY),
        Duration::from_micros(79_900),
    );
}

#[test]
fn idle_it_falls_to_what_is_typical_and_no_further() {
    let estimate = Estimate::default();
    let typical = ms(20).as_nanos() as f32;
    near(estimate.read(at(1), typical, DECAY), ms(20));
    estimate.observe(at(1), ms(500), DECAY);
    near(
        estimate.read(at(11), typical, DECAY),
        Duration::from_micros(196_600),
    );
    near(estimate.read(at(1_000), typical, DECAY), ms(20));
    // Who is faster than the others stays so.
    let fast = Estimate::default();
    fast.observe(at(1), ms(5), DECAY);
    near(fast.read(at(1_000), typical, DECAY), ms(5));
}

#[test]
fn a_failure_never_lowers_the_estimate() {
    let estimate = Estimate::default();
    estimate.observe(at(1), ms(50), DECAY);
    estimate.observe_failure(at(30), ms(1), DECAY);
    near(estimate.read(at(30), f32::MAX, DECAY), ms(50));
    // One that took no longer is no news of the latency: it fades as before.
    estimate.observe_failure(at(30), ms(50), DECAY);
    near(
        estimate.read(at(11), 0.0, DECAY),
        ms(50).mul_f64((-1_f64).exp()),
    );
    estimate.observe_failure(at(30), ms(5_000), DECAY);
    near(estimate.read(at(30), 0.0, DECAY), ms(5_000));
}

#[test]
fn a_late_clock_neither_ages_nor_panics() {
    let estimate = Estimate::default();
    estimate.observe(at(100), ms(50), DECAY);
    near(estimate.read(at(1), 0.0, DECAY), ms(50));
    near(estimate.read(Tick::ZERO, 0.0, DECAY), ms(50));
    estimate.observe(Tick::MAX, Duration::MAX, DECAY);
    assert!(estimate.read(Tick::MAX, 0.0, Duration::ZERO).is_finite());
    estimate.observe(at(1), Duration::ZERO, Duration::ZERO);
    assert!(estimate.last(at(1)).is_some());
}

#[test]
fn a_penalty_adds_up_is_bounded_and_fades() {
    let penalty = Penalty::default();
    assert_eq!(penalty.factor(at(1)), 1.0);
    penalty.add(at(1));
    assert_eq!(penalty.factor(at(1)), 5.0);
    penalty.add(at(1));
    assert_eq!(penalty.factor(at(1)), 9.0);
    // What is left of both after two seconds is 8/e.
    let later = Penalty::default();
    (0..2).for_each(|_| later.add(at(1)));
    later.add(at(3));
    assert!((later.factor(at(3)) - 7.94).abs() < 0.05);
    (0..1_000).for_each(|_| penalty.add(at(1)));
    assert_eq!(penalty.factor(at(1)), 101.0);
    assert!((penalty.factor(at(3)) - 37.8).abs() < 0.2);
    penalty.tidy(at(3));
    assert!(penalty.factor(at(3)) > 30.0, "too early to be forgotten");
    penalty.tidy(at(30));
    assert_eq!(penalty.factor(at(30)), 1.0);
    assert_eq!(penalty.factor(at(1)), 1.0, "forgotten, not just faded");
}

#[test]
fn typical_is_the_lower_median_and_only_renewed_when_old() {
    let climate = Climate::new();
    let of = |millis: &[u64]| -> Vec<Estimate> {
        let estimates = millis.iter().map(|&m| {
            let estimate = Estimate::default();
            estimate.observe(at(1), ms(m), DECAY);
            estimate
        });
        estimates.collect()
    };
    climate.refresh(at(1), 0, |_| None);
    assert_eq!(climate.measured(), None);
    near(climate.typical(), ms(1));
    let few = of(&[900, 10, 12, 700]);
    climate.refresh(at(2), few.len(), |i| few.get(i));
    near(climate.typical(), ms(12));
    let others = of(&[1]);
    climate.refresh(at(2).after(ms(99)), 1, |i| others.get(i));
    near(climate.typical(), ms(12));
    climate.refresh(at(2).after(ms(100)), 1, |i| others.get(i));
    near(climate.typical(), ms(1));
    // Of a thousand, a sample across the whole list.
    let many = of(&(0..1_000).collect::<Vec<_>>());
    climate.refresh(at(3), many.len(), |i| many.get(i));
    let median = climate.typical() / 1e6;
    assert!((400.0..600.0).contains(&median), "{median}");
}
