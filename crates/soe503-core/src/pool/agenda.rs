//! What happens to backends by time alone, and who waits for a probe.
//!
//! A pick must not look at all backends to learn whether an ejection has run out. Whoever changes a
//! backend notes here when time will change it next; a pick compares two numbers with the clock and
//! goes on. An entry that is no longer true when its time comes is dropped, so nothing is searched
//! to take one back. A backend has no more entries than times that became earlier, and in sum they
//! are bounded: beyond [`SLACK`] the agenda is written anew.

use core::cmp::Reverse;
use core::sync::atomic::Ordering;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;

use super::backend::{Backend, Key};
use super::config::PoolConfig;
use super::control::{change, enable};
use super::handle::{Control, Shared};
use super::lease::{Lease, LeaseKind};
use super::members::Members;
use super::tried::Tried;
use super::word::Flags;
use crate::Tick;

/// Times and ids of backends; for the holder of the control lock.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    /// When to look at whom, soonest first.
    times: BinaryHeap<Reverse<(u64, u32)>>,
    /// Ejected backends whose time has come, longest waiting first.
    waiting: VecDeque<(u64, u32)>,
}

/// Entries beyond twice the number of backends.
const SLACK: usize = 64;

// === impl Shared ===

impl<S> Shared<S> {
    /// Takes note of a change of `backend`: who may be picked, and what time will do to it. Call it
    /// under the control lock, after the change.
    pub(super) fn changed(&self, control: &mut Control, backend: &Backend<S>) {
        let members = self.members.load();
        let config = self.config.load();
        // Its service may have been replaced since; its slot and its numbers are the same.
        if let Some(slot) = backend.vitals.slot() {
            members.put(slot, backend.flags());
            members.decide(config.panic_threshold);
            plan(&mut control.agenda, backend, &config);
            if control.agenda.times.len() > 2 * members.list.len() + SLACK {
                control.agenda.rewrite(&members, &config);
            }
        }
        self.version.fetch_add(1, Ordering::Release);
        self.announce(control);
    }

    /// Puts `members` in force. Others pick meanwhile: who of them may be picked is decided before anybody sees them.
    pub(super) fn put_in_force(&self, control: &mut Control, members: &Arc<Members<S>>) {
        members.decide(self.config.load().panic_threshold);
        self.members.store(Arc::clone(members));
        self.changed_all(control, members);
    }

    /// As [`Self::changed`], for all backends. `members` are those in force.
    pub(super) fn changed_all(&self, control: &mut Control, members: &Members<S>) {
        let config = self.config.load();
        members.decide(config.panic_threshold);
        control.agenda.rewrite(members, &config);
        self.version.fetch_add(1, Ordering::Release);
        self.announce(control);
    }

    /// Does what is due by time alone.
    pub(super) fn settle(&self, control: &mut Control, now: Tick) {
        let members = self.members.load();
        let config = self.config.load();
        while let Some(&Reverse((at, id))) = control.agenda.times.peek()
            && at <= now.as_nanos()
        {
            control.agenda.times.pop();
            let Some(backend) = members.find(Key::Id(id)) else {
                continue;
            };
            if backend.vitals.planned.load(Ordering::Relaxed) == at {
                backend.vitals.planned.store(u64::MAX, Ordering::Relaxed);
                self.look_at(control, backend, &config, now);
            }
        }
        self.announce(control);
    }

    /// A backend whose time has come.
    fn look_at(
        &self,
        control: &mut Control,
        backend: &Arc<Backend<S>>,
        config: &PoolConfig,
        now: Tick,
    ) {
        let (vitals, slow_start) = (&backend.vitals, config.slow_start);
        let until = vitals.cold().admin.as_ref().and_then(|why| why.until);
        if backend.flags().has(Flags::ADMIN) && until.is_some_and(|until| now >= until) {
            control.keep(change(backend, now, slow_start, |vitals, cold| {
                enable(vitals, cold, now, slow_start);
            }));
        }
        if backend.flags().has(Flags::WARMING) && now >= vitals.warm_until(slow_start) {
            control.keep(change(backend, now, slow_start, |vitals, _| {
                vitals.word.clear(Flags::WARMING);
            }));
        }
        if backend.flags().has(Flags::PROBING)
            && now >= vitals.probe_expires(config.ejection.probe_timeout)
        {
            // A new generation, so that the lost probe decides nothing any more.
            vitals.word.advance(Flags::PROBING, 0);
        }
        if is_due(backend, now) && !vitals.waits.swap(true, Ordering::Relaxed) {
            control.agenda.wait(vitals.due().as_nanos(), backend.id);
        }
        self.changed(control, backend);
    }

