//! One pool at run time.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use http::HeaderValue;
use soe503::stale::StaleCache;
use soe503_core::breaker::{Breaker, State, Transition};
use soe503_core::health::HealthReport;
use soe503_core::limit::ConcurrencyLimit;
use soe503_core::metastable::{Counts, Orders};
use soe503_core::pool::Pool;
use soe503_core::retry::{Cut, KillSwitch, RetryBudget, Share, Tried};
use soe503_core::throttle::Throttle;
use soe503_core::{Cause, Tick};

use super::circuit_log::{CircuitCounts, CircuitLog};
use super::members::{self, Member};
use super::metastable::MetastableWatch;
use super::{Openings, Paths, PoolCounters, Releases, Trends, settings};
use crate::config::PoolConfig;
use crate::control::dns::{Answer, Answers, Change, DnsError};
use crate::tls::{Alpn, ClientTls, PoolTls};
use crate::upstream::Upstream;

/// Everything that belongs to one pool: what it was told, what protects it, what it counted.
pub struct PoolState {
    /// The pool's name.
    pub name: Arc<str>,
    /// What the configuration says about it.
    pub config: Arc<PoolConfig>,
    /// The backends and how one is chosen.
    pub pool: Pool<Upstream>,
    /// The pool's circuit.
    pub breaker: Breaker,
    /// Its openings, told to whoever knocks at the backends then.
    pub openings: Openings,
    /// What retries may cost.
    pub budget: RetryBudget,
    /// How many requests may be under way.
    pub limit: ConcurrencyLimit,
    /// What holds requests back that the backends would refuse, if anything does.
    pub throttle: Option<Throttle>,
    /// Good answers, kept for bad times.
    pub cache: Option<StaleCache>,
    /// Limits of single routes, by the route's match. They outlive a reload.
    bulkheads: Arc<Mutex<HashMap<Arc<str>, ConcurrencyLimit>>>,
    /// Whether its overload keeps itself going. Outlives a reload.
    pub metastable: Arc<MetastableWatch>,
    /// Turns retries off while most attempts fail. Outlives a reload.
    kill_switch: Arc<Mutex<KillSwitch>>,
    /// What rules found about its last minutes. Outlives a reload.
    pub trends: Arc<Trends>,
    /// What happened so far. Outlives a reload.
    pub counters: Arc<PoolCounters>,
    /// What backends say of themselves. Outlives a reload.
    pub releases: Arc<Releases>,
    /// What backends answer at other paths than their check asks for.
    pub paths: Arc<Paths>,
    /// TLS to the backends that are `https`.
    tls: Option<PoolTls>,
    /// What DNS said about the pool's names.
    answers: ArcSwap<Answers>,
    circuit: Mutex<CircuitLog>,
    /// How often the pool was told its backends.
    published: AtomicU64,
}

// === impl PoolState ===

impl PoolState {
    /// A pool that has just been configured. Backends at addresses are there at once; names join
    /// when they are resolved ([`Self::learn`]). `seed` feeds the jitter.
    pub fn new(config: Arc<PoolConfig>, seed: u64, now: Tick) -> Self {
        let name = config.name.shared();
        let state = Self {
            pool: Pool::new(Arc::clone(&name), config.decisions(), seed),
            breaker: Breaker::new(Arc::clone(&name), settings::breaker(&config), seed),
            openings: Openings::default(),
            budget: RetryBudget::new(Arc::clone(&name), config.retry_budget.decisions()),
            limit: ConcurrencyLimit::with(Arc::clone(&name), config.limit()),
            bulkheads: Arc::default(),
            throttle: throttle(&config, None),
            cache: cache(&config, None),
            metastable: Arc::default(),
            kill_switch: Arc::default(),
            trends: Arc::default(),
            counters: Arc::default(),
            releases: Arc::default(),
            paths: Arc::default(),
            tls: tls(&config),
            answers: ArcSwap::from_pointee(Answers::new(
                members::hosts(&config),
                &Answers::default(),
            )),
            circuit: Mutex::default(),
            published: AtomicU64::new(0),
            name,
            config,
        };
        state.publish(now);
        state
    }

