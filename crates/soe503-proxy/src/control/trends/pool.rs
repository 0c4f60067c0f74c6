//! One pool's seconds.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use soe503_core::diagnosis::history::{BackendSecond, History, Label, Second};
use soe503_core::diagnosis::rules::{
    BrokenCheck, Departure, Everywhere, Findings, Inputs, Late, LimitState, Own, Standing, Words,
    judge,
};
use soe503_core::histogram::HistogramSnapshot;
use soe503_core::limit::LimitWhy;
use soe503_core::metastable::Counts;
use soe503_core::pool::{Backend, BackendState};
use soe503_core::{Cause, Tick};

use super::host::Hosts;
use super::second_of;
use super::trial::Trials;
use crate::state::{Class, PoolState};
use crate::upstream::Upstream;

/// What is known about a pool, and what was counted when it was last looked at.
pub(super) struct PoolTrends {
    history: History,
    before: Counted,
    /// The backends as they were then.
    backends: Backends,
    /// [`soe503_core::pool::Pool::version`] at that time.
    version: Option<u64>,
    /// What was counted of those that are followed, in their order.
    followed: Vec<(Arc<str>, Seen)>,
    /// Those that refuse or drain, by name.
    troubled: HashMap<Arc<str>, Trouble>,
    departures: VecDeque<Departure>,
    /// Backends whose check is known to be wrong: what is wrong with it, and when that was last so.
    broken_checks: BTreeMap<Arc<str>, (Cause, Tick)>,
    trials: Trials,
    hosts: Hosts,
}

/// A pool's counters at one moment.
#[derive(Default)]
struct Counted {
    ended: u64,
    good: u64,
    left: u64,
    limited: u64,
    pending: u32,
    counts: Counts,
    looked: u64,
    again: u64,
    failures: Vec<u64>,
    spoiled: Vec<u64>,
}

type Backends = Arc<[Arc<Backend<Upstream>>]>;

/// A followed backend's counters at one moment.
struct Seen {
    requests: u64,
    failures: u64,
    /// `None` as long as nobody has asked it.
    latencies: Option<HistogramSnapshot>,
}

/// What speaks for a departure.
#[derive(Default)]
struct Trouble {
    /// Since when it refuses connections.
    refuses: Option<Tick>,
    draining: bool,
}

/// How many departures are remembered.
const DEPARTURES: usize = 32;
/// How long a check that was wrong is told of: when backends are gone it fails for another reason.
const CHECKS: Duration = Duration::from_secs(60);

// === impl PoolTrends ===

impl PoolTrends {
    pub(super) fn new(pool: &PoolState, now: Tick) -> Self {
        let backends = pool.pool.backends();
        // The first second counts from here.
        let first = backends.iter().take(History::MOST_BACKENDS);
        Self {
            history: History::new(pool.name.bytes().map(u64::from).sum()),
            before: Counted::of(pool, now),
            version: None,
            followed: first
                .map(|backend| (Arc::clone(&backend.name), Seen::of(None, backend)))
                .collect(),
            backends,
            troubled: HashMap::new(),
            departures: VecDeque::new(),
            broken_checks: BTreeMap::new(),
            trials: Trials::default(),
            hosts: Hosts::default(),
        }
    }

    /// Takes in the second that has just passed.
    pub(super) fn gather(&mut self, pool: &PoolState, now: Tick) {
        let at = second_of(now).saturating_sub(1);
        let counted = Counted::of(pool, now);
        let second = counted.since(&self.before, at);
        self.before = counted;
        // Read first: what changes from now on is seen the next time.
        let version = pool.pool.version();
        let backends = pool.pool.backends();
        if self.version.replace(version) != Some(version) {
            self.look_for_trouble(pool, &backends, now);
        }
        self.look_at_checks(pool, &backends, now);
        let before = std::mem::take(&mut self.followed);
        let first = backends.iter().take(History::MOST_BACKENDS);
        let seconds: Vec<_> = first
            .enumerate()
            .map(|(index, backend)| {
                let same = |(name, _): &&(Arc<str>, Seen)| *name == backend.name;
                // Where it was, unless the set of backends has changed.
                let known = before.get(index).filter(same);
                let known = known.or_else(|| before.iter().find(same));
                let before = known.map(|(_, seen)| seen);
                let after = Seen::of(before, backend);
                // Of a large pool, one that has only moved up is followed from here.
                let moved = self.backends.len() > History::MOST_BACKENDS;
                let second = after.second(before.or_else(|| moved.then_some(&after)), backend, at);
                self.followed.push((Arc::clone(&backend.name), after));
                (label(backend, now), second)
            })
            .collect();
        self.backends = backends;
        self.history.push(second, seconds.into_iter());
    }

