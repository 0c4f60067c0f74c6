//! The truth: what the simulated backends and clients know, whatever the layers believe.
//!
//! The invariants are judged from here. Nothing in here asks the code under test.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use soe503_core::Tick;
use tokio::sync::Notify;

use crate::clock::millis_since;
use crate::fault::Kind;
use crate::invariant::budget::Ledger;
use crate::invariant::{Invariant, Violation, hedges};
use crate::scene::Scene;
use crate::schedule::Schedule;
use crate::tally::Tally;
use crate::trace::{Event, Trace};

/// Shared by everybody in one run, all on one thread.
#[derive(Clone, Debug)]
pub(crate) struct World {
    state: Rc<RefCell<State>>,
    /// The run's plan.
    pub(crate) schedule: Rc<Schedule>,
    started: Tick,
    /// Who judges.
    scene: Rc<RefCell<Weak<Scene>>>,
}

/// What is known.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) trace: Trace,
    pub(crate) violation: Option<Violation>,
    pub(crate) requests: Vec<Asked>,
    pub(crate) machines: Vec<Machine>,
    pub(crate) ledger: Ledger,
    /// Clients that wait for an answer or read one.
    pub(crate) clients: usize,
    /// Requests that arrived after this must succeed.
    pub(crate) sound_since: Option<u32>,
    /// How much happened, as far as nobody else counts it.
    pub(crate) tally: Tally,
    /// What is random about backends while they serve.
    pub(crate) rng: fastrand::Rng,
}

/// Tells the world of a panic: tokio would keep it for whoever joins the task.
struct Panics(World);

/// A request, as its client and the backends know it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) at: u32,
    /// Running it twice is as good as once.
    pub(crate) twice: bool,
    /// It changes nothing, and may be under way twice at the same time.
    pub(crate) safe: bool,
    /// The backends on which it is.
    pub(crate) under_way: Vec<usize>,
    /// An attempt's bytes went out to this backend, which has not said that it did nothing.
    pub(crate) seen_by: Option<usize>,
    pub(crate) attempts: u8,
    /// When the last attempt ended: the moment at which another was decided on.
    pub(crate) last_ended: u32,
}

/// A backend.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    /// Requests that hold it, by its own count.
    pub(crate) held: u32,
    /// Likewise, for what it was before it was taken out of the pool.
    pub(crate) orphans: u32,
    /// How often it was taken out of the pool.
    pub(crate) incarnation: u32,
    /// Connections that wait for a request.
    pub(crate) idle: u32,
    /// Those among them that its death has closed, which nobody has noticed yet.
    pub(crate) stale: u32,
    /// When the proxy will have noticed.
    pub(crate) noticed: u32,
    pub(crate) deaths: u32,
    /// Wakes those whose connection a death breaks.
    pub(crate) died: Rc<Notify>,
    /// Attempts that found nobody listening.
    pub(crate) refusals: u32,
    /// Requests served since all was well.
    pub(crate) served: u32,
}

// === impl World ===

impl World {
    pub(crate) fn new(schedule: Schedule, keep_trace: bool) -> Self {
        let state = State {
            trace: Trace::new(keep_trace),
            violation: None,
            requests: Vec::new(),
            machines: (0..schedule.size()).map(|_| Machine::new()).collect(),
            ledger: Ledger::new(schedule.budget),
            clients: 0,
            sound_since: None,
            tally: Tally::default(),
            rng: fastrand::Rng::with_seed(schedule.seed ^ 0xbac0_0000_0000_0000),
        };
        Self {
            state: Rc::new(RefCell::new(state)),
            schedule: Rc::new(schedule),
            started: soe503::clock::now(),
            scene: Rc::default(),
        }
    }

    /// When the run began.
    pub(crate) const fn started(&self) -> Tick {
        self.started
    }

    /// From now on, `scene` judges.
    pub(crate) fn watch(&self, scene: Weak<Scene>) {
        self.scene.replace(scene);
    }

    /// Somebody in the middle of the layers says that now is a time to judge.
    pub(crate) fn look(&self) {
        let scene = self.scene.borrow().upgrade();
        if let Some(scene) = scene {
            scene.look();
        }
    }

    /// A hedge of request `id` has come to `machine`.
    pub(crate) fn hedged(&self, id: usize, machine: usize) {
        let scene = self.scene.borrow().upgrade();
        if let Some(scene) = scene {
            hedges::look(&scene, id, machine);
        }
    }

    /// Milliseconds since the run began.
    pub(crate) fn now(&self) -> u32 {
        millis_since(self.started)
    }

    /// Looks at the state, or changes it. Must not be called within itself.
    pub(crate) fn with<R>(&self, look: impl FnOnce(&mut State) -> R) -> R {
        look(&mut self.state.borrow_mut())
    }

    pub(crate) fn note(&self, event: Event) {
        let now = self.now();
        self.with(|state| state.trace.note(now, event));
    }

    /// What is wrong with `machine` now.
    pub(crate) fn wrong(&self, machine: usize) -> Option<Kind> {
        self.schedule.wrong(machine, self.now())
    }

    /// An invariant does not hold. The first one counts.
    pub(crate) fn violated(&self, invariant: Invariant, what: impl FnOnce() -> String) {
        let at = self.now();
        self.violated_at(at, invariant, what);
    }

    /// Likewise, for what is found out later.
    pub(crate) fn violated_at(&self, at: u32, invariant: Invariant, what: impl FnOnce() -> String) {
        self.with(|state| {
            state.violation.get_or_insert_with(|| Violation {
                invariant,
                at,
                what: what(),
            });
        });
    }

    /// A task of the run panicked, maybe while it looked at the state.
    fn panicked(&self) {
        let at = self.now();
        if let Ok(mut state) = self.state.try_borrow_mut() {
            state.violation.get_or_insert_with(|| Violation {
                invariant: Invariant::NoPanic,
                at,
                what: "a task panicked: see above".to_owned(),
            });
        }
    }

    /// Runs `what` beside the others until the run ends.
    pub(crate) fn spawn(&self, what: impl Future<Output = ()> + 'static) {
        let panics = Panics(self.clone());
        tokio::task::spawn_local(async move {
            let _panics = panics;
            what.await;
        });
    }

    pub(crate) fn is_violated(&self) -> bool {
        self.state.borrow().violation.is_some()
    }

    /// The process of `machine` ends; connections break.
    pub(crate) fn kill(&self, machine: usize) {
        let now = self.now();
        let died = self.with(|state| {
            state.trace.note(now, Event::Died { machine });
            state.tally.deaths += 1;
            // How long it takes until the proxy reads that its idle connections were closed.
            let notice = state.rng.u32(0..200);
            let machine = &mut state.machines[machine];
            machine.deaths += 1;
            machine.stale = machine.idle;
            machine.idle = 0;
            machine.noticed = now + notice;
            Rc::clone(&machine.died)
        });
        died.notify_waiters();
    }

    /// `machine` is taken out of the pool: what holds it is not the next one's business.
    pub(crate) fn orphan(&self, machine: usize) {
        self.with(|state| {
            let machine = &mut state.machines[machine];
            machine.orphans += std::mem::take(&mut machine.held);
            machine.incarnation += 1;
        });
    }
}

// === impl Panics ===

impl Drop for Panics {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.panicked();
        }
    }
}

// === impl Machine ===

impl Machine {
    fn new() -> Self {
        Self {
            held: 0,
            orphans: 0,
            incarnation: 0,
            idle: 0,
            stale: 0,
            noticed: 0,
            deaths: 0,
            died: Rc::new(Notify::new()),
            refusals: 0,
            served: 0,
        }
    }
}
