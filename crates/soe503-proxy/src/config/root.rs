//! The whole of a config.

use std::sync::Arc;

use http::Method;

use super::{
    AccessLog, Admin, Alert, ChangeHooks, Dogstatsd, ExplainSettings, IncidentSettings, Journal,
    Lints, Listener, Log, Maintenance, NonEmpty, PoolConfig, RateLimit, Report, Route, Server,
    Traces,
};

/// A config that holds together: every reference is resolved, every value is in range.
///
/// # Defaults
///
/// - `listeners`: required
/// - `routes`: required
/// - `pools`: required
/// - `rate_limits`: no limits
/// - `maintenance`: nothing is planned
/// - `alerts`: nobody is told
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// The process as a whole.
    pub server: Server,
    /// The admin API, unless it is switched off.
    pub admin: Option<Admin>,
    /// What of the event log is written, how, and where.
    pub log: Log,
    /// Where the access log goes.
    pub access_log: AccessLog,
    /// How incidents are kept.
    pub incidents: IncidentSettings,
    /// Explanations of failures.
    pub explain: ExplainSettings,
    /// What survives a restart, if anything does.
    pub journal: Option<Journal>,
    /// Spans for an OpenTelemetry collector, if there is one.
    pub traces: Option<Traces>,
    /// Metrics for a DogStatsD server, if there is one.
    pub dogstatsd: Option<Dogstatsd>,
    /// Where clients connect; no two have the same address.
    pub listeners: NonEmpty<Listener>,
    /// What happens to requests, the most specific match first: an exact host before a suffix
    /// before any; then a longer path; then methods before any; then the order of the file. The
    /// first that accepts a request has it.
    pub routes: NonEmpty<Route>,
    /// The pools, by name; each is used by a route.
    pub pools: NonEmpty<Arc<PoolConfig>>,
    /// The rate limits, by name.
    pub rate_limits: Vec<Arc<RateLimit>>,
    /// Planned interruptions, in the order of the file.
    pub maintenance: Vec<Maintenance>,
    /// Who is told of incidents, by name.
    pub alerts: Vec<Arc<Alert>>,
    /// Change markers that other systems send.
    pub changes: ChangeHooks,
    /// What somebody should look at, although the config is used.
    pub warnings: Option<Report>,
    /// What is valid and still a trap.
    pub lints: Lints,
}

impl Config {
    /// The route that has a request, if one accepts it.
    pub fn route(&self, host: Option<&str>, path: &str, method: &Method) -> Option<&Route> {
        self.routes
            .iter()
            .find(|route| route.matches.accepts(host, path, method))
    }
}
