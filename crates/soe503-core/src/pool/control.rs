//! What operators, checks and time change about a backend.

use core::fmt;
use core::sync::atomic::Ordering;
use core::time::Duration;
use std::sync::Arc;

use super::backend::{Backend, Key};
use super::ejection::is_connect;
use super::handle::{Pool, Shared};
use super::state::{BackendState, BackendTransition, By, Why};
use super::vitals::{Cold, Vitals};
use super::word::Flags;
use crate::Tick;
use crate::health::{Health, HealthReport, overrules};

/// The pool has no backend of that name or id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownBackend {
    pool: Arc<str>,
    backend: String,
}

// === impl Pool ===

impl<S> Pool<S> {
    /// Takes note of what active checks say.
    ///
    /// Another axis than ejection: a passing check never ends one, and does not end an operator's
    /// decision. A failing check that leaves a doubt does not take out a backend that answers requests
    /// ([`overrules`]). A backend that is up again starts slowly.
    ///
    /// # Errors
    /// [`UnknownBackend`] if the pool has none such.
    pub fn set_health<'a>(
        &self,
        key: impl Into<Key<'a>>,
        report: HealthReport,
        now: Tick,
    ) -> Result<Option<BackendTransition>, UnknownBackend> {
        let elsewhere = self.shared.members.load().whole.roster.census().overruled > 0;
        self.alter(key.into(), now, |vitals, cold, slow_start| {
            vitals.question(report.doubt.is_some());
            let flags = vitals.word.load();
            let before = flags.health();
            let overruled = is_overruled(vitals, flags, &report, elsewhere, now);
            let after = if overruled { Health::Up } else { report.health };
            cold.health = report;
            if overruled != flags.has(Flags::OVERRULED) {
                cold.health_since = now;
                if overruled {
                    vitals.word.set(Flags::OVERRULED);
                } else {
                    vitals.word.clear(Flags::OVERRULED);
                }
            }
            if before == after {
                return;
            }
            cold.health_since = now;
            match after {
                Health::Up => vitals.word.clear(Flags::DOWN | Flags::STARTING),
                Health::Down => {
                    vitals.word.set(Flags::DOWN);
                    vitals.word.clear(Flags::STARTING | Flags::WARMING);
                }
                Health::Starting => {
                    vitals.word.set(Flags::STARTING);
                    vitals.word.clear(Flags::DOWN | Flags::WARMING);
                }
            }
            vitals.warm_if_back(now, slow_start);
        })
    }

    /// Lets requests in flight finish and gives the backend no new ones, until `until` or
    /// [`Self::enable`].
    ///
    /// # Errors
    /// [`UnknownBackend`] if the pool has none such.
    pub fn drain<'a>(
        &self,
        key: impl Into<Key<'a>>,
        reason: impl Into<Arc<str>>,
        until: Option<Tick>,
        now: Tick,
    ) -> Result<Option<BackendTransition>, UnknownBackend> {
        self.take_out(key.into(), Flags::DRAINING, reason.into(), until, now)
    }

    /// Takes the backend out of rotation, until `until` or [`Self::enable`].
    ///
    /// # Errors
    /// [`UnknownBackend`] if the pool has none such.
    pub fn disable<'a>(
        &self,
        key: impl Into<Key<'a>>,
        reason: impl Into<Arc<str>>,
        until: Option<Tick>,
        now: Tick,
    ) -> Result<Option<BackendTransition>, UnknownBackend> {
        self.take_out(key.into(), Flags::DISABLED, reason.into(), until, now)
    }

    /// Ends [`Self::drain`] and [`Self::disable`]. What traffic and checks say stays.
    ///
    /// # Errors
    /// [`UnknownBackend`] if the pool has none such.
    pub fn enable<'a>(
        &self,
        key: impl Into<Key<'a>>,
        now: Tick,
    ) -> Result<Option<BackendTransition>, UnknownBackend> {
        self.alter(key.into(), now, |vitals, cold, slow_start| {
            enable(vitals, cold, now, slow_start);
        })
    }

    /// A TCP connect to the backend worked, outside of any request: if it is ejected because none
    /// did, its probe is due now. Returns whether that is so.
    pub fn connect_proved<'a>(&self, key: impl Into<Key<'a>>, now: Tick) -> bool {
        let Some(backend) = self.backend(key) else {
            return false;
        };
        let mut control = self.shared.control();
        let vitals = &backend.vitals;
        {
            let mut cold = vitals.cold();
            let Some(why) = cold.ejection.as_mut() else {
                return false;
            };
            if !backend.flags().has(Flags::EJECTED) || !why.cause.is_some_and(is_connect) {
                return false;
            }
            if now >= vitals.due() {
                return true;
            }
            why.until = Some(now);
            vitals.due.store(now.as_nanos(), Ordering::Relaxed);
        }
        self.shared.changed(&mut control, &backend);
        true
    }

    /// Does what is due by time alone and returns the changes made so since the last call: operators'
    /// decisions that ran out, slow starts that ended. Picks do it too, so calling this matters only
    /// to whoever reports changes.
    pub fn tend(&self, now: Tick) -> Vec<BackendTransition> {
        let mut control = self.shared.control();
        self.shared.settle(&mut control, now);
        control.pending.drain(..).collect()
    }

    fn take_out(
        &self,
        key: Key<'_>,
        flag: u64,
        reason: Arc<str>,
        until: Option<Tick>,
        now: Tick,
    ) -> Result<Option<BackendTransition>, UnknownBackend> {
        self.alter(key, now, |vitals, cold, _| {
            cold.admin = Some(Box::new(Why {
                cause: None,
                text: reason,
                since: now,
                until,
                failures: 0,
                by: By::Operator,
            }));
            vitals.word.set(flag);
            vitals.word.clear((Flags::ADMIN & !flag) | Flags::WARMING);
        })
    }

    fn alter(
        &self,
        key: Key<'_>,
        now: Tick,
        alteration: impl FnOnce(&Vitals, &mut Cold, Duration),
    ) -> Result<Option<BackendTransition>, UnknownBackend> {
        let backend = self.backend(key).ok_or_else(|| UnknownBackend {
            pool: Arc::clone(&self.shared.name),
            backend: key.to_string(),
        })?;
        let slow_start = self.shared.config.load().slow_start;
        let mut control = self.shared.control();
        let transition = change(&backend, now, slow_start, |vitals, cold| {
            alteration(vitals, cold, slow_start);
        });
        self.shared.changed(&mut control, &backend);
        Ok(transition)
    }
}

