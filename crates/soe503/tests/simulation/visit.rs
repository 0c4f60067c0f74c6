//! A request at a backend, as the backend counts it.

use std::cell::Cell;

use crate::backend::service_time;
use crate::clock::pass;
use crate::fault::Kind;
use crate::invariant::{Invariant, hedges};
use crate::trace::Event;
use crate::world::World;

/// Holds the backend from the attempt's beginning until it is decided or its body has ended.
#[derive(Debug)]
pub(crate) struct Visit {
    world: World,
    machine: usize,
    id: usize,
    incarnation: u32,
    deaths: u32,
    handed: Cell<usize>,
    /// The head, or the failure, has been told: whatever is decided is decided now.
    over: Cell<bool>,
}

impl Visit {
    /// Request `id` has come to `machine`.
    pub(crate) fn begin(
        world: &World,
        machine: usize,
        id: usize,
        (number, hedge): (u8, bool),
        reused: bool,
    ) -> Self {
        let wrong = world.wrong(machine).map_or("all is well", Kind::word);
        world.note(Event::Attempt {
            id,
            number,
            hedge,
            machine,
            wrong,
            reused,
        });
        hedges::begins(world, id, machine);
        if hedge {
            world.hedged(id, machine);
        }
        let now = world.now();
        let allowed = world.schedule.retry.attempts.max(1);
        let (attempts, visit) = world.with(|state| {
            let asked = &mut state.requests[id];
            asked.attempts += 1;
            if hedge {
                state.ledger.hedge(now);
            } else if number > 1 {
                state.ledger.retry(asked.last_ended);
            }
            let place = &mut state.machines[machine];
            place.held += 1;
            place.served += 1;
            let visit = Self {
                world: world.clone(),
                machine,
                id,
                incarnation: place.incarnation,
                deaths: place.deaths,
                handed: Cell::new(0),
                over: Cell::new(false),
            };
            (asked.attempts, visit)
        });
        if attempts > allowed {
            world.violated(Invariant::AttemptsBounded, || {
                format!("#{id} is tried for the {attempts}th time, {allowed} are allowed")
            });
        }
        world.look();
        visit
    }

    pub(crate) const fn machine(&self) -> usize {
        self.machine
    }

    pub(crate) fn handed(&self) -> usize {
        self.handed.get()
    }

    pub(crate) fn wrong(&self) -> Option<Kind> {
        self.world.wrong(self.machine)
    }

    /// Of a hundred times, so many.
    pub(crate) fn chance(&self, percent: u32) -> bool {
        self.world.with(|state| state.rng.u32(0..100)) < percent
    }

    /// A number below `bound`.
    pub(crate) fn random(&self, bound: u32) -> u32 {
        self.world.with(|state| state.rng.u32(0..bound))
    }

    /// The backend works on it, so many milliseconds longer than when all is well.
    pub(crate) async fn take_time(&self, longer: u32) {
        let latency = self.world.schedule.latency;
        let usual = self
            .world
            .with(|state| service_time(latency, &mut state.rng));
        pass(usual + longer).await;
    }

    /// The kernel is given `bytes` of the request, and has room until it has `room` in all. Says
    /// whether it took them and goes on.
    ///
    /// From the first byte on, the backend may have run the request.
    pub(crate) fn hand(&self, bytes: usize, room: usize) -> bool {
        let before = self.handed.get();
        let taken = bytes.min(room.saturating_sub(before));
        self.handed.set(before + taken);
        if before == 0 && taken > 0 {
            let (twice, seen_by) = self.world.with(|state| {
                let asked = &mut state.requests[self.id];
                (asked.twice, asked.seen_by.replace(self.machine))
            });
            if let (false, Some(other)) = (twice, seen_by) {
                self.world.violated(Invariant::NoUnsafeReplay, || {
                    let (id, machine) = (self.id, self.machine);
                    format!(
                        "#{id} must not run twice; b{other} had bytes of it, now b{machine} has"
                    )
                });
            }
        }
        taken == bytes
    }

    /// It ends without an answer. `refused`: nobody listens.
    pub(crate) fn broke(&self, how: &'static str, refused: bool) {
        let Self { id, machine, .. } = *self;
        let handed = self.handed();
        self.world.note(Event::Broke {
            id,
            machine,
            how,
            handed,
        });
        self.world
            .with(|state| state.machines[machine].refusals += u32::from(refused));
        self.decide();
    }

    /// The head goes out. A 421 says that nothing was done.
    pub(crate) fn answered(&self, status: u16) {
        let Self { id, machine, .. } = *self;
        self.world.note(Event::Answered {
            id,
            machine,
            status,
        });
        if status == 421 {
            self.world.with(|state| state.requests[id].seen_by = None);
        }
        self.decide();
    }

    /// Its process has died since.
    pub(crate) fn is_dead(&self) -> bool {
        self.world.with(|state| state.machines[self.machine].deaths) != self.deaths
    }

    /// All is done, and the connection can be used again.
    pub(crate) fn complete(self) {
        if !self.is_dead() {
            self.world
                .with(|state| state.machines[self.machine].idle += 1);
        }
    }

    fn decide(&self) {
        if !self.over.replace(true) {
            let now = self.world.now();
            hedges::ends(&self.world, self.id, self.machine);
            self.world
                .with(|state| state.requests[self.id].last_ended = now);
        }
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.decide();
        let Self { id, machine, .. } = *self;
        self.world.note(Event::Released { id, machine });
        self.world.with(|state| {
            let machine = &mut state.machines[machine];
            if machine.incarnation == self.incarnation {
                machine.held -= 1;
            } else {
                machine.orphans -= 1;
            }
        });
    }
}
