//! Health checks.

use std::{ops::Range, sync::Arc, time::Duration};

use super::{at_least, not_here};
use crate::config::{
    BackendProtocol, HealthCheck, Host, Probe,
    keys::{CheckKeys, CheckKind, HttpPath},
    problem::{Problem, Problems},
    wire::{At, Defaulted, Optional, Text},
};

/// What the checks of a pool have to go by.
pub(super) struct Checked<'a> {
    /// What is spoken to its backends.
    pub(super) protocol: &'a Defaulted<BackendProtocol>,
    /// Where its backends stand, if one of them is not `https`.
    pub(super) plain: Option<Range<usize>>,
}

pub(super) fn health_check(
    At { value: keys, at }: At<CheckKeys>,
    pool: &Checked<'_>,
    problems: &mut Problems,
) -> Option<HealthCheck> {
    if let (Some(timeout), Some(interval)) = (&keys.timeout.at, &keys.interval.at)
        && keys.timeout.value > keys.interval.value
    {
        problems.push(
            Problem::new(
                timeout.clone(),
                "`timeout` is longer than `interval`",
                "checks of one backend would overlap",
            )
            .also(interval.clone(), "from one check to the next"),
        );
    }
    Some(HealthCheck {
        interval: keys.interval.value,
        fast_interval: at_most_interval(&keys, problems),
        down_interval: at_least(
            ("interval", &keys.interval),
            ("down_interval", &keys.down_interval),
            problems,
        ),
        timeout: keys.timeout.value.min(keys.interval.value),
        rise: keys.rise.value,
        fall: keys.fall.value,
        initial: keys.initial.value,
        overruled_by_traffic: keys.overruled_by_traffic.value,
        probe: probe(keys, at, pool, problems)?,
    })
}

/// In doubt a check comes sooner, never later.
fn at_most_interval(keys: &CheckKeys, problems: &mut Problems) -> Duration {
    let (fast, interval) = (&keys.fast_interval, &keys.interval);
    if let (Some(fast_at), Some(interval_at)) = (&fast.at, &interval.at)
        && fast.value > interval.value
    {
        let title = "`fast_interval` is longer than `interval`";
        problems.push(
            Problem::new(fast_at.clone(), title, "in doubt, checks would come later")
                .also(interval_at.clone(), "than without"),
        );
    }
    fast.value.min(interval.value)
}

fn probe(
    keys: CheckKeys,
    at: Range<usize>,
    pool: &Checked<'_>,
    problems: &mut Problems,
) -> Option<Probe> {
    if keys.kind.wrong {
        // What the other keys mean is not known.
        return None;
    }
    let kind = keys.kind.value;
    let is = |kinds: &[CheckKind]| kinds.contains(&kind);
    let why = format!("a check of type \"{}\" has none", kind.text());
    let mut only = |key: Option<Range<usize>>, name: &str, kinds: &[CheckKind]| {
        not_here(key.filter(|_| !is(kinds)), name, &why, problems);
    };
    let path_at = keys.path.given.as_ref().map(|key| key.at.clone());
    let host_at = keys.host.given.as_ref().map(|key| key.at.clone());
    let service_at = keys.service.given.as_ref().map(|key| key.at.clone());
    only(path_at, "path", &[CheckKind::Http]);
    only(host_at, "host", &[CheckKind::Http, CheckKind::Grpc]);
    only(keys.expect.at, "expect", &[CheckKind::Http]);
    only(service_at, "service", &[CheckKind::Grpc]);
    match kind {
        CheckKind::Tcp => Some(Probe::Tcp),
        CheckKind::Tls => {
            if let Some(plain) = &pool.plain {
                let at = keys.kind.at.unwrap_or(at);
                let title = "a check of type \"tls\" needs `https` backends";
                problems.push(
                    Problem::new(at, title, "there is no handshake to make")
                        .also(plain.clone(), "with a backend that is `http`")
                        .help("`type = \"tcp\"` shakes hands where the URL is `https`"),
                );
            }
            Some(Probe::Tls)
        }
        CheckKind::Grpc => {
            if pool.protocol.value != BackendProtocol::H2 {
                let at = keys.kind.at.unwrap_or(at);
                let title = "a check of type \"grpc\" needs `protocol = \"h2\"`";
                let problem = Problem::new(at, title, "gRPC is spoken over HTTP/2");
                problems.push(match &pool.protocol.at {
                    Some(protocol) => problem.also(protocol.clone(), "and not over this"),
                    None => problem.help("add `protocol = \"h2\"` to the pool"),
                });
            }
            Some(Probe::Grpc {
                service: keys
                    .service
                    .given
                    .map_or_else(|| "".into(), |key| key.value.0),
                host: host(keys.host.given, problems)?,
            })
        }
        CheckKind::Http => {
            let host = host(keys.host.given, problems)?;
            Some(Probe::Http {
                path: path(keys.path, at, problems)?,
                host,
                expect: keys.expect.value,
                protocol: pool.protocol.value,
            })
        }
    }
}

/// The host to send; the outer `None` after a problem was added.
fn host(host: Option<At<Host>>, problems: &mut Problems) -> Option<Option<Arc<str>>> {
    match host {
        None => Some(None),
        Some(At {
            value: Host::Exact(host),
            ..
        }) => Some(Some(host)),
        Some(At { at, .. }) => {
            problems.push(Problem::new(
                at,
                "`host`: expected one host",
                "a pattern cannot be sent in a request",
            ));
            None
        }
    }
}

fn path(path: Optional<HttpPath>, at: Range<usize>, problems: &mut Problems) -> Option<Arc<str>> {
    let Some(path) = path.given else {
        if path.wrong {
            return None;
        }
        problems.push(
            Problem::new(at, "the health check has no `path`", "nothing to `GET`").help(
                "add `path = \"/healthz\"`, or `type = \"tcp\"` to check the connection alone",
            ),
        );
        return None;
    };
    Some(path.value.0)
}
