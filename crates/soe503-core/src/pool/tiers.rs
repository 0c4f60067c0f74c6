//! Priorities and zones: who gets traffic first, and when it spills over.
//!
//! Backends of one priority are a *level*; those of the pool's own zone and the others of a level are its
//! two *tiers*. As in Envoy (`priority levels`, `overprovisioning factor`), a level carries as much of the
//! traffic as its usable share of the weight times [`PoolConfig::overprovisioning`], at most all of it,
//! and what is left goes to the next level. Inside a level the same rule divides between the own zone and
//! the others. With a factor of 1.4, less than 72 % usable is when traffic begins to spill over.
//!
//! While all levels together carry the traffic, checks are believed, however many backends of one level
//! they condemn. When they do not, what there is is divided in proportion, and the pool's rules for panic
//! hold for all backends together.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::collections::BTreeMap;
use std::sync::Arc;

use super::affinity::mixed;
use super::backend::Backend;
use super::census::Admit;
use super::config::PoolConfig;
use super::group::Group;
use super::word::Flags;

/// The tiers, in the order in which they are to be used.
pub(super) struct Tiers {
    all: Box<[Tier]>,
    /// The tier of each slot.
    of_slot: Box<[u16]>,
    /// In millionths.
    overprovisioning: u64,
    /// The usable backends of all levels carry the traffic.
    carried: AtomicBool,
}

/// Backends of one priority, in or outside of the own zone.
pub(super) struct Tier {
    pub(super) priority: u8,
    /// In the own zone. `false` everywhere if the pool does not know its own.
    pub(super) local: bool,
    pub(super) group: Group,
    /// Where its part of the traffic ends, counted through all tiers, in millionths.
    end: AtomicU32,
}

/// All of the traffic.
const WHOLE: u64 = 1_000_000;
/// For the part of a key's hash that decides on the tier.
const SALT: u64 = 0x7469_6572;

// === impl Tiers ===

impl Tiers {
    /// `None` if all backends are in one tier.
    pub(super) fn new<S>(
        list: &[Arc<Backend<S>>],
        config: &PoolConfig,
        start: u64,
    ) -> Option<Self> {
        let local = |backend: &Backend<S>| config.zone.is_some() && backend.zone == config.zone;
        let mut slots: BTreeMap<(u8, bool), Vec<u32>> = BTreeMap::new();
        for (backend, slot) in list.iter().zip(0_u32..) {
            let key = (backend.priority, !local(backend));
            slots.entry(key).or_default().push(slot);
        }
        if slots.len() < 2 {
            return None;
        }
        let mut of_slot = vec![0; list.len()];
        for (tier, slots) in (0_u16..).zip(slots.values()) {
            for &slot in slots {
                of_slot[slot as usize] = tier;
            }
        }
        let tier = |((priority, remote), slots): ((u8, bool), Vec<u32>)| Tier {
            priority,
            local: !remote && config.zone.is_some(),
            group: Group::new(list, Some(slots), config.balance, start),
            end: AtomicU32::new(0),
        };
        let factor = f64::from(config.overprovisioning.clamp(1.0, 1_000.0));
        Some(Self {
            all: slots.into_iter().map(tier).collect(),
            of_slot: of_slot.into(),
            overprovisioning: (factor * WHOLE as f64) as u64,
            carried: AtomicBool::new(false),
        })
    }

    /// The tiers and the part of the traffic that each gets, in millionths, first to last.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Tier, u32)> {
        let mut start = 0;
        self.all.iter().map(move |tier| {
            let end = tier.end.load(Ordering::Relaxed);
            // Read while somebody writes, an end may be before a start.
            let part = end.saturating_sub(start);
            start = end;
            (tier, part)
        })
    }

    /// Whether all levels together carry the traffic.
    pub(super) fn carry(&self) -> bool {
        self.carried.load(Ordering::Relaxed)
    }

    /// The tiers to look in: whose turn it is, by the hash of a key or by chance, and then the others.
    pub(super) fn order<'a>(
        &'a self,
        hash: Option<u64>,
        rng: &mut fastrand::Rng,
    ) -> impl Iterator<Item = &'a Group> + use<'a> {
        let point = match hash {
            Some(hash) => mixed(hash, SALT) % WHOLE,
            None => rng.u64(0..WHOLE),
        };
        let due = |tier: &Tier| point < u64::from(tier.end.load(Ordering::Relaxed));
        let first = self.all.iter().position(due).unwrap_or(0);
        let others = (0..self.all.len()).filter(move |&tier| tier != first);
        core::iter::once(first)
            .chain(others)
            .map(|tier| &self.all[tier].group)
    }

    /// Moves a backend. The caller holds the control lock.
    pub(super) fn put(&self, slot: u32, flags: Flags) {
        let tier = &self.all[usize::from(self.of_slot[slot as usize])];
        tier.group.roster.put(slot, flags);
    }

    /// Divides the traffic anew; whether all of it is carried. The caller holds the control lock.
    pub(super) fn share_out(&self) -> bool {
        let levels = || self.all.chunk_by(|a, b| a.priority == b.priority);
        // What each level can carry, and all of them.
        let carries = |level: &[Tier]| self.carries(level);
        let able: u64 = levels().map(carries).sum();
        let (mut left, mut end) = (WHOLE, 0_u64);
        for level in levels() {
            let part = if able >= WHOLE {
                carries(level).min(left)
            } else {
                (carries(level) * WHOLE).checked_div(able).unwrap_or(0)
            };
            left = left.saturating_sub(part);
            let local = match level {
                // Two of a priority are the own zone and the others.
                [_, _] => part * self.zone_keeps(level) / WHOLE,
                _ => part,
            };
            let parts = [local, part - local];
            for (tier, part) in level.iter().zip(parts) {
                end += part;
                tier.end.store(end as u32, Ordering::Relaxed);
            }
        }
        let carried = able >= WHOLE;
        self.carried.store(carried, Ordering::Relaxed);
        carried
    }

    /// How much of the traffic these can carry, in millionths, at most all.
    fn carries(&self, tiers: &[Tier]) -> u64 {
        let usable: u64 = tiers.iter().map(Tier::usable).sum();
        let whole: u64 = tiers.iter().map(|tier| tier.group.whole_weight()).sum();
        (usable * self.overprovisioning)
            .checked_div(whole)
            .unwrap_or(0)
            .min(WHOLE)
    }

    /// How much of a level's traffic stays in the own zone, whose tier is its first.
    fn zone_keeps(&self, level: &[Tier]) -> u64 {
        if level[1..].iter().all(|other| other.usable() == 0) {
            return WHOLE;
        }
        self.carries(&level[..1])
    }
}

// === impl Tier ===

impl Tier {
    /// The weight of its backends in rotation.
    pub(super) fn usable(&self) -> u64 {
        self.group.weight(Admit::Rotation)
    }
}
