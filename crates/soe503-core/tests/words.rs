//! Stable identifiers: dashboards, alerts, journals and clients read them, so none is ever renamed.

use soe503_core::alert::{self, Event, Severity, Topic};
use soe503_core::breaker::State;
use soe503_core::cause::{Category, Cause, RetrySafety};
use soe503_core::change::{Kind, Origin};
use soe503_core::diagnosis::{Condition, Grade, Level};
use soe503_core::explain::debug_token::BadToken;
use soe503_core::health::{Health, Level as CheckLevel};
use soe503_core::hedge::Withheld;
use soe503_core::incident::{EntryKind, State as IncidentState, Verdict};
use soe503_core::limit::{Class, LimitWhy, Turned};
use soe503_core::maintenance::Weekday;
use soe503_core::metastable::Stage;
use soe503_core::metrics::Kind as MetricKind;
use soe503_core::pool::{BackendState, Balance, By, EjectionReason, Hashing, PoolState};
use soe503_core::stack::Kind as Layer;

/// Each of them has this word, and no two have the same.
macro_rules! words {
    ($of:expr, $($value:expr => $word:literal),+ $(,)?) => {
        let all = [$(($value, $word)),+];
        for (value, word) in all {
            assert_eq!($of(value), word, "{value:?}");
            assert_eq!(all.iter().filter(|(_, other)| *other == word).count(), 1, "{word}");
        }
    };
}

#[test]
fn of_pools_and_backends() {
    words!(BackendState::as_str,
        BackendState::Up => "up", BackendState::Down => "down", BackendState::Ejected => "ejected",
        BackendState::Draining => "draining", BackendState::Disabled => "disabled",
        BackendState::Starting => "starting", BackendState::Warming => "warming");
    words!(Condition::word,
        Condition::Up => "up", Condition::Down => "down", Condition::Ejected => "ejected",
        Condition::Draining => "draining", Condition::Disabled => "disabled",
        Condition::Starting => "starting", Condition::Warming => "warming");
    words!(By::as_str,
        By::Traffic => "traffic", By::Checks => "checks", By::Operator => "operator");
    words!(PoolState::as_str,
        PoolState::Ok => "ok", PoolState::Degraded => "degraded", PoolState::Down => "down");
    let hashing = Hashing::DEFAULT;
    words!(Balance::as_str,
        Balance::P2c => "p2c", Balance::LeastRequest => "least_request",
        Balance::RoundRobin => "round_robin", Balance::Random => "random",
        Balance::RingHash(hashing) => "ring_hash", Balance::Maglev(hashing) => "maglev");
    words!(EjectionReason::as_str,
        EjectionReason::Refused => "refused",
        EjectionReason::ConsecutiveFailures => "consecutive_failures",
        EjectionReason::FailureRate => "failure_rate", EjectionReason::Slow => "slow",
        EjectionReason::ProbeFailed => "probe_failed");
    words!(Health::as_str,
        Health::Up => "up", Health::Down => "down", Health::Starting => "starting");
    words!(CheckLevel::as_str,
        CheckLevel::Pass => "pass", CheckLevel::Warn => "warn", CheckLevel::Fail => "fail");
}

#[test]
fn of_circuits_limits_and_retries() {
    words!(State::as_str,
        State::Closed => "closed", State::Open => "open", State::HalfOpen => "half_open");
    words!(LimitWhy::as_str,
        LimitWhy::Fixed => "fixed", LimitWhy::Testing => "testing",
        LimitWhy::Saturated => "saturated", LimitWhy::Shedding => "shedding");
    words!(Class::as_str,
        Class::Low => "low", Class::Normal => "normal", Class::High => "high");
    words!(Stage::as_str,
        Stage::Normal => "normal", Stage::RetriesCut => "retries_cut",
        Stage::QueueCut => "queue_cut", Stage::Shedding => "shedding");
    words!(Withheld::id,
        Withheld::Panic => "panic", Withheld::Circuit => "circuit", Withheld::Probe => "probe",
        Withheld::NoOtherBackend => "no_other_backend",
        Withheld::AttemptsSpent => "attempts_spent", Withheld::NoTimeLeft => "no_time_left",
        Withheld::Crowd => "crowd", Withheld::BudgetEmpty => "budget_empty");
    words!(|turned: Turned| turned.cause().id(),
        Turned::AtOnce => "overload/concurrency_limit", Turned::LineFull => "overload/queue_full",
        Turned::TooLate => "overload/queue_timeout");
    words!(Layer::as_str,
        Layer::Explain => "explain", Layer::RateLimit => "rate_limit",
        Layer::Throttle => "throttle", Layer::Timeout => "timeout", Layer::Failover => "failover",
        Layer::ConcurrencyLimit => "concurrency_limit", Layer::Retry => "retry",
        Layer::CircuitBreaker => "circuit_breaker", Layer::Pool => "pool");
}

