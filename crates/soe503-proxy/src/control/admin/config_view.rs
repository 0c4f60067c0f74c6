//! The effective configuration, every default filled in, in the shape of the file.
//!
//! What is in files of its own, as keys and tokens are, is not in it. Everything else is what a file would say: written as TOML,
//! it is a valid configuration that means the same (a test says so). Before it is shown, values of header fields that may
//! be secrets are taken out as well.

mod balance;
mod hedge;
mod listener;
mod mask;
mod pool;
mod telemetry;

use std::time::Duration;

use serde_json::{Map, Value, json};

use self::listener::{listener, served_tls};
pub(in crate::control) use self::mask::masked;
use self::pool::pool;
use super::{alert_view, front_view};
use crate::config::{
    AccessLog, Admin, AdminRole, Config, HeaderRules, Host, HostPolicy, Journal, Log, LogFormat,
    LogPath, Match, Networks, Rewrite, Route, Server, StatusPolicy,
};

/// `config` as it is shown: without what may be a secret although it stands in the file.
pub(super) fn shown(config: &Config) -> Value {
    masked("", view(config))
}

/// `config` as JSON, to be compared. What comes of that passes [`masked`] before anybody sees it.
pub(crate) fn view(config: &Config) -> Value {
    let pools: Map<String, Value> = config
        .pools
        .iter()
        .map(|config| (config.name.to_string(), pool(config)))
        .collect();
    let mut view = json!({
        "server": server(&config.server),
        "admin": config.admin.as_ref().map_or_else(|| json!({ "enabled": false }), admin),
        "log": log(&config.log),
        "access_log": { "path": access_log(&config.access_log) },
        "incidents": {
            "close_after": span(config.incidents.close_after),
            "backend_out_after": span(config.incidents.backend_out_after),
        },
        "listeners": config.listeners.iter().map(listener).collect::<Vec<_>>(),
        "routes": config.routes.iter().map(route).collect::<Vec<_>>(),
        "pools": pools,
    });
    if let Some(keys) = &config.explain.debug_keys {
        let path = keys.path().display().to_string();
        view["explain"] = json!({ "debug_key_file": path });
    }
    if let Some(log) = &config.journal {
        view["journal"] = journal(log);
    }
    if let Some(traces) = &config.traces {
        view["telemetry"] = json!({ "traces": telemetry::traces(traces) });
    }
    if let Some(dogstatsd) = &config.dogstatsd {
        view["telemetry"]["dogstatsd"] = telemetry::dogstatsd(dogstatsd);
    }
    if !config.rate_limits.is_empty() {
        let limits = config.rate_limits.iter();
        let limits: Map<String, Value> = limits
            .map(|limit| (limit.name.to_string(), front_view::rate_limit(limit)))
            .collect();
        view["rate_limits"] = limits.into();
    }
    if let Some(url) = &config.incidents.external_url {
        view["incidents"]["external_url"] = json!(&**url);
    }
    view["changes"] = alert_view::changes(&config.changes);
    if !config.alerts.is_empty() {
        let alerts = config.alerts.iter();
        let alerts: Map<String, Value> = alerts
            .map(|alert| (alert.name.to_string(), alert_view::alert(alert)))
            .collect();
        view["alerts"] = alerts.into();
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
        "drain_delay": span(server.drain_delay),
        "shutdown_grace": span(server.shutdown_grace),
        "status": match server.status {
            StatusPolicy::Rfc9209 => "rfc9209",
            _ => "default",
        },
    });
    if let Some(zone) = &server.zone {
        view["zone"] = json!(&**zone);
    }
    if let Some(path) = &server.upgrade_socket {
        view["upgrade_socket"] = json!(path.display().to_string());
    }
    view
}

fn admin(admin: &Admin) -> Value {
    let mut view = json!({ "enabled": true, "address": admin.address.to_string() });
    for (role, _) in admin
        .access
        .tokens()
        .iter()
        .flat_map(|tokens| tokens.files())
    {
        let key = match role {
            AdminRole::Reader => "read_token_file",
            _ => "token_file",
        };
        view[key] = json!("(set, not shown)");
    }
    if let Some(tls) = &admin.tls {
        view["tls"] = served_tls(tls);
        if let Some(certificates) = admin.access.certificates() {
            let client_auth = &mut view["tls"]["client_auth"];
            client_auth["operators"] = json!(certificates.operators());
            if let Some(readers) = certificates.readers() {
                client_auth["readers"] = json!(readers);
            }
        }
    }
    view
}

fn log(log: &Log) -> Value {
    json!({
        "level": log.level.to_string(),
        "format": match log.format {
            LogFormat::Json => "json",
            LogFormat::Text => "text",
        },
        "path": match &log.path {
            LogPath::Stdout => "stdout".into(),
            LogPath::Stderr => "stderr".into(),
            LogPath::File(path) => path.display().to_string(),
        },
        "lines_per_second": log.lines_per_second,
    })
}

fn access_log(log: &AccessLog) -> String {
    match log {
        AccessLog::Off => "off".into(),
        AccessLog::Stdout => "stdout".into(),
        AccessLog::Stderr => "stderr".into(),
        AccessLog::File(path) => path.display().to_string(),
    }
}

fn journal(journal: &Journal) -> Value {
    json!({
        "path": journal.path.display().to_string(),
        "max_size": bytes(journal.limits.max_size),
        "max_age": span(journal.limits.max_age),
        "sample": journal.sample,
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