// === impl Shared ===

impl<S> Shared<S> {
    /// [`Pool::tend`] for the request path: never waits.
    pub(super) fn tend(&self, now: Tick) {
        if let Some(mut control) = self.try_control() {
            self.settle(&mut control, now);
        }
    }
}

// === impl Vitals ===

impl Vitals {
    /// Begins the slow start of a backend that has just come back into rotation.
    fn warm_if_back(&self, now: Tick, slow_start: Duration) {
        if self.word.load().in_rotation() && !slow_start.is_zero() {
            self.warm(now);
        }
    }
}

/// Whether requests overrule what checks say in `report`.
fn is_overruled(
    vitals: &Vitals,
    flags: Flags,
    report: &HealthReport,
    elsewhere: bool,
    now: Tick,
) -> bool {
    let (Health::Down, Some(doubt)) = (report.health, &report.doubt) else {
        return false;
    };
    let so_far = flags.has(Flags::OVERRULED);
    if report.last_error.is_none() {
        // A check that passes, if not yet often enough, is no reason to believe those before it.
        return so_far;
    }
    overrules(doubt, &vitals.traffic(now), so_far, elsewhere, now)
}

pub(super) fn enable(vitals: &Vitals, cold: &mut Cold, now: Tick, slow_start: Duration) {
    cold.admin = None;
    if vitals.word.load().has(Flags::ADMIN) {
        vitals.word.clear(Flags::ADMIN);
        vitals.warm_if_back(now, slow_start);
    }
}

/// Changes a backend and tells what that did to its state. The caller holds the control lock.
pub(super) fn change<S>(
    backend: &Backend<S>,
    now: Tick,
    slow_start: Duration,
    alteration: impl FnOnce(&Vitals, &mut Cold),
) -> Option<BackendTransition> {
    let vitals = &backend.vitals;
    let mut cold = vitals.cold();
    let from = BackendState::of(vitals.word.load());
    alteration(vitals, &mut cold);
    let flags = vitals.word.load();
    let to = BackendState::of(flags);
    if from == to {
        return None;
    }
    cold.since = now;
    let pool = backend.pool.upgrade();
    Some(BackendTransition {
        pool: pool.map_or_else(|| "".into(), |pool| Arc::clone(&pool.name)),
        id: backend.id,
        backend: Arc::clone(&backend.name),
        from,
        to,
        at: now,
        why: cold.why(flags, vitals.warm_until(slow_start)),
    })
}

// === impl UnknownBackend ===

impl UnknownBackend {
    /// The name or id that was asked for.
    pub fn backend(&self) -> &str {
        &self.backend
    }
}

impl fmt::Display for UnknownBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pool `{}` has no backend `{}`", self.pool, self.backend)
    }
}

impl core::error::Error for UnknownBackend {}
