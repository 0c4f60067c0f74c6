//! The documents of the API, byte for byte, and the leniency of those who read them.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use soe503_api::{
    AlertState, Alerts, BackendState, ChangeOrigin, ChangeReach, ChangeRequest, Changes,
    CircuitState, ConfigDiff, Doctor, FailureRecord, Grade, HealthCheckState, HintStatus,
    IdleTimeoutSource, Incident, IncidentState, Incidents, Journal, JournalState, KeyChangeKind,
    MaintenanceList, Phase, Pool, PoolState, Pools, Problem, RateLimits, RetryVerdict, ScopeLevel,
    Severity, Timestamp,
};

const POOLS: &str = include_str!("golden/pools.json");
const RATE_LIMITS: &str = include_str!("golden/rate_limits.json");
const MAINTENANCE: &str = include_str!("golden/maintenance.json");
const JOURNAL: &str = include_str!("golden/journal.json");
const ALERTS: &str = include_str!("golden/alerts.json");
const DOCTOR: &str = include_str!("golden/doctor.json");
const CONFIG_DIFF: &str = include_str!("golden/config_diff.json");
const FAILURE: &str = include_str!("golden/failure.json");
const INCIDENT: &str = include_str!("golden/incident.json");
const INCIDENTS: &str = include_str!("golden/incidents.json");
const CHANGES: &str = include_str!("golden/changes.json");
const PROBLEM: &str = include_str!("golden/problem.json");

/// Reads `text` as `T` and expects to write the very same text: no key lost, none added, none
/// renamed, none moved.
fn round_trip<T: Serialize + DeserializeOwned>(text: &str) -> T {
    let value: T = serde_json::from_str(text).unwrap();
    let written = serde_json::to_string_pretty(&value).unwrap();
    assert_eq!(written, text.trim_end());
    value
}

#[test]
fn journal() {
    let journal: Journal = round_trip(JOURNAL);
    assert_eq!(journal.state, JournalState::Failing);
    assert_eq!(journal.trouble.unwrap().kind, "disk_full");
    assert_eq!(journal.entries.failures, 1503);
    let newer = JOURNAL.replace("\"failing\"", "\"asleep\"");
    let newer: Journal = serde_json::from_str(&newer).unwrap();
    assert_eq!(newer.state, JournalState::Unknown);
}

#[test]
fn alerts() {
    let Alerts { alerts } = round_trip(ALERTS);
    let states: Vec<_> = alerts.iter().map(|target| target.state).collect();
    assert_eq!(
        states,
        [AlertState::Failing, AlertState::Ok, AlertState::Untried]
    );
    let newer = ALERTS.replace("\"untried\"", "\"asleep\"");
    let newer: Alerts = serde_json::from_str(&newer).unwrap();
    assert_eq!(newer.alerts[2].state, AlertState::Unknown);
}

#[test]
fn doctor() {
    let doctor: Doctor = round_trip(DOCTOR);
    let severities: Vec<_> = doctor.lints.iter().map(|lint| lint.severity).collect();
    assert_eq!(severities, [Severity::Warning, Severity::Note]);
    assert_eq!(doctor.advice[0].would_have_saved, 12);
    let newer = DOCTOR.replace("\"note\"", "\"dire\"");
    let newer: Doctor = serde_json::from_str(&newer).unwrap();
    assert_eq!(newer.lints[1].severity, Severity::Unknown);
}

#[test]
fn config_diff() {
    let diff: ConfigDiff = round_trip(CONFIG_DIFF);
    let kinds: Vec<_> = diff.changes.iter().map(|change| change.kind).collect();
    assert_eq!(
        kinds,
        [
            KeyChangeKind::Added,
            KeyChangeKind::Changed,
            KeyChangeKind::Removed
        ]
    );
    let newer = CONFIG_DIFF.replace("\"added\"", "\"moved\"");
    let newer: ConfigDiff = serde_json::from_str(&newer).unwrap();
    assert_eq!(newer.changes[0].kind, KeyChangeKind::Unknown);
}