    /// Notes since when backends refuse, which are told to drain, and which have left.
    fn look_for_trouble(&mut self, pool: &PoolState, backends: &Backends, now: Tick) {
        let mut before = std::mem::take(&mut self.troubled);
        for backend in backends.iter() {
            let known = before.remove(&backend.name);
            let drained = known.as_ref().is_some_and(|known| known.draining);
            let Some(trouble) = Trouble::of(known, pool, backend, now) else {
                continue;
            };
            if trouble.draining && !drained {
                self.depart(Arc::clone(&backend.name), trouble.refuses, now);
            }
            self.troubled.insert(Arc::clone(&backend.name), trouble);
        }
        if Arc::ptr_eq(&self.backends, backends) {
            return;
        }
        let here: HashSet<&str> = backends.iter().map(|backend| &*backend.name).collect();
        let gone: Vec<Arc<str>> = self
            .backends
            .iter()
            .filter(|backend| !here.contains(&*backend.name))
            .map(|backend| Arc::clone(&backend.name))
            .collect();
        for name in gone {
            let trouble = before.remove(&name).unwrap_or_default();
            if !trouble.draining {
                self.depart(name, trouble.refuses, now);
            }
        }
    }

    /// Notes whose check fails although requests are answered.
    fn look_at_checks(&mut self, pool: &PoolState, backends: &Backends, now: Tick) {
        self.broken_checks
            .retain(|_, (_, at)| now.since(*at) < CHECKS);
        let first = backends.iter().take(History::MOST_BACKENDS);
        for backend in first.filter(|backend| backend.is_check_overruled()) {
            let shown = pool.pool.backend_snapshot(backend.id, now);
            if let Some(doubt) = shown.and_then(|shown| shown.health.doubt) {
                let broken = (doubt.cause, now);
                self.broken_checks.insert(Arc::clone(&backend.name), broken);
            }
        }
    }

    fn depart(&mut self, name: Arc<str>, refused: Option<Tick>, now: Tick) {
        self.departures.push_back(Departure {
            name,
            at: now,
            refused,
        });
        if self.departures.len() > DEPARTURES {
            self.departures.pop_front();
        }
    }

    /// How the pool fares, for the sake of the others.
    pub(super) fn standing(&self) -> Standing {
        Standing::of(&self.history)
    }

    /// Requests came in the last second.
    pub(super) fn was_asked(&self) -> bool {
        self.history.last(1).any(|second| second.offered > 0)
    }

    /// Asks the rules.
    pub(super) fn judge(
        &self,
        pool: &PoolState,
        own: &Own,
        everywhere: Option<&Everywhere>,
        now: Tick,
    ) -> Findings {
        let backends = pool.pool.backends();
        let limit = pool.limit.snapshot(now);
        let words: Vec<Words> = backends
            .iter()
            .filter_map(|backend| {
                let (signature, since, at) = backend.service.words()?;
                let backend = Arc::clone(&backend.name);
                Some(Words {
                    backend,
                    signature,
                    since,
                    at,
                })
            })
            .collect();
        let (of, came) = backends.iter().fold((0, 0), |(of, came), backend| {
            let (late, good) = backend.late();
            (of + late, came + good)
        });
        let broken = self.broken_checks.iter();
        let broken_checks: Vec<BrokenCheck> = broken
            .map(|(backend, (cause, _))| BrokenCheck {
                backend: Arc::clone(backend),
                cause: *cause,
            })
            .collect();
        let departures: Vec<Departure> = self.departures.iter().cloned().collect();
        judge(&Inputs {
            now,
            history: &self.history,
            own,
            limit: Some(LimitState {
                limit: limit.limit,
                fixed: limit.why == LimitWhy::Fixed,
                saturated: limit.why == LimitWhy::Saturated,
            }),
            words: &words,
            departures: &departures,
            speak_tls: &self.trials.speak_tls(),
            late: (of > 0).then_some(Late { came, of }),
            silent: &self.hosts.silent(pool, now),
            broken_checks: &broken_checks,
            everywhere,
            before: Some(&*pool.trends.findings()),
        })
    }

    /// Tries whether backends that break off speak TLS, and whether the hosts of those that do not answer are there.
    pub(super) fn ask_around(&mut self, pool: &PoolState, now: Tick) {
        self.trials.look(pool, now);
        self.hosts.look(pool, now);
    }
}

fn label(backend: &Backend<Upstream>, now: Tick) -> Label {
    let state = backend.state();
    Label {
        release: backend.release(),
        zone: backend.zone.clone(),
        utilization: backend.utilization(now),
        starting: matches!(state, BackendState::Starting | BackendState::Warming),
        ..Label::new(Arc::clone(&backend.name))
    }
}

