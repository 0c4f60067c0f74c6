//! Backends with workers and queues, clients that do not wait for anybody, and the real limit between
//! them, in virtual time.

use core::time::Duration;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::sync::{Arc, Mutex};
use std::task::{Wake, Waker};

use crate::Tick;
use crate::limit::{
    Arrival, Class, ConcurrencyLimit, Entry, LimitConfig, LimitReached, LimitWhy, Slot, Ticket,
};
use crate::metastable::{Counts, Metastable, Stage};

/// What happens in a run. Times are in seconds.
pub(super) struct World {
    pub(super) seed: u64,
    /// From when on how many requests come per second.
    pub(super) load: Vec<(f64, f64)>,
    pub(super) until: f64,
    /// Workers of each backend, from when on.
    pub(super) workers: Vec<(f64, usize)>,
    pub(super) backends: usize,
    /// How long a request takes a worker: by the time and something random.
    pub(super) service: fn(f64, &mut fastrand::Rng) -> f64,
    /// Nobody works from when till when.
    pub(super) frozen: (f64, f64),
    /// Share of the requests that are important; the others are not.
    pub(super) important: f64,
    /// How long clients, and a single attempt, wait.
    pub(super) patience: f64,
    pub(super) config: LimitConfig,
    /// How often clients that have waited in vain ask again, at once.
    pub(super) again: u32,
    /// Whether somebody watches for overload that keeps itself going.
    pub(super) watched: bool,
    /// Clients ask again at once when they are refused, and nobody is told how long they wait.
    pub(super) rude: bool,
}

/// What became of the requests.
pub(super) struct Outcome {
    pub(super) requests: Vec<Request>,
    /// The limit every 10 ms.
    pub(super) limits: Vec<Look>,
    pub(super) left: (u32, u32),
    /// The stages, and when they began.
    pub(super) stages: Vec<(f64, Stage)>,
}

/// A look at the limit.
#[derive(Clone, Debug)]
pub(super) struct Look {
    pub(super) why: LimitWhy,
}

#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) sent: f64,
    pub(super) ended: f64,
    pub(super) end: End,
    pub(super) class: Class,
    pub(super) queued: bool,
    /// How often the client has asked before.
    pub(super) asked: u32,
    /// It was sent to a backend.
    tried: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum End {
    Open,
    Answered,
    TimedOut,
    Refused(LimitReached),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrival,
    Again(u32),
    Turn,
    Done { backend: usize, request: usize },
    GiveUp(usize),
    Ask(usize),
    Thaw,
    Look,
}

#[derive(Default)]
struct Backend {
    busy: usize,
    queue: VecDeque<usize>,
    /// What the proxy thinks is under way here.
    outstanding: usize,
}

struct Woken {
    id: usize,
    all: Arc<Mutex<Vec<usize>>>,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.all.lock().unwrap().push(self.id);
    }
}

struct Run<'w> {
    world: &'w World,
    limit: ConcurrencyLimit,
    rng: fastrand::Rng,
    now: f64,
    events: BinaryHeap<Reverse<(u64, u64, Event)>>,
    number: u64,
    backends: Vec<Backend>,
    requests: Vec<Request>,
    slots: BTreeMap<usize, (Slot, usize)>,
    tickets: BTreeMap<usize, Ticket>,
    woken: Arc<Mutex<Vec<usize>>>,
    limits: Vec<Look>,
    watch: Metastable,
    stages: Vec<(f64, Stage)>,
}

impl Default for World {
    /// Three backends of 8 workers and 40 ms, 600 requests/s in all.
    fn default() -> Self {
        Self {
            seed: 1,
            load: vec![(0.0, 300.0)],
            until: 10.0,
            workers: vec![(0.0, 8)],
            backends: 3,
            service: |_, _| 0.040,
            frozen: (0.0, 0.0),
            important: 0.5,
            patience: 1.0,
            config: LimitConfig {
                fixed: 10_000,
                adaptive: true,
                max_waiting: 4096,
                max_wait: Duration::from_millis(250),
            },
            again: 0,
            watched: false,
            rude: false,
        }
    }
}