    /// The same pool under another configuration: keeps its backends' state, counters and, where
    /// their settings are the same, its circuit and its budget.
    pub fn reconfigured(&self, config: Arc<PoolConfig>, seed: u64, now: Tick) -> Self {
        let kept = self.would_keep(&config);
        let same = kept.circuit;
        let breaker = if same {
            self.breaker.clone()
        } else {
            Breaker::new(Arc::clone(&self.name), settings::breaker(&config), seed)
        };
        let budget = if kept.budget {
            self.budget.clone()
        } else {
            RetryBudget::new(Arc::clone(&self.name), config.retry_budget.decisions())
        };
        let tls = if kept.tls {
            self.follow_tls(&config);
            self.tls.clone()
        } else {
            tls(&config)
        };
        self.circuit_news();
        let circuit = self.circuit().follow_on(same);
        self.pool.set_config(config.decisions());
        self.limit.set_config(config.limit());
        let state = Self {
            name: Arc::clone(&self.name),
            pool: self.pool.clone(),
            breaker,
            openings: Openings::default(),
            budget,
            limit: self.limit.clone(),
            throttle: throttle(&config, self.throttle.as_ref()),
            cache: cache(&config, self.cache.as_ref()),
            bulkheads: Arc::clone(&self.bulkheads),
            metastable: Arc::clone(&self.metastable),
            kill_switch: Arc::clone(&self.kill_switch),
            trends: Arc::clone(&self.trends),
            counters: Arc::clone(&self.counters),
            releases: Arc::clone(&self.releases),
            paths: match self.config.health_check == config.health_check {
                true => Arc::clone(&self.paths),
                false => Arc::default(),
            },
            tls,
            answers: ArcSwap::from_pointee(Answers::new(members::hosts(&config), &self.answers())),
            circuit: Mutex::new(circuit),
            published: AtomicU64::new(0),
            config,
        };
        state.publish(now);
        state
    }

    /// The limit of the route called `route`: `limit` of its requests at once.
    pub fn bulkhead(&self, route: &str, limit: u32) -> ConcurrencyLimit {
        let mut all = self
            .bulkheads
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.get(route) {
            known.set_limit(limit);
            return known.clone();
        }
        let new = ConcurrencyLimit::new(route, limit);
        all.insert(route.into(), new.clone());
        new
    }

    /// Looks whether the pool's overload keeps itself going, about once a second, and does something about
    /// it. The change, if there is one.
    pub fn look_at_overload(&self, now: Tick) -> Option<soe503_core::metastable::Change> {
        if !self.config.leave_metastable {
            self.metastable.forget();
            self.obey(&Orders::USUAL);
            return None;
        }
        let closed = self.breaker.state() == State::Closed;
        let counts = self.counts(now);
        let (change, orders) = self
            .metastable
            .turn(now, counts, self.limit.pending(), closed);
        self.obey(&orders);
        change
    }

    /// Looks whether most attempts fail, about once a second, and turns retries off and on by it. What they are off
    /// for, if that has changed.
    pub fn look_at_retries(&self, now: Tick) -> Option<Option<Share>> {
        let closed = self.breaker.state() == State::Closed;
        let counts = self.counts(now);
        let tried = Tried {
            attempts: counts.attempts(),
            good: counts.good,
        };
        let below = self.config.retry_budget.cut_below;
        let mut switch = self
            .kill_switch
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let change = switch.turn(now, tried, below, closed);
        // Each time: after a reload the budget may be another one.
        self.budget.set_cut(Cut::MostFail, switch.on().is_some());
        change.map(|_| switch.on())
    }

    fn counts(&self, now: Tick) -> Counts {
        self.counters.ends(self.budget.snapshot(now).spent)
    }

    fn obey(&self, orders: &Orders) {
        self.budget.set_cut(Cut::Overload, orders.no_retries);
        self.limit.obey(orders);
    }

    /// Takes in what a lookup of `host` gave, and changes the backends if the addresses did.
    pub fn learn(&self, host: &str, result: Result<Answer, DnsError>, now: Tick) -> Change {
        let mut answers = Answers::clone(&self.answers());
        let change = answers.learn(host, result, now);
        self.answers.store(Arc::new(answers));
        if change == Change::Addresses {
            self.publish(now);
        }
        change
    }

    /// Tells the pool its backends once more: whoever was told by an older configuration at the
    /// moment of a reload may have spoken last. Where nobody checks them any more, what checks said is
    /// forgotten: nobody would take it back.
    pub fn republish(&self, now: Tick) {
        self.publish(now);
        if self.config.health_check.is_some() {
            return;
        }
        for backend in self.pool.backends().iter() {
            let known = self.pool.backend_snapshot(backend.id, now);
            if known.is_some_and(|known| known.health != HealthReport::default()) {
                // One that has left meanwhile is forgotten anyway.
                let _ = self
                    .pool
                    .set_health(backend.id, HealthReport::default(), now);
            }
        }
    }

