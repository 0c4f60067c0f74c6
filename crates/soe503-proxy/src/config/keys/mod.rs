//! The table of keys: every key of the config file, once.
//!
//! A key's type, default, range, example and text stand here and nowhere else. `soe503 schema`,
//! `docs/config.md` and `config/full.toml` are generated from it, and the reader reads by it.

mod alerts;
mod backend;
mod balance;
mod dogstatsd;
mod explain;
mod failover;
mod headers;
mod hedge;
mod host;
mod instead;
mod journal;
mod listeners;
mod maintenance;
mod moments;
mod network;
mod pools;
mod rate;
mod routes;
mod server;
mod telemetry;
mod tls;
mod top;
mod values;

pub(super) use alerts::{AlertKeys, ChangeKeys, alert_url};
pub(super) use backend::BackendEntry;
pub(super) use balance::{HashKeys, HashOn, ReportKeys, StickyKeys};
pub(crate) use dogstatsd::statsd_address;
pub(super) use dogstatsd::{DogstatsdKeys, tag_fault};
pub(super) use explain::ExplainKeys;
pub(super) use failover::FailoverKeys;
pub(super) use headers::{Fields, HeaderKeys};
pub(super) use hedge::HedgeKeys;
pub(super) use instead::{FallbackKeys, PageKeys};
pub(super) use journal::JournalKeys;
pub(super) use listeners::{
    ExplainToKeys, ForwardedKeys, LimitKeys, ListenerKeys, Protocol, ProxyProtocol,
};
pub(super) use maintenance::{BypassKeys, MaintenanceKeys};
pub(super) use pools::{
    BackendKeys, BreakerKeys, CacheKeys, CheckKeys, CheckKind, EjectionKeys, PoolKeys, QueueKeys,
    RetryBudgetKeys, ThrottleKeys,
};
pub(super) use rate::RateLimitKeys;
pub(super) use routes::{MatchKeys, RetryKeys, RouteKeys};
pub(super) use server::{AccessLogKeys, AdminKeys, IncidentKeys, LogKeys, ServerKeys};
pub(super) use telemetry::{Sampling, TelemetryKeys, TracesKeys};
#[cfg(test)]
pub(super) use tls::{AdminClientAuthKeys, CertificateKeys, ClientAuthKeys};
pub(super) use tls::{AdminTlsKeys, CertificateEntry, ListenerTlsKeys, PoolTlsKeys};
pub(super) use top::FileKeys;
pub(super) use values::{FileName, HttpPath};

use super::wire::{Inner, Shape, Table};

/// The tables in which a key called `name` is valid, as they are written in a file.
pub(super) fn homes(name: &str) -> Vec<String> {
    fn visit(path: &str, inner: &Inner, name: &str, homes: &mut Vec<String>) {
        for key in &inner.keys {
            if key.name == name {
                homes.push(path.into());
            }
            if let Some(inner) = &key.inner {
                visit(&header(path, key.name, inner.shape), inner, name, homes);
            }
        }
    }
    let mut homes = Vec::new();
    for key in FileKeys::keys() {
        if key.name == name {
            homes.push("the top level".into());
        }
        if let Some(inner) = &key.inner {
            visit(&header("", key.name, inner.shape), inner, name, &mut homes);
        }
    }
    homes
}

/// The header of the table `name` inside the one with the header `parent`, which may be empty.
pub(super) fn header(parent: &str, name: &str, shape: Shape) -> String {
    let parent = parent.trim_matches(['[', ']']);
    let path = match parent {
        "" => name.to_owned(),
        parent => format!("{parent}.{name}"),
    };
    match shape {
        Shape::One | Shape::Item => format!("[{path}]"),
        Shape::Each => format!("[[{path}]]"),
        Shape::Named => format!("[{path}.NAME]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_knows_where_it_belongs() {
        assert_eq!(homes("fall"), ["[pools.NAME.health_check]"]);
        assert_eq!(homes("max_headers"), ["[listeners.limits]"]);
        assert_eq!(
            homes("pools"),
            [
                "[routes.failover]",
                "the top level",
                "[[maintenance]]",
                "[alerts.NAME]"
            ]
        );
        assert_eq!(
            homes("window"),
            [
                "[pools.NAME.circuit_breaker]",
                "[pools.NAME.retry_budget]",
                "[pools.NAME.throttle]"
            ]
        );
        assert!(homes("banana").is_empty());
    }
}
