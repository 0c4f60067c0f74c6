//! The pool itself: its set of backends and its locks.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use arc_swap::{ArcSwap, ArcSwapOption};

use super::agenda::Agenda;
use super::aperture::{Aperture, SMALL};
use super::backend::{Backend, BackendSpec, Key, NO_LIMIT};
use super::census::Admit;
use super::config::PoolConfig;
use super::ejections::Ejections;
use super::glance::Glance;
use super::latency::Climate;
use super::members::Members;
use super::queue::Queue;
use super::refusal::NoBackend;
use super::spoiled::Spoiled;
use super::state::BackendTransition;
use super::tried::Tried;
use super::vitals::{NOWHERE, Vitals};
use super::word::{Flags, Sums};
use crate::hedge::Hedge;
use crate::{Cause, Tick};

/// A named set of backends. A cheap-clone handle: clones are the same pool.
///
/// `S` is whatever reaches a backend; the pool hands it out and never calls it.
pub struct Pool<S> {
    pub(super) shared: Arc<Shared<S>>,
}

/// What all handles of a pool share.
pub(super) struct Shared<S> {
    pub(super) name: Arc<str>,
    pub(super) config: ArcSwap<PoolConfig>,
    pub(super) members: ArcSwap<Members<S>>,
    pub(super) climate: Arc<Climate>,
    pub(super) hedge: Hedge,
    pub(super) sums: Arc<Sums>,
    /// Which part of it is used, once it has been large.
    pub(super) aperture: OnceLock<Aperture>,
    /// Grows with every change.
    pub(super) version: AtomicU64,
    /// What it looked like when somebody last asked.
    pub(super) glance: ArcSwapOption<Glance>,
    /// When something next changes by time alone, in nanoseconds.
    pub(super) wake_at: AtomicU64,
    /// Since when an ejected backend waits for its probe, in nanoseconds.
    pub(super) probe_at: AtomicU64,
    /// Picks of backends that were out of rotation.
    pub(super) panic_picks: AtomicU64,
    pub(super) ejections: Ejections,
    /// Who waits for a backend with room.
    pub(super) queue: Queue,
    /// What attempts failed of.
    pub(super) spoiled: Spoiled,
    control: Mutex<Control>,
}

/// Held by whoever changes the state of a backend, so that two changes cannot each rely on what the
/// other takes away. Locked before a backend's own lock.
#[derive(Debug)]
pub(super) struct Control {
    pub(super) rng: fastrand::Rng,
    /// Changes that time made, until somebody asks for them.
    pub(super) pending: VecDeque<BackendTransition>,
    pub(super) agenda: Agenda,
    /// Why nobody can be picked, until something changes.
    pub(super) refusal: Option<NoBackend>,
    next_id: u32,
}

// === impl Pool ===

impl<S> Pool<S> {
    /// An empty pool. `seed` feeds the jitter of ejections.
    pub fn new(name: impl Into<Arc<str>>, config: PoolConfig, seed: u64) -> Self {
        let climate = Climate::new();
        climate.set_decay(config.latency_decay);
        climate.set_counting(config.balance.is_bounded());
        climate.reports.set_expiry(config.load_reports);
        let name = name.into();
        Self {
            shared: Arc::new(Shared {
                hedge: Hedge::new(Arc::clone(&name), config.hedge),
                name,
                members: ArcSwap::from_pointee(Members::new(Vec::new(), &config, 0)),
                config: ArcSwap::from_pointee(config),
                climate: Arc::new(climate),
                sums: Arc::default(),
                aperture: OnceLock::new(),
                version: AtomicU64::new(0),
                glance: ArcSwapOption::empty(),
                wake_at: AtomicU64::new(u64::MAX),
                probe_at: AtomicU64::new(u64::MAX),
                panic_picks: AtomicU64::new(0),
                ejections: Ejections::default(),
                queue: Queue::new(),
                spoiled: Spoiled::default(),
                control: Mutex::new(Control {
                    rng: fastrand::Rng::with_seed(seed),
                    pending: VecDeque::new(),
                    agenda: Agenda::default(),
                    refusal: None,
                    next_id: 0,
                }),
            }),
        }
    }

