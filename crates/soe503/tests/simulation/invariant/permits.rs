//! What is held, and by whom.
//!
//! A backend's attempts in flight must be those that the backend itself counts, at any moment between two
//! polls. A probe's place, of an ejected backend or of a half-open circuit, is taken by a request that
//! is there. So is a place in the waiting room, of which there are so many.

use soe503_core::breaker::State;

use super::Invariant;
use crate::stack::Stack;
use crate::world::World;

/// Compares the handles with the truth.
pub(crate) fn look(world: &World, stack: &Stack) {
    for backend in &*stack.backends.backends() {
        let machine = backend.service.machine();
        let held = world.with(|state| state.machines[machine].held);
        let counted = backend.in_flight();
        if counted != held {
            world.violated(Invariant::NoPermitLost, || {
                format!("b{machine}: {held} requests hold it, the pool counts {counted}")
            });
        }
    }
}

/// Likewise, and looks at probes: these are seen in snapshots only, which cost more.
pub(crate) fn look_closely(world: &World, stack: &Stack) {
    look(world, stack);
    let now = soe503::clock::now();
    if stack.backends.any_ejected() {
        for backend in stack.backends.snapshot(now).backends {
            let probing = backend.ejection.is_some_and(|ejection| ejection.probing);
            if probing && backend.in_flight == 0 {
                world.violated(Invariant::NoPermitLost, || {
                    format!("{} waits for a probe that nobody makes", backend.name)
                });
            }
        }
    }
    if stack.breaker.state() == State::HalfOpen {
        let places = stack.breaker.snapshot(now).probes_in_flight as usize;
        let clients = world.with(|state| state.clients);
        if places > clients {
            world.violated(Invariant::NoPermitLost, || {
                format!("{places} probes of the circuit are out, and {clients} clients are there")
            });
        }
    }
    let (room, most) = (
        stack.breaker.waiting_room().waiting(),
        stack.breaker.config().max_waiting,
    );
    let there = world.with(|state| state.clients);
    if room as usize > there || room > most {
        world.violated(Invariant::NoPermitLost, || {
            format!("{room} wait in a room for {most}, and {there} clients are there")
        });
    }
    let in_line = stack.backends.waiting() as usize;
    if in_line > there {
        world.violated(Invariant::NoPermitLost, || {
            format!("{in_line} wait for a backend with room, and {there} clients are there")
        });
    }
    for backend in &*stack.backends.backends() {
        if backend
            .max_in_flight()
            .is_some_and(|limit| backend.in_flight() > limit)
        {
            world.violated(Invariant::NoPermitLost, || {
                format!("{} has more in flight than it may", backend.name)
            });
        }
    }
    let (slots, clients) = (
        stack.limit.in_use() as usize,
        world.with(|state| state.clients),
    );
    if slots > clients {
        world.violated(Invariant::NoPermitLost, || {
            format!("{slots} slots of the limit are taken, and {clients} clients are there")
        });
    }
}

/// All clients have gone.
pub(crate) fn look_at_the_end(world: &World, stack: &Stack) {
    look_closely(world, stack);
    let left = world.with(|state| {
        let held = |machine: &crate::world::Machine| machine.held + machine.orphans;
        (state.clients, state.machines.iter().map(held).sum::<u32>())
    });
    if left != (0, 0) {
        world.violated(Invariant::NoPermitLost, || {
            format!(
                "in the end {} clients wait, and {} requests hold backends",
                left.0, left.1
            )
        });
    }
}
