//! Health checks, as the proxy's control plane makes them: one timetable per backend, kept by the
//! core's [`Checker`].

use std::rc::Rc;
use std::time::Duration;

use soe503::clock::{instant, now};
use soe503_core::health::{CheckConfig, CheckResult, Checker, Health};
use soe503_core::ledger::{Attempt, Fault, Phase, TimeoutKind};
use soe503_core::pool::BackendState;

use crate::clock::pass;
use crate::control::{is_on, is_removed};
use crate::fault::Kind;
use crate::scene::Scene;
use crate::stack::name;
use crate::trace::Event;
use crate::world::World;

/// Checks `machine` until the run ends.
pub(crate) async fn check(scene: Rc<Scene>, machine: usize, config: CheckConfig) {
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
        let passed = result.is_passed();
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
async fn examine(world: &World, machine: usize, allowed: Duration) -> CheckResult {
    let timeout = allowed.as_millis() as u32;
    let usual = world.schedule.latency;
    let (takes, phase, fault) = if is_on(world, machine, Kind::NoHealthPath) {
        (usual, Phase::Done, Fault::Status(404))
    } else {
        match world.wrong(machine) {
            Some(Kind::Dead | Kind::Flapping(_)) => (0, Phase::Connect, Fault::Errno(111)),
            Some(Kind::Blackhole) => {
                let late = Fault::Timeout(TimeoutKind::Connect);
                (timeout, Phase::Connect, late)
            }
            Some(Kind::Slow(millis)) if millis + usual < timeout => {
                pass(millis + usual).await;
                return CheckResult::passed(Some(200));
            }
            Some(Kind::Hung | Kind::Slow(_)) => {
                let late = Fault::Timeout(TimeoutKind::Attempt);
                (timeout, Phase::WaitHeaders, late)
            }
            Some(Kind::Reset(_) | Kind::Closes) => (usual, Phase::WaitHeaders, Fault::Closed),
            Some(Kind::Errors(percent)) if world.with(|state| state.rng.u32(0..100)) < percent => {
                (usual, Phase::Done, Fault::Status(500))
            }
            Some(Kind::Sheds(_)) => (usual, Phase::Done, Fault::Status(503)),
            _ => {
                pass(usual).await;
                return CheckResult::passed(Some(200));
            }
        }
    };
    if takes > 0 {
        pass(takes).await;
    }
    let mut attempt = Attempt::begin(1, now());
    attempt.phase = phase;
    if let Fault::Status(status) = fault {
        attempt.status = Some(status);
    }
    attempt.fault = Some(fault);
    CheckResult::failed(&attempt, allowed, "simulated".into(), None)
}
