//! An attempt's hold on a backend.

use core::fmt;
use core::sync::atomic::Ordering;
use core::time::Duration;
use std::sync::Arc;

use super::backend::Backend;
use super::handle::Shared;
use super::state::BackendTransition;
use super::word::Flags;
use crate::time::saturating_nanos;
use crate::{Cause, Outcome, Tick, Verdict};

/// One attempt on one backend. Counts as in flight until it is recorded or dropped.
///
/// Dropped without a result, it counts nothing and gives a probe's permit back, so a cancelled
/// request cannot leave a backend out for ever (failure mode 19).
#[must_use = "dropping the lease ends the attempt"]
pub struct Lease<S> {
    backend: Arc<Backend<S>>,
    kind: LeaseKind,
    repeated: bool,
    generation: u32,
    started: Tick,
    responded: Option<Tick>,
    helpful: bool,
    /// It is among the pool's attempts in flight.
    counted: bool,
    overdue: bool,
}

/// What an attempt means to the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LeaseKind {
    /// A backend in rotation.
    Normal,
    /// The probe that may end an ejection.
    Probe,
    /// A backend out of rotation, because checks are not believed or nothing else is left.
    Panic,
}

/// Whom a failure speaks against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureScope {
    /// This backend: another one is in rotation whose last result was not a failure. The pool's
    /// breaker should count it as degraded only.
    Backend,
    /// As far as anyone can tell, the pool.
    Pool,
}

/// What recording a result led to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recorded {
    /// Whom a failure speaks against. [`FailureScope::Pool`] for everything else: count it as it is.
    pub scope: FailureScope,
    /// The backend's change of state, if there was one.
    pub transition: Option<BackendTransition>,
}

/// From so many attempts on that were outrun in a row, another says no more.
const MOST_OUTRUN: u32 = 64;
/// How long a probe may be without an answer before its client's leaving speaks against the backend.
const PROBE_PATIENCE: Duration = Duration::from_secs(1);

// === impl Lease ===

impl<S> Lease<S> {
    /// The place is taken already ([`Backend::enter`]).
    #[inline]
    pub(super) fn new(
        backend: &Arc<Backend<S>>,
        kind: LeaseKind,
        repeated: bool,
        generation: u32,
        now: Tick,
    ) -> Self {
        backend.vitals.requests.fetch_add(1, Ordering::Relaxed);
        Self {
            generation,
            counted: backend.climate.begin(),
            backend: Arc::clone(backend),
            kind,
            repeated,
            started: now,
            responded: None,
            helpful: true,
            overdue: false,
        }
    }

    /// What reaches the backend.
    pub fn service(&self) -> &S {
        &self.backend.service
    }

    /// The backend.
    pub fn backend(&self) -> &Arc<Backend<S>> {
        &self.backend
    }

    /// What the attempt means to the pool.
    pub const fn kind(&self) -> LeaseKind {
        self.kind
    }

    /// The request had tried this backend before: no other one was left.
    pub const fn repeated(&self) -> bool {
        self.repeated
    }

    /// When the attempt began.
    pub const fn started(&self) -> Tick {
        self.started
    }

    /// The response's head arrived: the latency ends here, however long the body takes. It is taken
    /// into account with the result, because a failure's latency counts differently.
    pub fn responded(&mut self, now: Tick) {
        self.responded.get_or_insert(now);
    }

    /// The backend answered, and what it said is no (4xx, a redirect, a `grpc-status`): a success as
    /// far as its health goes, and no proof that it serves.
    pub const fn unhelpful(&mut self) {
        self.helpful = false;
    }

    /// The attempt has had its time without an answer, and is waited for all the same: counts a failure
    /// now, and keeps the backend. If it is answered well after all, that is a success too, which ends a run of
    /// failures; another failure is none more. The second call does nothing.
    pub fn overdue(&mut self, now: Tick, cause: Option<Cause>) -> FailureScope {
        if std::mem::replace(&mut self.overdue, true) {
            return FailureScope::Pool;
        }
        self.backend.vitals.late.fetch_add(1, Ordering::Relaxed);
        self.fail(now, cause).scope
    }

