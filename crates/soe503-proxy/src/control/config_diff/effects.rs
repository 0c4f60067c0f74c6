//! What a reload would begin anew, and what would go on.

use std::collections::BTreeSet;

use crate::config::{Config, PoolConfig};
use crate::state::{Kept, Proxy};

/// Told in sentences.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Effects {
    /// What begins anew, or ends.
    pub(super) replaces: Vec<String>,
    /// What goes on although its configuration changes.
    pub(super) keeps: Vec<String>,
}

/// What a reload with `new` would do to `proxy`, which runs `old`.
pub(super) fn effects(proxy: &Proxy, old: &Config, new: &Config) -> Effects {
    let mut effects = Effects::default();
    effects.pools(proxy, old, new);
    effects.rate_limits(old, new);
    effects.listeners(old, new);
    if old.journal != new.journal {
        effects.replaces.push(
            "the journal: it goes on with its new settings, in another file if `path` differs"
                .into(),
        );
    }
    effects
}

fn pool<'a>(config: &'a Config, name: &str) -> Option<&'a PoolConfig> {
    let mut pools = config.pools.iter();
    pools.find(|pool| &*pool.name == name).map(|pool| &**pool)
}

impl Effects {
    fn pools(&mut self, proxy: &Proxy, old: &Config, new: &Config) {
        let names = |config: &Config| {
            let names: Vec<_> = config.pools.iter().map(|pool| pool.name.shared()).collect();
            names
        };
        let all: BTreeSet<_> = names(old).into_iter().chain(names(new)).collect();
        for name in all {
            match (proxy.pool(&name), pool(old, &name), pool(new, &name)) {
                (_, Some(old), Some(new)) if old == new => {}
                (Some(state), Some(_), Some(new)) => self.pool(&name, &state.would_keep(new)),
                (_, Some(_), None) => self.replaces.push(format!(
                    "pool {name}: it goes, with its backends' state, its counters and what was learned about it"
                )),
                _ => self
                    .replaces
                    .push(format!("pool {name}: it is new and knows nothing")),
            }
        }
    }

    fn pool(&mut self, name: &str, kept: &Kept) {
        self.keeps.push(format!(
            "pool {name}: the state of its backends, its counters, its limit and what was learned about it"
        ));
        let parts = [
            (kept.circuit, "the circuit", "closed at first"),
            (
                kept.budget,
                "the retry budget",
                "with what a quiet pool has",
            ),
            (
                kept.throttle,
                "the throttle",
                "holding nothing back at first",
            ),
            (
                kept.cache,
                "the answers kept for bad times",
                "none at first",
            ),
            (
                kept.tls,
                "TLS to its backends",
                "connections that are open are not used again",
            ),
        ];
        for (stays, what, anew) in parts {
            if !stays {
                self.replaces
                    .push(format!("pool {name}: {what} ({anew}): its settings differ"));
            }
        }
    }

    fn rate_limits(&mut self, old: &Config, new: &Config) {
        for limit in &old.rate_limits {
            let same = new
                .rate_limits
                .iter()
                .find(|other| other.name == limit.name);
            let name = &limit.name;
            match same {
                None => self
                    .replaces
                    .push(format!("rate limit {name}: it goes, with what callers owe")),
                Some(other) if other.decisions == limit.decisions => {}
                Some(other) if other.decisions.max_keys == limit.decisions.max_keys => self
                    .keeps
                    .push(format!("rate limit {name}: what callers owe")),
                Some(_) => self.replaces.push(format!(
                    "rate limit {name}: another `max_keys`, so nobody owes anything"
                )),
            }
        }
    }

    fn listeners(&mut self, old: &Config, new: &Config) {
        for (old, new) in old.listeners.iter().zip(new.listeners.iter()) {
            if old != new && old.address == new.address {
                self.keeps.push(format!(
                    "listener {}: open connections go on as they began",
                    old.address
                ));
            }
        }
    }
}
