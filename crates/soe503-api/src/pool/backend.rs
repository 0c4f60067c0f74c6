//! One backend, its state and its check.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// One backend of a pool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Backend {
    /// Its name: from the configuration, or its address.
    pub name: String,
    /// Host and port, or what the configuration says where it is not resolved yet.
    pub address: String,
    /// Where it stands.
    pub state: BackendState,
    /// Why it is not simply up, in words; `null` if it is.
    pub reason: Option<String>,
    /// The cause behind `reason`; `null` where an operator, a start or nothing is behind it.
    pub cause: Option<String>,
    /// When this state began.
    pub since: Timestamp,
    /// When this state ends by itself: the next probe of an ejected backend, the end of a
    /// disablement; `null` if nothing is planned.
    pub until: Option<Timestamp>,
    /// Its share relative to the other backends. Default 1.
    pub weight: u32,
    /// The part of its weight that it has now: less than 1 while it warms up; `null` while it has no
    /// address.
    #[serde(default)]
    pub share: Option<f64>,
    /// Its priority: the lowest comes first.
    #[serde(default)]
    pub priority: u32,
    /// Where it stands; `null` if that is not configured.
    #[serde(default)]
    pub zone: Option<String>,
    /// How busy it is by its own account, 1 is fully; `null` without a report that holds.
    #[serde(default)]
    pub utilization: Option<f64>,
    /// Attempts that run on it now.
    pub in_flight: u64,
    /// How many it may have in flight; `null`: as many as come.
    #[serde(default)]
    pub max_in_flight: Option<u64>,
    /// Attempts on it since the proxy started.
    pub requests: u64,
    /// Those of them that failed.
    pub failures: u64,
    /// Failures since the last success.
    pub consecutive_failures: u64,
    /// How long it takes until the head of its response is here.
    pub latency_ms: Latency,
    /// For how long an idle connection to it is used again; `null` while it has no address.
    pub idle_timeout: Option<IdleTimeout>,
    /// Its active check.
    pub health_check: HealthCheck,
}

/// Where a backend stands in the rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BackendState {
    /// In rotation.
    Up,
    /// Out, by an active check.
    Down,
    /// Out for a while, by what its requests showed.
    Ejected,
    /// Finishes what it has, gets no new requests: by an operator or a shutdown.
    Draining,
    /// Out, by an operator.
    Disabled,
    /// Waits for its first check.
    Starting,
    /// In rotation with a growing share, after a return.
    Warming,
    /// A state this reader does not know.
    #[serde(other)]
    Unknown,
}

/// Quantiles of a latency, in milliseconds. `null` before the first sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Latency {
    /// Half of the requests are faster.
    pub p50: Option<f64>,
    /// All but one in a hundred are faster.
    pub p99: Option<f64>,
}

/// For how long an idle connection is used again: as configured, or less where the backend would
/// close it first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct IdleTimeout {
    /// In milliseconds.
    pub ms: u64,
    /// Who set it.
    pub source: IdleTimeoutSource,
    /// After how many requests the backend closes a connection without a word, as far as it has shown it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<u32>,
}

/// Who set the time for idle connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IdleTimeoutSource {
    /// The configuration.
    Configured,
    /// The backend: four fifths of what it says in `Keep-Alive: timeout`.
    KeepAlive,
    /// The backend: four fifths of the age at which it has closed idle connections.
    Learned,
    /// A source this reader does not know.
    #[serde(other)]
    Unknown,
}

/// What the active check of a backend last saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HealthCheck {
    /// Its verdict.
    pub state: HealthCheckState,
    /// The HTTP status of the last answer; `null` for TCP checks and when there was no answer.
    pub last_status: Option<u16>,
    /// What went wrong last time; `null` if nothing did.
    pub last_error: Option<String>,
    /// When it last finished; `null` before the first.
    pub last_at: Option<Timestamp>,
    /// It fails, and requests are answered all the same: the check is broken and not believed. The
    /// backend's `reason` and `cause` say how.
    #[serde(default)]
    pub overruled: bool,
    /// What the backend's health document (`application/health+json`, Spring Boot's actuator,
    /// MicroProfile Health, ASP.NET Core) says is not well, failing components first. Hints: the status
    /// of the answer decides.
    #[serde(default)]
    pub hints: Vec<HealthHint>,
}

/// Something that is not well, by a backend's own account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HealthHint {
    /// The component: `db`, `diskSpace`; `null` for the backend as a whole.
    pub component: Option<String>,
    /// How unwell it is.
    pub status: HintStatus,
    /// What is wrong, in the backend's words, cut and cleaned; `null` if it does not say.
    pub output: Option<String>,
}

/// How unwell something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HintStatus {
    /// It works, and something is wrong.
    Warn,
    /// It does not work.
    Fail,
    /// A status this reader does not know.
    #[serde(other)]
    Unknown,
}

/// The verdict of an active check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HealthCheckState {
    /// No check is configured.
    None,
    /// It has not made up its mind yet.
    Pending,
    /// It passes.
    Passing,
    /// It fails.
    Failing,
    /// A state this reader does not know.
    #[serde(other)]
    Unknown,
}

impl HealthCheck {
    /// The check of a backend that has none.
    pub const NONE: Self = Self {
        state: HealthCheckState::None,
        last_status: None,
        last_error: None,
        last_at: None,
        overruled: false,
        hints: Vec::new(),
    };
}

impl BackendState {
    /// Whether requests are sent to it in this state.
    pub const fn in_rotation(self) -> bool {
        matches!(self, Self::Up | Self::Warming)
    }
}
