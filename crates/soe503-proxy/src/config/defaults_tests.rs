//! Holds the `# Defaults` lists of the config types against the table of keys.

use super::{
    keys::{
        AccessLogKeys, AdminClientAuthKeys, AdminKeys, AdminTlsKeys, AlertKeys, BackendKeys,
        BreakerKeys, BypassKeys, CertificateKeys, ChangeKeys, CheckKeys, ClientAuthKeys,
        DogstatsdKeys, EjectionKeys, ExplainKeys, ExplainToKeys, FallbackKeys, FileKeys,
        ForwardedKeys, HashKeys, HeaderKeys, HedgeKeys, JournalKeys, LimitKeys, ListenerKeys,
        ListenerTlsKeys, LogKeys, MaintenanceKeys, MatchKeys, PageKeys, PoolKeys, PoolTlsKeys,
        QueueKeys, RateLimitKeys, ReportKeys, RetryBudgetKeys, RetryKeys, RouteKeys, ServerKeys,
        StickyKeys, ThrottleKeys, TracesKeys,
    },
    wire::{Key, Presence, Shape, Table},
};

/// The `# Defaults` list in the docs of `item` in `source`: keys and what is said about them.
fn listed<'s>(source: &'s str, item: &str) -> Vec<(&'s str, &'s str)> {
    let (before, _) = source.split_once(item).expect("the type is in this file");
    let docs = before.rsplit("\n\n").next().unwrap_or_default();
    let (_, list) = docs.split_once("# Defaults").expect("a list of defaults");
    list.lines()
        .filter_map(|line| line.strip_prefix("/// - `")?.split_once("`: "))
        .collect()
}

/// The beginning of what the list must say about `key`; `None` for a table, which has its own.
fn expected(key: &Key) -> Option<(&'static str, String)> {
    let table = key.inner.as_ref().is_some_and(|i| i.shape == Shape::One);
    (!table).then(|| {
        let text = match &key.presence {
            Presence::Required => "required".into(),
            Presence::Default(default) => format!("`{default}`"),
            Presence::Absent(meaning) | Presence::Needed(meaning) => (*meaning).into(),
            Presence::Table => String::new(),
        };
        (key.name, text)
    })
}

fn check<T: Table>(source: &str, item: &str) {
    let listed = listed(source, item);
    let expected: Vec<_> = T::keys().iter().filter_map(expected).collect();
    let names: Vec<_> = listed.iter().map(|(name, _)| *name).collect();
    let expected_names: Vec<_> = expected.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, expected_names, "{item}");
    for ((name, said), (_, text)) in listed.iter().zip(&expected) {
        let rest = said.strip_prefix(text.as_str());
        assert!(
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(',')),
            "{item}, {name}: the list says {said:?}, the table of keys {text:?}"
        );
    }
}

#[test]
fn lists_of_defaults_are_true() {
    check::<FileKeys>(include_str!("root.rs"), "pub struct Config");
    let server = include_str!("server.rs");
    check::<ServerKeys>(server, "pub struct Server");
    check::<AdminKeys>(include_str!("admin.rs"), "pub struct Admin ");
    let certificates = include_str!("admin_certificates.rs");
    check::<AdminClientAuthKeys>(certificates, "pub struct AdminCertificates");
    check::<LogKeys>(server, "pub struct Log ");
    check::<AccessLogKeys>(server, "pub enum AccessLog");
    let alert = include_str!("alert.rs");
    check::<AlertKeys>(alert, "pub struct Alert ");
    check::<ChangeKeys>(alert, "pub struct ChangeHooks");
    check::<ExplainKeys>(include_str!("explain.rs"), "pub struct ExplainSettings");
    check::<TracesKeys>(include_str!("telemetry.rs"), "pub struct Traces");
    check::<DogstatsdKeys>(include_str!("dogstatsd.rs"), "pub struct Dogstatsd");
    check::<JournalKeys>(include_str!("journal.rs"), "pub struct Journal");
    let listener = include_str!("listener.rs");
    check::<ExplainToKeys>(listener, "pub struct ExplainTo");
    check::<ListenerKeys>(listener, "pub struct Listener");
    check::<LimitKeys>(listener, "pub struct Limits");
    check::<ForwardedKeys>(include_str!("forwarding.rs"), "pub struct Forwarded ");
    check::<HeaderKeys>(include_str!("rules.rs"), "pub struct HeaderRules");
    let route = include_str!("route.rs");
    check::<RouteKeys>(route, "pub struct Route");
    check::<MatchKeys>(route, "pub struct Match");
    check::<RetryKeys>(route, "pub struct Retry");
    let pool = include_str!("pool.rs");
    check::<PoolKeys>(pool, "pub struct PoolConfig");
    check::<BackendKeys>(pool, "pub struct Backend");
    let balance = include_str!("balance.rs");
    check::<HashKeys>(balance, "pub struct Hash ");
    check::<StickyKeys>(balance, "pub struct Sticky ");
    check::<ReportKeys>(balance, "pub struct LoadReports");
    check::<CheckKeys>(include_str!("health.rs"), "pub struct HealthCheck");
    let tls = include_str!("tls.rs");
    check::<ListenerTlsKeys>(tls, "pub struct ListenerTls");
    check::<AdminTlsKeys>(tls, "pub struct ListenerTls");
    check::<CertificateKeys>(tls, "pub struct CertificateFiles");
    check::<ClientAuthKeys>(tls, "pub struct ClientAuth");
    check::<PoolTlsKeys>(tls, "pub struct BackendTls");
    check::<HedgeKeys>(include_str!("hedge.rs"), "pub struct Hedge");
    let guard = include_str!("guard.rs");
    check::<BreakerKeys>(guard, "pub struct CircuitBreaker");
    check::<RetryBudgetKeys>(guard, "pub struct RetryBudget");
    check::<EjectionKeys>(guard, "pub struct Ejection");
    check::<ThrottleKeys>(guard, "pub struct Throttle");
    check::<RateLimitKeys>(include_str!("rate.rs"), "pub struct RateLimit");
    let maintenance = include_str!("maintenance.rs");
    check::<MaintenanceKeys>(maintenance, "pub struct Maintenance ");
    check::<BypassKeys>(maintenance, "pub struct MaintenanceBypass");
    let instead = include_str!("instead.rs");
    check::<PageKeys>(instead, "pub struct PageFile");
    check::<FallbackKeys>(instead, "pub struct Fallback");
    check::<QueueKeys>(guard, "pub struct Queue");
}
