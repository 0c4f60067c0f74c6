//! The effective configuration, every default filled in, in the shape of the file.
//!
//! Secrets are not in it. Everything else is what a file would say: written as TOML, it is a valid
//! configuration that means the same (a test says so).

mod balance;
mod hedge;

use std::time::Duration;

use serde_json::{Map, Value, json};

use self::balance::{balance, balancing};
use super::front_view;
use crate::config::{
    AccessLog, Admin, AdminAccess, Backend, BackendProtocol, BackendTls, Cache, CircuitBreaker,
    Config, Ejection, Exposure, Forwarded, ForwardedMode, ForwardedStyle, HeaderRules, HealthCheck,
    Host, HostPolicy, Listener, ListenerTls, Match, Networks, PoolConfig, Probe, Protocols,
    RetryBudget, Rewrite, Route, Server, StatusPolicy, Throttle, Window,
};

/// `config` as JSON.
pub(super) fn view(config: &Config) -> Value {
    let pools: Map<String, Value> = config
        .pools
        .iter()
        .map(|config| (config.name.to_string(), pool(config)))
        .collect();
    let mut view = json!({
        "server": server(&config.server),
        "admin": config.admin.as_ref().map_or_else(|| json!({ "enabled": false }), admin),
        "access_log": { "path": access_log(&config.access_log) },
        "listeners": config.listeners.iter().map(listener).collect::<Vec<_>>(),
        "routes": config.routes.iter().map(route).collect::<Vec<_>>(),
        "pools": pools,
    });
    if !config.rate_limits.is_empty() {
        let limits = config.rate_limits.iter();
        let limits: Map<String, Value> = limits
            .map(|limit| (limit.name.to_string(), front_view::rate_limit(limit)))
            .collect();
        view["rate_limits"] = limits.into();
    }
    if !config.maintenance.is_empty() {
        let plans = config.maintenance.iter().map(front_view::maintenance);
        view["maintenance"] = plans.collect();
    }
    view
}

fn server(server: &Server) -> Value {
    let mut view = json!({
        "name": &*server.name,
        "workers": server.workers,
        "shutdown_grace": span(server.shutdown_grace),
        "status": match server.status {
            StatusPolicy::Rfc9209 => "rfc9209",
            _ => "default",
        },
    });
    if let Some(zone) = &server.zone {
        view["zone"] = json!(&**zone);
    }
    view
}

fn admin(admin: &Admin) -> Value {
    let mut view = json!({ "enabled": true, "address": admin.address.to_string() });
    if matches!(admin.access, AdminAccess::Token(_)) {
        view["token_file"] = json!("(set, not shown)");
    }
    view
}

fn access_log(log: &AccessLog) -> String {
    match log {
        AccessLog::Off => "off".into(),
        AccessLog::Stdout => "stdout".into(),
        AccessLog::Stderr => "stderr".into(),
        AccessLog::File(path) => path.display().to_string(),
    }
}

fn listener(listener: &Listener) -> Value {
    let limits = &listener.limits;
    let mut view = json!({
        "address": listener.address.to_string(),
        "protocols": match listener.protocols {
            Protocols::H1 => vec!["h1"],
            Protocols::H2 => vec!["h2"],
            Protocols::Both => vec!["h1", "h2"],
        },
        "explain": match listener.explain {
            Exposure::Full => "full",
            Exposure::Internal => "internal",
            _ => "public",
        },
        "trace_context": listener.trace_context,
        "forwarded": forwarded(&listener.forwarded),
        "limits": {
            "max_header_bytes": bytes(u64::from(limits.max_header_bytes)),
            "max_headers": limits.max_headers,
            "max_target_bytes": bytes(limits.max_target_bytes as u64),
            "header_read_timeout": span(limits.header_read_timeout),
            "body_read_timeout": span(limits.body_read_timeout),
            "min_body_rate": bytes(limits.min_body_rate),
            "idle_timeout": span(limits.idle_timeout),
            "max_connections": limits.max_connections,
            "max_hops": limits.max_hops,
            "max_h2_streams": limits.max_h2_streams,
        },
    });
    if let Some(tls) = &listener.tls {
        view["tls"] = listener_tls(tls);
    }
    if let Some(trusted) = &listener.proxy_protocol {
        view["proxy_protocol"] = json!("require");
        view["trusted"] = networks(trusted);
    }
    if let Some(limit) = limits.max_connections_per_client {
        view["limits"]["max_connections_per_client"] = json!(limit);
    }
    view
}