impl World {
    pub(super) fn run(&self) -> Outcome {
        let mut run = Run {
            world: self,
            limit: ConcurrencyLimit::with("app", self.config),
            rng: fastrand::Rng::with_seed(self.seed),
            now: 0.0,
            events: BinaryHeap::new(),
            number: 0,
            backends: (0..self.backends).map(|_| Backend::default()).collect(),
            requests: Vec::new(),
            slots: BTreeMap::new(),
            tickets: BTreeMap::new(),
            woken: Arc::default(),
            limits: Vec::new(),
            watch: Metastable::new(),
            stages: Vec::new(),
        };
        run.limit.set_backends(self.backends as u32);
        run.at(0.0, Event::Arrival);
        run.at(self.frozen.1, Event::Thaw);
        for (at, _) in &self.workers {
            run.at(*at, Event::Thaw);
        }
        run.at(0.0, Event::Look);
        if self.watched {
            run.at(0.0, Event::Turn);
        }
        run.play();
        Outcome {
            left: (run.limit.in_use(), run.limit.waiting()),
            requests: run.requests,
            limits: run.limits,
            stages: run.stages,
        }
    }
}

impl Run<'_> {
    fn play(&mut self) {
        while let Some(Reverse((at, _, event))) = self.events.pop() {
            self.now = at as f64 / 1e9;
            match event {
                Event::Arrival => {
                    let rate = current(&self.world.load, self.now);
                    let gap = -(1.0 - self.rng.f64()).ln() / rate;
                    if self.now + gap < self.world.until {
                        self.at(self.now + gap, Event::Arrival);
                    }
                    self.ask_for_something(0);
                }
                Event::Again(asked) => self.ask_for_something(asked),
                Event::Turn => self.turn(),
                Event::Done { backend, request } => self.done(backend, request),
                Event::GiveUp(request) => self.give_up(request),
                Event::Ask(request) => self.ask(request),
                Event::Thaw => (0..self.backends.len()).for_each(|backend| self.work(backend)),
                Event::Look => self.look(),
            }
            loop {
                let woken = std::mem::take(&mut *self.woken.lock().unwrap());
                if woken.is_empty() {
                    break;
                }
                woken.into_iter().for_each(|request| self.ask(request));
            }
        }
    }

    fn at(&mut self, at: f64, event: Event) {
        self.number += 1;
        let at = (at * 1e9) as u64;
        self.events.push(Reverse((at, self.number, event)));
    }

    fn tick(&self) -> Tick {
        // Not at the epoch: nothing may depend on that.
        Tick::from_nanos((self.now * 1e9) as u64).after(Duration::from_secs(3600))
    }

    fn ask_for_something(&mut self, asked: u32) {
        let important = self.rng.f64() < self.world.important;
        let class = if important { Class::High } else { Class::Low };
        let id = self.requests.len();
        self.requests.push(Request {
            sent: self.now,
            ended: f64::NAN,
            end: End::Open,
            class,
            queued: false,
            asked,
            tried: false,
        });
        let deadline = (!self.world.rude).then_some(
            self.tick()
                .after(Duration::from_secs_f64(self.world.patience)),
        );
        self.at(self.now + self.world.patience, Event::GiveUp(id));
        match self
            .limit
            .enter(self.tick(), || Arrival { class, deadline })
        {
            Entry::Admitted(slot) => self.send(id, slot),
            Entry::Refused(reached) => self.end(id, End::Refused(reached)),
            Entry::Waits(ticket) => {
                self.requests[id].queued = true;
                self.tickets.insert(id, ticket);
                self.ask(id);
            }
        }
    }

    fn ask(&mut self, id: usize) {
        let now = self.tick();
        let Some(ticket) = self.tickets.get_mut(&id) else {
            return;
        };
        let all = Arc::clone(&self.woken);
        let waker = Waker::from(Arc::new(Woken { id, all }));
        match ticket.poll(now, &waker) {
            None => {
                let wait = ticket.ask_again(now).since(now).as_secs_f64();
                self.at(self.now + wait.max(1e-6), Event::Ask(id));
            }
            Some(Ok(slot)) => {
                self.tickets.remove(&id);
                self.send(id, slot);
            }
            Some(Err(reached)) => {
                self.tickets.remove(&id);
                self.end(id, End::Refused(reached));
            }
        }
    }

    fn send(&mut self, id: usize, slot: Slot) {
        let first = self.rng.usize(..self.backends.len());
        let second = self.rng.usize(..self.backends.len());
        let less = |backend: usize| self.backends[backend].outstanding;
        let backend = if less(second) < less(first) {
            second
        } else {
            first
        };
        self.requests[id].tried = true;
        self.backends[backend].outstanding += 1;
        self.backends[backend].queue.push_back(id);
        self.slots.insert(id, (slot, backend));
        self.work(backend);
    }

    fn work(&mut self, backend: usize) {
        let workers = current(&self.world.workers, self.now);
        let (from, till) = self.world.frozen;
        while self.backends[backend].busy < workers && !(from <= self.now && self.now < till) {
            let Some(request) = self.backends[backend].queue.pop_front() else {
                return;
            };
            self.backends[backend].busy += 1;
            let takes = (self.world.service)(self.now, &mut self.rng);
            self.at(self.now + takes, Event::Done { backend, request });
        }
    }

    /// The backend cannot know that a client has left, and works for it all the same.
    fn done(&mut self, backend: usize, request: usize) {
        let (from, till) = self.world.frozen;
        if from <= self.now && self.now < till {
            return self.at(till, Event::Done { backend, request });
        }
        self.backends[backend].busy -= 1;
        if let Some((mut slot, _)) = self.slots.remove(&request) {
            self.backends[backend].outstanding -= 1;
            slot.answered(self.tick());
            drop(slot);
            self.end(request, End::Answered);
        }
        self.work(backend);
    }

    fn give_up(&mut self, request: usize) {
        if self.requests[request].end != End::Open {
            return;
        }
        self.tickets.remove(&request);
        if let Some((mut slot, backend)) = self.slots.remove(&request) {
            self.backends[backend].outstanding -= 1;
            slot.over();
        }
        self.end(request, End::TimedOut);
    }

    fn end(&mut self, request: usize, end: End) {
        let request = &mut self.requests[request];
        assert_eq!(request.end, End::Open, "ended twice");
        let again = end != End::Answered && request.asked < self.world.again;
        let (asked, refused) = (request.asked, matches!(end, End::Refused(_)));
        request.ended = self.now;
        request.end = end;
        if again {
            // Whoever is told so at once waits a little, if it is polite, as one does who has waited for long already.
            let pause = if refused && !self.world.rude {
                0.5 + self.rng.f64()
            } else {
                0.0
            };
            self.at(self.now + pause, Event::Again(asked + 1));
        }
    }

    fn turn(&mut self) {
        let mut counts = Counts::default();
        for one in &self.requests {
            match &one.end {
                End::Open => continue,
                _ if !one.tried => counts.shed += 1,
                end => {
                    counts.requests += 1;
                    counts.good += u64::from(*end == End::Answered);
                    counts.late += u64::from(*end == End::TimedOut);
                }
            }
        }
        let (now, pending) = (self.tick(), self.limit.snapshot(self.tick()).pending);
        if let Some(change) = self.watch.turn(now, counts, pending, true) {
            self.stages.push((self.now, change.to));
        }
        self.limit.obey(&self.watch.orders());
        if self.now < self.world.until + 30.0 {
            self.at(self.now + 1.0, Event::Turn);
        }
    }

    fn look(&mut self) {
        let why = self.limit.snapshot(self.tick()).why;
        self.limits.push(Look { why });
        if self.now < self.world.until - 0.01 {
            self.at(self.now + 0.01, Event::Look);
        }
    }
}

/// The last value whose time has come.
fn current<T: Copy>(steps: &[(f64, T)], now: f64) -> T {
    let come = steps.iter().rev().find(|(from, _)| *from <= now);
    come.unwrap_or(&steps[0]).1
}