    /// Ends the attempt with a result.
    ///
    /// A result that belongs to an earlier generation of the backend (admitted before an ejection or
    /// a return) is counted and changes no state.
    pub fn record(self, now: Tick, outcome: Outcome) -> Recorded {
        match outcome.verdict {
            Verdict::Success => self.succeeded(now),
            Verdict::Failure if self.overdue => Recorded::NOTHING,
            Verdict::Failure => self.fail(now, outcome.cause),
            Verdict::Degraded => self.degraded(now, outcome.cause),
            Verdict::Ignore => Recorded::NOTHING,
        }
    }

    /// Ends the attempt because the client left.
    ///
    /// That says nothing, unless it waited too long for a response's head: longer than
    /// [`PoolConfig::abandon_after`](super::PoolConfig::abandon_after), or one second for a probe (rows S5 and S6).
    pub fn abandon(self, now: Tick) -> Recorded {
        let patience = self
            .pool()
            .and_then(|pool| pool.config.load().abandon_after)
            .or_else(|| (self.kind == LeaseKind::Probe).then_some(PROBE_PATIENCE));
        let hung = self.responded.is_none()
            && !self.overdue
            && patience.is_some_and(|patience| now.since(self.started) >= patience);
        if hung {
            self.fail(now, Some(Cause::DependencyResponseTimeout))
        } else {
            Recorded::NOTHING
        }
    }

    /// Ends the attempt because another one of its request was answered first, which is no result.
    ///
    /// That it has taken longer than usual already is something the latency estimate has to know, or only fast
    /// answers would be heard of, and this backend would stay as attractive as it was. It counts among the
    /// latencies too: what was cut short would otherwise be missing from the percentile by which it was cut.
    ///
    /// A backend that is outrun again and again, and answers nothing in between, may be hung: how long it would
    /// have taken is not known, and taken for longer each time.
    pub fn outrun(self, now: Tick) {
        let vitals = &self.backend.vitals;
        let (age, climate) = (self.latency(now), &self.backend.climate);
        if saturating_nanos(age) as f32 <= climate.typical() {
            return;
        }
        let run = vitals.outrun.fetch_add(1, Ordering::Relaxed);
        vitals.word.set(Flags::SILENT);
        let sample = age.saturating_mul(run.saturating_add(1).min(MOST_OUTRUN));
        vitals
            .estimate
            .observe_failure(now, sample, climate.decay());
        vitals.histogram.fade(now);
        vitals.histogram.record(age);
    }

    fn succeeded(self, now: Tick) -> Recorded {
        let vitals = &self.backend.vitals;
        let latency = self.latency(now);
        if self.overdue {
            vitals.late_good.fetch_add(1, Ordering::Relaxed);
        }
        vitals.histogram.fade(now);
        vitals.histogram.record(latency);
        vitals
            .estimate
            .observe(now, latency, self.backend.climate.decay());
        vitals.penalty.tidy(now);
        let flags = self.backend.flags();
        if flags.generation() != self.generation {
            vitals.stale.fetch_add(1, Ordering::Relaxed);
            return Recorded::NOTHING;
        }
        let slow = self.backend.climate.slow.is_slow(latency);
        if !flags.has(Flags::NEWS) && !slow {
            return Recorded::NOTHING;
        }
        Recorded {
            scope: FailureScope::Pool,
            transition: self.news(flags, now, slow.then_some(latency)),
        }
    }

