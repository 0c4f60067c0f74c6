//! What lints look at.

use std::collections::HashMap;
use std::time::Duration;

use toml::de::DeTable;

use super::KeyPath;
use crate::config::{Config, PoolConfig, Route, Target};

/// A config and its file.
pub(super) struct Look<'a> {
    pub(super) config: &'a Config,
    file: &'a DeTable<'a>,
    /// The routes, in the order of the file.
    routes: Vec<&'a Route>,
    /// Those that send to a pool first, by the pool's name.
    to: HashMap<&'a str, Vec<usize>>,
}

/// A route and its number in the file, from 0.
#[derive(Clone, Copy)]
pub(super) struct Numbered<'a> {
    pub(super) number: usize,
    pub(super) route: &'a Route,
}

// === impl Look ===

impl<'a> Look<'a> {
    /// `numbers` are those of the routes in the file, in the order of the config.
    pub(super) fn new(config: &'a Config, numbers: &[usize], file: &'a DeTable<'a>) -> Self {
        let mut routes: Vec<_> = numbers.iter().zip(config.routes.iter()).collect();
        routes.sort_by_key(|(number, _)| **number);
        let routes: Vec<_> = routes.into_iter().map(|(_, route)| route).collect();
        let mut to: HashMap<&str, Vec<usize>> = HashMap::new();
        for (number, route) in routes.iter().enumerate() {
            to.entry(&route.pool.name).or_default().push(number);
        }
        Self {
            config,
            file,
            routes,
            to,
        }
    }

    /// The routes, in the order of the file.
    pub(super) fn routes(&self) -> impl Iterator<Item = Numbered<'a>> {
        let routes = self.routes.iter().enumerate();
        routes.map(|(number, route)| Numbered { number, route })
    }

    /// The routes that send to `pool` before they send to any other.
    pub(super) fn routes_to(&self, pool: &PoolConfig) -> impl Iterator<Item = Numbered<'a>> {
        let numbers = self.to.get(&*pool.name).into_iter().flatten();
        numbers.map(|number| Numbered {
            number: *number,
            route: self.routes[*number],
        })
    }

    /// Of them, the one with the shortest `timeout`.
    pub(super) fn hastiest(&self, pool: &PoolConfig) -> Option<Numbered<'a>> {
        self.routes_to(pool).min_by_key(|to| to.route.timeout)
    }

    /// The pools.
    pub(super) fn pools(&self) -> impl Iterator<Item = &'a PoolConfig> {
        self.config.pools.iter().map(|pool| &**pool)
    }

    /// Whether `key` is in the file.
    pub(super) fn is_written(&self, key: &KeyPath) -> bool {
        key.find(self.file).written
    }
}

/// Whether `pool` has one backend and always will: a name may stand for many.
pub(super) fn is_alone(pool: &PoolConfig) -> bool {
    let mut backends = pool.backends.iter();
    pool.backends.len() == 1 && backends.all(|backend| matches!(backend.target, Target::Address(_)))
}

/// When the last of a route's attempts begins at the latest, if those before it take all of their time: pauses are half of their
/// upper ends on average.
pub(super) fn last_begins(route: &Route) -> Duration {
    let retry = &route.retry;
    let before = u32::from(retry.attempts.get()) - 1;
    pauses(route) + retry.attempt_timeout * before
}

/// What the pauses between a route's attempts take on average.
pub(super) fn pauses(route: &Route) -> Duration {
    let retry = &route.retry;
    let pauses = 1..u32::from(retry.attempts.get());
    let upper = |pause: u32| {
        let grown = retry.backoff_base.saturating_mul(1 << (pause - 1).min(16));
        grown.min(retry.backoff_max)
    };
    pauses.map(upper).sum::<Duration>() / 2
}