// === impl Counted ===

impl Counted {
    fn of(pool: &PoolState, now: Tick) -> Self {
        let counters = &pool.counters;
        let (looked, again) = pool.trends.repeated();
        let mut new = Self {
            pending: pool.limit.pending(),
            counts: counters.ends(pool.budget.snapshot(now).spent),
            looked,
            again,
            failures: vec![0; Cause::ALL.len()],
            spoiled: Cause::ALL.iter().map(|c| pool.pool.spoiled(*c)).collect(),
            ..Self::default()
        };
        for (_, class, cause, count) in counters.responses() {
            new.ended += count;
            match (class, cause) {
                (Class::None, _) => new.left += count,
                (Class::ClientError, Some(Cause::OverloadRateLimited)) => new.limited += count,
                // What clients are to blame for is nobody's failure.
                (Class::ClientError, Some(_)) => {}
                (_, Some(cause)) => new.failures[cause as usize] += count,
                (_, None) => new.good += count,
            }
        }
        new
    }

    fn since(&self, before: &Self, at: u64) -> Second {
        let less =
            |now: u64, before: u64| u32::try_from(now.saturating_sub(before)).unwrap_or(u32::MAX);
        let ended = less(self.ended, before.ended);
        let offered = (ended + self.pending).saturating_sub(before.pending);
        let looked = less(self.looked, before.looked);
        let again = less(self.again, before.again);
        let share = f64::from(again) / f64::from(looked.max(1));
        let added = |now: &[u64], before: &[u64]| {
            let both = now
                .iter()
                .zip(before)
                .map(|(now, before)| less(*now, *before));
            let all = Cause::ALL.iter().copied().zip(both);
            all.filter(|(_, count)| *count > 0).collect()
        };
        Second {
            at,
            offered,
            // Those that fail are told apart; the others are taken to be like them.
            again: (f64::from(offered) * share) as u32,
            retries: less(self.counts.retries, before.counts.retries),
            good: less(self.good, before.good),
            left: less(self.left, before.left),
            shed: less(self.counts.shed, before.counts.shed),
            limited: less(self.limited, before.limited),
            pending: self.pending,
            failures: added(&self.failures, &before.failures),
            spoiled: added(&self.spoiled, &before.spoiled),
        }
    }
}

// === impl Seen ===

impl Seen {
    /// What was counted by now. Histograms of backends that nobody has asked are not copied.
    fn of(before: Option<&Self>, backend: &Backend<Upstream>) -> Self {
        let requests = backend.requests();
        let asked = requests > 0 || before.is_some_and(|before| before.latencies.is_some());
        Self {
            requests,
            failures: backend.failures(),
            latencies: asked.then(|| backend.latencies()),
        }
    }

    fn second(&self, before: Option<&Self>, backend: &Backend<Upstream>, at: u64) -> BackendSecond {
        let less =
            |now: u64, before: u64| u32::try_from(now.saturating_sub(before)).unwrap_or(u32::MAX);
        let (requests, failures) = before.map_or((0, 0), |b| (b.requests, b.failures));
        let then = before.and_then(|before| before.latencies.as_ref());
        let since = match (&self.latencies, then) {
            (Some(now), Some(then)) => now.since(then),
            (Some(now), None) => Some(now.clone()),
            (None, _) => None,
        };
        let quantile = |q| since.as_ref().and_then(|since| since.quantile(q));
        BackendSecond {
            at,
            attempts: less(self.requests, requests),
            failures: less(self.failures, failures),
            in_flight: backend.in_flight(),
            p50: quantile(0.5),
            p99: quantile(0.99),
        }
    }
}

// === impl Trouble ===

impl Trouble {
    /// What there is with `backend`, after what was `known`; `None`: nothing.
    fn of(
        known: Option<Self>,
        pool: &PoolState,
        backend: &Backend<Upstream>,
        now: Tick,
    ) -> Option<Self> {
        let state = backend.state();
        let mut trouble = known.unwrap_or_default();
        trouble.draining = state == BackendState::Draining;
        let condemned = matches!(state, BackendState::Ejected | BackendState::Down);
        if condemned && trouble.refuses.is_none() {
            let shown = pool.pool.backend_snapshot(backend.id, now);
            let why = shown.and_then(|shown| shown.why);
            let refused = why.filter(|why| why.cause == Some(Cause::DependencyConnectRefused));
            trouble.refuses = refused.map(|why| why.since);
        } else if state == BackendState::Up {
            trouble.refuses = None;
        }
        (trouble.draining || trouble.refuses.is_some()).then_some(trouble)
    }
}

#[cfg(test)]
#[path = "pool_tests.rs"]
mod tests;
