//! `GET /api/v1/rate_limits`.

use axum::Json;
use axum::extract::State;
use soe503_api as api;
use soe503_core::rate::RateSnapshot;

use super::router::Shared;
use crate::config::{Config, RateLimit};

/// On a thread of its own: all keys are looked at.
pub(super) async fn all(State(shared): State<Shared>) -> Json<api::RateLimits> {
    let seen = tokio::task::spawn_blocking(move || {
        let (config, limits) = (shared.proxy.config(), shared.proxy.rate_limits());
        let now = soe503::clock::now();
        let views = limits.values().filter_map(|limit| {
            let name = &**limit.name();
            let known = config.rate_limits.iter().find(|l| *l.name == *name)?;
            Some(view(known, &config, &limit.snapshot(now)))
        });
        views.collect()
    });
    // Nothing in there panics; if it does, an empty list is the best that can be said.
    Json(api::RateLimits {
        rate_limits: seen.await.unwrap_or_default(),
    })
}

fn view(limit: &RateLimit, config: &Config, seen: &RateSnapshot) -> api::RateLimit {
    let quota = &seen.config.quota;
    let uses = |route: &&crate::config::Route| {
        let mut limits = route.rate_limits.iter();
        limits.any(|other| other.name == limit.name)
    };
    api::RateLimit {
        name: seen.name.to_string(),
        by: limit.by.to_string(),
        requests: quota.requests.get(),
        per_ms: u64::try_from(quota.per.as_millis()).unwrap_or(u64::MAX),
        burst: quota.burst.get(),
        status: seen.config.status,
        shadow: seen.config.shadow,
        routes: config
            .routes
            .iter()
            .filter(uses)
            .map(|route| route.matches.to_string())
            .collect(),
        allowed: seen.allowed,
        limited: seen.limited,
        shadowed: seen.shadowed,
        displaced: seen.displaced,
        keys: seen.keys as u64,
        max_keys: seen.config.max_keys.get() as u64,
    }
}
