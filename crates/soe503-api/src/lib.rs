//! The admin API of soe503: what travels between the proxy and those who look at it.
//!
//! The proxy builds these types and serialises them; `lbctl`, dashboards and scripts read them.
//! The JSON is a contract (`tests/golden/` holds one document of each kind), so:
//!
//! - **Every key is always there.** What does not apply is `null`, never absent: a script can
//!   name a path without asking first. Only the problem document leaves members out, as RFC 9457 does.
//! - **Readers are lenient.** Unknown keys are ignored and unknown states read as `unknown`, so an
//!   older `lbctl` can look at a newer proxy.
//! - **Times are RFC 3339 in UTC**, to the millisecond ([`Timestamp`]). Durations carry their unit
//!   in the key: `elapsed_ms`.
//! - **Causes are identifiers** such as `dependency_failure/connect_refused`, as text: this crate
//!   transports them and the core crate owns the list.
//!
//! | module | what |
//! | --- | --- |
//! | [`path`] | every path of the API, once, for the server's router and for clients |
//! | [`pool`] | `GET /api/v1/pools`, `GET /api/v1/pools/{pool}` |
//! | [`action`] | `POST …/drain`, `enable`, `disable` and `POST …/breaker/{reset,open,close}` |
//! | [`rate_limit`] | `GET /api/v1/rate_limits` |
//! | [`maintenance`] | `GET /api/v1/maintenance`, `POST …/{target}/{start,end}` |
//! | [`history`] | `GET /api/v1/history` |
//! | [`journal`] | `GET /api/v1/journal` |
//! | [`failure`] | `GET /api/v1/failures/{request id}` |
//! | [`incident`] | `GET /api/v1/incidents`, `GET /api/v1/incidents/{id}` |
//! | [`verification`] | `POST /api/v1/incidents/{id}/verifications` |
//! | [`change`] | `GET` and `POST /api/v1/changes`, `POST /api/v1/changes/{source}` |
//! | [`alert`] | `GET /api/v1/alerts`, `POST /api/v1/alerts/{target}/test` |
//! | [`doctor`] | `GET /api/v1/doctor` |
//! | [`config`] | `GET` and `POST /api/v1/config/diff` |
//! | [`log`] | `GET` and `POST /api/v1/log` |
//! | [`problem`] | the body of every answer that is not a success |
//! | `client` | a small async client (feature `client`) |

pub mod action;
pub mod alert;
pub mod change;
#[cfg(feature = "client")]
pub mod client;
pub mod config;
pub mod doctor;
pub mod failure;
pub mod history;
pub mod incident;
pub mod journal;
pub mod log;
pub mod maintenance;
pub mod path;
pub mod pool;
pub mod problem;
pub mod rate_limit;
pub mod time;
pub mod verification;
mod words;

pub use action::{ActionRequest, BackendAction, BreakerAction};
pub use alert::{AlertState, AlertTarget, AlertTest, Alerts};
pub use change::{Change, ChangeOrigin, ChangeReach, ChangeRequest, Changes, ChangesTaken};
pub use config::{ConfigDiff, ConfigText, KeyChange, KeyChangeKind};
pub use doctor::{Advice, Doctor, Lint, Severity};
pub use failure::{
    Actions, Attempt, Diagnosis, Evidence, FailureRecord, Grade, Phase, RequestSummary,
    RetryVerdict, RuledOut, Scope, ScopeLevel, Share, Tcp,
};
pub use history::{History, HistoryStep};
pub use incident::{
    CauseShare, Incident, IncidentRequests, IncidentState, IncidentSummary, Incidents,
    LinkedChange, NearbyChange, Symptom, TimelineEntry,
};
pub use journal::{Journal, JournalEntries, JournalSetAside, JournalState, JournalTrouble};
pub use log::{Log, LogLines, LogRequest, TemporaryLevel};
pub use maintenance::{Maintenance, MaintenanceAction, MaintenanceList, MaintenanceRequest};
pub use pool::{
    Backend, BackendState, ByPriority, Cache, Circuit, CircuitState, FailedAttempts, Failover,
    Finding, ForcedCircuit, HealthCheck, HealthCheckState, HealthHint, Hedge, HintStatus,
    IdleTimeout, IdleTimeoutSource, Latency, Limit, LimitSource, Overload, OverloadStage, Pool,
    PoolState, Pools, Queue, RetriesCut, RetryBudget, Throttle, Tier, Waiting,
};
pub use problem::Problem;
pub use rate_limit::{RateLimit, RateLimits};
pub use time::Timestamp;
pub use verification::{VerificationRequest, Verified, VerifyVerdict};
pub use words::Words;
