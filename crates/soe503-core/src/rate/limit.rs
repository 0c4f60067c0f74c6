//! The handle.

use core::hash::{BuildHasher, Hash};
use core::num::{NonZeroU32, NonZeroUsize};
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::hash::RandomState;
use std::sync::Arc;

use super::{Key, Keys, Limited, Quota, gcra};
use crate::Tick;

/// What a limit does.
///
/// # Defaults
/// `max_keys` 65,536 (1 MiB) · `shadow` false · `status` 429 · `announce` true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateConfig {
    /// What each key may send.
    pub quota: Quota,
    /// How many keys are told apart; 16 bytes each. Twice as many as there are callers at once.
    pub max_keys: NonZeroUsize,
    /// Only count what would be refused.
    pub shadow: bool,
    /// The status of refusals: 429, or 503 for a limit that all callers share.
    pub status: u16,
    /// Tell callers what is left for them before they are refused. A limit that all callers share tells
    /// each of them what the others send.
    pub announce: bool,
}

/// A named limit on the rate of requests. A cheap-clone handle: clones count together.
#[derive(Clone, Debug)]
pub struct RateLimit {
    shared: Arc<Shared>,
}

/// A request was let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Left {
    /// How many more would be, now.
    pub requests: u64,
    /// Until nothing is outstanding any more.
    pub reset: Duration,
    /// Until one more would be; zero while one would be now.
    pub next: Duration,
    /// It is beyond the quota, and the limit only counts that.
    pub exceeded: bool,
}

/// What a limit looks like at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateSnapshot {
    /// The limit's name.
    pub name: Arc<str>,
    /// What it does.
    pub config: RateConfig,
    /// Requests that were within the quota.
    pub allowed: u64,
    /// Requests that were refused.
    pub limited: u64,
    /// Requests beyond the quota that passed, because the limit only counts.
    pub shadowed: u64,
    /// How often a new key took over a busy one's place: the table is too small, or somebody invents
    /// keys.
    pub displaced: u64,
    /// Keys that have something outstanding.
    pub keys: usize,
}

#[derive(Debug)]
struct Shared {
    name: Arc<str>,
    config: RateConfig,
    interval: u64,
    tolerance: u64,
    state: Arc<State>,
}

/// What survives a change of the quota.
#[derive(Debug)]
struct State {
    keys: Keys,
    secret: RandomState,
    allowed: AtomicU64,
    limited: AtomicU64,
    shadowed: AtomicU64,
    displaced: AtomicU64,
}

// === impl RateConfig ===

impl RateConfig {
    /// `quota` for each key, and every default.
    pub const fn new(quota: Quota) -> Self {
        let keys = NonZeroUsize::MIN.saturating_add(65_535);
        Self {
            quota,
            max_keys: keys,
            shadow: false,
            status: 429,
            announce: true,
        }
    }
}

// === impl RateLimit ===

impl RateLimit {
    /// A limit that has not seen anybody.
    pub fn new(name: impl Into<Arc<str>>, config: RateConfig) -> Self {
        let state = State {
            keys: Keys::new(config.max_keys.get()),
            secret: RandomState::new(),
            allowed: AtomicU64::new(0),
            limited: AtomicU64::new(0),
            shadowed: AtomicU64::new(0),
            displaced: AtomicU64::new(0),
        };
        Self::with(name.into(), config, Arc::new(state))
    }

    /// The same limit with another config: it goes on counting. Debts are times, so they hold under any
    /// quota; only another number of keys begins anew.
    #[must_use]
    pub fn reconfigured(&self, config: RateConfig) -> Self {
        let name = Arc::clone(self.name());
        if config.max_keys == self.config().max_keys {
            Self::with(name, config, Arc::clone(&self.shared.state))
        } else {
            Self::new(name, config)
        }
    }

    fn with(name: Arc<str>, config: RateConfig, state: Arc<State>) -> Self {
        Self {
            shared: Arc::new(Shared {
                name,
                interval: config.quota.interval(),
                tolerance: config.quota.tolerance(),
                config,
                state,
            }),
        }
    }

    /// The limit's name.
    pub fn name(&self) -> &Arc<str> {
        &self.shared.name
    }

    /// What it does.
    pub fn config(&self) -> &RateConfig {
        &self.shared.config
    }

    /// The key of whatever tells callers apart.
    pub fn key(&self, caller: impl Hash) -> Key {
        // 0 stands for nobody.
        Key(self.shared.state.secret.hash_one(caller).max(1))
    }

    /// Lets a request of `key` through.
    ///
    /// # Errors
    /// [`Limited`] if the key's quota is used up, unless the limit only counts.
    pub fn take(&self, key: Key, now: Tick) -> Result<Left, Limited> {
        let Shared {
            interval,
            tolerance,
            ref state,
            ..
        } = *self.shared;
        let met = state.keys.take(key, now, interval, tolerance);
        if met.displaced {
            state.displaced.fetch_add(1, Ordering::Relaxed);
        }
        let (counter, result) = match met.result {
            Ok(paid_at) => {
                let reset = Tick::from_nanos(paid_at).since(now);
                let left = Left {
                    requests: gcra::left(paid_at, now.as_nanos(), interval, tolerance),
                    reset,
                    next: reset.saturating_sub(Duration::from_nanos(tolerance)),
                    exceeded: false,
                };
                (&state.allowed, Ok(left))
            }
            Err(wait) if self.config().shadow => {
                let left = Left {
                    requests: 0,
                    reset: Duration::from_nanos(wait),
                    next: Duration::from_nanos(wait),
                    exceeded: true,
                };
                (&state.shadowed, Ok(left))
            }
            Err(wait) => (&state.limited, Err(self.limited(wait))),
        };
        counter.fetch_add(1, Ordering::Relaxed);
        result
    }

    /// Takes back what [`take`](Self::take) has let through: another limit refused the request.
    pub fn give_back(&self, key: Key, left: &Left) {
        let state = &self.shared.state;
        if left.exceeded {
            state.shadowed.fetch_sub(1, Ordering::Relaxed);
        } else {
            state.allowed.fetch_sub(1, Ordering::Relaxed);
            state.keys.give_back(key, &self.config().quota);
        }
    }

    /// All numbers. Walks through all keys.
    pub fn snapshot(&self, now: Tick) -> RateSnapshot {
        let state = &self.shared.state;
        RateSnapshot {
            name: Arc::clone(self.name()),
            config: *self.config(),
            allowed: state.allowed.load(Ordering::Relaxed),
            limited: state.limited.load(Ordering::Relaxed),
            shadowed: state.shadowed.load(Ordering::Relaxed),
            displaced: state.displaced.load(Ordering::Relaxed),
            keys: state.keys.busy(now),
        }
    }

    fn limited(&self, wait: u64) -> Limited {
        Limited {
            name: Arc::clone(self.name()),
            quota: self.config().quota,
            wait: Duration::from_nanos(wait),
            status: self.config().status,
        }
    }
}

impl Default for RateConfig {
    /// One request per second and key; for tests and examples.
    fn default() -> Self {
        Self::new(Quota::new(NonZeroU32::MIN, Duration::from_secs(1)))
    }
}
