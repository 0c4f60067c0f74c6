//! What goes on beside the requests: deaths, operators, health checks, and knocks.
//!
//! Checks and knocks are what the proxy's control plane does, with its intervals. Its own loops cannot
//! run here, because their pools hold real connectors; their decisions are the core's either way.

use std::rc::Rc;
use std::time::Duration;

use fastrand::Rng;
use soe503::clock::{instant, now};
use soe503_core::breaker::{Knocked, State, root_of_knocks, worth_knocking};
use soe503_core::health::{CheckConfig, CheckResult, Checker, Health};
use soe503_core::pool::BackendState;
use soe503_core::{Cause, Tick};

use crate::clock::pass;
use crate::fault::{Fault, Kind};
use crate::invariant::permits;
use crate::scene::Scene;
use crate::schedule::CONNECT_TIMEOUT;
use crate::stack::name;
use crate::trace::Event;
use crate::world::World;

/// How often the control plane looks at ejected backends and the circuit, in milliseconds.
const LOOK: u32 = 250;
/// How often permits are looked at closely.
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
    world.spawn(audit(Rc::clone(scene)));
}

// --- faults --------------------------------------------------------------------------------------

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

fn is_removed(world: &World, machine: usize) -> bool {
    is_on(world, machine, Kind::Removed)
}

fn is_on(world: &World, machine: usize, kind: Kind) -> bool {
    let now = world.now();
    let mut faults = world.schedule.faults.iter();
    faults.any(|fault| fault.kind == kind && fault.is_on(machine, now))
}

async fn until(world: &World, at: u32) {
    pass(at.saturating_sub(world.now())).await;
}

// --- health checks -------------------------------------------------------------------------------

async fn check(scene: Rc<Scene>, machine: usize, config: CheckConfig) {
    let world = &scene.world;
    let mut incarnation = 0;
    let mut checker = None;
    let mut suspicious = false;
    loop {
        let backend = scene.stack.backends.backend(&*name(machine));
        let latest = world.with(|state| state.machines[machine].incarnation);
        let Some(backend) = backend.filter(|_| !is_removed(world, machine)) else {
            checker = None;
            tokio::time::sleep(config.fast_interval).await;
            continue;
        };
        if incarnation != latest {
            checker = None;
        }
        incarnation = latest;
        let checker = checker.get_or_insert_with(|| {
            let initial = match backend.state() {
                BackendState::Down => Health::Down,
                BackendState::Starting => Health::Starting,
                _ => Health::Up,
            };
            let config = CheckConfig {
                initial,
                ..config.clone()
            };
            let seed = world.schedule.seed ^ machine as u64;
            Checker::new(config, seed, now())
        });
        let suspected = backend.consecutive_failures() > 0;
        if suspected && !suspicious {
            checker.suspect(now());
        }
        suspicious = suspected;
        let look = now().after(config.fast_interval);
        if checker.next_at() > now() {
            tokio::time::sleep_until(instant(checker.next_at().min(look))).await;
            continue;
        }
        let result = examine(world, machine, config.timeout).await;
        if world.with(|state| state.machines[machine].incarnation) != latest {
            continue;
        }
        let passed = matches!(result, CheckResult::Passed { .. });
        world.note(Event::Checked { machine, passed });
        checker.record(now(), result);
        let report = checker.report().clone();
        scene.alter(|backends| {
            // Nobody to tell about if it has left meanwhile.
            let _ = backends.set_health(&*name(machine), report, now());
        });
    }
}

/// `GET` of the health path.
async fn examine(world: &World, machine: usize, timeout: Duration) -> CheckResult {
    let timeout = timeout.as_millis() as u32;
    let usual = world.schedule.latency;
    if is_on(world, machine, Kind::NoHealthPath) {
        pass(usual).await;
        return failed(None, Some(404));
    }
    let (cause, status) = match world.wrong(machine) {
        Some(Kind::Dead | Kind::Flapping(_)) => {
            return failed(Some(Cause::DependencyConnectRefused), None);
        }
        Some(Kind::Blackhole) => {
            pass(timeout).await;
            return failed(Some(Cause::DependencyConnectTimeout), None);
        }
        Some(Kind::Slow(millis)) if millis + usual < timeout => {
            pass(millis + usual).await;
            return passed();
        }
        Some(Kind::Hung | Kind::Slow(_)) => {
            pass(timeout).await;
            return failed(Some(Cause::DependencyResponseTimeout), None);
        }
        Some(Kind::Reset(_) | Kind::Closes) => (Cause::DependencyResetBeforeResponse, None),
        Some(Kind::Errors(percent)) if world.with(|state| state.rng.u32(0..100)) < percent => {
            (Cause::DependencyUpstreamError, Some(500))
        }
        Some(Kind::Sheds(_)) => (Cause::OverloadUpstreamShedding, Some(503)),
        _ => {
            pass(usual).await;
            return passed();
        }
    };
    pass(usual).await;
    failed(Some(cause), status)
}

const fn passed() -> CheckResult {
    CheckResult::Passed { status: Some(200) }
}

fn failed(cause: Option<Cause>, status: Option<u16>) -> CheckResult {
    CheckResult::Failed {
        cause,
        status,
        error: "simulated".into(),
    }
}

// --- knocks --------------------------------------------------------------------------------------

/// Knocks at backends that could not be connected to, about once a second, and at those behind a
/// circuit that broken connections opened.
async fn knock(scene: Rc<Scene>) {
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

// --- audits --------------------------------------------------------------------------------------

/// Looks closely, again and again.
async fn audit(scene: Rc<Scene>) {
    let mut state = scene.stack.breaker.state();
    loop {
        pass(AUDIT).await;
        scene.look();
        permits::look_closely(&scene.world, &scene.stack);
        let latest = scene.stack.breaker.state();
        if latest != state {
            scene.world.note(Event::circuit(state, latest));
            state = latest;
        }
    }
}
