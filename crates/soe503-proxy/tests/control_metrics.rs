//! The metrics: exposition, one-hot states, the page.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use soe503::stale::StaleSnapshot;
use soe503_api::{BackendState, CircuitState};
use soe503_core::hedge::{HedgeConfig, HedgeSnapshot};
use soe503_core::limit::LimitWhy;
use soe503_core::metastable::Stage;
use soe503_core::pool::{BackendSpec, EjectionCounts, Pool, PoolConfig, Tried};
use soe503_core::rate::{RateConfig, RateLimit, RateSnapshot};
use soe503_core::throttle::{Throttle, ThrottleConfig, ThrottleSnapshot};
use soe503_core::waiting::WaitingRoom;
use soe503_core::{Cause, Outcome, Tick};
use soe503_proxy::config::TlsVersion;
use soe503_proxy::control::alerts::TargetScrape;
use soe503_proxy::control::event_log;
use soe503_proxy::control::incidents::{IncidentCount, OpenIncident};
use soe503_proxy::control::metrics::{
    BackendScrape, DogstatsdScrape, Example, Format, JournalScrape, Kind, PoolScrape,
    ResponseCount, Scrape, TierScrape, TlsScrape, TracesScrape, page, render, table,
};
use soe503_proxy::control::{CpuStat, Usage};
use soe503_proxy::journal::{Limits, State, Status, Trouble, TroubleKind};
use soe503_proxy::state::{Class, Durations, DurationsSnapshot, LoopSnapshot, Origin};
use soe503_proxy::tls::Reason;

fn backend(name: &str, state: BackendState) -> BackendScrape {
    BackendScrape {
        name: name.into(),
        state,
        check_overruled: Some(state == BackendState::Up),
        in_flight: 2,
        max_in_flight: Some(10),
        requests: 100,
        failures: 5,
        ejections: 2,
        utilization: Some(0.5),
        latency: vec![
            (0.5, Duration::from_micros(1500)),
            (0.99, Duration::from_millis(20)),
        ],
    }
}

/// One of two backends has refused a connection.
fn ejections() -> EjectionCounts {
    let pool = Pool::new("app", PoolConfig::default(), 7);
    let now = Tick::from_secs(10);
    let specs = ["10.0.0.1:80", "10.0.0.2:80"].map(|address| BackendSpec::new(address, ()));
    pool.set_backends(specs.to_vec(), now);
    let mut rng = fastrand::Rng::with_seed(1);
    let lease = pool.pick(now, &Tried::new(), false, &mut rng).unwrap();
    lease.record(now, Outcome::failure(Cause::DependencyConnectRefused));
    pool.snapshot(now).ejections
}

/// One request was let through, and one was not.
fn rate_limit() -> RateSnapshot {
    let limit = RateLimit::new("api", RateConfig::default());
    let key = limit.key("a");
    let _ = limit.take(key, Tick::ZERO).unwrap();
    let _ = limit.take(key, Tick::ZERO).unwrap_err();
    limit.snapshot(Tick::ZERO)
}

/// All requests were refused, and one was held back.
fn throttle() -> ThrottleSnapshot {
    let throttle = Throttle::new("app", ThrottleConfig::default());
    for _ in 0..50 {
        throttle.admit(Tick::ZERO, 0.0).unwrap();
        throttle.refused(Tick::ZERO);
    }
    throttle.admit(Tick::ZERO, 0.0).unwrap_err();
    throttle.snapshot(Tick::ZERO)
}

/// A pool that knows what is late, and has sent one hedge.
fn hedge() -> HedgeSnapshot {
    let config = PoolConfig {
        hedge: Some(HedgeConfig::default()),
        ..PoolConfig::default()
    };
    let pool = Pool::new("app", config, 7);
    let now = Tick::from_secs(10);
    pool.set_backends(vec![BackendSpec::new("10.0.0.1:80", ())], now);
    let (none, mut rng) = (Tried::new(), fastrand::Rng::with_seed(1));
    for _ in 0..100 {
        let lease = pool.pick(now, &none, false, &mut rng).unwrap();
        lease.record(now.after(Duration::from_millis(32)), Outcome::SUCCESS);
    }
    drop(pool.pick(Tick::from_secs(11), &none, false, &mut rng));
    pool.hedge().won();
    pool.hedge().snapshot()
}

