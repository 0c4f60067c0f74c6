//! The values of one scrape, read once.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use soe503::stale::StaleSnapshot;
use soe503_api::{BackendState, CircuitState};
use soe503_core::Cause;
use soe503_core::hedge::HedgeSnapshot;
use soe503_core::limit::LimitWhy;
use soe503_core::metastable::Stage;
use soe503_core::pool::EjectionCounts;
use soe503_core::rate::RateSnapshot;
use soe503_core::retry::Cut;
use soe503_core::throttle::ThrottleSnapshot;
use soe503_core::waiting::WaitingSnapshot;

use crate::config::TlsVersion;
use crate::control::Usage;
use crate::control::alerts::TargetScrape;
use crate::control::event_log;
use crate::control::incidents::{IncidentCount, OpenIncident};
use crate::journal::Status;
use crate::state::{Class, DurationsSnapshot, LoopSnapshot, Origin};
use crate::tls::Reason;

/// Everything that is exposed, at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scrape {
    /// Our version.
    pub version: &'static str,
    /// `server.name` of the configuration.
    pub server: Arc<str>,
    /// When the process started, since 1970.
    pub started: Duration,
    /// No new connections are accepted any more.
    pub draining: bool,
    /// Client connections that are open.
    pub connections: u64,
    /// Client connections since the start.
    pub connections_total: u64,
    /// Connections refused because of their PROXY protocol header.
    pub refused_for_header: u64,
    /// Connections refused because their client had too many.
    pub refused_per_client: u64,
    /// Failure records that were lost on their way to the recorder.
    pub recorder_dropped: u64,
    /// Diagnoses that were made, and how long they took together.
    pub diagnoses: (u64, Duration),
    /// Event log lines.
    pub log: event_log::Counts,
    /// Access log lines written.
    pub access_log_written: u64,
    /// Access log lines lost.
    pub access_log_dropped: u64,
    /// What survives a restart; `None`: nothing.
    pub journal: Option<JournalScrape>,
    /// What became of spans; `None`: traces are off, and were never on.
    pub traces: Option<TracesScrape>,
    /// What became of packets for a DogStatsD server; `None`: there is none, and never was one.
    pub dogstatsd: Option<DogstatsdScrape>,
    /// Reloads of the configuration that were refused.
    pub reloads_failed: u64,
    /// Reloads of the configuration that were applied.
    pub reloads_applied: u64,
    /// Certificates that changed on disk and were put in force.
    pub certificate_reloads: u64,
    /// Certificates that changed on disk and could not be used.
    pub certificate_reloads_refused: u64,
    /// Admin tokens that changed on disk: replaced, and not usable.
    pub admin_tokens: (u64, u64),
    /// Requests that the admin API turned away, by reason.
    pub admin_refused: Vec<(&'static str, u64)>,
    /// Connections to the admin API beyond those that there may be.
    pub admin_connections_refused: u64,
    /// Debug tokens by what became of them.
    pub debug_tokens: Vec<(&'static str, u64)>,
    /// The listeners with TLS, and the admin address if it has it.
    pub tls: Vec<TlsScrape>,
    /// Incidents, by cause.
    pub incidents: Vec<IncidentCount>,
    /// Incidents that go on.
    pub open_incidents: Vec<OpenIncident>,
    /// Who is told of incidents.
    pub alerts: Vec<TargetScrape>,
    /// Changes that other systems told of: who, what became of them, how many.
    pub change_hooks: Vec<(&'static str, &'static str, u64)>,
    /// How late the threads' timers are.
    pub loops: Vec<LoopSnapshot>,
    /// What the process uses.
    pub usage: Usage,
    /// The rate limits, by name.
    pub rate_limits: Vec<RateSnapshot>,
    /// The pools, by name.
    pub pools: Vec<PoolScrape>,
}

/// The journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalScrape {
    /// How it is.
    pub status: Status,
    /// Entries written.
    pub written: u64,
    /// Entries lost.
    pub dropped: u64,
    /// Entries removed because they were old.
    pub aged: u64,
    /// Entries removed to make room.
    pub squeezed: u64,
    /// Files set aside.
    pub set_aside: u64,
}

/// Spans for a collector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracesScrape {
    /// Those that it took.
    pub exported: u64,
    /// Those that were lost, by reason.
    pub dropped: Vec<(&'static str, u64)>,
}

/// Packets for a DogStatsD server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DogstatsdScrape {
    /// Those that were sent.
    pub sent: u64,
    /// Those that were lost, by reason.
    pub dropped: Vec<(&'static str, u64)>,
}

/// TLS of one listener, or of the admin address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsScrape {
    /// Where it listens.
    pub listener: SocketAddr,
    /// Handshakes that succeeded, by version.
    pub handshakes: Vec<(TlsVersion, u64)>,
    /// How many of those continued a session.
    pub resumed: u64,
    /// Handshakes that failed, by reason.
    pub failed: Vec<(Reason, u64)>,
    /// Each certificate: what it is for, and when it ends, in unix seconds.
    pub certificates: Vec<(String, i64)>,
}

