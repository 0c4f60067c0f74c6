//! What is known about one place.

use std::collections::VecDeque;

use super::conditions::Held;
use crate::Tick;
use crate::cause::Cause;
use crate::incident::history::History;
use crate::incident::load::LoadWatch;
use crate::incident::{Entry, Sighting};

const MOST_ROOTS: usize = 16;

/// What is known about one place.
#[derive(Clone, Debug, Default)]
pub(super) struct Spot {
    pub(super) history: History,
    /// Of what can never be an incident: limits of callers, planned maintenance.
    pub(super) refused: History,
    /// Something has failed in the last minute.
    pub(super) failing: bool,
    pub(super) load: LoadWatch,
    /// What stood behind each primary cause when it was last explained.
    roots: Vec<(Cause, Cause)>,
    /// What happened lately.
    pub(super) recent: VecDeque<Entry>,
    pub(super) sighted: VecDeque<Sighting>,
    pub(super) last_good: Option<Tick>,
    /// Something has failed since the last turn.
    pub(super) fresh: bool,
    /// What is wrong with it though nothing fails.
    pub(super) held: Vec<Held>,
}

// === impl Spot ===

impl Spot {
    pub(super) fn learn(&mut self, primary: Cause, cause: Cause) {
        if let Some(known) = self.roots.iter_mut().find(|known| known.0 == primary) {
            known.1 = cause;
        } else if self.roots.len() < MOST_ROOTS {
            self.roots.push((primary, cause));
        }
    }

    /// What stands behind `primary`, as far as is known.
    pub(super) fn behind(&self, primary: Cause) -> Cause {
        let known = self.roots.iter().find(|known| known.0 == primary);
        known.map_or(primary, |known| known.1)
    }
}

/// Adds `item`; where there are `most` already, the oldest goes.
pub(super) fn push<T>(list: &mut VecDeque<T>, item: T, most: usize) {
    if list.len() == most {
        list.pop_front();
    }
    list.push_back(item);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of more primary causes than there is room for the last ones are told as they are.
    #[test]
    fn what_stands_behind_is_known_of_sixteen_causes() {
        let mut spot = Spot::default();
        let behind = Cause::ResourceFdLimit;
        for primary in Cause::ALL.iter().copied().take(17) {
            spot.learn(primary, Cause::Unclassified);
            spot.learn(primary, behind);
        }
        for (n, primary) in Cause::ALL.iter().copied().take(17).enumerate() {
            let told = if n < 16 { behind } else { primary };
            assert_eq!(spot.behind(primary), told, "{n}");
        }
    }
}
