//! Which backends answer, which fail, and whether more is asked than usual.

use soe503_core::Cause;
use soe503_core::diagnosis::rules::Findings;

use super::world::{Tell, World, well};

const ERROR: Cause = Cause::DependencyUpstreamError;

fn told(tell: &Tell) -> Findings {
    let mut world = World::usual(3);
    world.run(6, |_| tell.clone());
    world.findings()
}

#[test]
fn who_fails_as_much_as_it_answers_fails() {
    let rows: [(&str, u32, u32, u32, bool); 5] = [
        ("half of them", 90, 1, 15, true),
        ("fewer", 90, 1, 14, false),
        ("one", 90, 1, 1, false),
        ("none", 90, 1, 0, false),
        ("it is not asked", 0, 0, 0, false),
    ];
    for (what, offered, in_flight, failed, fails) in rows {
        let found = told(&Tell {
            offered,
            good: offered - failed,
            failures: vec![(ERROR, failed)],
            backends: vec![
                (20, in_flight, failed),
                (20, in_flight, 0),
                (20, in_flight, 0),
            ],
            ..well(3)
        });
        let failing: Vec<&str> = found.failing.iter().map(|name| &**name).collect();
        let expected: &[&str] = if fails { &["b0"] } else { &[] };
        assert_eq!(failing, expected, "{what}");
    }
}

/// What is worked out for a backend is believed where requests were answered at all.
#[test]
fn who_answers_is_known_by_good_answers() {
    let found = told(&well(3));
    assert_eq!(found.answering.len(), 3);
    let left = told(&Tell {
        good: 0,
        left: 90,
        ..well(3)
    });
    assert_eq!(left.answering.len(), 0);
}

#[test]
fn a_third_more_is_busier_than_usual() {
    for (offered, busier) in [(90, false), (116, false), (117, true)] {
        let found = told(&Tell {
            offered,
            good: offered,
            ..well(3)
        });
        assert_eq!(found.busier, busier, "{offered}");
    }
}

/// One backend that takes twice as long as usual is enough.
#[test]
fn slower_than_usual_is_twice_as_slow() {
    for (millis, slower) in [(39, false), (40, true)] {
        let found = told(&Tell {
            backends: vec![(20, 1, 0), (20, 1, 0), (millis, 1, 0)],
            ..well(3)
        });
        assert_eq!(found.slower, slower, "{millis} ms");
    }
}
