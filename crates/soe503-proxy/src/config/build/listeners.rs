//! Listeners, and addresses that are used twice.

use std::{collections::HashMap, net::SocketAddr, ops::Range, path::Path};

use ipnet::IpNet;

use super::tls;
use crate::config::{
    ExplainTo, Forwarded, Limits, Listener, Networks, Protocols,
    keys::{
        AdminKeys, ExplainToKeys, ForwardedKeys, LimitKeys, ListenerKeys, Protocol, ProxyProtocol,
    },
    problem::{Problem, Problems},
    wire::{At, Defaulted, List},
};

pub(super) fn listener(
    keys: ListenerKeys,
    base: &Path,
    problems: &mut Problems,
) -> Option<Listener> {
    let protocols = protocols(&keys.protocols, problems);
    let tls = match keys.tls.0 {
        Some(keys) => Some(tls::listener(keys.value, base, problems)),
        None => None,
    };
    let proxy_protocol = proxy_protocol(&keys.proxy_protocol, keys.trusted, problems);
    let address = keys.address.0?.value;
    let explain = keys.explain.given.map(|explain| explain.value);
    Some(Listener {
        address,
        protocols: protocols?,
        explain: explain.unwrap_or_else(|| Listener::exposure_at(address)),
        explain_to: explain_to(keys.explain_to.0.value),
        tls: match tls {
            Some(tls) => Some(tls?),
            None => None,
        },
        proxy_protocol: proxy_protocol?,
        trace_context: keys.trace_context.value,
        forwarded: forwarded(keys.forwarded.0.value),
        limits: limits(&keys.limits.0.value),
    })
}

fn protocols(keys: &Defaulted<List<Protocol>>, problems: &mut Problems) -> Option<Protocols> {
    let has = |protocol| keys.value.0.iter().any(|item| item.value == protocol);
    match (has(Protocol::H1), has(Protocol::H2)) {
        (true, true) => Some(Protocols::Both),
        (true, false) => Some(Protocols::H1),
        (false, true) => Some(Protocols::H2),
        (false, false) => {
            let at = keys.at.clone().unwrap_or_default();
            problems.push(Problem::new(
                at,
                "`protocols` is empty",
                "expected \"h1\", \"h2\" or both",
            ));
            None
        }
    }
}

/// Whose connections begin with a PROXY protocol header; the outer `None` after a problem.
fn proxy_protocol(
    mode: &Defaulted<ProxyProtocol>,
    trusted: Defaulted<List<IpNet>>,
    problems: &mut Problems,
) -> Option<Option<Networks>> {
    match mode.value {
        ProxyProtocol::Off => Some(None),
        ProxyProtocol::Require if !trusted.value.0.is_empty() => {
            Some(Some(networks(trusted.value)))
        }
        ProxyProtocol::Require => {
            let at = trusted.at.or_else(|| mode.at.clone());
            problems.push(
                Problem::new(
                    at.unwrap_or_default(),
                    "nobody may send a PROXY protocol header",
                    "every connection would be refused",
                )
                .help("name those who send it: `trusted = [\"10.0.0.0/8\"]`"),
            );
            None
        }
    }
}

fn explain_to(keys: ExplainToKeys) -> ExplainTo {
    ExplainTo::new(networks(keys.internal.value), networks(keys.full.value))
}

fn forwarded(keys: ForwardedKeys) -> Forwarded {
    Forwarded {
        trust: networks(keys.trust.value),
        mode: keys.mode.value,
        style: keys.style.value,
    }
}

fn networks(list: List<IpNet>) -> Networks {
    list.0.into_iter().map(|network| network.value).collect()
}

fn limits(keys: &LimitKeys) -> Limits {
    Limits {
        // In range by the declaration of the key; a head never comes near 4 GiB.
        max_header_bytes: u32::try_from(keys.max_header_bytes.value.0).unwrap_or(u32::MAX),
        max_headers: keys.max_headers.value,
        max_target_bytes: usize::try_from(keys.max_target_bytes.value.0).unwrap_or(usize::MAX),
        header_read_timeout: keys.header_read_timeout.value,
        body_read_timeout: keys.body_read_timeout.value,
        min_body_rate: keys.min_body_rate.value.0,
        idle_timeout: keys.idle_timeout.value,
        max_connections: keys.max_connections.value,
        max_connections_per_client: keys
            .max_connections_per_client
            .given
            .as_ref()
            .map(|limit| limit.value),
        max_hops: keys.max_hops.value,
        max_h2_streams: keys.max_h2_streams.value,
    }
}

/// Finds addresses that are used twice.
pub(super) fn addresses(
    listeners: &[At<ListenerKeys>],
    admin: &AdminKeys,
    problems: &mut Problems,
) {
    let mut seen: HashMap<SocketAddr, Option<Range<usize>>> = HashMap::new();
    if admin.enabled.value {
        seen.insert(admin.address.value, admin.address.at.clone());
    }
    for listener in listeners {
        let Some(address) = &listener.value.address.0 else {
            continue;
        };
        // Port 0 is a different port each time.
        if address.value.port() == 0 {
            continue;
        }
        match seen.get(&address.value) {
            None => {
                seen.insert(address.value, Some(address.at.clone()));
            }
            Some(first) => {
                let title = format!("the address {} is used twice", address.value);
                let problem = Problem::new(address.at.clone(), title, "used again here");
                problems.push(match first {
                    Some(first) => problem.also(first.clone(), "first used here"),
                    None => {
                        problem.help("the admin API listens there unless `[admin]` says otherwise")
                    }
                });
            }
        }
    }
}
