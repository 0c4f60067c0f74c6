//! Backends with workers and queues, clients that do not wait for anybody, and the real limit between
//! them, in virtual time.

use core::time::Duration;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::sync::{Arc, Mutex};
use std::task::{Wake, Waker};

use super::setting::World;
use crate::Tick;
use crate::limit::{Arrival, Class, ConcurrencyLimit, Entry, LimitReached, LimitWhy, Slot, Ticket};
use crate::metastable::{Counts, Metastable, Stage};

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
    Answer { backend: usize, request: usize },
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
                Event::Answer { backend, request } => self.answer(backend, request),
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
        let stands = self.is_frozen() && !self.world.holds;
        while self.backends[backend].busy < workers && !stands {
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
        let till = self.world.frozen.1;
        if self.is_frozen() && !self.world.holds {
            return self.at(till, Event::Done { backend, request });
        }
        self.backends[backend].busy -= 1;
        if self.is_frozen() {
            self.at(till, Event::Answer { backend, request });
        } else {
            self.answer(backend, request);
        }
        self.work(backend);
    }

    fn is_frozen(&self) -> bool {
        let (from, till) = self.world.frozen;
        from <= self.now && self.now < till
    }

    fn answer(&mut self, backend: usize, request: usize) {
        if let Some((mut slot, _)) = self.slots.remove(&request) {
            self.backends[backend].outstanding -= 1;
            slot.answered(self.tick());
            drop(slot);
            self.end(request, End::Answered);
        }
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
