use super::*;

const RULE: Rule = Rule {
    share: 0.2,
    least: 20,
    span: Duration::from_secs(60),
    per_second: f32::INFINITY,
};

const fn count(all: u64, bad: u64) -> Count {
    Count { all, bad }
}

#[test]
fn what_is_worse_than_the_others() {
    let (unknown, fine) = (count(0, 0), count(1_000, 2));
    let rows = [
        // A few bad ones of few.
        (count(20, 6), fine, true),
        (count(20, 5), fine, false),
        (count(20, 4), fine, false),
        // The share that is too much, and less.
        (count(143, 44), fine, true),
        (count(1_000, 200), fine, true),
        (count(1_000, 190), fine, false),
        // Where the others are not known, or have had few results, it takes more.
        (count(1_000, 1_000), unknown, false),
        (count(20, 6), count(20, 0), false),
        (count(40, 13), count(40, 0), true),
        // The others fail alike, and nearly alike.
        (count(1_000, 300), count(2_000, 600), false),
        (count(1_000, 300), count(2_000, 320), false),
        (count(200, 60), count(2_000, 100), true),
        (count(1_000, 1_000), count(2_000, 1_000), false),
        (count(1_000, 900), count(2_000, 500), true),
        // Twice their share is up to 95 % for that: 94 %, 95 % and 96 %.
        (count(1_000, 1_000), count(2_000, 940), true),
        (count(1_000, 1_000), count(38, 18), true),
        (count(1_000, 1_000), count(2_000, 960), false),
    ];
    for (own, others, worse) in rows {
        assert_eq!(
            own.is_worse(&others, RULE.share),
            worse,
            "{own:?} {others:?}"
        );
    }
}

/// Feeds results, `true` for bad ones, ten a second, while the others have 20 a second and none bad.
fn run(rule: &Rule, results: impl IntoIterator<Item = bool>) -> Option<(u64, Finding)> {
    let mut trial = Trial::default();
    for (ended, bad) in (0..).zip(results) {
        let now = Tick::from_millis(1_000 + ended * 100);
        let others = || Others {
            count: count(1_000 + ended * 2, 0),
            edition: 1,
        };
        if !bad {
            continue;
        }
        if trial.is_over(rule, now, ended) {
            trial = Trial::begin(now, ended, others());
        }
        if let Some(finding) = trial.add(rule, now, ended, others) {
            return Some((ended + 1, finding));
        }
    }
    None
}

#[test]
fn it_takes_as_many_results_as_it_needs() {
    let third = |n: u64| n.is_multiple_of(3);
    let (results, finding) = run(&RULE, (0..100).map(third)).unwrap();
    assert!((20..=60).contains(&results), "{results}");
    assert_eq!(finding.own.all, results, "all since the first bad one");
    assert_eq!(finding.own.bad, results.div_ceil(3));
    assert_eq!(finding.others.bad, 0);
    assert_eq!(run(&RULE, (0..10_000).map(|n| n % 25 == 0)), None, "4 %");
    assert_eq!(run(&RULE, (0..10_000).map(|n| n % 7 == 0)), None, "14 %");
}

#[test]
fn good_results_end_a_trial_and_it_begins_anew() {
    // A bad stretch long ago does not count any more when the next one comes.
    let bad = |n: u64| matches!(n, 0..=3 | 200..=260);
    let (_, finding) = run(&RULE, (0..300).map(bad)).unwrap();
    assert_eq!(finding.own, count(20, 20));
}

#[test]
fn a_second_weighs_only_so_much() {
    let rule = Rule {
        share: 0.5,
        least: 6,
        span: Duration::from_secs(300),
        per_second: 4.7,
    };
    // Ten a second: a pause of 1.5 s, and one that does not end.
    assert_eq!(run(&rule, (0..100).map(|n| (5..20).contains(&n))), None);
    let (results, _) = run(&rule, (0..100).map(|n| n >= 5)).unwrap();
    assert!((20..=30).contains(&results), "{results}");
    // What is bad after a pause, among good ones, adds nothing to it.
    assert_eq!(run(&rule, (0..100).map(|n| n < 15 || n == 24)), None);
}

#[test]
fn another_set_of_backends_is_not_compared() {
    let mut trial = Trial::begin(Tick::from_secs(1), 0, Others::default());
    for ended in 0..100 {
        let other_set = || Others {
            count: count(9_000, 0),
            edition: 2,
        };
        let now = Tick::from_secs(2);
        if trial.is_over(&RULE, now, ended) {
            trial = Trial::begin(now, ended, Others::default());
        }
        assert_eq!(trial.add(&RULE, now, ended, other_set), None);
    }
}

/// A bad result is worth ln 10, which eleven good ones hardly take away. It counts for a minute.
#[test]
fn good_results_and_time_end_a_trial() {
    let begin = Tick::from_secs(1);
    let mut trial = Trial::default();
    assert!(trial.is_over(&RULE, begin, 100), "none has begun");
    trial = Trial::begin(begin, 100, Others::default());
    assert_eq!(trial.add(&RULE, begin, 100, Others::default), None);
    let minute = Duration::from_secs(60);
    for (good, later, over) in [
        (0, Duration::ZERO, false),
        (11, Duration::ZERO, false),
        (12, Duration::ZERO, true),
        (0, minute, false),
        (0, minute + Duration::from_nanos(1), true),
    ] {
        // The bad one has ended as well.
        let ended = 100 + 1 + good;
        let got = trial.is_over(&RULE, begin.after(later), ended);
        assert_eq!(got, over, "{good} good ones, after {later:?}");
    }
}
