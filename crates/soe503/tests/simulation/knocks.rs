//! Knocks, as the proxy's control plane makes them: at backends that could not be connected to, and at
//! those behind a circuit that broken connections opened.

use std::rc::Rc;

use fastrand::Rng;
use soe503::clock::now;
use soe503_core::Cause;
use soe503_core::breaker::{Knocked, State, root_of_knocks, worth_knocking};
use soe503_core::pool::BackendState;

use crate::clock::pass;
use crate::fault::Kind;
use crate::scene::Scene;
use crate::schedule::CONNECT_TIMEOUT;
use crate::stack::name;
use crate::trace::Event;

/// How often ejected backends and the circuit are looked at, in milliseconds.
const LOOK: u32 = 250;

/// Knocks at backends that could not be connected to, about once a second, and at those behind a
/// circuit that broken connections opened.
pub(crate) async fn knock(scene: Rc<Scene>) {
    let world = &scene.world;
    let mut rng = Rng::with_seed(world.schedule.seed ^ 0x0c0c_0000_0000_0000);
    let mut next: Vec<Option<u32>> = vec![None; world.schedule.size()];
    loop {
        pass(LOOK).await;
        for machine in waiting(&scene, &mut next) {
            let due = *next[machine].get_or_insert_with(|| world.now() + rng.u32(800..1_200));
            if due <= world.now() {
                next[machine] = Some(world.now() + rng.u32(800..1_200));
                world.spawn(knock_at(Rc::clone(&scene), machine));
            }
        }
        ask_about_circuit(&scene);
    }
}

/// The backends to knock at. Forgets the others.
fn waiting(scene: &Scene, next: &mut [Option<u32>]) -> Vec<usize> {
    let backends = &scene.stack.backends;
    let mut waiting = Vec::new();
    if backends.any_ejected() {
        for backend in &*backends.backends() {
            let shown = backends.backend_snapshot(backend.id, now());
            let waits = shown
                .and_then(|shown| shown.ejection)
                .is_some_and(|ejection| {
                    ejection.due > now()
                        && !ejection.probing
                        && ejection.why.cause.is_some_and(is_connect)
                });
            if waits && backend.state() == BackendState::Ejected {
                waiting.push(backend.service.machine());
            }
        }
    }
    for (machine, next) in next.iter_mut().enumerate() {
        *next = next.filter(|_| waiting.contains(&machine));
    }
    waiting
}

async fn knock_at(scene: Rc<Scene>, machine: usize) {
    let open = match scene.world.wrong(machine) {
        Some(Kind::Blackhole) => {
            pass(CONNECT_TIMEOUT).await;
            false
        }
        wrong => !wrong.is_some_and(Kind::refuses),
    };
    scene.world.note(Event::Knocked { machine, open });
    if open && let Some(backend) = scene.stack.backends.backend(&*name(machine)) {
        scene.stack.backends.connect_proved(backend.id, now());
    }
}

fn ask_about_circuit(scene: &Scene) {
    let breaker = &scene.stack.breaker;
    if breaker.state() != State::Open {
        return;
    }
    let circuit = breaker.snapshot(now());
    let root = circuit.trip.as_ref().and_then(|trip| trip.root);
    if !worth_knocking(root) {
        return;
    }
    let backends = scene.stack.backends.backends();
    let refuses = |machine| scene.world.wrong(machine).is_some_and(Kind::refuses);
    let refused = backends
        .iter()
        .filter(|backend| refuses(backend.service.machine()));
    let failed = vec![Cause::DependencyConnectRefused; refused.count()];
    if let Some(cause) = root_of_knocks(backends.len(), &failed) {
        breaker.knocked(circuit.generation, Knocked::new(now(), cause));
    }
}

const fn is_connect(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::DependencyConnectRefused | Cause::DependencyConnectTimeout
    )
}
