//! The running process.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use soe503_core::Tick;
use soe503_core::rate::RateLimit;
use tokio::sync::watch;

use super::{Access, ChangeHooks, Connections, DebugTokens, Interruptions, Loops, PoolState};
use crate::aside::Aside;
use crate::config::Config;
use crate::control::access_log::AccessLog;
use crate::control::alerts::Alerts;
use crate::control::clock::Anchor;
use crate::control::dogstatsd::Counts;
use crate::control::event_log::EventLog;
use crate::control::history::History;
use crate::control::incidents::Incidents;
use crate::control::recorder::Recorder;
use crate::journal::Journal;
use crate::tls::{FileReloads, ServerTls};
use crate::traces::Traces;

/// The pools, by name.
pub type Pools = BTreeMap<Arc<str>, Arc<PoolState>>;

/// The rate limits, by name.
pub type RateLimits = BTreeMap<Arc<str>, RateLimit>;

/// No end has been announced.
const NEVER: u64 = u64::MAX;

/// What everything that runs in this process shares.
#[derive(Debug)]
pub struct Proxy {
    /// `server.name` of the configuration the process started with.
    pub server_name: Arc<str>,
    /// When the process started.
    pub started: Tick,
    /// The same moment, since 1970.
    pub started_at: Duration,
    /// Client connections.
    pub connections: Connections,
    /// How late the timers of its threads are.
    pub loops: Loops,
    /// Where failure records go.
    pub recorder: Recorder,
    /// Failures with one cause in one place, and what was changed.
    pub incidents: Incidents,
    /// The last minutes, for charts.
    pub history: History,
    /// Who is told of incidents.
    pub alerts: Alerts,
    /// What the process tells about itself.
    pub log: EventLog,
    /// Where access log entries go.
    pub access_log: AccessLog,
    /// What survives a restart; off unless it is configured.
    pub journal: Journal,
    /// Spans for a collector; off unless it is configured.
    pub traces: Traces,
    /// What became of packets for a DogStatsD server.
    pub dogstatsd: Counts,
    /// The file that a reload reads, if there is one.
    pub config_file: Option<PathBuf>,
    /// Where the config is read again.
    pub(crate) aside: Aside,
    /// Reloads so far.
    pub reloads: Reloads,
    /// Who may use the admin API.
    pub access: Arc<Access>,
    /// Certificates that changed on disk.
    pub file_reloads: FileReloads,
    /// Tokens that have failures told in full.
    pub debug_tokens: DebugTokens,
    /// Changes that other systems tell of.
    pub change_hooks: ChangeHooks,
    /// What is planned, and what operators have begun.
    pub interruptions: Interruptions,
    /// TLS of each listener, in the listeners' order.
    server_tls: ArcSwap<Vec<Option<ServerTls>>>,
    config: ArcSwap<Config>,
    pools: ArcSwap<Pools>,
    rate_limits: ArcSwap<RateLimits>,
    accepting: AtomicBool,
    /// When the listeners close, as nanoseconds of a tick; [`NEVER`] as long as nobody has said so.
    closes: AtomicU64,
    replaced: AtomicBool,
    /// Sends the number of the configuration in force.
    generation: watch::Sender<u64>,
}

/// How often a new configuration was applied, and refused.
#[derive(Debug, Default)]
pub struct Reloads {
    /// Applied.
    pub applied: AtomicU64,
    /// Refused: the old one stayed in force.
    pub refused: AtomicU64,
}

// === impl Proxy ===

impl Proxy {
    /// A process that has read `config` and does not accept connections yet.
    pub fn new(config: Config, recorder: Recorder, access_log: AccessLog) -> Self {
        let anchor = Anchor::now();
        let pools = build(&config, &Pools::new(), anchor.tick());
        let interruptions = Interruptions::default();
        interruptions.follow(&config, anchor);
        let (incidents, alerts) = (Incidents::new(&config, anchor), Alerts::new(&config));
        incidents.tell(alerts.clone());
        Self {
            server_name: config.server.name.shared(),
            started: anchor.tick(),
            started_at: anchor.unix(anchor.tick()),
            connections: Connections::default(),
            loops: Loops::default(),
            incidents,
            history: History::default(),
            alerts,
            recorder,
            log: EventLog::of_process(),
            access_log,
            journal: Journal::default(),
            traces: Traces::default(),
            dogstatsd: Counts::default(),
            config_file: None,
            aside: Aside::default(),
            reloads: Reloads::default(),
            access: Arc::new(Access::of(&config)),
            file_reloads: FileReloads::default(),
            debug_tokens: DebugTokens::new(&config.explain),
            change_hooks: ChangeHooks::new(&config.changes),
            interruptions,
            rate_limits: ArcSwap::from_pointee(rate_limits(&config, &RateLimits::new())),
            server_tls: ArcSwap::from_pointee(server_tls(&config, &[])),
            config: ArcSwap::from_pointee(config),
            pools: ArcSwap::from_pointee(pools),
            accepting: AtomicBool::new(false),
            closes: AtomicU64::new(NEVER),
            replaced: AtomicBool::new(false),
            generation: watch::Sender::new(0),
        }
    }