    /// A success of a backend of which something else was expected, or one that was `slow`.
    fn news(&self, flags: Flags, now: Tick, slow: Option<Duration>) -> Option<BackendTransition> {
        let vitals = &self.backend.vitals;
        if flags.has(Flags::FAILING) {
            vitals.consecutive.store(0, Ordering::Relaxed);
            vitals.word.clear(Flags::FAILING);
        }
        if flags.has(Flags::SILENT) {
            vitals.outrun.store(0, Ordering::Relaxed);
            vitals.word.clear(Flags::SILENT);
        }
        if flags.has(Flags::QUESTIONED) && self.helpful {
            vitals.good_at.store(now.as_nanos(), Ordering::Relaxed);
        }
        if let Some(latency) = slow {
            vitals.slow.fetch_add(1, Ordering::Relaxed);
            let ejected = flags.has(Flags::EJECTED);
            if !ejected {
                return self
                    .pool()?
                    .weigh_slow(&self.backend, self.generation, now, latency);
            }
            if self.backend.is_out_for_latency() {
                // It has shown what it is out for.
                if self.kind == LeaseKind::Probe {
                    let said = self.backend.climate.slow_probe(latency);
                    let cause = Cause::DependencyResponseTimeout;
                    self.pool()?.probe_failed(
                        &self.backend,
                        self.generation,
                        now,
                        cause,
                        Some(&said),
                    );
                }
                return None;
            }
        }
        if flags.has(Flags::EJECTED) {
            return self.pool()?.readmit(&self.backend, self.generation, now);
        }
        if flags.has(Flags::GROWN) {
            self.backend.prove();
        }
        None
    }

    fn fail(&self, now: Tick, cause: Option<Cause>) -> Recorded {
        let cause = cause.unwrap_or(Cause::Unclassified);
        let vitals = &self.backend.vitals;
        let latency = self.latency(now);
        vitals.failures.fetch_add(1, Ordering::Relaxed);
        vitals.histogram.fade(now);
        vitals.histogram.record(latency);
        vitals
            .estimate
            .observe_failure(now, latency, self.backend.climate.decay());
        vitals.penalty.add(now);
        let Some(pool) = self.pool() else {
            return Recorded::NOTHING;
        };
        pool.spoiled.count(cause);
        let scope = pool.scope(&self.backend);
        let flags = self.backend.flags();
        if flags.generation() != self.generation {
            vitals.stale.fetch_add(1, Ordering::Relaxed);
            return Recorded {
                scope,
                transition: None,
            };
        }
        let failures = self.backend.note_failure(now, cause);
        let transition = if self.kind == LeaseKind::Probe {
            pool.probe_failed(&self.backend, self.generation, now, cause, None);
            None
        } else {
            pool.judge(&self.backend, self.generation, now, cause, failures)
        };
        Recorded { scope, transition }
    }

    /// Fast refusals must not attract load either, but they are no failures in a row.
    fn degraded(self, now: Tick, cause: Option<Cause>) -> Recorded {
        self.backend.vitals.penalty.add(now);
        let Some(pool) = self.pool() else {
            return Recorded::NOTHING;
        };
        let cause = cause.unwrap_or(Cause::Unclassified);
        pool.spoiled.count(cause);
        if self.kind == LeaseKind::Probe {
            pool.probe_failed(&self.backend, self.generation, now, cause, None);
        }
        Recorded::NOTHING
    }

    fn latency(&self, now: Tick) -> Duration {
        self.responded.unwrap_or(now).since(self.started)
    }

    fn pool(&self) -> Option<Arc<Shared<S>>> {
        self.backend.pool.upgrade()
    }
}

impl<S> Drop for Lease<S> {
    #[inline]
    fn drop(&mut self) {
        self.backend.leave();
        if self.counted {
            self.backend.climate.end();
        }
        // After a result the generation has moved on, and there is nothing to give back.
        if self.kind == LeaseKind::Probe
            && let Some(pool) = self.pool()
        {
            pool.release_probe(&self.backend, self.generation);
        }
    }
}

impl<S> fmt::Debug for Lease<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("backend", &self.backend.name)
            .field("kind", &self.kind)
            .field("repeated", &self.repeated)
            .field("started", &self.started)
            .finish_non_exhaustive()
    }
}

// === impl Recorded ===

impl Recorded {
    const NOTHING: Self = Self {
        scope: FailureScope::Pool,
        transition: None,
    };
}
