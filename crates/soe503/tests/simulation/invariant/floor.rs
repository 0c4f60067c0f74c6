//! What passive evidence may take out of the rotation.
//!
//! Looked at after every end of an attempt, so that each ejection is seen by itself, between two looks that
//! differ by nothing else: whoever changes the pool by an operator's word or a check looks before
//! it and after it ([`Floor::rebase`]).
//!
//! Whether the pool has a backend to use is judged by the words of [`soe503_core::pool`]: one in
//! rotation; or, when checks condemn more than the threshold of those that traffic trusts, one that only
//! checks condemn; or, unless panic is turned off, one that waits for its first check.

use soe503_core::pool::BackendState;

use super::Invariant;
use crate::stack::Backends;
use crate::trace::Event;
use crate::world::{State, World};

/// What the pool looked like last.
#[derive(Clone, Debug)]
pub(crate) struct Floor {
    states: Vec<Option<BackendState>>,
    /// How many attempts at each had found nobody listening.
    refusals: Vec<u32>,
}

// === impl Floor ===

impl Floor {
    pub(crate) fn new(size: usize) -> Self {
        Self {
            states: vec![None; size],
            refusals: vec![0; size],
        }
    }

    /// Takes the pool as it is.
    pub(crate) fn rebase(&mut self, world: &World, backends: &Backends) {
        self.take(world, backends);
    }

    /// Judges what has changed since the last look, which only traffic or time can have done.
    pub(crate) fn look(&mut self, world: &World, backends: &Backends) {
        let (before, refusals) = (self.states.clone(), self.refusals.clone());
        if !self.take(world, backends) {
            return;
        }
        let changes = before.iter().zip(&self.states).enumerate();
        let ejected: Vec<usize> = changes
            // Whoever comes back from an operator's decision may have been ejected before that.
            .filter(|(_, (before, now))| {
                is_enabled(before) && !is_ejected(before) && is_ejected(now)
            })
            .map(|(machine, _)| machine)
            .collect();
        if ejected.is_empty() {
            return;
        }
        world.with(|state| state.tally.ejections += ejected.len() as u64);
        let states = &self.states;
        let threshold = world
            .schedule
            .pool
            .panic_threshold
            .map(|ratio| ratio.as_f64());
        if is_usable(&before, threshold) && !is_usable(states, threshold) {
            world.violated(Invariant::NotEmptied, || {
                format!("{ejected:?} ejected, and nobody is left: {before:?} → {states:?}")
            });
        }
        let enabled = states.iter().filter(|state| is_enabled(state)).count();
        let out = states.iter().filter(|state| is_ejected(state)).count();
        let share = world.schedule.pool.ejection.max_ejected;
        let allowed = (share.of(enabled as u64) as usize).max(1);
        let refused = |machine: &usize| self.refusals[*machine] > refusals[*machine];
        if out > allowed && !ejected.iter().all(refused) {
            world.violated(Invariant::NotEmptied, || {
                format!(
                    "{ejected:?} ejected for failures: {out} of {enabled} are out, {share} may be"
                )
            });
        }
    }

    /// Whether something is different from the last look.
    fn take(&mut self, world: &World, backends: &Backends) -> bool {
        let machines = |state: &mut State| state.machines.iter().map(|m| m.refusals).collect();
        self.refusals = world.with(machines);
        let mut changed = false;
        let mut seen = 0_u32;
        for backend in &*backends.backends() {
            let machine = backend.service.machine();
            seen |= 1 << machine;
            let (last, now) = (self.states[machine], backend.state());
            if last != Some(now) {
                changed = true;
                self.states[machine] = Some(now);
                world.note(Event::backend(machine, last.unwrap_or(now), now));
            }
        }
        for (machine, state) in self.states.iter_mut().enumerate() {
            if seen & (1 << machine) == 0 {
                changed |= state.take().is_some();
            }
        }
        changed
    }
}

fn is_ejected(state: &Option<BackendState>) -> bool {
    *state == Some(BackendState::Ejected)
}

fn is_enabled(state: &Option<BackendState>) -> bool {
    !matches!(
        state,
        None | Some(BackendState::Draining | BackendState::Disabled)
    )
}

/// Whether an ordinary request finds a backend that traffic has nothing against.
fn is_usable(states: &[Option<BackendState>], threshold: Option<f64>) -> bool {
    let count = |wanted: fn(BackendState) -> bool| {
        states
            .iter()
            .flatten()
            .filter(|state| wanted(**state))
            .count()
    };
    let rotation = count(BackendState::in_rotation);
    let down = count(|state| state == BackendState::Down);
    let starting = count(|state| state == BackendState::Starting);
    let trusted = (rotation + down + starting) as f64;
    let panic = threshold.is_some_and(|threshold| down as f64 > threshold * trusted);
    rotation > 0 || panic || starting > 0 && threshold.is_some()
}