#[test]
fn pools() {
    let Pools { pools } = round_trip(POOLS);
    let app = &pools[0];
    assert_eq!(app.state, PoolState::Degraded);
    assert_eq!(app.circuit.state, CircuitState::Closed);
    let states: Vec<_> = app.backends.iter().map(|b| b.state).collect();
    assert_eq!(
        states,
        [
            BackendState::Up,
            BackendState::Ejected,
            BackendState::Disabled
        ]
    );
    assert_eq!(app.backends[0].latency_ms.p99, Some(9.5));
    let idle = app.backends.iter().map(|b| b.idle_timeout.unwrap().source);
    assert_eq!(
        idle.collect::<Vec<_>>(),
        [
            IdleTimeoutSource::KeepAlive,
            IdleTimeoutSource::Configured,
            IdleTimeoutSource::Learned
        ]
    );
    assert_eq!(
        app.backends[1].health_check.state,
        HealthCheckState::Failing
    );
    assert!(app.backends[0].health_check.overruled);
    assert_eq!(
        app.backends[0].health_check.hints[0].status,
        HintStatus::Warn
    );
    assert_eq!(app.backends[1].health_check.hints[0].component, None);
    assert_eq!(
        app.backends[1].since,
        Timestamp::from_unix_millis(1_795_369_256_042)
    );
    assert_eq!(pools[1].circuit.state, CircuitState::Open);
    assert_eq!(pools[1].queue.limit, Some(512));
}

/// The keys that dashboards and scripts were promised.
#[test]
fn rate_limits_and_maintenance() {
    let RateLimits { rate_limits } = round_trip(RATE_LIMITS);
    assert_eq!(rate_limits[0].by, "header:x-api-key");
    let MaintenanceList { maintenance } = round_trip(MAINTENANCE);
    assert!(maintenance[0].in_force && !maintenance[1].in_force);
    assert_eq!(maintenance[1].end, None);
}

#[test]
fn the_promised_keys_are_there() {
    let all: Value = serde_json::from_str(POOLS).unwrap();
    let pool = &all["pools"][0];
    let expect = |value: &Value, keys: &str| {
        for key in keys.split(' ') {
            assert!(value.get(key).is_some(), "{key} is missing in {value}");
        }
    };
    expect(
        pool,
        "name state panic circuit backends retry_budget queue hedge throttle requests prevented failed",
    );
    expect(&pool["circuit"], "state opened_at retry_at root");
    expect(&pool["retry_budget"], "available spent refused");
    expect(&pool["queue"], "depth limit");
    expect(
        &pool["hedge"],
        "delay_ms samples sent won lost failed withheld",
    );
    expect(&pool["throttle"], "held_back requests accepted throttled");
    let backend = &pool["backends"][0];
    expect(
        backend,
        "name address state reason since weight in_flight requests failures \
         consecutive_failures latency_ms idle_timeout health_check",
    );
    expect(&backend["idle_timeout"], "ms source");
    expect(&backend["latency_ms"], "p50 p99");
    expect(
        &backend["health_check"],
        "state last_status last_error last_at overruled hints",
    );
    expect(
        &backend["health_check"]["hints"][0],
        "component status output",
    );
}

#[test]
fn every_state_has_its_promised_word() {
    fn words<T: Serialize, const N: usize>(states: [T; N]) -> Vec<String> {
        let word = |s| {
            serde_json::to_value(s)
                .unwrap()
                .as_str()
                .unwrap()
                .to_owned()
        };
        states.into_iter().map(word).collect()
    }
    use {BackendState as B, CircuitState as C, PoolState as P};
    assert_eq!(
        words([P::Ok, P::Degraded, P::Down]),
        ["ok", "degraded", "down"]
    );
    assert_eq!(
        words([C::Closed, C::Open, C::HalfOpen]),
        ["closed", "open", "half_open"]
    );
    assert_eq!(
        words([
            B::Up,
            B::Down,
            B::Ejected,
            B::Draining,
            B::Disabled,
            B::Starting,
            B::Warming
        ]),
        [
            "up", "down", "ejected", "draining", "disabled", "starting", "warming"
        ]
    );
    assert_eq!(
        words([Phase::WaitHeaders, Phase::Tls]),
        ["wait_headers", "tls"]
    );
    assert_eq!(words([ScopeLevel::AllPools]), ["all_pools"]);
    assert_eq!(words([RetryVerdict::UnsafeToReplay]), ["unsafe_to_replay"]);
}