    /// The pool's name.
    pub fn name(&self) -> &Arc<str> {
        &self.shared.name
    }

    /// How many attempts failed of `cause`, ever, be it that another one has saved the request. Attempts that
    /// are no failure of their backend, and cost another try all the same, count as well: a connection that had been
    /// idle for too long, a refusal under load.
    pub fn spoiled(&self, cause: Cause) -> u64 {
        self.shared.spoiled.of(cause)
    }

    /// The configuration in force.
    pub fn config(&self) -> Arc<PoolConfig> {
        self.shared.config.load_full()
    }

    /// Replaces the configuration. Backends keep their state; ejections keep their times.
    pub fn set_config(&self, config: PoolConfig) {
        let shared = &self.shared;
        let mut control = shared.control();
        shared.climate.set_decay(config.latency_decay);
        shared.climate.set_counting(config.balance.is_bounded());
        shared.climate.reports.set_expiry(config.load_reports);
        shared.hedge.set_config(config.hedge);
        let before = shared.config.swap(Arc::new(config));
        let (config, members) = (shared.config.load(), shared.members.load_full());
        let arranged = |config: &PoolConfig| {
            let of = (config.balance, config.overprovisioning);
            (of, config.zone.clone())
        };
        if arranged(&before) == arranged(&config) {
            shared.changed_all(&mut control, &members);
        } else {
            let start = control.rng.u64(..);
            let members = Members::new(members.list.to_vec(), &config, start);
            shared.put_in_force(&mut control, &Arc::new(members));
        }
    }

    /// Replaces the set of backends.
    ///
    /// A backend whose name was there before keeps its id, its counters and what operators, traffic
    /// and checks said about it; at a new address only its id and the operator's word. A backend
    /// that joins others starts slowly. Attempts on removed backends finish undisturbed. Of several
    /// specs with the same name the first counts.
    pub fn set_backends(&self, specs: Vec<BackendSpec<S>>, now: Tick) {
        let shared = &self.shared;
        let mut control = shared.control();
        let config = shared.config.load();
        let old = Arc::clone(&shared.members.load().list);
        let mut by_name: HashMap<&str, &Arc<Backend<S>>> = old
            .iter()
            .map(|backend| (&*backend.name, backend))
            .collect();
        let specs = first_of_each_name(specs);
        let total: u64 = specs.iter().map(|spec| u64::from(spec.weight)).sum();
        let mean = total as f32 / specs.len().max(1) as f32;
        let list = specs.into_iter().map(|spec| {
            let known = by_name.remove(&*spec.name);
            Arc::new(Backend {
                id: known.map_or_else(|| control.take_id(), |backend| backend.id),
                vitals: match known {
                    Some(backend) if backend.address == spec.address => Arc::clone(&backend.vitals),
                    other => shared.newcomer(&config, other, !old.is_empty(), now),
                },
                name: spec.name,
                address: spec.address,
                weight: spec.weight,
                priority: spec.priority,
                zone: spec.zone,
                badge: spec.badge,
                limit: spec.max_in_flight.map_or(NO_LIMIT, |limit| limit.max(1)),
                load_unit: mean / spec.weight as f32,
                service: spec.service,
                climate: Arc::clone(&shared.climate),
                pool: Arc::downgrade(shared),
            })
        });
        let list = list.collect();
        let members = Members::new(list, &config, control.rng.u64(..));
        for backend in &*old {
            backend.vitals.slot.store(NOWHERE, Ordering::Relaxed);
        }
        for (backend, slot) in members.list.iter().zip(0_u32..) {
            backend.vitals.slot.store(slot, Ordering::Relaxed);
        }
        for backend in old.iter().filter(|backend| backend.vitals.slot().is_none()) {
            backend.vitals.word.set(Flags::GONE);
        }
        if members.list.len() > SMALL {
            shared
                .aperture
                .get_or_init(|| Aperture::new(&mut control.rng));
        }
        shared.put_in_force(&mut control, &Arc::new(members));
    }

    /// The backends, in the order in which they were given.
    pub fn backends(&self) -> Arc<[Arc<Backend<S>>]> {
        Arc::clone(&self.shared.members.load().list)
    }

