//! One seed, played from beginning to end.

use std::rc::Rc;

use fastrand::Rng;
use soe503_core::breaker::State;

use crate::client::Client;
use crate::clock::{Virtual, WHEEL, pass};
use crate::control;
use crate::invariant::recovery::{PACE, all_back, all_used, settled_after};
use crate::invariant::{Invariant, Violation, permits};
use crate::scene::Scene;
use crate::schedule::Schedule;
use crate::tally::Tally;
use crate::trace::{Event, Trace};
use crate::world::World;

/// What came of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) trace: Trace,
    pub(crate) violation: Option<Violation>,
    pub(crate) tally: Tally,
}

/// Plays `seed`. With `keep_trace`, the events can be told.
pub(crate) fn play(clock: &Virtual, seed: u64, keep_trace: bool) -> Outcome {
    // The layers draw from this thread's generator: backoff, choices, jitter.
    fastrand::seed(seed);
    clock.run(async {
        let world = World::new(Schedule::new(seed), keep_trace);
        let scene = Scene::new(world);
        control::start(&scene);
        act(&scene).await;
        let lasted = scene.world.now();
        assert!(u64::from(lasted) < WHEEL, "seed {seed} took {lasted} ms");
        let tally = count(&scene);
        scene.world.with(|state| Outcome {
            trace: std::mem::replace(&mut state.trace, Trace::new(false)),
            violation: state.violation.take(),
            tally,
        })
    })
}

fn count(scene: &Scene) -> Tally {
    let Scene { world, stack, .. } = scene;
    let now = soe503::clock::now();
    let hedges = stack.backends.hedge().snapshot();
    world.with(|state| Tally {
        runs: 1,
        events: state.trace.events(),
        requests: state.requests.len() as u64,
        retries: state.ledger.retries() as u64,
        hedges: hedges.sent,
        hedges_won: hedges.won,
        hedges_withheld: hedges.withheld.iter().sum(),
        unpaid: stack.budget.snapshot(now).refused,
        panic_picks: stack.backends.snapshot(now).panic_picks,
        openings: stack.breaker.snapshot(now).trips,
        lasted: u64::from(world.now()),
        ..state.tally
    })
}

async fn act(scene: &Rc<Scene>) {
    let world = &scene.world;
    let mut rng = Rng::with_seed(world.schedule.seed ^ 0xc11e_0000_0000_0000);
    world.note(Event::Phase("faults"));
    while world.now() < world.schedule.healed && !world.is_violated() {
        let gap = -rng.f64().max(1e-9).ln() * f64::from(world.schedule.clients.gap);
        pass(gap as u32).await;
        Client::random(scene, &mut rng).start(scene);
        if gap < 1.0 {
            tokio::task::yield_now().await;
        }
    }
    world.note(Event::Phase("nothing is wrong"));
    come_back(scene, &mut rng).await;
    world.note(Event::Phase("all are back"));
    serve(scene, &mut rng).await;
    world.note(Event::Phase("the last client has asked"));
    leave(scene).await;
    if let Some((at, what)) = world.with(|state| state.ledger.exceeded()) {
        world.violated_at(at, Invariant::BudgetKept, || what);
    }
}

/// All backends are in rotation and the circuit is closed, and both stay so.
async fn come_back(scene: &Rc<Scene>, rng: &mut Rng) {
    let world = &scene.world;
    let bound = world.now() + all_back(&world.schedule);
    let settled = settled_after(&world.schedule);
    let mut since = None;
    while !world.is_violated() {
        pass(PACE).await;
        Client::swift(scene, rng).start(scene);
        let now = world.now();
        if !is_well(scene) {
            since = None;
        } else if now - *since.get_or_insert(now) >= settled {
            return;
        }
        if now > bound {
            world.violated(Invariant::Recovers, || {
                let pool = scene.stack.backends.snapshot(soe503::clock::now());
                let circuit = scene.stack.breaker.state();
                format!(
                    "nothing has been wrong for {} ms; circuit {circuit}, backends {}",
                    all_back(&world.schedule),
                    pool.counts
                )
            });
        }
    }
}

fn is_well(scene: &Scene) -> bool {
    let backends = scene.stack.backends.backends();
    let rotating = backends
        .iter()
        .filter(|backend| backend.state().in_rotation());
    rotating.count() == scene.world.schedule.size() && scene.stack.breaker.state() == State::Closed
}

/// Each request succeeds, and each backend has one.
async fn serve(scene: &Rc<Scene>, rng: &mut Rng) {
    let world = &scene.world;
    let began = world.now();
    let bound = all_used(&world.schedule);
    world.with(|state| {
        // Those that come at the same moment may be of before.
        state.sound_since = Some(began + 1);
        state
            .machines
            .iter_mut()
            .for_each(|machine| machine.served = 0);
    });
    while !world.is_violated() {
        pass(PACE).await;
        Client::patient(scene, rng).start(scene);
        let unused = world.with(|state| {
            let mut machines = state.machines.iter();
            machines.position(|machine| machine.served == 0)
        });
        let passed = world.now() - began;
        match unused {
            None if passed >= 10 * PACE => return,
            Some(machine) if passed > bound => world.violated(Invariant::Recovers, || {
                format!("all is well, and b{machine} has had no request for {bound} ms")
            }),
            _ => {}
        }
    }
}

/// The clients that are left get what they wait for, and then nothing is held any more.
async fn leave(scene: &Rc<Scene>) {
    /// Longer than any body.
    const READING: u32 = 1_000;
    let world = &scene.world;
    let bound = world.now() + world.schedule.timeout + READING;
    while world.now() < bound && world.with(|state| state.clients) > 0 {
        pass(10).await;
    }
    // A violation has ended the run in the middle; what is held then says nothing.
    if !world.is_violated() {
        permits::look_at_the_end(world, &scene.stack);
    }
}