    /// A probe, if one is due and its permit free. Never waits: whoever holds the lock is busy with
    /// the same things.
    pub(super) fn probe(&self, now: Tick, tried: &Tried, allowed: bool) -> Option<Lease<S>> {
        let wait = self.config.load().ejection.probe_any_after;
        let may = |due: u64| {
            let any = || wait.is_some_and(|wait| now >= Tick::from_nanos(due).after(wait));
            due <= now.as_nanos() && (allowed || any())
        };
        if !may(self.probe_at.load(Ordering::Relaxed)) {
            return None;
        }
        let mut control = self.try_control()?;
        let members = self.members.load();
        let mut lease = None;
        let mut next = 0;
        while lease.is_none()
            && let Some(&(due, id)) = control.agenda.waiting.get(next)
            && may(due)
        {
            if tried.contains(id) {
                next += 1;
                continue;
            }
            // Taken, or no longer what it was: what made it so has noted when to look again.
            control.agenda.waiting.remove(next);
            let Some(backend) = members.find(Key::Id(id)) else {
                continue;
            };
            backend.vitals.waits.store(false, Ordering::Relaxed);
            lease = take_probe(backend, now);
            self.changed(&mut control, backend);
        }
        self.announce(&mut control);
        lease
    }

    /// Tells picks when to look here again. A change of any kind makes an old refusal void.
    fn announce(&self, control: &mut Control) {
        let agenda = &control.agenda;
        let time = agenda.times.peek().map_or(u64::MAX, |&Reverse((at, _))| at);
        let probe = agenda.waiting.front().map_or(u64::MAX, |&(due, _)| due);
        self.wake_at.store(time, Ordering::Relaxed);
        self.probe_at.store(probe, Ordering::Relaxed);
        control.refusal = None;
    }
}

// === impl Agenda ===

impl Agenda {
    fn wait(&mut self, due: u64, id: u32) {
        let place = self.waiting.partition_point(|&entry| entry <= (due, id));
        self.waiting.insert(place, (due, id));
    }

    /// Writes down the times of all backends anew.
    fn rewrite<S>(&mut self, members: &Members<S>, config: &PoolConfig) {
        self.times.clear();
        self.waiting
            .retain(|&(_, id)| members.find(Key::Id(id)).is_some());
        for backend in &*members.list {
            backend.vitals.planned.store(u64::MAX, Ordering::Relaxed);
            plan(self, backend, config);
        }
    }
}

/// Notes when time will change `backend` next, if that is sooner than what is noted.
fn plan<S>(agenda: &mut Agenda, backend: &Backend<S>, config: &PoolConfig) {
    let vitals = &backend.vitals;
    let next = next_change(backend, config);
    if next < vitals.planned.load(Ordering::Relaxed) {
        vitals.planned.store(next, Ordering::Relaxed);
        agenda.times.push(Reverse((next, backend.id)));
    }
}

/// When time will change `backend`, in nanoseconds; `u64::MAX`: not by itself.
fn next_change<S>(backend: &Backend<S>, config: &PoolConfig) -> u64 {
    let vitals = &backend.vitals;
    let flags = backend.flags();
    let mut next = Tick::MAX;
    if flags.has(Flags::ADMIN)
        && let Some(until) = vitals.cold().admin.as_ref().and_then(|why| why.until)
    {
        next = next.min(until);
    }
    if flags.has(Flags::WARMING) {
        next = next.min(vitals.warm_until(config.slow_start));
    }
    if flags.has(Flags::EJECTED) && !flags.has(Flags::ADMIN | Flags::DOWN) {
        if flags.has(Flags::PROBING) {
            next = next.min(vitals.probe_expires(config.ejection.probe_timeout));
        } else if !vitals.waits.load(Ordering::Relaxed) {
            next = next.min(vitals.due());
        }
    }
    if next == Tick::MAX {
        u64::MAX
    } else {
        next.as_nanos()
    }
}

/// Whether `backend` may be given a probe.
fn is_due<S>(backend: &Backend<S>, now: Tick) -> bool {
    let flags = backend.flags();
    flags.has(Flags::EJECTED)
        && !flags.has(Flags::ADMIN | Flags::DOWN | Flags::PROBING)
        && now >= backend.vitals.due()
}

fn take_probe<S>(backend: &Arc<Backend<S>>, now: Tick) -> Option<Lease<S>> {
    let flags = backend.flags();
    if !is_due(backend, now) {
        return None;
    }
    // Before the permit is taken, so that nobody sees a permit without its time.
    let vitals = &backend.vitals;
    vitals.probe_since.store(now.as_nanos(), Ordering::Relaxed);
    if !vitals.word.try_probe(flags) {
        return None;
    }
    if !backend.enter() {
        // What was sent to it before has not ended yet.
        vitals.word.release_probe(flags.generation());
        return None;
    }
    let generation = flags.generation();
    Some(Lease::new(
        backend,
        LeaseKind::Probe,
        false,
        generation,
        now,
    ))
}

#[cfg(test)]
#[path = "agenda_tests.rs"]
mod tests;