/// One answer took 20 ms, and so many failures as long.
fn durations(count: usize) -> DurationsSnapshot {
    let durations = Durations::default();
    for _ in 0..count {
        durations.record(Duration::from_millis(20));
    }
    durations.snapshot()
}

fn journal() -> JournalScrape {
    let trouble = Trouble {
        kind: TroubleKind::Full,
        detail: "no space left on device".into(),
    };
    JournalScrape {
        status: Status {
            state: State::Failing,
            path: "/var/lib/soe503/journal.redb".into(),
            limits: Limits::default(),
            trouble: Some((trouble, 1_795_369_268_000)),
            size: 73_728,
            entries: [12, 2, 1],
            oldest: None,
            last_commit: None,
            set_aside: None,
        },
        written: 20,
        dropped: 3,
        aged: 4,
        squeezed: 1,
        set_aside: 1,
    }
}

fn scrape() -> Scrape {
    let response = |origin, class, cause, count| ResponseCount {
        origin,
        class,
        cause,
        count,
        example: cause.map(|cause| Example {
            trace_id: (cause != Cause::Unclassified)
                .then_some(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736),
            request_id: "r\"1".into(),
            at: Duration::from_millis(1_795_369_268_250),
        }),
    };
    Scrape {
        version: "0.1.0",
        server: "edge-eu1".into(),
        started: Duration::from_secs(1_795_369_268),
        draining: true,
        connections: 3,
        connections_total: 40,
        refused_for_header: 3,
        refused_per_client: 5,
        recorder_dropped: 1,
        diagnoses: (250, Duration::from_millis(2)),
        log: event_log::Counts {
            written: [1, 2, 30, 0, 0],
            suppressed: 70,
            dropped: 3,
        },
        access_log_written: 90,
        access_log_dropped: 2,
        journal: Some(journal()),
        traces: Some(TracesScrape {
            exported: 512,
            dropped: vec![("queue_full", 3), ("unanswered", 0)],
        }),
        dogstatsd: Some(DogstatsdScrape {
            sent: 60,
            dropped: vec![("unreachable", 9), ("full", 0)],
        }),
        reloads_applied: 1,
        reloads_failed: 4,
        certificate_reloads: 2,
        certificate_reloads_refused: 1,
        admin_tokens: (3, 1),
        admin_refused: vec![("unauthorized", 7), ("read_only", 2)],
        admin_connections_refused: 4,
        debug_tokens: vec![("accepted", 2), ("forged", 1)],
        tls: vec![TlsScrape {
            listener: "127.0.0.1:8443".parse().unwrap(),
            handshakes: vec![(TlsVersion::Tls12, 3), (TlsVersion::Tls13, 30)],
            resumed: 5,
            failed: vec![(Reason::PlainHttp, 2), (Reason::Alert, 0)],
            certificates: vec![("shop.example".into(), 1_800_000_000)],
        }],
        alerts: vec![TargetScrape {
            name: "team".into(),
            sent: [("delivered", 7), ("refused", 1), ("gave_up", 2)],
            retried: 5,
            depth: 3,
            dropped: 4,
            failing: true,
        }],
        change_hooks: vec![("github", "accepted", 6)],
        incidents: vec![IncidentCount {
            cause: Cause::DependencyConnectRefused,
            open: 1,
            opened: 3,
        }],
        open_incidents: vec![
            OpenIncident {
                id: "inc-7".into(),
                pool: Some("app".into()),
                cause: Cause::DependencyConnectRefused,
            },
            OpenIncident {
                id: "inc-8".into(),
                pool: None,
                cause: Cause::ResourceFdLimit,
            },
        ],
        loops: vec![LoopSnapshot {
            name: "worker-0".into(),
            worst: Duration::from_millis(75),
            late: 3,
        }],
        usage: Usage {
            cpu: Some(Duration::from_millis(1_250)),
            resident: Some(20_000_000),
            address_space: Some(90_000_000),
            threads: Some(5),
            open_fds: Some(40),
            max_fds: Some(1024),
            quota: Some(CpuStat {
                periods: 40,
                throttled: 12,
                stopped: Duration::from_millis(500),
            }),
        },
        rate_limits: vec![rate_limit()],
        pools: vec![PoolScrape {
            name: "app".into(),
            responses: vec![
                response(Origin::Upstream, Class::Success, None, 95),
                response(
                    Origin::Generated,
                    Class::ServerError,
                    Some(Cause::DependencyConnectRefused),
                    4,
                ),
                response(
                    Origin::Generated,
                    Class::ServerError,
                    Some(Cause::Unclassified),
                    1,
                ),
            ],
            answered: durations(95),
            failures: durations(5),
            attempts: 110,
            prevented: 6,
            prevented_by_hedges: 1,
            hedge: Some(hedge()),
            fallbacks: 2,
            stale: 3,
            failed_over: 4,
            taken_over: 7,
            cache: Some(StaleSnapshot::default()),
            throttle: Some(throttle()),
            interrupted: 1,
            circuit: CircuitState::HalfOpen,
            transitions: vec![(CircuitState::Open, 2), (CircuitState::HalfOpen, 2)],
            circuit_refused: 7,
            waiting: WaitingRoom::new(5).snapshot(),
            budget_available: 3,
            budget_spent: 12,
            budget_refused: 1,
            retries_cut: None,
            in_flight: 4,
            in_flight_limit: Some(34),
            limit_why: LimitWhy::Saturated,
            queued: [9, 0, 3],
            oldest_waiting: Duration::from_millis(125),
            waited: 77,
            shed: [1200, 30, 4],
            for_backends: (3, 40, 5),
            overload: (Stage::QueueCut, [2, 2, 1, 0]),
            panic: false,
            clients_moved: Some(2),
            tiers: vec![TierScrape {
                priority: 1,
                own_zone: true,
                share: 0.25,
            }],
            checks: vec![("passed", 40), ("failed", 2), ("not_made", 0)],
            dns_failing: vec![("app.internal".into(), Cause::DependencyDnsFailure)],
            ejections: ejections(),
            backends: vec![
                backend("127.0.0.1:8081", BackendState::Up),
                backend("we\"ird\\na\nme", BackendState::Ejected),
            ],
        }],
    }
}

