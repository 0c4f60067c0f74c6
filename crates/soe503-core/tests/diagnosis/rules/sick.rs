//! What is behind a full queue, where backends fail.

use soe503_core::Cause;
use soe503_core::diagnosis::rules::LimitState;
use soe503_core::diagnosis::{Condition, Diagnosis, diagnose};
use soe503_core::ledger::Ledger;

use super::requests::{around, diagnosed, queue_full};
use super::world::{Tell, World, well};

/// A limit of which is proven that more in flight bring no more answers.
const PROVEN: LimitState = LimitState {
    limit: 12,
    fixed: false,
    saturated: true,
};

/// After half a minute as usual, so many backends of three fail all they are asked for five seconds, with `cause`.
fn failing(some: usize, cause: Cause) -> World {
    let mut world = World::usual(3);
    world.run(5, |_| {
        let mut tell = Tell {
            good: 30 * (3 - some as u32),
            failures: vec![(Cause::OverloadQueueFull, 40), (cause, 30 * some as u32)],
            ..well(3)
        };
        for backend in &mut tell.backends[..some] {
            *backend = (0, 4, 30);
        }
        tell
    });
    world.limit = Some(PROVEN);
    world
}

/// What is behind a full queue, be it that it takes the queue's place: the limit is a learned one here.
fn behind(world: &World) -> Option<Cause> {
    let told = diagnosed(queue_full(), world);
    let instead = Some(told.primary).filter(|primary| *primary != Cause::OverloadQueueFull);
    told.root.or(instead)
}

#[test]
fn backends_that_fail_are_behind_a_full_queue() {
    for cause in [
        Cause::DependencyInvalidResponse,
        Cause::DependencyConnectTimeout,
        Cause::DependencyUpstreamError,
        Cause::OverloadUpstreamShedding,
        Cause::ConfigTlsCertExpired,
    ] {
        for some in [2, 3] {
            let world = failing(some, cause);
            let diagnosis = diagnosed(queue_full(), &world);
            assert_eq!(
                (diagnosis.primary, diagnosis.root),
                (Cause::OverloadQueueFull, Some(cause)),
                "{some}"
            );
        }
    }
}

#[test]
fn one_of_three_is_not_why() {
    let world = failing(1, Cause::DependencyInvalidResponse);
    assert_eq!(behind(&world), Some(Cause::OverloadPoolSaturated));
}

#[test]
fn late_answers_are_why_unless_it_is_known_why_they_are_late() {
    let mut world = failing(3, Cause::DependencyResponseTimeout);
    assert_eq!(behind(&world), Some(Cause::OverloadPoolSaturated));
    world.limit = None;
    assert_eq!(behind(&world), Some(Cause::DependencyResponseTimeout));
}

#[test]
fn what_they_are_out_for_is_behind_it() {
    let root = |out: usize| -> Diagnosis {
        let mut context = around(World::usual(3).findings());
        context.root = Some(Cause::OverloadPoolSaturated);
        for backend in &mut context.backends[..out] {
            backend.condition = Condition::Ejected;
            backend.cause = Some(Cause::DependencyConnectRefused);
        }
        diagnose(&Ledger::from(queue_full()), &context)
    };
    assert_eq!(root(1).root, Some(Cause::OverloadPoolSaturated));
    assert_eq!(root(2).root, Some(Cause::DependencyConnectRefused));
}
