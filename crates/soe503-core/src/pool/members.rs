//! The set of backends, as one immutable snapshot.

use core::ops::Range;
use std::sync::Arc;

use super::backend::{Backend, Key};
use super::config::PoolConfig;
use super::group::Group;
use super::latency::SAMPLE;
use super::tiers::Tiers;
use super::word::Flags;
use crate::Ratio;
use crate::histogram::Histogram;

/// The backends of a pool, and what finding and drawing them needs. Replaced as a whole when the
/// set changes; when a state does, the rosters are patched.
pub(super) struct Members<S> {
    pub(super) list: Arc<[Arc<Backend<S>>]>,
    /// All of them.
    pub(super) whole: Group,
    /// By priority and zone, where they differ in that.
    pub(super) tiers: Option<Box<Tiers>>,
    /// Some of them may only have so many requests in flight.
    pub(super) limited: bool,
    /// Tells this set from those before and after it.
    pub(super) edition: u64,
    /// Slots in the order of the names, and of the ids.
    by_name: Box<[u32]>,
    by_id: Box<[u32]>,
    /// Slots of those that have a badge, in the order of the badges.
    by_badge: Box<[(u64, u32)]>,
}

// === impl Members ===

impl<S> Members<S> {
    /// These backends under `config`; rotations begin at turn number `start`.
    pub(super) fn new(list: Vec<Arc<Backend<S>>>, config: &PoolConfig, start: u64) -> Self {
        let slots = || (0_u32..).take(list.len());
        let (mut by_name, mut by_id): (Box<[_]>, Box<[_]>) = (slots().collect(), slots().collect());
        by_name.sort_unstable_by_key(|&slot| &list[slot as usize].name);
        by_id.sort_unstable_by_key(|&slot| list[slot as usize].id);
        let badges = list.iter().zip(0_u32..);
        let mut by_badge: Box<[_]> = badges
            .filter_map(|(backend, slot)| Some((backend.badge?, slot)))
            .collect();
        by_badge.sort_unstable();
        Self {
            whole: Group::new(&list, None, config.balance, start),
            tiers: Tiers::new(&list, config, start).map(Box::new),
            limited: list.iter().any(|backend| backend.max_in_flight().is_some()),
            edition: start,
            by_name,
            by_id,
            by_badge,
            list: list.into(),
        }
    }

    /// The backend of that name or id.
    pub(super) fn find(&self, key: Key<'_>) -> Option<&Arc<Backend<S>>> {
        let at = |slot: u32| &self.list[slot as usize];
        let (index, found) = match key {
            Key::Id(id) => (
                &self.by_id,
                self.by_id.binary_search_by_key(&id, |&slot| at(slot).id),
            ),
            Key::Name(name) => (
                &self.by_name,
                self.by_name
                    .binary_search_by(|&slot| (*at(slot).name).cmp(name)),
            ),
        };
        Some(at(index[found.ok()?]))
    }

    /// The backend of that badge.
    pub(super) fn find_badge(&self, badge: u64) -> Option<&Arc<Backend<S>>> {
        let found = self
            .by_badge
            .binary_search_by_key(&badge, |&(badge, _)| badge);
        let (_, slot) = self.by_badge[found.ok()?];
        Some(&self.list[slot as usize])
    }

    /// The backends at these places of the roster of `group`.
    pub(super) fn at<'a>(
        &'a self,
        group: &'a Group,
        range: Range<usize>,
    ) -> impl Iterator<Item = &'a Arc<Backend<S>>> {
        range.map(|place| &self.list[group.roster.slot(place)])
    }

    /// The backends; of many, a sample that is always the same.
    pub(super) fn sample(&self) -> impl Iterator<Item = &Arc<Backend<S>>> {
        let step = self.list.len().div_ceil(SAMPLE).max(1);
        self.list.iter().step_by(step)
    }

    /// The latencies of the backends that are not ejected; of many, a sample.
    pub(super) fn latencies(&self) -> impl Iterator<Item = &Histogram> {
        self.sample()
            .filter(|backend| !backend.flags().has(Flags::EJECTED))
            .map(|backend| &backend.vitals.histogram)
    }

    /// Moves the backend at `slot` to where its flags put it. The caller holds the control lock.
    pub(super) fn put(&self, slot: u32, flags: Flags) {
        self.whole.roster.put(slot, flags);
        if let Some(tiers) = &self.tiers {
            tiers.put(slot, flags);
        }
    }

    /// Decides anew who may be picked. The caller holds the control lock.
    pub(super) fn decide(&self, panic_threshold: Option<Ratio>) {
        let carried = self.tiers.as_ref().is_some_and(|tiers| tiers.share_out());
        self.whole.roster.decide(panic_threshold, carried);
    }

    /// Whether checks condemn so many that they are not believed.
    pub(super) fn panics(&self, threshold: Option<Ratio>) -> bool {
        // What other tiers carry needs no panic.
        let carried = self.tiers.as_ref().is_some_and(|tiers| tiers.carry());
        let census = self.whole.roster.census();
        !carried && (census.panic(threshold) || census.distrust(threshold))
    }
}