    /// A backend, by name or id.
    pub fn backend<'a>(&self, key: impl Into<Key<'a>>) -> Option<Arc<Backend<S>>> {
        self.shared.members.load().find(key.into()).cloned()
    }

    /// Whether a pick would find a backend that `tried` does not contain, probes aside: whether a
    /// retry could go elsewhere.
    pub fn has_other(&self, tried: &Tried) -> bool {
        let members = self.shared.members.load();
        let Some(admit) = members.whole.roster.admit() else {
            return false;
        };
        let was_tried = |id: &u32| {
            let backend = members.find(Key::Id(*id));
            backend.is_some_and(|backend| admit.allows(backend.flags()))
        };
        members.whole.roster.range(admit).len() > tried.iter().filter(was_tried).count()
    }

    /// A number that grows when the set of backends or the state of one may have changed: whoever
    /// follows a large pool need not look at it while this stays the same.
    pub fn version(&self) -> u64 {
        self.shared.version.load(Ordering::Acquire)
    }

    /// Whether a backend that no operator took out is ejected.
    pub fn any_ejected(&self) -> bool {
        let census = self.shared.members.load().whole.roster.census();
        census.ejected + census.ejected_down > 0
    }

    /// What its hedging is doing; for a layer that sends requests twice, and for whoever watches.
    pub fn hedge(&self) -> &Hedge {
        &self.shared.hedge
    }

    /// Backends are picked that are not in rotation, because checks are not believed or nobody else is
    /// left.
    pub fn is_panicking(&self) -> bool {
        let admit = self.shared.members.load().whole.roster.admit();
        admit.is_some_and(|admit| admit != Admit::Rotation)
    }

    /// The latency that is typical here: the median of the backends' estimates. `None` before the
    /// first answer.
    pub fn typical_latency(&self) -> Option<Duration> {
        let nanos = self.shared.climate.measured()?;
        Some(Duration::from_nanos(nanos as u64))
    }
}

impl<S> Clone for Pool<S> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<S> fmt::Debug for Pool<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("name", &self.shared.name)
            .field("backends", &self.shared.members.load().list)
            .finish_non_exhaustive()
    }
}

// === impl Shared ===

impl<S> Shared<S> {
    pub(super) fn control(&self) -> MutexGuard<'_, Control> {
        // What it guards is valid after any write.
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`Self::control`], unless somebody else holds it.
    pub(super) fn try_control(&self) -> Option<MutexGuard<'_, Control>> {
        match self.control.try_lock() {
            Ok(control) => Some(control),
            Err(std::sync::TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(std::sync::TryLockError::WouldBlock) => None,
        }
    }

    /// The numbers of a backend that was not there before, or was elsewhere under the same name.
    fn newcomer(
        &self,
        config: &PoolConfig,
        moved: Option<&Arc<Backend<S>>>,
        joins_others: bool,
        now: Tick,
    ) -> Arc<Vitals> {
        let vitals = Vitals::new(now, config.initial_health, &self.sums);
        if let Some(backend) = moved {
            vitals.word.set(backend.flags().only(Flags::ADMIN));
            vitals.cold().admin.clone_from(&backend.vitals.cold().admin);
        }
        if joins_others && vitals.word.load().in_rotation() && !config.slow_start.is_zero() {
            vitals.warm(now);
        }
        Arc::new(vitals)
    }
}

fn first_of_each_name<S>(mut specs: Vec<BackendSpec<S>>) -> Vec<BackendSpec<S>> {
    let mut names = HashSet::with_capacity(specs.len());
    specs.retain_mut(|spec| {
        spec.weight = spec.weight.max(1);
        names.insert(Arc::clone(&spec.name))
    });
    specs
}

// === impl Control ===

impl Control {
    fn take_id(&mut self) -> u32 {
        let id = self.next_id;
        self.next_id = id.wrapping_add(1);
        id
    }

    /// Keeps a change that time made; of too many, the newest.
    pub(super) fn keep(&mut self, transition: Option<BackendTransition>) {
        const MOST: usize = 256;
        if let Some(transition) = transition {
            if self.pending.len() == MOST {
                self.pending.pop_front();
            }
            self.pending.push_back(transition);
        }
    }
}
