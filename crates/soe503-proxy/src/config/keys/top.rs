//! The tables of the file itself.

use super::{
    AccessLogKeys, AdminKeys, AlertKeys, ChangeKeys, ExplainKeys, IncidentKeys, JournalKeys,
    ListenerKeys, LogKeys, MaintenanceKeys, PoolKeys, RateLimitKeys, RouteKeys, ServerKeys,
    TelemetryKeys,
};
use crate::config::wire::{Each, Maybe, MaybeEach, MaybeNamed, Named, Nested, section};

section! {
    /// A config of soe503.
    struct FileKeys {
        /// The process as a whole.
        server: Nested<ServerKeys>;
        /// The admin API: health, metrics, pools, failures.
        admin: Nested<AdminKeys>;
        /// The event log: what the process tells about itself.
        log: Nested<LogKeys>;
        /// One line of JSON per request, written outside the request's path.
        access_log: Nested<AccessLogKeys>;
        /// Failures with one cause in one place, told as one.
        incidents: Nested<IncidentKeys>;
        /// Explanations of failures, whichever listener they leave by.
        explain: Nested<ExplainKeys>;
        /// What survives a restart.
        journal: Maybe<JournalKeys>, absent("nothing survives a restart"),
            like("{ path = \"journal.redb\" }");
        /// What is sent to systems that watch.
        telemetry: Nested<TelemetryKeys>;
        /// Where clients connect.
        listeners: Each<ListenerKeys>, like("[[listeners]]\naddress = \"127.0.0.1:8080\"");
        /// Which requests go to which pool. The most specific match wins: an exact host before a
        /// suffix before any host; then the longer path; then methods before any method; then the
        /// order of the file.
        routes: Each<RouteKeys>, like("[[routes]]\npool = \"app\"");
        /// Backends behind a name.
        pools: Named<PoolKeys>, like("[pools.app]\nbackends = [\"http://127.0.0.1:8081\"]");
        /// How much callers may send; `rate_limits` of a route names them.
        rate_limits: MaybeNamed<RateLimitKeys>, absent("no limits");
        /// Planned interruptions.
        maintenance: MaybeEach<MaintenanceKeys>, absent("nothing is planned");
        /// Who is told of incidents.
        alerts: MaybeNamed<AlertKeys>, absent("nobody is told");
        /// Change markers that other systems send.
        changes: Nested<ChangeKeys>;
    }
}
