//! `GET /healthz` and `GET /readyz`.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use soe503_api::{PoolState, Timestamp};
use soe503_core::pool::BackendState;

use super::router::Shared;
use super::view;
use crate::control::clock::Anchor;
use crate::state::Proxy;

/// What `/readyz` says.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Readiness {
    ready: bool,
    /// Why not; where it is ready, what is out of order all the same.
    reason: Option<String>,
    /// When the listeners close, where the process is about to end and serves until then.
    closes_at: Option<Timestamp>,
}

/// The process is alive: it answers.
pub(super) async fn healthz() -> &'static str {
    "alive\n"
}

/// Whether a load balancer should send requests here.
pub(super) async fn readyz(State(shared): State<Shared>) -> (StatusCode, Json<Readiness>) {
    let readiness = readiness(&shared.proxy, Anchor::now());
    let status = if readiness.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(readiness))
}

/// Checks that are made less often than this are not waited for.
const OFTEN: Duration = Duration::from_secs(20);

/// Whether this process, which does not accept yet, could serve as well as one that does: every name was looked up, in each pool a
/// check has passed or the pool is known to be down, and not all pools are down.
///
/// # Errors
///
/// What is missing.
pub(crate) fn ready_to_replace(proxy: &Proxy) -> Result<(), String> {
    for (name, pool) in proxy.pools().iter() {
        let answers = pool.answers();
        if let Some(host) = pool.hosts().find(|host| answers.get(host).is_none()) {
            return Err(format!("pool {name}: {host} has not been looked up yet"));
        }
        let backends = pool.pool.backends();
        let mut backends = backends.iter();
        if let Some(backend) = backends.find(|backend| backend.state() == BackendState::Starting) {
            return Err(format!(
                "pool {name}: backend {} has not been checked yet",
                backend.name
            ));
        }
    }
    let anchor = Anchor::now();
    for (name, pool) in proxy.pools().iter() {
        let checks = pool.config.health_check.as_ref();
        let waited_for = checks.is_some_and(|checks| checks.interval <= OFTEN);
        let passed = pool.counters.checks.passed() > 0;
        if waited_for && !passed && view::pool(pool, anchor).state != PoolState::Down {
            return Err(format!("pool {name}: no check has passed yet"));
        }
    }
    let readiness = of_pools(proxy, anchor);
    match readiness.reason {
        Some(reason) if !readiness.ready => Err(reason),
        _ => Ok(()),
    }
}

fn readiness(proxy: &Proxy, anchor: Anchor) -> Readiness {
    let no = |reason: String| Readiness {
        ready: false,
        reason: Some(reason),
        closes_at: None,
    };
    // Who asks us yet, of two processes, asks about the address.
    if proxy.is_draining() && !proxy.is_replaced() {
        let now = anchor.tick();
        let Some(closes) = proxy.closes_at(now) else {
            return no("draining: this process finishes what it has and takes nothing new".into());
        };
        let seconds = closes.since(now).as_millis().div_ceil(1000);
        let reason = format!(
            "draining: this process is about to end; it serves until its listeners close in {seconds} s"
        );
        return Readiness {
            closes_at: Some(anchor.date(closes)),
            ..no(reason)
        };
    }
    if !proxy.is_accepting() {
        return no("starting: the listeners are not open yet".into());
    }
    of_pools(proxy, anchor)
}

fn of_pools(proxy: &Proxy, anchor: Anchor) -> Readiness {
    let pools = proxy.pools();
    let down: Vec<String> = pools
        .values()
        .map(|pool| view::pool(pool, anchor))
        .filter(|pool| pool.state == PoolState::Down)
        .map(|pool| why_down(&pool))
        .collect();
    let reason = (!down.is_empty()).then(|| down.join("; "));
    Readiness {
        ready: down.len() < pools.len(),
        reason,
        closes_at: None,
    }
}

fn why_down(pool: &soe503_api::Pool) -> String {
    let name = &pool.name;
    if pool.circuit.state == soe503_api::CircuitState::Open {
        let reason = pool
            .circuit
            .reason
            .as_deref()
            .unwrap_or("for a reason not kept");
        return format!("pool {name}: circuit open, {reason}");
    }
    let backends: Vec<String> = pool
        .backends
        .iter()
        .take(3)
        .map(|backend| {
            let reason = backend.reason.as_deref().unwrap_or("for a reason not kept");
            format!("{}: {reason}", backend.name)
        })
        .collect();
    match pool.backends.len() {
        0 => format!("pool {name} has no backend"),
        total => format!(
            "pool {name}: none of {total} backends usable ({})",
            backends.join(", ")
        ),
    }
}