/// One pool.
#[derive(Clone, Debug, PartialEq)]
pub struct PoolScrape {
    /// Its name.
    pub name: Arc<str>,
    /// Finished requests by how they ended.
    pub responses: Vec<ResponseCount>,
    /// How long requests took that were answered.
    pub answered: DurationsSnapshot,
    /// How long those took that failed.
    pub failures: DurationsSnapshot,
    /// Attempts made.
    pub attempts: u64,
    /// Requests saved by another attempt.
    pub prevented: u64,
    /// Requests for which a fallback was given instead of a failure.
    pub fallbacks: u64,
    /// Requests for which an older answer was given.
    pub stale: u64,
    /// Requests that another pool has answered.
    pub failed_over: u64,
    /// Requests of other pools that this one got.
    pub taken_over: u64,
    /// What is kept for bad times.
    pub cache: Option<StaleSnapshot>,
    /// Requests that a hedge saved.
    pub prevented_by_hedges: u64,
    /// What is sent to a second backend, if anything is.
    pub hedge: Option<HedgeSnapshot>,
    /// What holds requests back, if anything does.
    pub throttle: Option<ThrottleSnapshot>,
    /// Its routes that are under planned maintenance.
    pub interrupted: usize,
    /// Where the circuit stands.
    pub circuit: CircuitState,
    /// Circuit transitions so far, by the state they led to.
    pub transitions: Vec<(CircuitState, u64)>,
    /// Requests that the circuit refused.
    pub circuit_refused: u64,
    /// Who waits for the circuit.
    pub waiting: WaitingSnapshot,
    /// Retries that could be made now.
    pub budget_available: u64,
    /// Retries made.
    pub budget_spent: u64,
    /// Retries that the budget refused.
    pub budget_refused: u64,
    /// Why nothing is retried, if so.
    pub retries_cut: Option<Cut>,
    /// Requests under way.
    pub in_flight: u64,
    /// How many may be; `None`: no limit.
    pub in_flight_limit: Option<u64>,
    /// Where that comes from.
    pub limit_why: LimitWhy,
    /// Requests that wait for their turn, by the order of [`soe503_core::limit::Class::ALL`].
    pub queued: [u32; 3],
    /// How long the one who waits longest has waited.
    pub oldest_waiting: Duration,
    /// Requests that had to wait and were let in.
    pub waited: u64,
    /// Requests that were turned away, in the same order.
    pub shed: [u64; 3],
    /// Requests that wait for a backend with room; those that waited and got one, those that did not.
    pub for_backends: (u32, u64, u64),
    /// How far its overload is cut, and how often each stage was entered.
    pub overload: (Stage, [u64; Stage::ALL.len()]),
    /// Checks are not believed.
    pub panic: bool,
    /// Answers that moved a client to another backend; `None`: clients do not stay with one.
    pub clients_moved: Option<u64>,
    /// Priorities and zones, where backends differ in them.
    pub tiers: Vec<TierScrape>,
    /// Health checks so far, by result; empty if there are none.
    pub checks: Vec<(&'static str, u64)>,
    /// Names whose latest lookup failed, with whether an older answer is in use.
    pub dns_failing: Vec<(Arc<str>, Cause)>,
    /// How often backends were put out, and why.
    pub ejections: EjectionCounts,
    /// The backends.
    pub backends: Vec<BackendScrape>,
}

/// Backends of one priority, in or outside of the own zone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TierScrape {
    /// The priority.
    pub priority: u8,
    /// They are in the own zone.
    pub own_zone: bool,
    /// The part of the traffic that they get.
    pub share: f64,
}

/// Requests that ended the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseCount {
    /// Who made the response.
    pub origin: Origin,
    /// The hundreds of its status.
    pub class: Class,
    /// Why it failed, if it did.
    pub cause: Option<Cause>,
    /// How many.
    pub count: u64,
    /// The latest of them that is still known.
    pub example: Option<Example>,
}

/// A request that a counter names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The trace that it belongs to.
    pub trace_id: Option<u128>,
    /// Its `X-Request-Id`, for `lbctl explain`.
    pub request_id: Arc<str>,
    /// When it was answered, since 1970.
    pub at: Duration,
}

/// One backend.
#[derive(Clone, Debug, PartialEq)]
pub struct BackendScrape {
    /// Its name.
    pub name: Arc<str>,
    /// Where it stands in the rotation.
    pub state: BackendState,
    /// Its health check fails and is overruled; `None`: it has none.
    pub check_overruled: Option<bool>,
    /// Attempts that run on it.
    pub in_flight: u64,
    /// How many may; `None`: as many as come.
    pub max_in_flight: Option<u32>,
    /// Attempts on it so far.
    pub requests: u64,
    /// Those that failed.
    pub failures: u64,
    /// How often it was put out, failed probes included.
    pub ejections: u32,
    /// Quantiles of the time to the head of its response, each with its rank.
    pub latency: Vec<(f64, Duration)>,
    /// How busy it is by its own account.
    pub utilization: Option<f64>,
}
