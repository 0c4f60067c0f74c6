//! What goes on beside the requests: deaths, operators, health checks, and knocks.
//!
//! Checks and knocks are what the proxy's control plane does, with its intervals. Its own loops cannot
//! run here, because their pools hold real connectors; their decisions are the core's either way.

use std::rc::Rc;

use soe503::clock::now;
use soe503_core::Tick;
use soe503_core::metastable::Orders;
use soe503_core::retry::Cut;

use crate::checks::check;
use crate::clock::pass;
use crate::fault::{Fault, Kind};
use crate::invariant::{permits, recovery};
use crate::knocks::knock;
use crate::scene::Scene;
use crate::stack::name;
use crate::trace::Event;
use crate::world::World;

/// How often permits are looked at closely, in milliseconds.
const AUDIT: u32 = 40;

/// Starts everything, until the run ends.
pub(crate) fn start(scene: &Rc<Scene>) {
    let world = &scene.world;
    for fault in &world.schedule.faults {
        world.spawn(befall(Rc::clone(scene), fault.clone()));
    }
    if let Some(config) = &world.schedule.checks {
        for machine in 0..world.schedule.size() {
            world.spawn(check(Rc::clone(scene), machine, config.clone()));
        }
    }
    world.spawn(knock(Rc::clone(scene)));
    if world.schedule.seed.is_multiple_of(4) {
        world.spawn(cut(Rc::clone(scene)));
    }
    world.spawn(audit(Rc::clone(scene)));
}

/// As if an overload kept itself going: once a second other orders, as long as anything is wrong. Whether
/// there is reason for them is decided elsewhere; what they do to requests is seen here.
async fn cut(scene: Rc<Scene>) {
    let world = &scene.world;
    let mut rng = fastrand::Rng::with_seed(world.schedule.seed);
    while world.now() < world.schedule.healed {
        let mut orders = Orders::USUAL;
        orders.no_retries = rng.bool();
        orders.wait_divisor = if rng.bool() { 4 } else { 1 };
        orders.room = rng.bool().then(|| rng.u32(1..20));
        obey(&scene, &orders);
        pass(1_000).await;
    }
    obey(&scene, &Orders::USUAL);
}

fn obey(scene: &Scene, orders: &Orders) {
    scene.stack.budget.set_cut(Cut::Overload, orders.no_retries);
    scene.stack.limit.obey(orders);
}

async fn befall(scene: Rc<Scene>, fault: Fault) {
    let world = &scene.world;
    for death in fault.deaths() {
        until(world, death).await;
        for machine in machines(world, &fault) {
            world.kill(machine);
        }
    }
    if fault.kind.is_of_machine() {
        return;
    }
    until(world, fault.from).await;
    decide(&scene, &fault, true);
    until(world, fault.until).await;
    decide(&scene, &fault, false);
}

/// An operator acts, or takes it back.
fn decide(scene: &Scene, fault: &Fault, begins: bool) {
    let world = &scene.world;
    for machine in machines(world, fault) {
        let what = if begins { fault.kind.word() } else { "end of" };
        world.note(Event::Operator { what, machine });
    }
    if fault.kind == Kind::Forced {
        let breaker = &scene.stack.breaker;
        if begins {
            breaker.force_open(now(), "simulated");
        } else {
            breaker.reset(now());
        }
        return;
    }
    if fault.kind == Kind::Removed {
        scene.alter(|_| {
            if begins {
                machines(world, fault).for_each(|machine| world.orphan(machine));
            }
            scene
                .stack
                .set_backends(world, |machine| !is_removed(world, machine));
        });
        return;
    }
    // Half of the decisions end by themselves.
    let timed = fault.until.is_multiple_of(2);
    let end = Tick::from_millis(u64::from(fault.until));
    let end = timed.then(|| world.started().after(end.since(Tick::ZERO)));
    for machine in machines(world, fault) {
        scene.alter(|backends| {
            let name = name(machine);
            // It may have been removed meanwhile, and then there is nothing to decide.
            let _ = match (begins, fault.kind) {
                (true, Kind::Drained) => backends.drain(&*name, "simulated", end, now()),
                (true, _) => backends.disable(&*name, "simulated", end, now()),
                (false, _) if timed => Ok(None),
                (false, _) => backends.enable(&*name, now()),
            };
        });
    }
}

fn machines(world: &World, fault: &Fault) -> impl Iterator<Item = usize> + use<> {
    let fault = fault.clone();
    (0..world.schedule.size()).filter(move |machine| fault.concerns(*machine))
}

/// Whether `machine` is out of the pool's set.
pub(crate) fn is_removed(world: &World, machine: usize) -> bool {
    is_on(world, machine, Kind::Removed)
}

/// Whether `machine` suffers from `kind` now, whatever else is wrong with it.
pub(crate) fn is_on(world: &World, machine: usize, kind: Kind) -> bool {
    let now = world.now();
    let mut faults = world.schedule.faults.iter();
    faults.any(|fault| fault.kind == kind && fault.is_on(machine, now))
}

async fn until(world: &World, at: u32) {
    pass(at.saturating_sub(world.now())).await;
}

/// Looks closely, again and again.
async fn audit(scene: Rc<Scene>) {
    let mut state = scene.stack.breaker.state();
    loop {
        pass(AUDIT).await;
        scene.look();
        permits::look_closely(&scene.world, &scene.stack);
        recovery::look(&scene.world, &scene.stack);
        let latest = scene.stack.breaker.state();
        if latest != state {
            scene.world.note(Event::circuit(state, latest));
            state = latest;
        }
    }
}
