//! Single backends, and how traffic is shared among them.

use soe503_api::BackendState;
use soe503_core::metrics;

use super::{Family, Kind, Read};

pub(super) const ROWS: &[Family] = &[
    Family::of(
        &metrics::BACKEND_STATE,
        Read::Backend(|pool, backend, out| {
            for (state, word) in BACKEND_STATES {
                out.push(
                    &[&pool.name, &backend.name, word],
                    u8::from(backend.state == *state),
                );
            }
        }),
    ),
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
    Family::of(
        &metrics::BACKEND_IN_FLIGHT,
        Read::Backend(|pool, b, out| out.push(&[&pool.name, &b.name], b.in_flight)),
    ),
    Family {
        name: "soe503_backend_in_flight_limit",
        kind: Kind::Gauge,
        unit: "attempts",
        labels: &["pool", "backend"],
        help: "How many attempts may run on the backend at once (`max_in_flight_per_backend`, `max_in_flight`).",
        read: Read::Backend(|pool, b, out| {
            if let Some(limit) = b.max_in_flight {
                out.push(&[&pool.name, &b.name], limit);
            }
        }),
    },
    Family::of(
        &metrics::BACKEND_REQUESTS_TOTAL,
        Read::Backend(|pool, b, out| out.push(&[&pool.name, &b.name], b.requests)),
    ),
    Family::of(
        &metrics::BACKEND_FAILURES_TOTAL,
        Read::Backend(|pool, b, out| out.push(&[&pool.name, &b.name], b.failures)),
    ),
    Family {
        name: "soe503_backend_ejections_total",
        kind: Kind::Counter,
        unit: "ejections",
        labels: &["pool", "backend"],
        help: "How often the backend was put out because of its requests, failed probes included: each makes the next time out longer.",
        read: Read::Backend(|pool, b, out| out.push(&[&pool.name, &b.name], b.ejections)),
    },
    Family {
        name: "soe503_ejections_total",
        kind: Kind::Counter,
        unit: "ejections",
        labels: &["pool", "reason"],
        help: "The same of all backends of the pool, by reason: `refused`, nobody listens; `consecutive_failures`; `failure_rate`, it fails more than the others; `slow`, it is slower than the others; `probe_failed`, it was out and stays so.",
        read: Read::Pool(|pool, out| {
            for (reason, count) in pool.ejections.iter() {
                out.push(&[&pool.name, &reason], count);
            }
        }),
    },
    Family {
        name: "soe503_backend_latency_seconds",
        kind: Kind::Gauge,
        unit: "seconds",
        labels: &["pool", "backend", "percentile"],
        help: "The 50th and 99th percentile of the recent time from an attempt's start to the head of its response. A gauge: those of several proxies cannot be added or averaged.",
        read: Read::Backend(|pool, backend, out| {
            for (rank, latency) in &backend.latency {
                let percentile = rank * 100.0;
                out.push(
                    &[&pool.name, &backend.name, &percentile],
                    latency.as_secs_f64(),
                );
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