#[test]
fn failure() {
    let record: FailureRecord = round_trip(FAILURE);
    assert_eq!(record.diagnosis.grade, Grade::Proven);
    assert_eq!(record.diagnosis.scope.level, ScopeLevel::Pool);
    assert_eq!(record.attempts[0].phase, Phase::Connect);
    assert_eq!(record.attempts[0].retry, Some(RetryVerdict::Retried));
}

#[test]
fn incidents_and_changes() {
    let incident: Incident = round_trip(INCIDENT);
    let summary = &incident.summary;
    assert_eq!(summary.state, IncidentState::Open);
    assert_eq!(summary.scope.level, ScopeLevel::Pool);
    assert_eq!(summary.requests.by["retry"], 3);
    let linked = summary.change.as_ref().unwrap();
    assert_eq!((linked.before_ms, linked.grade), (8_000, Grade::Inferred));
    assert_eq!(linked.change.origin, ChangeOrigin::Reported);
    assert_eq!(incident.timeline[0].kind, "change");
    let Incidents { incidents } = round_trip(INCIDENTS);
    assert_eq!(incidents[0], *summary, "a list says the same");
    assert_eq!(
        incidents[1].closed_at,
        Some(
            incidents[1]
                .last_seen
                .after(core::time::Duration::from_secs(30))
        )
    );
    let Changes { changes } = round_trip(CHANGES);
    assert_eq!(changes[0].reach, ChangeReach::Everything);
    assert_eq!(changes[1], linked.change);
}

#[test]
fn a_misspelt_key_of_a_change_is_refused_rather_than_ignored() {
    let request: ChangeRequest = serde_json::from_str(r#"{"kind":"deploy"}"#).unwrap();
    assert_eq!((&*request.kind, request.at), ("deploy", None));
    let error = serde_json::from_str::<ChangeRequest>(r#"{"kind":"deploy","pool":"a"}"#);
    assert!(error.unwrap_err().to_string().contains("pool"));
}

#[test]
fn problem() {
    let problem: Problem = round_trip(PROBLEM);
    assert_eq!(problem.valid, ["app", "search"]);
    let plain = serde_json::to_value(Problem::new(401, "Not allowed", "no token")).unwrap();
    assert!(plain.get("valid").is_none(), "{plain}");
}

/// What a newer proxy may send: new keys, new states.
#[test]
fn an_older_reader_reads_what_a_newer_proxy_writes() {
    let mut all: Value = serde_json::from_str(POOLS).unwrap();
    let pool = &mut all["pools"][0];
    pool["tomorrow"] = 1.into();
    pool["state"] = "resting".into();
    pool["circuit"]["state"] = "ajar".into();
    pool["backends"][0]["state"] = "asleep".into();
    let pool: Pool = serde_json::from_value(pool.take()).unwrap();
    assert_eq!(pool.state, PoolState::Unknown);
    assert_eq!(pool.circuit.state, CircuitState::Unknown);
    assert_eq!(pool.backends[0].state, BackendState::Unknown);
    assert!(!pool.backends[0].state.in_rotation());
}

/// What an older proxy does not send: the keys that were added to the first promise.
#[test]
fn a_reader_does_without_the_later_keys() {
    let mut all: Value = serde_json::from_str(POOLS).unwrap();
    let pool = &mut all["pools"][1];
    for key in ["rule", "forced", "reason"] {
        pool["circuit"].as_object_mut().unwrap().remove(key);
    }
    for backend in pool["backends"].as_array_mut().unwrap() {
        backend.as_object_mut().unwrap().remove("idle_timeout");
        for key in ["overruled", "hints"] {
            let check = backend["health_check"].as_object_mut().unwrap();
            check.remove(key);
        }
    }
    let pool: Pool = serde_json::from_value(pool.take()).unwrap();
    assert_eq!(pool.circuit.rule, None);
    assert!(pool.backends.iter().all(|b| b.idle_timeout.is_none()));
    let checks = pool.backends.iter().map(|b| &b.health_check);
    assert!(checks.clone().all(|c| !c.overruled && c.hints.is_empty()));
}
