//! A pool of the effective configuration.

use serde_json::{Value, json};

use super::balance::{balance, balancing};
use super::{bytes, hedge, off, span};
use crate::config::{
    Backend, BackendProtocol, BackendTls, Cache, CircuitBreaker, Ejection, HealthCheck, PoolConfig,
    Probe, RetryBudget, Throttle, Window,
};

pub(super) fn pool(pool: &PoolConfig) -> Value {
    let mut view = json!({
        "backends": pool.backends.iter().map(backend).collect::<Vec<_>>(),
        "balance": balance(pool.balance),
        "overprovisioning": pool.overprovisioning.as_f64(),
        "protocol": match pool.protocol {
            BackendProtocol::H1 => "h1",
            BackendProtocol::H2 => "h2",
        },
        "connect_timeout": span(pool.connect_timeout),
        "idle_timeout": span(pool.idle_timeout),
        "max_idle_connections": pool.max_idle_connections,
        "max_h2_connections": pool.max_h2_connections,
        "h2_ping_interval": span(pool.h2_ping_interval),
        "h2_ping_timeout": span(pool.h2_ping_timeout),
        "max_in_flight": pool.max_in_flight,
        "proxy": pool.proxy,
        "adaptive_limit": pool.adaptive_limit,
        "leave_metastable": pool.leave_metastable,
        "slow_start": span(pool.slow_start),
        "ride_out": span(pool.ride_out),
        "max_waiting": pool.max_waiting,
        "dns_refresh": span(pool.dns_refresh),
        "circuit_breaker": pool.circuit_breaker.as_ref().map_or_else(off, circuit_breaker),
        "retry_budget": retry_budget(&pool.retry_budget),
        "hedge": pool.hedge.as_ref().map_or_else(off, hedge::view),
        "ejection": pool.ejection.as_ref().map_or_else(off, ejection),
        "throttle": pool.throttle.as_ref().map_or_else(off, throttle),
        "queue": {
            "max_waiting": pool.queue.max_waiting,
            "max_wait": span(pool.queue.max_wait),
        },
    });
    if let Some(limit) = pool.max_in_flight_per_backend {
        view["max_in_flight_per_backend"] = json!(limit);
    }
    balancing(pool, &mut view);
    if let Some(tls) = &pool.tls {
        view["tls"] = backend_tls(tls);
    }
    if let Some(on) = &pool.cache {
        view["cache"] = cache(on);
    }
    if let Some(check) = &pool.health_check {
        view["health_check"] = health_check(check);
    }
    view
}

fn backend(backend: &Backend) -> Value {
    let url = format!("{}://{}", backend.scheme.id(), backend.target);
    let mut view = json!({
        "url": url,
        "name": &*backend.name,
        "weight": backend.weight,
        "priority": backend.priority,
    });
    if let Some(limit) = backend.max_in_flight {
        view["max_in_flight"] = json!(limit);
    }
    if let Some(zone) = &backend.zone {
        view["zone"] = json!(&**zone);
    }
    view
}

pub(super) fn backend_tls(tls: &BackendTls) -> Value {
    let mut view = json!({ "verify": tls.verify });
    if let Some(name) = &tls.server_name {
        view["server_name"] = json!(&**name);
    }
    if let Some(ca) = &tls.ca {
        view["ca"] = json!(ca);
    }
    if let Some(pair) = &tls.identity {
        view["client_cert"] = json!(pair.cert);
        view["client_key"] = json!(pair.key);
    }
    view
}

fn circuit_breaker(on: &CircuitBreaker) -> Value {
    let mut view = json!({
        "enabled": true,
        "consecutive_failures": on.consecutive_failures.map_or(0, std::num::NonZeroU32::get),
        "max_consecutive_failures": on.max_consecutive_failures,
        "slow_request": span(on.slow_request),
        "window": match on.window {
            Window::Time(time) => json!(span(time)),
            Window::Count(count) => json!(count),
        },
        "minimum_requests": on.minimum_requests,
        "probe_interval": span(on.probe_interval.unwrap_or_default()),
        "open_for": span(on.open_for),
        "max_open_for": span(on.max_open_for),
        "probes": on.probes,
        "shadow": on.shadow,
    });
    for (key, rate) in [
        ("failure_rate", on.failure_rate),
        ("slow_rate", on.slow_rate),
    ] {
        if let Some(rate) = rate {
            view[key] = json!(rate.as_f64());
        }
    }
    view
}

fn retry_budget(budget: &RetryBudget) -> Value {
    json!({
        "ratio": budget.ratio.as_f64(),
        "window": span(budget.window),
        "min_per_second": budget.min_per_second,
        "cut_below": budget.cut_below.as_f64(),
    })
}

fn ejection(on: &Ejection) -> Value {
    json!({
        "enabled": true,
        "consecutive_failures": on.consecutive_failures,
        "failure_rate": on.failure_rate.as_f64(),
        "minimum_requests": on.minimum_requests,
        "slow_ratio": on.slow_ratio,
        "slow_by": span(on.slow_by),
        "base": span(on.base),
        "max": span(on.max),
    })
}

fn throttle(on: &Throttle) -> Value {
    json!({
        "enabled": true,
        "accept_rate": on.accept_rate.as_f64(),
        "max_reject": on.max_reject.as_f64(),
        "window": span(on.window),
        "minimum_requests": on.minimum_requests,
    })
}

fn cache(on: &Cache) -> Value {
    json!({
        "stale_if_error": span(on.stale_if_error),
        "max_size": bytes(on.max_size),
        "max_object": bytes(on.max_object),
        "stale_while_revalidate": on.stale_while_revalidate,
    })
}

fn health_check(check: &HealthCheck) -> Value {
    let mut view = json!({
        "interval": span(check.interval),
        "fast_interval": span(check.fast_interval),
        "down_interval": span(check.down_interval),
        "timeout": span(check.timeout),
        "rise": check.rise,
        "fall": check.fall,
        "initial": check.initial.as_str(),
        "overruled_by_traffic": check.overruled_by_traffic,
    });
    match &check.probe {
        Probe::Tcp => view["type"] = json!("tcp"),
        Probe::Tls => view["type"] = json!("tls"),
        Probe::Grpc { service, host } => {
            view["type"] = json!("grpc");
            if !service.is_empty() {
                view["service"] = json!(&**service);
            }
            if let Some(host) = host {
                view["host"] = json!(&**host);
            }
        }
        Probe::Http {
            path, host, expect, ..
        } => {
            view["type"] = json!("http");
            view["path"] = json!(&**path);
            view["expect"] = json!(expect.to_string());
            if let Some(host) = host {
                view["host"] = json!(&**host);
            }
        }
    }
    view
}