fn listener_tls(tls: &ListenerTls) -> Value {
    let pairs = tls.certificates.iter();
    let mut view = json!({
        "certificates": pairs
            .map(|pair| json!({ "cert": pair.cert, "key": pair.key }))
            .collect::<Vec<_>>(),
        "min_version": tls.min_version.id(),
        "handshake_timeout": span(tls.handshake_timeout),
    });
    if let Some(auth) = &tls.client_auth {
        view["client_auth"] = json!({ "ca": auth.ca, "required": auth.required });
    }
    view
}

fn backend_tls(tls: &BackendTls) -> Value {
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

fn forwarded(forwarded: &Forwarded) -> Value {
    json!({
        "trust": networks(&forwarded.trust),
        "mode": match forwarded.mode {
            ForwardedMode::Append => "append",
            ForwardedMode::Replace => "replace",
            ForwardedMode::Off => "off",
        },
        "style": match forwarded.style {
            ForwardedStyle::XForwarded => "x-forwarded",
            ForwardedStyle::Forwarded => "forwarded",
            ForwardedStyle::Both => "both",
        },
    })
}

pub(super) fn networks(networks: &Networks) -> Value {
    networks.iter().map(|network| network.to_string()).collect()
}

fn route(route: &Route) -> Value {
    let retry = &route.retry;
    let mut view = json!({
        "match": matches(&route.matches),
        "pool": &*route.pool.name,
        "timeout": span(route.timeout),
        "host": match &route.host {
            HostPolicy::Preserve => "preserve",
            HostPolicy::Backend => "backend",
            HostPolicy::Fixed(host) => text(host),
        },
        "priority": route.priority.as_str(),
        "request_headers": header_rules(&route.request_headers),
        "response_headers": header_rules(&route.response_headers),
        "retry": {
            "attempts": retry.attempts,
            "attempt_timeout": span(retry.attempt_timeout),
            "backoff_base": span(retry.backoff_base),
            "backoff_max": span(retry.backoff_max),
            "max_body": bytes(retry.max_body),
            "on_status": retry.on_status,
        },
    });
    if let Some(header) = &route.priority_header {
        view["priority_header"] = json!(header.as_str());
    }
    if let Some(limit) = route.max_in_flight {
        view["max_in_flight"] = json!(limit);
    }
    if let Some(Rewrite(prefix)) = &route.rewrite {
        match prefix.is_empty() {
            true if route.matches.path_prefix.is_empty() => view["rewrite_prefix"] = json!("/"),
            true => view["strip_prefix"] = json!(true),
            false => view["rewrite_prefix"] = json!(&**prefix),
        }
    }
    if let Some(max) = route.max_body {
        view["max_body"] = json!(bytes(max));
    }
    front_view::route(route, &mut view);
    view
}

fn header_rules(rules: &HeaderRules) -> Value {
    let pairs = |pairs: &[(http::HeaderName, http::HeaderValue)]| -> Map<String, Value> {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| (name.to_string(), json!(text(value))))
            .collect()
    };
    let remove: Vec<_> = rules.remove.iter().map(http::HeaderName::as_str).collect();
    json!({ "set": pairs(&rules.set), "add": pairs(&rules.add), "remove": remove })
}

/// Values of a config are visible ASCII.
pub(super) fn text(value: &http::HeaderValue) -> &str {
    value.to_str().unwrap_or_default()
}

fn matches(matches: &Match) -> Value {
    let mut view = Map::new();
    match &matches.host {
        Host::Any => {}
        Host::Under(domain) => drop(view.insert("host".into(), json!(format!("*.{domain}")))),
        Host::Exact(host) => drop(view.insert("host".into(), json!(&**host))),
    }
    if !matches.path_prefix.is_empty() {
        view.insert("path_prefix".into(), json!(&*matches.path_prefix));
    }
    if !matches.methods.is_empty() {
        let methods: Vec<_> = matches.methods.iter().map(http::Method::as_str).collect();
        view.insert("methods".into(), json!(methods));
    }
    Value::Object(view)
}

fn pool(pool: &PoolConfig) -> Value {
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
    })
}

fn ejection(on: &Ejection) -> Value {
    json!({
        "enabled": true,
        "consecutive_failures": on.consecutive_failures,
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

fn off() -> Value {
    json!({ "enabled": false })
}

pub(super) fn span(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}

fn bytes(count: u64) -> String {
    format!("{count}B")
}

#[cfg(test)]
#[path = "config_view_tests.rs"]
mod tests;