/// A sample: name, labels, value.
type Sample = (String, BTreeMap<String, String>, f64);

/// A small parser of the text format, written from its description alone.
fn parse(text: &str) -> (BTreeMap<String, String>, Vec<Sample>) {
    let (mut types, mut helps, mut samples) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
    let mut current = String::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(!help.is_empty());
            assert!(helps.insert(name.to_owned()), "{name} has two HELP lines");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(matches!(kind, "counter" | "gauge" | "histogram"), "{line}");
            assert!(
                types.insert(name.to_owned(), kind.to_owned()).is_none(),
                "{name} appears twice"
            );
            current = name.to_owned();
        } else {
            let sample = sample(line);
            assert_eq!(
                family(&sample.0, &types),
                current,
                "a sample outside its family"
            );
            samples.push(sample);
        }
    }
    assert_eq!(
        types.keys().collect::<BTreeSet<_>>(),
        helps.iter().collect()
    );
    (types, samples)
}

/// The family of a sample called so: a histogram's have endings.
fn family<'a>(name: &'a str, types: &BTreeMap<String, String>) -> &'a str {
    let endings = ["_bucket", "_sum", "_count"].into_iter();
    let stems = endings.filter_map(|ending| name.strip_suffix(ending));
    let mut of_histograms =
        stems.filter(|stem| types.get(*stem).is_some_and(|kind| kind == "histogram"));
    of_histograms.next().unwrap_or(name)
}