    /// A number that changes whenever the pool is told its backends.
    pub fn published(&self) -> u64 {
        self.published.load(Ordering::Acquire)
    }

    /// TLS to the backends that are `https`, if there are any.
    pub fn tls(&self) -> Option<&PoolTls> {
        self.tls.as_ref()
    }

    /// Takes over what the files of `config`, which has the same settings, hold now.
    pub(super) fn follow_tls(&self, config: &PoolConfig) {
        if let (Some(tls), Some(settings)) = (&self.tls, &config.tls) {
            tls.replace(settings);
        }
    }

    /// What DNS said about the pool's names.
    pub fn answers(&self) -> Arc<Answers> {
        self.answers.load_full()
    }

    /// Why the pool has no backend, where DNS is to blame: a name that never resolved. Diagnosis
    /// tells `dns_nxdomain` or `dns_failure` by it instead of `no_endpoints`.
    pub fn unresolved(&self) -> Option<Cause> {
        let answers = self.answers.load();
        let (resolution, trouble) = answers.trouble()?;
        resolution.addresses.is_empty().then_some(trouble.cause)
    }

    /// Each backend's name, address, the `Host` to ask for there, and TLS if it is spoken there.
    pub fn destinations(
        &self,
    ) -> impl Iterator<Item = (Arc<str>, SocketAddr, HeaderValue, Option<ClientTls>)> + use<> {
        self.members()
            .into_iter()
            .map(|member| (member.name, member.address, member.host, member.tls))
    }

    /// The circuit's changes since the last call, oldest first; they are counted here.
    pub fn circuit_news(&self) -> Vec<Transition> {
        self.circuit().follow(&self.breaker)
    }

    /// The circuit's changes that no timeline has yet. Somebody else may have written them to the log.
    pub fn circuit_untold(&self) -> Vec<Transition> {
        self.circuit().take_untold()
    }

    /// How often the circuit went to each state, up to the last [`Self::circuit_news`].
    pub fn circuit_counts(&self) -> CircuitCounts {
        self.circuit().counts()
    }

    /// The DNS names of the pool.
    pub fn hosts(&self) -> impl Iterator<Item = Arc<str>> {
        members::hosts(&self.config)
    }

    fn members(&self) -> Vec<Member> {
        members::members(&self.config, self.tls.as_ref(), &self.answers.load())
    }

    fn publish(&self, now: Tick) {
        let options = settings::upstream(&self.config);
        let specs = members::specs(self.members(), options, &self.pool);
        self.breaker.set_backends(specs.len());
        self.limit.set_backends(specs.len() as u32);
        self.pool.set_backends(specs, now);
        self.published.fetch_add(1, Ordering::Release);
    }

    fn circuit(&self) -> MutexGuard<'_, CircuitLog> {
        // Counters stay valid whoever panics.
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The throttle of `config`; the one from `before` if it does the same.
fn throttle(config: &PoolConfig, before: Option<&Throttle>) -> Option<Throttle> {
    let told = config.throttle.as_ref()?.decisions();
    let new = Throttle::new(config.name.shared(), told);
    let same = before.filter(|before| before.config() == new.config());
    Some(same.cloned().unwrap_or(new))
}

/// The store of `config`; the one from `before`, with what is in it, if it does the same.
fn cache(config: &PoolConfig, before: Option<&StaleCache>) -> Option<StaleCache> {
    let told = config.cache.as_ref()?.decisions();
    let same = before.filter(|before| *before.config() == told);
    Some(
        same.cloned()
            .unwrap_or_else(|| StaleCache::new(config.name.shared(), told)),
    )
}

fn tls(config: &PoolConfig) -> Option<PoolTls> {
    let settings = config.tls.as_ref()?;
    Some(PoolTls::new(
        config.name.shared(),
        settings,
        Alpn::wanted(config.protocol),
    ))
}

impl fmt::Debug for PoolState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolState")
            .field("name", &self.name)
            .field("pool", &self.pool)
            .field("circuit", &self.breaker.state())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "pool_tests.rs"]
mod tests;
