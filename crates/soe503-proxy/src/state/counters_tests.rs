//! Cells and the sums of them.

use super::*;

fn finish(status: u16, origin: Origin, cause: Option<Cause>, attempts: u8) -> Finish {
    Finish {
        status: Some(status),
        origin,
        cause,
        attempts,
        prevented: false,
        hedged: false,
        degraded: None,
        took: Duration::from_millis(20),
    }
}

#[test]
fn causes_index_themselves() {
    for (position, cause) in Cause::ALL.iter().enumerate() {
        assert_eq!(*cause as usize, position, "{cause}");
    }
}

#[test]
fn every_label_has_a_cell_of_its_own() {
    let causes = || std::iter::once(None).chain(Cause::ALL.iter().copied().map(Some));
    let mut cells = std::collections::BTreeSet::new();
    for origin in Origin::ALL {
        for class in Class::ALL {
            for cause in causes() {
                let cell = index(origin, class, cause);
                assert_eq!(labels(cell), (origin, class, cause));
                assert!(cells.insert(cell) && cell < CELLS);
            }
        }
    }
    assert_eq!(cells.len(), CELLS);
}

#[test]
fn sums_follow_from_the_cells() {
    let counters = PoolCounters::default();
    counters.finish(&finish(200, Origin::Upstream, None, 1));
    counters.finish(&Finish {
        prevented: true,
        hedged: false,
        degraded: None,
        ..finish(200, Origin::Upstream, None, 3)
    });
    counters.finish(&finish(404, Origin::Upstream, None, 1));
    counters.finish(&finish(
        500,
        Origin::Upstream,
        Some(Cause::DependencyUpstreamError),
        1,
    ));
    counters.finish(&finish(
        503,
        Origin::Generated,
        Some(Cause::CircuitConsecutiveFailures),
        0,
    ));
    counters.finish(&finish(
        200,
        Origin::Upstream,
        Some(Cause::DependencyResponseTruncated),
        1,
    ));
    counters.finish(&finish(
        503,
        Origin::Generated,
        Some(Cause::Unclassified),
        1,
    ));
    counters.finish(&Finish {
        status: None,
        ..finish(0, Origin::Generated, None, 0)
    });
    assert_eq!(counters.requests(), 8);
    assert_eq!(counters.attempts(), 8);
    assert_eq!(counters.prevented(), 1);
    assert_eq!(counters.failed(), 3);
    assert_eq!(counters.unexplained(), 1);
    let ends = counters.ends(2);
    assert_eq!((ends.requests, ends.retries, ends.good), (7, 2, 3));
    assert_eq!(
        (ends.late, ends.shed),
        (1, 1),
        "the client left without a word"
    );
    let refused = counters.count(
        Origin::Generated,
        Class::ServerError,
        Some(Cause::CircuitConsecutiveFailures),
    );
    assert_eq!(refused, 1);
}

#[test]
fn statuses_have_classes() {
    for (status, class) in [
        (None, "none"),
        (Some(101), "2xx"),
        (Some(204), "2xx"),
        (Some(304), "3xx"),
        (Some(499), "4xx"),
        (Some(503), "5xx"),
        (Some(999), "5xx"),
    ] {
        assert_eq!(Class::of(status).id(), class, "{status:?}");
    }
}

#[test]
fn incidents_are_made_of_failures_only() {
    let counters = PoolCounters::default();
    let refused = Some(Cause::DependencyConnectRefused);
    counters.finish(&finish(200, Origin::Upstream, None, 1));
    counters.finish(&finish(404, Origin::Upstream, None, 1));
    counters.finish(&finish(503, Origin::Generated, refused, 1));
    counters.finish(&finish(503, Origin::Upstream, None, 1));
    let cut = Some(Cause::DependencyResponseTruncated);
    counters.finish(&finish(200, Origin::Upstream, cut, 1));
    // What gRPC is told, or an older answer: who counts those apart knows which.
    counters.finish(&finish(200, Origin::Generated, refused, 1));
    counters.finish(&Finish {
        status: None,
        ..finish(0, Origin::Generated, None, 1)
    });
    let tally = counters.tally();
    assert_eq!(tally.requests, 6, "without the one whose client left");
    let of = |counts: &[u64], cause: Cause| counts[cause as usize];
    for (cause, failed) in [
        (Cause::DependencyConnectRefused, 1),
        (Cause::DependencyUpstreamError, 1),
        (Cause::DependencyResponseTruncated, 1),
    ] {
        assert_eq!(of(&tally.failed, cause), failed, "{cause}");
    }
    assert_eq!(tally.failed.iter().sum::<u64>(), 3);
    assert_eq!(of(&tally.soft, Cause::DependencyConnectRefused), 1);
}

#[test]
fn what_was_answered_instead_has_not_failed() {
    let refused = Some(Cause::DependencyConnectRefused);
    let ours = finish(200, Origin::Generated, refused, 1);
    let rows = [
        // What gRPC is told is a failure, whatever its status.
        (ours, None, 1),
        (ours, Some(Degraded::Static), 0),
        (ours, Some(Degraded::Stale), 0),
        (ours, Some(Degraded::Failover), 0),
        (
            finish(302, Origin::Generated, refused, 1),
            Some(Degraded::Static),
            0,
        ),
        // A page of the operator's that says that it is down.
        (
            finish(503, Origin::Generated, refused, 1),
            Some(Degraded::Static),
            1,
        ),
        // Another pool's answer, which broke off.
        (
            finish(
                200,
                Origin::Upstream,
                Some(Cause::DependencyResponseTruncated),
                2,
            ),
            Some(Degraded::Failover),
            1,
        ),
    ];
    for (finish, degraded, failed) in rows {
        let counters = PoolCounters::default();
        counters.finish(&Finish { degraded, ..finish });
        assert_eq!(counters.failed(), failed, "{finish:?} {degraded:?}");
    }
}

#[test]
fn the_time_is_counted_of_what_was_answered_and_of_what_failed() {
    let counters = PoolCounters::default();
    let refused = Some(Cause::DependencyConnectRefused);
    let ok = finish(200, Origin::Upstream, None, 1);
    counters.finish(&ok);
    counters.finish(&finish(404, Origin::Upstream, None, 1));
    let failed = finish(503, Origin::Generated, refused, 2);
    counters.finish(&failed);
    // Cut off after its head.
    counters.finish(&finish(200, Origin::Upstream, refused, 1));
    let degraded = Some(Degraded::Stale);
    counters.finish(&Finish {
        degraded,
        ..finish(200, Origin::Generated, refused, 2)
    });
    let left = Finish { status: None, ..ok };
    counters.finish(&left);
    counters.finish(&finish(101, Origin::Upstream, None, 1));
    let counted = |durations: &Durations| {
        let snapshot = durations.snapshot();
        (
            snapshot.counts.iter().sum::<u64>(),
            snapshot.sum.as_millis(),
        )
    };
    assert_eq!(counted(&counters.answered), (3, 60));
    assert_eq!(counted(&counters.failures), (2, 40));
}