fn sample(line: &str) -> Sample {
    let end = line.find(['{', ' ']).unwrap();
    let (name, mut rest) = line.split_at(end);
    let mut labels = BTreeMap::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        while !rest.starts_with('}') {
            let (label, after) = rest.split_once("=\"").unwrap();
            let mut value = String::new();
            let mut chars = after.char_indices();
            let end = loop {
                match chars.next().unwrap() {
                    (at, '"') => break at,
                    (_, '\\') => value.push(match chars.next().unwrap().1 {
                        'n' => '\n',
                        other => other,
                    }),
                    (_, other) => value.push(other),
                }
            };
            assert!(labels.insert(label.to_owned(), value).is_none(), "{line}");
            rest = after[end + 1..].trim_start_matches(',');
        }
        rest = &rest[1..];
    }
    (name.to_owned(), labels, rest.trim().parse().unwrap())
}

fn value(samples: &[Sample], name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let found = samples.iter().find(|(n, l, _)| {
        n == name
            && labels
                .iter()
                .all(|(k, v)| l.get(*k).is_some_and(|found| found == v))
    });
    found.map(|(_, _, value)| *value)
}

#[test]
fn every_row_of_the_table_is_exposed_with_its_labels() {
    let (types, samples) = parse(&render(&scrape(), Format::Prometheus));
    for family in table() {
        assert_eq!(
            types.get(family.name).map(String::as_str),
            Some(family.kind.id()),
            "{}",
            family.name
        );
        let of_family = samples
            .iter()
            .filter(|(name, ..)| self::family(name, &types) == family.name);
        let expected: BTreeSet<&str> = family.labels.iter().copied().collect();
        for (_, labels, value) in of_family {
            let of_ours = labels
                .keys()
                .map(String::as_str)
                .filter(|label| *label != "le");
            assert_eq!(
                of_ours.collect::<BTreeSet<_>>(),
                expected,
                "{}",
                family.name
            );
            assert!(value.is_finite() && *value >= 0.0);
        }
    }
    assert_eq!(types.len(), table().count());
    let series: BTreeSet<_> = samples
        .iter()
        .map(|(name, labels, _)| (name, labels))
        .collect();
    assert_eq!(series.len(), samples.len(), "a series appears twice");
}

