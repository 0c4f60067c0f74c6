//! Who may be picked, by how many are in which state.

use super::*;

const HALF: Option<Ratio> = Some(Ratio::percent(50));
/// Checks may condemn all.
const ALL: Option<Ratio> = Some(Ratio::percent(100));

#[test]
fn the_best_that_is_left_is_picked() {
    use Admit::{Anything, Ejected, Rotation, Starting, Unchecked};
    // In rotation, down, starting, ejected, ejected and down.
    for (counts, half, all, strict) in [
        ([0, 0, 0, 0, 0], None, None, None),
        (
            [1, 0, 9, 9, 9],
            Some(Rotation),
            Some(Rotation),
            Some(Rotation),
        ),
        (
            [1, 1, 0, 0, 0],
            Some(Rotation),
            Some(Rotation),
            Some(Rotation),
        ),
        (
            [1, 2, 0, 0, 0],
            Some(Unchecked),
            Some(Rotation),
            Some(Rotation),
        ),
        ([0, 0, 1, 0, 0], Some(Starting), Some(Starting), None),
        (
            [0, 0, 1, 1, 0],
            Some(Starting),
            Some(Starting),
            Some(Ejected),
        ),
        ([0, 0, 0, 1, 0], Some(Ejected), Some(Ejected), Some(Ejected)),
        (
            [0, 1, 0, 1, 0],
            Some(Unchecked),
            Some(Ejected),
            Some(Ejected),
        ),
        ([0, 1, 0, 0, 0], Some(Unchecked), Some(Unchecked), None),
        ([0, 1, 0, 0, 1], Some(Unchecked), Some(Unchecked), None),
        ([0, 0, 0, 0, 1], Some(Anything), Some(Anything), None),
    ] {
        let [rotation, down, starting, ejected, ejected_down] = counts;
        let census = Census {
            rotation,
            down,
            starting,
            ejected,
            ejected_down,
            ..Census::default()
        };
        for (threshold, admit) in [(HALF, half), (ALL, all), (None, strict)] {
            assert_eq!(census.admit(threshold), admit, "{counts:?} {threshold:?}");
        }
    }
}

/// Where a check is overruled, others that leave a doubt are let in; without such others there is nobody to let in.
#[test]
fn checks_that_are_overruled_for_some_are_doubted_for_the_others() {
    for (overruled, doubted, admit) in [
        (3, 0, Admit::Rotation),
        (1, 1, Admit::Rotation),
        (2, 1, Admit::Doubted),
    ] {
        let census = Census {
            rotation: 4 - doubted,
            overruled,
            down: doubted,
            doubted,
            ..Census::default()
        };
        assert_eq!(census.admit(HALF), Some(admit), "{overruled}, {doubted}");
    }
}

#[test]
fn whom_no_operator_took_out_is_counted_once() {
    let census = Census {
        rotation: 1,
        overruled: 1,
        down: 2,
        doubted: 1,
        starting: 4,
        ejected: 8,
        ejected_down: 16,
    };
    assert_eq!(census.enabled(), 31);
}
