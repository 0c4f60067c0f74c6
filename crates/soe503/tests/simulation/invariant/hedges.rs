//! Two attempts of one request at the same time.
//!
//! Only where that changes nothing, on two different backends, never three; and none begins while what is wrong
//! is wrong for all.

use soe503_core::breaker::State;

use super::Invariant;
use crate::scene::Scene;
use crate::world::World;

/// An attempt of request `id` has come to `machine`.
pub(crate) fn begins(world: &World, id: usize, machine: usize) {
    let (safe, under_way) = world.with(|state| {
        let asked = &mut state.requests[id];
        asked.under_way.push(machine);
        (asked.safe, asked.under_way.clone())
    });
    let many = under_way.len();
    let twice_there = under_way.iter().filter(|other| **other == machine).count() > 1;
    if many > 2 || many > 1 && !safe || twice_there {
        world.violated(Invariant::HedgesBounded, || {
            format!("#{id} (safe: {safe}) is under way on {under_way:?} at the same time")
        });
    }
}

/// One of its attempts is decided.
pub(crate) fn ends(world: &World, id: usize, machine: usize) {
    world.with(|state| {
        let under_way = &mut state.requests[id].under_way;
        if let Some(index) = under_way.iter().position(|other| *other == machine) {
            under_way.swap_remove(index);
        }
    });
}

/// A hedge of request `id` has come to `machine`.
pub(crate) fn look(scene: &Scene, id: usize, machine: usize) {
    let Scene { world, stack, .. } = scene;
    let state = stack.breaker.state();
    if state != State::Closed {
        world.violated(Invariant::HedgesBounded, || {
            format!("#{id} is hedged on b{machine} while the circuit is {state:?}")
        });
    }
    if stack.backends.is_panicking() {
        world.violated(Invariant::HedgesBounded, || {
            format!("#{id} is hedged on b{machine} while the pool is in panic")
        });
    }
}