#[test]
fn values_are_where_they_belong() {
    let (_, samples) = parse(&render(&scrape(), Format::Prometheus));
    for (name, labels, expected) in [
        (
            "soe503_responses_total",
            &[("status", "2xx"), ("origin", "upstream"), ("cause", "")][..],
            95.0,
        ),
        (
            "soe503_responses_total",
            &[
                ("category", "dependency_failure"),
                ("cause", "dependency_failure/connect_refused"),
            ],
            4.0,
        ),
        (
            "soe503_prevented_total",
            &[("pool", "app"), ("by", "retry")],
            5.0,
        ),
        (
            "soe503_prevented_total",
            &[("pool", "app"), ("by", "hedge")],
            1.0,
        ),
        (
            "soe503_prevented_total",
            &[("pool", "app"), ("by", "fallback")],
            2.0,
        ),
        (
            "soe503_prevented_total",
            &[("pool", "app"), ("by", "stale")],
            3.0,
        ),
        (
            "soe503_prevented_total",
            &[("pool", "app"), ("by", "failover")],
            4.0,
        ),
        ("soe503_taken_over_total", &[("pool", "app")], 7.0),
        (
            "soe503_hedges_total",
            &[("pool", "app"), ("result", "won")],
            1.0,
        ),
        (
            "soe503_tls_handshake_failures_total",
            &[("listener", "127.0.0.1:8443"), ("reason", "plain_http")],
            2.0,
        ),
        ("soe503_tls_handshakes_total", &[("version", "1.3")], 30.0),
        ("soe503_tls_resumed_total", &[], 5.0),
        (
            "soe503_tls_certificate_expires_seconds",
            &[("certificate", "shop.example")],
            1_800_000_000.0,
        ),
        (
            "soe503_tls_certificate_reloads_total",
            &[("result", "refused")],
            1.0,
        ),
        (
            "soe503_admin_token_reloads_total",
            &[("result", "applied")],
            3.0,
        ),
        (
            "soe503_admin_refused_total",
            &[("reason", "read_only")],
            2.0,
        ),
        ("soe503_admin_connections_refused_total", &[], 4.0),
        ("soe503_debug_tokens_total", &[("result", "accepted")], 2.0),
        ("soe503_dogstatsd_packets_total", &[], 60.0),
        (
            "soe503_dogstatsd_dropped_total",
            &[("reason", "unreachable")],
            9.0,
        ),
        ("soe503_attempts_total", &[], 110.0),
        ("soe503_unexplained_total", &[], 1.0),
        ("soe503_retry_budget_refused_total", &[], 1.0),
        ("soe503_circuit_transitions_total", &[("to", "open")], 2.0),
        ("soe503_circuit_transitions_total", &[("to", "closed")], 0.0),
        (
            "soe503_backend_latency_seconds",
            &[("percentile", "50")],
            0.0015,
        ),
        ("soe503_dns_failing", &[("host", "app.internal")], 1.0),
        ("soe503_config_reloads_total", &[("result", "refused")], 4.0),
        ("soe503_recorder_dropped_total", &[], 1.0),
        ("soe503_diagnoses_total", &[], 250.0),
        ("soe503_diagnosis_seconds_total", &[], 0.002),
        ("soe503_log_lines_total", &[("level", "info")], 30.0),
        ("soe503_log_suppressed_total", &[], 70.0),
        ("soe503_log_dropped_total", &[], 3.0),
        ("soe503_access_log_dropped_total", &[], 2.0),
        ("soe503_draining", &[], 1.0),
        (
            "soe503_build_info",
            &[("version", "0.1.0"), ("server", "edge-eu1")],
            1.0,
        ),
        ("process_start_time_seconds", &[], 1_795_369_268.0),
        (
            "soe503_request_duration_seconds_bucket",
            &[("result", "ok"), ("le", "0.01")],
            0.0,
        ),
        (
            "soe503_request_duration_seconds_bucket",
            &[("result", "ok"), ("le", "0.025")],
            95.0,
        ),
        (
            "soe503_request_duration_seconds_bucket",
            &[("result", "ok"), ("le", "1.0")],
            95.0,
        ),
        (
            "soe503_request_duration_seconds_bucket",
            &[("result", "failed"), ("le", "+Inf")],
            5.0,
        ),
        (
            "soe503_request_duration_seconds_sum",
            &[("result", "failed")],
            0.1,
        ),
        (
            "soe503_request_duration_seconds_count",
            &[("result", "failed")],
            5.0,
        ),
        ("soe503_ejections_total", &[("reason", "refused")], 1.0),
        ("soe503_ejections_total", &[("reason", "slow")], 0.0),
        (
            "soe503_backend_ejections_total",
            &[("backend", "127.0.0.1:8081")],
            2.0,
        ),
        (
            "soe503_incident_active",
            &[("pool", "app"), ("incident", "inc-7")],
            1.0,
        ),
        (
            "soe503_incident_active",
            &[("pool", ""), ("cause", "resource_exhaustion/fd_limit")],
            1.0,
        ),
        (
            "soe503_event_loop_lag_seconds",
            &[("loop", "worker-0")],
            0.075,
        ),
        ("soe503_event_loop_late_total", &[("loop", "worker-0")], 3.0),
        ("soe503_cpu_quota_throttled_periods_total", &[], 12.0),
        ("soe503_cpu_quota_throttled_seconds_total", &[], 0.5),
        ("process_cpu_seconds_total", &[], 1.25),
        ("process_open_fds", &[], 40.0),
    ] {
        assert_eq!(
            value(&samples, name, labels),
            Some(expected),
            "{name} {labels:?}"
        );
    }
}