    /// Puts `config` in force for pools, checks and name resolution, and tells the control plane.
    /// Pools that were there keep what they learned. Routes and how listeners serve are the caller's,
    /// and so is to see that the listeners are the same ones.
    pub fn apply(&self, config: Config) {
        let now = soe503::clock::now();
        // Before it shows: what it breaks breaks afterwards.
        self.incidents
            .reloaded(&self.config(), &config, Anchor::now());
        self.pools
            .store(Arc::new(build(&config, &self.pools(), now)));
        self.rate_limits
            .store(Arc::new(rate_limits(&config, &self.rate_limits())));
        self.interruptions.follow(&config, Anchor::now());
        self.debug_tokens.follow(&config.explain);
        self.access.follow(&config);
        self.alerts.follow(&config);
        self.change_hooks.follow(&config.changes);
        let server_tls = server_tls(&config, &self.server_tls.load());
        self.server_tls.store(Arc::new(server_tls));
        self.config.store(Arc::new(config));
        self.generation.send_modify(|generation| *generation += 1);
    }

    /// The configuration in force.
    pub fn config(&self) -> Arc<Config> {
        self.config.load_full()
    }

    /// The pools in force.
    pub fn pools(&self) -> Arc<Pools> {
        self.pools.load_full()
    }

    /// The rate limits in force.
    pub fn rate_limits(&self) -> Arc<RateLimits> {
        self.rate_limits.load_full()
    }

    /// TLS of the listener with this index in the configuration, unless it is off.
    pub fn server_tls(&self, listener: usize) -> Option<ServerTls> {
        self.server_tls.load().get(listener)?.clone()
    }

    /// TLS of all listeners that have it now.
    pub fn all_server_tls(&self) -> Vec<ServerTls> {
        self.server_tls.load().iter().flatten().cloned().collect()
    }

    /// The pool called `name`.
    pub fn pool(&self, name: &str) -> Option<Arc<PoolState>> {
        self.pools.load().get(name).cloned()
    }

    /// Changes each time a configuration is put in force.
    pub fn generation(&self) -> watch::Receiver<u64> {
        self.generation.subscribe()
    }

    /// All listeners are bound and served from now on.
    pub fn set_accepting(&self) {
        self.accepting.store(true, Ordering::Release);
    }

    /// Whether all listeners are served.
    pub fn is_accepting(&self) -> bool {
        self.accepting.load(Ordering::Acquire)
    }

    /// From now on the process is not ready for more, and serves all the same until its listeners close at `closes`.
    pub fn announce_end(&self, closes: Tick) {
        let closes = closes.as_nanos().min(NEVER - 1);
        self.closes.store(closes, Ordering::Release);
    }

    /// From now on the process finishes what it has and is not ready for more.
    pub fn start_draining(&self) {
        self.announce_end(Tick::ZERO);
    }

    /// Another process serves at the same addresses. Call it before [`Proxy::announce_end`].
    pub fn set_replaced(&self) {
        self.replaced.store(true, Ordering::Release);
    }

    /// Whether another process serves at the same addresses: this one's end is no news for a load balancer.
    pub fn is_replaced(&self) -> bool {
        self.replaced.load(Ordering::Acquire)
    }

    /// Whether the process is about to end: it is not ready for more.
    pub fn is_draining(&self) -> bool {
        self.closes() != NEVER
    }

    /// When the listeners close, if that has been announced and is still to come.
    pub fn closes_at(&self, now: Tick) -> Option<Tick> {
        let closes = self.closes();
        (closes != NEVER && closes > now.as_nanos()).then(|| Tick::from_nanos(closes))
    }

    fn closes(&self) -> u64 {
        self.closes.load(Ordering::Acquire)
    }
}

/// TLS of the listeners of `config`; what they had `before` carries on with other settings.
fn server_tls(config: &Config, before: &[Option<ServerTls>]) -> Vec<Option<ServerTls>> {
    let of = |(index, listener): (usize, &crate::config::Listener)| {
        let (settings, protocols) = (listener.tls.as_ref()?, listener.protocols);
        let known = before.get(index).and_then(Option::as_ref);
        Some(match known {
            Some(known) => {
                known.replace(settings, protocols);
                known.clone()
            }
            None => ServerTls::new(listener.address, settings, protocols),
        })
    };
    config.listeners.iter().enumerate().map(of).collect()
}

/// The rate limits of `config`; those that `before` had, by name, go on
/// counting. Keys by something else are other keys, so nothing else has to be done for them.
fn rate_limits(config: &Config, before: &RateLimits) -> RateLimits {
    let limits = config.rate_limits.iter().map(|limit| {
        let name = limit.name.shared();
        let state = match before.get(&name) {
            Some(known) if *known.config() == limit.decisions => known.clone(),
            Some(known) => known.reconfigured(limit.decisions),
            None => RateLimit::new(Arc::clone(&name), limit.decisions),
        };
        (name, state)
    });
    limits.collect()
}

/// The pools of `config`; those that `before` had, by name, carry on.
fn build(config: &Config, before: &Pools, now: Tick) -> Pools {
    let state = |config: &Arc<crate::config::PoolConfig>| {
        let seed = fastrand::u64(..);
        let state = match before.get(&*config.name) {
            Some(known) if known.config == *config => {
                known.follow_tls(config);
                return Arc::clone(known);
            }
            Some(known) => known.reconfigured(Arc::clone(config), seed, now),
            None => PoolState::new(Arc::clone(config), seed, now),
        };
        Arc::new(state)
    };
    config
        .pools
        .iter()
        .map(|pool| (pool.name.shared(), state(pool)))
        .collect()
}