#[test]
fn of_incidents_alerts_and_changes() {
    words!(Event::word,
        Event::Opened => "opened", Event::Grew => "grew", Event::Closed => "closed",
        Event::Again => "open");
    words!(Severity::word,
        Severity::Info => "info", Severity::Warning => "warning",
        Severity::Critical => "critical");
    words!(IncidentState::word,
        IncidentState::Open => "open", IncidentState::Closed => "closed");
    words!(Verdict::word,
        Verdict::Cured => "cured", Verdict::NotCured => "not_cured",
        Verdict::DifferentCause => "different_cause");
    words!(Origin::word,
        Origin::Reported => "reported", Origin::Reload => "reload", Origin::Release => "release");
    words!(Kind::word,
        Kind::Deploy => "deploy", Kind::Rollback => "rollback", Kind::Config => "config",
        Kind::Flag => "flag", Kind::Dns => "dns", Kind::Certificate => "certificate",
        Kind::Network => "network", Kind::Scale => "scale", Kind::Other => "other");
    words!(EntryKind::word,
        EntryKind::Onset => "onset", EntryKind::Opened => "opened", EntryKind::Cause => "cause",
        EntryKind::Scope => "scope", EntryKind::Backend => "backend",
        EntryKind::Circuit => "circuit", EntryKind::Overload => "overload",
        EntryKind::Maintenance => "maintenance", EntryKind::Dns => "dns",
        EntryKind::Change => "change", EntryKind::Load => "load",
        EntryKind::Recovered => "recovered", EntryKind::Closed => "closed",
        EntryKind::Reopened => "reopened", EntryKind::Verified => "verified",
        EntryKind::Restarted => "restarted");
}

#[test]
fn of_causes_and_how_sure_they_are() {
    words!(Grade::word,
        Grade::Suspected => "suspected", Grade::Inferred => "inferred", Grade::Proven => "proven");
    words!(Level::word,
        Level::Request => "request", Level::Backend => "backend", Level::Subset => "subset",
        Level::Pool => "pool", Level::AllPools => "all_pools");
    words!(RetrySafety::word,
        RetrySafety::Unsent => "unsent", RetrySafety::MayHaveRun => "may_have_run",
        RetrySafety::Answered => "answered", RetrySafety::Depends => "depends");
    words!(Category::id,
        Category::Overload => "overload", Category::Maintenance => "maintenance",
        Category::DependencyFailure => "dependency_failure",
        Category::Misconfiguration => "misconfiguration",
        Category::ResourceExhaustion => "resource_exhaustion",
        Category::CircuitOpen => "circuit_open", Category::Unknown => "unknown");
    let cause = Cause::DependencyConnectRefused;
    assert_eq!(cause.info().id(), "dependency_failure/connect_refused");
    words!(Topic::id,
        Topic::Cause(cause) => "dependency_failure/connect_refused",
        Topic::Category(Category::Overload) => "overload");
}

#[test]
fn of_everything_else() {
    words!(BadToken::word,
        BadToken::Malformed => "malformed", BadToken::Forged => "forged",
        BadToken::Expired => "expired", BadToken::Elsewhere => "elsewhere");
    words!(Weekday::word,
        Weekday::Monday => "monday", Weekday::Tuesday => "tuesday",
        Weekday::Wednesday => "wednesday", Weekday::Thursday => "thursday",
        Weekday::Friday => "friday", Weekday::Saturday => "saturday",
        Weekday::Sunday => "sunday");
    words!(MetricKind::id,
        MetricKind::Counter => "counter", MetricKind::Gauge => "gauge",
        MetricKind::Histogram => "histogram");
}

#[test]
fn a_word_is_read_back() {
    for (word, kind) in [
        ("deploy", Some(Kind::Deploy)),
        ("certificate", Some(Kind::Certificate)),
        ("other", Some(Kind::Other)),
        ("Deploy", None),
        ("", None),
    ] {
        assert_eq!(Kind::from_word(word), kind, "{word}");
    }
    for (word, kind) in [
        ("onset", Some(EntryKind::Onset)),
        ("load", Some(EntryKind::Load)),
        ("restarted", Some(EntryKind::Restarted)),
        ("start", None),
    ] {
        assert_eq!(EntryKind::from_word(word), kind, "{word}");
    }
    for (name, class) in [
        ("low", Some(Class::Low)),
        ("high", Some(Class::High)),
        ("urgent", None),
    ] {
        assert_eq!(Class::from_name(name), class, "{name}");
    }
    let refused = Cause::DependencyConnectRefused;
    for (id, topic) in [
        ("overload", Some(Topic::Category(Category::Overload))),
        (
            "dependency_failure/connect_refused",
            Some(Topic::Cause(refused)),
        ),
        ("overload/", None),
    ] {
        assert_eq!(Topic::from_id(id), topic, "{id}");
    }
    assert_eq!(alert::MOST_ENTRIES, 64, "as the page on alerts says");
}

/// Sentences and logs have the same words.
#[test]
fn what_is_shown_is_the_word() {
    for (shown, word) in [
        (format!("{:>9}", State::HalfOpen), "half_open"),
        (format!("{:>5}", Class::Low), "  low"),
        (Health::Starting.to_string(), "starting"),
        (Stage::QueueCut.to_string(), "queue_cut"),
        (Balance::Maglev(Hashing::DEFAULT).to_string(), "maglev"),
        (EjectionReason::Slow.to_string(), "slow"),
        (BackendState::Warming.to_string(), "warming"),
        (By::Operator.to_string(), "operator"),
        (PoolState::Degraded.to_string(), "degraded"),
        (Layer::CircuitBreaker.to_string(), "circuit_breaker"),
        (Kind::Deploy.to_string(), "deploy"),
        (EntryKind::Onset.to_string(), "onset"),
        (Verdict::DifferentCause.to_string(), "another cause now"),
    ] {
        assert_eq!(shown, word);
    }
}