#[test]
fn states_are_one_hot() {
    let (_, samples) = parse(&render(&scrape(), Format::Prometheus));
    let sum = |name: &str, labels: &[(&str, &str)]| -> (f64, usize) {
        let of = samples.iter().filter(|(n, l, _)| {
            n == name
                && labels
                    .iter()
                    .all(|(k, v)| l.get(*k).is_some_and(|found| found == v))
        });
        of.fold((0.0, 0), |(sum, count), (_, _, value)| {
            (sum + value, count + 1)
        })
    };
    assert_eq!(sum("soe503_circuit_state", &[("pool", "app")]), (1.0, 3));
    assert_eq!(
        value(&samples, "soe503_circuit_state", &[("state", "half_open")]),
        Some(1.0)
    );
    for (backend, state) in [("127.0.0.1:8081", "up"), ("we\"ird\\na\nme", "ejected")] {
        assert_eq!(
            sum("soe503_backend_state", &[("backend", backend)]),
            (1.0, 7),
            "{backend}"
        );
        let labels = [("backend", backend), ("state", state)];
        assert_eq!(value(&samples, "soe503_backend_state", &labels), Some(1.0));
    }
}

#[test]
fn names_follow_the_conventions() {
    let mut names = BTreeSet::new();
    for family in table() {
        // OpenMetrics takes the ending of counters off.
        let name = family.name.trim_end_matches("_total");
        assert!(names.insert(name), "{} appears twice", family.name);
        assert_eq!(
            family.name.ends_with("_total"),
            family.kind == Kind::Counter,
            "{}",
            family.name
        );
        assert!(
            family.name.starts_with("soe503_") || family.name.starts_with("process_"),
            "{}",
            family.name
        );
        assert!(
            family.help.ends_with('.') && !family.help.contains('\n') && !family.help.contains('|'),
            "{}",
            family.name
        );
    }
}

#[test]
fn a_proxy_without_pools_is_exposed_too() {
    let (types, _) = parse(&render(&Scrape::default(), Format::Prometheus));
    assert!(types.contains_key("soe503_connections_open"));
    assert!(!types.contains_key("soe503_responses_total"));
}

#[test]
fn the_page_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/metrics.md");
    if std::env::var_os("SOE503_WRITE_DOCS").is_some() {
        std::fs::write(path, page()).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(
        written,
        page(),
        "run with SOE503_WRITE_DOCS=1 to rewrite docs/metrics.md"
    );
}

/// The same values, with other names of counters, and with examples of failures.
#[test]
fn openmetrics_has_examples() {
    let text = render(&scrape(), Format::OpenMetrics);
    let body = text.strip_suffix("# EOF\n").expect("it ends with its end");
    assert!(!body.contains("# EOF"));
    let plain = render(&scrape(), Format::Prometheus);
    let series = |line: &&str| !line.starts_with('#');
    let without: Vec<&str> = body
        .lines()
        .filter(series)
        .map(|line| line.split(" # {").next().unwrap())
        .collect();
    assert_eq!(without, plain.lines().filter(series).collect::<Vec<_>>());
    assert!(body.contains("\n# TYPE soe503_responses counter\n"));
    assert!(!body.contains("_total counter"));
    let examples: Vec<&str> = body
        .lines()
        .filter_map(|line| Some(line.split_once(" # ")?.1))
        .filter(|rest| rest.starts_with('{'))
        .collect();
    assert_eq!(
        examples,
        [
            "{trace_id=\"4bf92f3577b34da6a3ce929d0e0e4736\",request_id=\"r\\\"1\"} 1.0 1795369268.250",
            "{request_id=\"r\\\"1\"} 1.0 1795369268.250",
        ]
    );
    assert!(!plain.contains(" # {"));
    for line in body.lines().filter(|line| line.starts_with("# HELP")) {
        let quotes = line.matches('"').count();
        assert_eq!(quotes, line.matches("\\\"").count(), "{line}");
    }
}
