//! The one list of metrics.

use soe503_api::{BackendState, CircuitState};
use soe503_core::limit::{Class, LimitWhy};

use super::exposition::Samples;
use super::scrape::{BackendScrape, PoolScrape, Scrape};

/// One metric. Adding one means adding a row to [`TABLE`], and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// Its name, with its unit where it has one.
    pub name: &'static str,
    /// What kind of value it is.
    pub kind: Kind,
    /// The unit of its value.
    pub unit: &'static str,
    /// Its labels, in order.
    pub labels: &'static [&'static str],
    /// What it says, in a sentence.
    pub help: &'static str,
    /// Puts its values.
    pub(super) read: Read,
}

/// Whose values a metric has, and how they are read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Read {
    /// Of the process.
    Process(fn(&Scrape, &mut Samples<'_>)),
    /// Of each pool.
    Pool(fn(&PoolScrape, &mut Samples<'_>)),
    /// Of each backend of each pool.
    Backend(fn(&PoolScrape, &BackendScrape, &mut Samples<'_>)),
}

/// What kind of value a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, from the start of the process.
    Counter,
    /// Goes up and down.
    Gauge,
}

/// Every metric, in the order of the page.
pub const TABLE: &[Family] = &[
    Family {
        name: "soe503_responses_total",
        kind: Kind::Counter,
        unit: "requests",
        labels: &["pool", "status", "origin", "category", "cause"],
        help: "Finished requests. `status` is the class (2xx to 5xx, none: the client left first), `origin` says whether this proxy generated the response or passed a backend's on, `category` and `cause` are empty unless it failed.",
        read: Read::Pool(|pool, out| {
            for r in &pool.responses {
                let (category, cause) = r.cause.map_or(("", ""), |c| (c.category().id(), c.id()));
                out.push(
                    &[&pool.name, &r.class.id(), &r.origin.id(), &category, &cause],
                    r.count,
                );
            }
        }),
    },
    Family {
        name: "soe503_prevented_total",
        kind: Kind::Counter,
        unit: "requests",
        labels: &["pool", "by"],
        help: "Requests that failed at first and were saved, by what saved them: `retry`, another attempt; `ride_out`, waiting for the pool to come back (of a request that needed both, both tell); `fallback`, a static answer; `stale`, an older one.",
        read: Read::Pool(|pool, out| {
            out.push(&[&pool.name, &"retry"], pool.prevented);
            out.push(&[&pool.name, &"ride_out"], pool.waiting.answered);
            out.push(&[&pool.name, &"fallback"], pool.fallbacks);
            out.push(&[&pool.name, &"stale"], pool.stale);
        }),
    },
    Family {
        name: "soe503_attempts_total",
        kind: Kind::Counter,
        unit: "attempts",
        labels: &["pool"],
        help: "Tries of finished requests on backends, first ones and retries.",
        read: Read::Pool(|pool, out| out.push(&[&pool.name], pool.attempts)),
    },
    Family {
        name: "soe503_unexplained_total",
        kind: Kind::Counter,
        unit: "requests",
        labels: &["pool"],
        help: "Failures that nothing known explains (`unknown/unclassified`). Each is a gap in the diagnosis: please report it.",
        read: Read::Pool(|pool, out| {
            let unexplained = pool
                .responses
                .iter()
                .filter(|r| r.cause == Some(soe503_core::Cause::Unclassified));
            out.push(&[&pool.name], unexplained.map(|r| r.count).sum::<u64>());
        }),
    },
    Family {
        name: "soe503_pool_in_flight",
        kind: Kind::Gauge,
        unit: "requests",
        labels: &["pool"],
        help: "Requests of the pool that are under way.",
        read: Read::Pool(|pool, out| out.push(&[&pool.name], pool.in_flight)),
    },
    Family {
        name: "soe503_pool_in_flight_limit",
        kind: Kind::Gauge,
        unit: "requests",
        labels: &["pool"],
        help: "How many requests of the pool may be under way: `max_in_flight`, or how many may wait for an answer if `soe503_pool_limit_source` says `testing` or `saturated`. More wait or are shed.",
        read: Read::Pool(|pool, out| {
            if let Some(limit) = pool.in_flight_limit {
                out.push(&[&pool.name], limit);
            }
        }),
    },
    Family {
        name: "soe503_pool_maintenance",
        kind: Kind::Gauge,
        unit: "routes",
        labels: &["pool"],
        help: "Routes of the pool that are under planned maintenance now.",
        read: Read::Pool(|pool, out| out.push(&[&pool.name], pool.interrupted)),
    },
    Family {
        name: "soe503_pool_throttled_total",
        kind: Kind::Counter,
        unit: "requests",
        labels: &["pool"],
        help: "Requests that were held back because the pool's backends refuse most for overload.",
        read: Read::Pool(|pool, out| {
            if let Some(throttle) = &pool.throttle {
                out.push(&[&pool.name], throttle.throttled);
            }
        }),
    },
    Family {
        name: "soe503_pool_throttle_ratio",
        kind: Kind::Gauge,
        unit: "ratio",
        labels: &["pool"],
        help: "The share of the pool's requests that is held back now.",
        read: Read::Pool(|pool, out| {
            if let Some(throttle) = &pool.throttle {
                out.push(&[&pool.name], throttle.probability.as_f64());
            }
        }),
    },
    Family {
        name: "soe503_pool_cache_bytes",
        kind: Kind::Gauge,
        unit: "bytes",
        labels: &["pool"],
        help: "What the answers take that are kept to be given instead of failures.",
        read: Read::Pool(|pool, out| {
            if let Some(cache) = &pool.cache {
                out.push(&[&pool.name], cache.bytes);
            }
        }),
    },
    Family {
        name: "soe503_pool_cache_entries",
        kind: Kind::Gauge,
        unit: "answers",
        labels: &["pool"],
        help: "Answers that are kept to be given instead of failures.",
        read: Read::Pool(|pool, out| {
            if let Some(cache) = &pool.cache {
                out.push(&[&pool.name], cache.entries);
            }
        }),
    },
    Family {
        name: "soe503_rate_limit_requests_total",
        kind: Kind::Counter,
        unit: "requests",
        labels: &["limit", "result"],
        help: "Requests that the rate limit has seen. `shadowed`: beyond it, and let through as it only counts.",
        read: Read::Process(|scrape, out| {
            for limit in &scrape.rate_limits {
                for (result, count) in [
                    ("allowed", limit.allowed),
                    ("limited", limit.limited),
                    ("shadowed", limit.shadowed),
                ] {
                    out.push(&[&limit.name, &result], count);
                }
            }
        }),
    },
    Family {
        name: "soe503_rate_limit_keys",
        kind: Kind::Gauge,
        unit: "callers",
        labels: &["limit"],
        help: "Callers that have used a part of their quota which has not come back yet.",
        read: Read::Process(|scrape, out| {
            for limit in &scrape.rate_limits {
                out.push(&[&limit.name], limit.keys);
            }
        }),
    },
    Family {
        name: "soe503_rate_limit_displaced_total",
        kind: Kind::Counter,
        unit: "callers",
        labels: &["limit"],
        help: "New callers that took over the place of a busy one, and its debt: `max_keys` is too small, or somebody invents keys.",
        read: Read::Process(|scrape, out| {
            for limit in &scrape.rate_limits {
                out.push(&[&limit.name], limit.displaced);
            }
        }),
    },
    Family {
        name: "soe503_pool_limit_source",
        kind: Kind::Gauge,
        unit: "0 or 1",
        labels: &["pool", "source"],
        help: "Where the limit in force comes from: `fixed` is the configured one; `testing`: requests pile up, and whether fewer at once are answered as fast is being found out; `saturated`: more at once are not answered faster, as was measured.",
        read: Read::Pool(|pool, out| {
            for source in [LimitWhy::Fixed, LimitWhy::Testing, LimitWhy::Saturated] {
                let holds = u8::from(pool.limit_why == source);
                out.push(&[&pool.name, &source.as_str()], holds);
            }
        }),
    },
    Family {
        name: "soe503_queue_depth",
        kind: Kind::Gauge,
        unit: "requests",
        labels: &["pool", "priority"],
        help: "Requests that wait for their turn, by their importance.",
        read: Read::Pool(|pool, out| {
            for class in Class::ALL {
                let waiting = pool.queued[class.index()];
                out.push(&[&pool.name, &class.as_str()], waiting);
            }
        }),
    },
    Family {
        name: "soe503_queue_oldest_seconds",
        kind: Kind::Gauge,
        unit: "seconds",
        labels: &["pool"],
        help: "How long the request that waits longest has waited for its turn; 0 if none waits.",
        read: Read::Pool(|pool, out| {
            out.push(&[&pool.name], pool.oldest_waiting.as_secs_f64());
        }),
    },
    Family {
        name: "soe503_queue_admitted_total",
        kind: Kind::Counter,
        unit: "requests",
        labels: &["pool"],
        help: "Requests that had to wait for their turn and got it.",
        read: Read::Pool(|pool, out| out.push(&[&pool.name], pool.waited)),
    },
    Family {
        name: "soe503_shed_total",
        kind: Kind::Counter,
        unit: "requests",
        labels: &["pool", "priority"],
        help: "Requests that the pool's limit or its queue turned away, by their importance.",
        read: Read::Pool(|pool, out| {
            for class in Class::ALL {
                out.push(&[&pool.name, &class.as_str()], pool.shed[class.index()]);
            }
        }),
    },
    Family {
        name: "soe503_pool_panic",
        kind: Kind::Gauge,
        unit: "0 or 1",
        labels: &["pool"],
        help: "1 while checks condemn so many backends that they are not believed: look at the health check first.",
        read: Read::Pool(|pool, out| out.push(&[&pool.name], u8::from(pool.panic))),
    },
    Family {
        name: "soe503_health_checks_total",
        kind: Kind::Counter,
        unit: "checks",
        labels: &["pool", "result"],
        help: "Health checks of the pool's backends. `not_made`: this proxy lacked a descriptor, a port or memory, which says nothing about the backend.",
        read: Read::Pool(|pool, out| {
            for (result, count) in &pool.checks {
                out.push(&[&pool.name, result], *count);
            }
        }),
    },
    Family {
        name: "soe503_retry_budget_available",
        kind: Kind::Gauge,
        unit: "retries",
        labels: &["pool"],
        help: "Retries that the pool's budget would allow now.",
        read: Read::Pool(|pool, out| out.push(&[&pool.name], pool.budget_available)),
    },
    Family {
        name: "soe503_retry_budget_spent_total",
        kind: Kind::Counter,
        unit: "retries",
        labels: &["pool"],
        help: "Retries made on the pool's budget.",
        read: Read::Pool(|pool, out| out.push(&[&pool.name], pool.budget_spent)),
    },
    Family {
        name: "soe503_retry_budget_refused_total",
        kind: Kind::Counter,
        unit: "retries",
        labels: &["pool"],
        help: "Retries that were not made because the budget was empty.",
        read: Read::Pool(|pool, out| out.push(&[&pool.name], pool.budget_refused)),
    },
    Family {
        name: "soe503_circuit_state",
        kind: Kind::Gauge,
        unit: "0 or 1",
        labels: &["pool", "state"],
        help: "The state of the pool's circuit: 1 for the one it is in, 0 for the others.",
        read: Read::Pool(|pool, out| {
            for (state, word) in CIRCUIT_STATES {
                out.push(&[&pool.name, word], u8::from(pool.circuit == *state));
            }
        }),
    },
    Family {
        name: "soe503_circuit_transitions_total",
        kind: Kind::Counter,
        unit: "transitions",
        labels: &["pool", "to"],
        help: "Changes of the pool's circuit, by the state it went to; the begin and end of an operator's override count, too.",
        read: Read::Pool(|pool, out| {
            for (state, word) in CIRCUIT_STATES {
                let counts = pool.transitions.iter().filter(|(to, _)| to == state);
                out.push(
                    &[&pool.name, word],
                    counts.map(|(_, count)| count).sum::<u64>(),
                );
            }
        }),
    },
    Family {
        name: "soe503_circuit_refused_total",
        kind: Kind::Counter,
        unit: "requests",
        labels: &["pool"],
        help: "Times that the pool's circuit refused a request, those included that wait and ask again; in shadow mode, those it would have.",
        read: Read::Pool(|pool, out| out.push(&[&pool.name], pool.circuit_refused)),
    },
    Family {
        name: "soe503_waiting_requests",
        kind: Kind::Gauge,
        unit: "requests",
        labels: &["pool"],
        help: "Requests that were refused and wait for the pool's circuit, or for a backend that is due back; and those that try after having waited.",
        read: Read::Pool(|pool, out| out.push(&[&pool.name], pool.waiting.taken)),
    },
    Family {
        name: "soe503_waited_total",
        kind: Kind::Counter,
        unit: "requests",
        labels: &["pool", "result"],
        help: "Requests that were to wait, by what came of it: `answered`; `in_vain`, the pool was not back in time or the client left; `turned_away`, there was no place (`max_waiting`).",
        read: Read::Pool(|pool, out| {
            let room = &pool.waiting;
            out.push(&[&pool.name, &"answered"], room.answered);
            out.push(&[&pool.name, &"in_vain"], room.in_vain());
            out.push(&[&pool.name, &"turned_away"], room.turned_away);
        }),
    },
    Family {
        name: "soe503_backend_state",
        kind: Kind::Gauge,
        unit: "0 or 1",
        labels: &["pool", "backend", "state"],
        help: "The state of the backend: 1 for the one it is in, 0 for the others.",
        read: Read::Backend(|pool, backend, out| {
            for (state, word) in BACKEND_STATES {
                out.push(
                    &[&pool.name, &backend.name, word],
                    u8::from(backend.state == *state),
                );
            }
        }),
    },
    Family {
        name: "soe503_backend_check_overruled",
        kind: Kind::Gauge,
        unit: "0 or 1",
        labels: &["pool", "backend"],
        help: "1 while the backend's health check fails and requests are answered all the same: the check is broken.",
        read: Read::Backend(|pool, b, out| {
            if let Some(overruled) = b.check_overruled {
                out.push(&[&pool.name, &b.name], u8::from(overruled));
            }
        }),
    },
    Family {
        name: "soe503_backend_in_flight",
        kind: Kind::Gauge,
        unit: "attempts",
        labels: &["pool", "backend"],
        help: "Attempts that run on the backend.",
        read: Read::Backend(|pool, b, out| out.push(&[&pool.name, &b.name], b.in_flight)),
    },
    Family {
        name: "soe503_backend_requests_total",
        kind: Kind::Counter,
        unit: "attempts",
        labels: &["pool", "backend"],
        help: "Attempts on the backend.",
        read: Read::Backend(|pool, b, out| out.push(&[&pool.name, &b.name], b.requests)),
    },
    Family {
        name: "soe503_backend_failures_total",
        kind: Kind::Counter,
        unit: "attempts",
        labels: &["pool", "backend"],
        help: "Attempts on the backend that failed.",
        read: Read::Backend(|pool, b, out| out.push(&[&pool.name, &b.name], b.failures)),
    },
    Family {
        name: "soe503_backend_latency_seconds",
        kind: Kind::Gauge,
        unit: "seconds",
        labels: &["pool", "backend", "quantile"],
        help: "Quantiles of the recent time from an attempt's start to the head of its response. A gauge: quantiles of several proxies cannot be added or averaged.",
        read: Read::Backend(|pool, backend, out| {
            for (rank, latency) in &backend.latency {
                out.push(&[&pool.name, &backend.name, rank], latency.as_secs_f64());
            }
        }),
    },
    Family {
        name: "soe503_backend_utilization",
        kind: Kind::Gauge,
        unit: "ratio",
        labels: &["pool", "backend"],
        help: "How busy the backend is by its own account (ORCA), 1 is fully; only with `load_reports`, and while its last report holds.",
        read: Read::Backend(|pool, b, out| {
            if let Some(utilization) = b.utilization {
                out.push(&[&pool.name, &b.name], utilization);
            }
        }),
    },
    Family {
        name: "soe503_tier_share",
        kind: Kind::Gauge,
        unit: "ratio",
        labels: &["pool", "priority", "zone"],
        help: "The part of the pool's traffic that backends of this priority get, in the own zone (`own`) or others (`other`); only where backends differ in priority or zone.",
        read: Read::Pool(|pool, out| {
            for tier in &pool.tiers {
                let zone = if tier.own_zone { "own" } else { "other" };
                out.push(&[&pool.name, &tier.priority, &zone], tier.share);
            }
        }),
    },
    Family {
        name: "soe503_sticky_moved_total",
        kind: Kind::Counter,
        unit: "answers",
        labels: &["pool"],
        help: "Answers from another backend than the one that the client's cookie named, because that could not be used; only with `sticky`.",
        read: Read::Pool(|pool, out| {
            if let Some(moved) = pool.clients_moved {
                out.push(&[&pool.name], moved);
            }
        }),
    },
    Family {
        name: "soe503_dns_failing",
        kind: Kind::Gauge,
        unit: "1",
        labels: &["pool", "host", "cause"],
        help: "1 for each name whose latest lookup failed; its last good addresses, if it ever had any, stay in use.",
        read: Read::Pool(|pool, out| {
            for (host, cause) in &pool.dns_failing {
                out.push(&[&pool.name, host, cause], 1);
            }
        }),
    },
    Family {
        name: "soe503_connections",
        kind: Kind::Gauge,
        unit: "connections",
        labels: &[],
        help: "Client connections that are open.",
        read: Read::Process(|scrape, out| out.push(&[], scrape.connections)),
    },
    Family {
        name: "soe503_connections_total",
        kind: Kind::Counter,
        unit: "connections",
        labels: &[],
        help: "Client connections accepted.",
        read: Read::Process(|scrape, out| out.push(&[], scrape.connections_total)),
    },
    Family {
        name: "soe503_tls_handshakes_total",
        kind: Kind::Counter,
        unit: "handshakes",
        labels: &["listener", "version"],
        help: "TLS handshakes with clients that succeeded, by version.",
        read: Read::Process(|scrape, out| {
            for tls in &scrape.tls {
                for (version, count) in &tls.handshakes {
                    out.push(&[&tls.listener, &version.id()], *count);
                }
            }
        }),
    },
    Family {
        name: "soe503_tls_resumed_total",
        kind: Kind::Counter,
        unit: "handshakes",
        labels: &["listener"],
        help: "TLS handshakes with clients that continued an earlier session, which costs a fraction of a new one.",
        read: Read::Process(|scrape, out| {
            for tls in &scrape.tls {
                out.push(&[&tls.listener], tls.resumed);
            }
        }),
    },
    Family {
        name: "soe503_tls_handshake_failures_total",
        kind: Kind::Counter,
        unit: "handshakes",
        labels: &["listener", "reason"],
        help: "TLS handshakes with clients that failed. `client_alert`: the client refused, mostly our certificate; `plain_http`: it did not speak TLS and was told so.",
        read: Read::Process(|scrape, out| {
            for tls in &scrape.tls {
                for (reason, count) in &tls.failed {
                    out.push(&[&tls.listener, &reason.id()], *count);
                }
            }
        }),
    },
    Family {
        name: "soe503_tls_certificate_expires_seconds",
        kind: Kind::Gauge,
        unit: "seconds",
        labels: &["listener", "certificate"],
        help: "When each certificate that a listener presents ends, in seconds since 1970; `certificate` is its first name.",
        read: Read::Process(|scrape, out| {
            for tls in &scrape.tls {
                for (name, end) in &tls.certificates {
                    out.push(&[&tls.listener, name], *end);
                }
            }
        }),
    },
    Family {
        name: "soe503_tls_certificate_reloads_total",
        kind: Kind::Counter,
        unit: "reloads",
        labels: &["result"],
        help: "Certificates, keys and authorities that changed on disk: applied, or refused because they cannot be used; then the old ones stay in force.",
        read: Read::Process(|scrape, out| {
            out.push(&[&"applied"], scrape.certificate_reloads);
            out.push(&[&"refused"], scrape.certificate_reloads_refused);
        }),
    },
    Family {
        name: "soe503_connections_refused_total",
        kind: Kind::Counter,
        unit: "connections",
        labels: &["reason"],
        help: "Client connections closed before their first request. `proxy_protocol`: no valid header, or from somebody who may not send one. `per_client`: the client has `max_connections_per_client`.",
        read: Read::Process(|scrape, out| {
            out.push(&[&"proxy_protocol"], scrape.refused_for_header);
            out.push(&[&"per_client"], scrape.refused_per_client);
        }),
    },
    Family {
        name: "soe503_draining",
        kind: Kind::Gauge,
        unit: "0 or 1",
        labels: &[],
        help: "1 while the process finishes what it has and accepts nothing new.",
        read: Read::Process(|scrape, out| out.push(&[], u8::from(scrape.draining))),
    },
    Family {
        name: "soe503_config_reloads_total",
        kind: Kind::Counter,
        unit: "reloads",
        labels: &["result"],
        help: "Reloads of the configuration that were asked for: applied, or refused because the file has a mistake.",
        read: Read::Process(|scrape, out| {
            out.push(&[&"applied"], scrape.reloads_applied);
            out.push(&[&"refused"], scrape.reloads_failed);
        }),
    },
    Family {
        name: "soe503_recorder_dropped_total",
        kind: Kind::Counter,
        unit: "records",
        labels: &[],
        help: "Failure records lost because the recorder did not keep up; the requests themselves were answered.",
        read: Read::Process(|scrape, out| out.push(&[], scrape.recorder_dropped)),
    },
    Family {
        name: "soe503_access_log_lines_total",
        kind: Kind::Counter,
        unit: "lines",
        labels: &[],
        help: "Access log lines written.",
        read: Read::Process(|scrape, out| out.push(&[], scrape.access_log_written)),
    },
    Family {
        name: "soe503_access_log_dropped_total",
        kind: Kind::Counter,
        unit: "lines",
        labels: &[],
        help: "Access log lines lost because the writer did not keep up or could not write.",
        read: Read::Process(|scrape, out| out.push(&[], scrape.access_log_dropped)),
    },
    Family {
        name: "soe503_build_info",
        kind: Kind::Gauge,
        unit: "1",
        labels: &["version", "server"],
        help: "Always 1; the labels say which version runs, and under which name.",
        read: Read::Process(|scrape, out| out.push(&[&scrape.version, &scrape.server], 1)),
    },
    Family {
        name: "process_start_time_seconds",
        kind: Kind::Gauge,
        unit: "seconds",
        labels: &[],
        help: "When the process started, in seconds since 1970.",
        read: Read::Process(|scrape, out| out.push(&[], scrape.started.as_secs_f64())),
    },
];

const CIRCUIT_STATES: &[(CircuitState, &str)] = &[
    (CircuitState::Closed, "closed"),
    (CircuitState::Open, "open"),
    (CircuitState::HalfOpen, "half_open"),
];

const BACKEND_STATES: &[(BackendState, &str)] = &[
    (BackendState::Up, "up"),
    (BackendState::Down, "down"),
    (BackendState::Ejected, "ejected"),
    (BackendState::Draining, "draining"),
    (BackendState::Disabled, "disabled"),
    (BackendState::Starting, "starting"),
    (BackendState::Warming, "warming"),
];

// === impl Read ===

impl Read {
    /// Puts the values of `scrape`.
    pub(super) fn put(self, scrape: &Scrape, out: &mut Samples<'_>) {
        match self {
            Self::Process(read) => read(scrape, out),
            Self::Pool(read) => scrape.pools.iter().for_each(|pool| read(pool, out)),
            Self::Backend(read) => {
                for pool in &scrape.pools {
                    for backend in &pool.backends {
                        read(pool, backend, out);
                    }
                }
            }
        }
    }
}

// === impl Kind ===

impl Kind {
    /// The word of the text format.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
        }
    }
}
