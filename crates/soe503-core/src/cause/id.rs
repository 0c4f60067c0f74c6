//! The identifiers.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Declares [`Cause`] from `Variant = Category, "sub_cause"` lines, so that an identifier, its
/// variant and its place in [`Cause::ALL`] cannot drift apart.
macro_rules! causes {
    ($($(#[$doc:meta])* $variant:ident = $id:literal in $category:ident,)+) => {
        /// Why a request failed: a stable identifier, `category/sub_cause`.
        ///
        /// An identifier is never renamed or reused once released. It is at once the problem
        /// document's `type`, a metric label, OpenTelemetry's `error.type`, the gRPC `reason` and
        /// the anchor in `docs/causes.md`. Everything constant about a cause is in
        /// [`Cause::info`](crate::cause::CauseInfo).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Cause {
            $($(#[$doc])* #[doc = concat!("\n\nIdentifier: `", $id, "`.")] $variant,)+
        }

        impl Cause {
            /// Every cause, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable identifier, for example `dependency_failure/connect_refused`.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)+ }
            }

            /// The part of the identifier before the slash.
            pub const fn category(self) -> Category {
                match self { $(Self::$variant => Category::$category,)+ }
            }

            /// The cause with this identifier; `None` for anything else.
            pub fn from_id(id: &str) -> Option<Self> {
                match id { $($id => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

causes! {
    /// Our admission queue was full when the request arrived.
    OverloadQueueFull = "overload/queue_full" in Overload,
    /// The request waited longer in our queue than it may.
    OverloadQueueTimeout = "overload/queue_timeout" in Overload,
    /// A concurrency limit of ours was reached, and there is no queue.
    OverloadConcurrencyLimit = "overload/concurrency_limit" in Overload,
    /// A rate policy's bucket is empty.
    OverloadRateLimited = "overload/rate_limited" in Overload,
    /// Far more requests than the usual for this hour, from many sources.
    OverloadTrafficSpike = "overload/traffic_spike" in Overload,
    /// All backends slow down together as load rises.
    OverloadPoolSaturated = "overload/pool_saturated" in Overload,
    /// The backend itself sheds load and says so.
    OverloadUpstreamShedding = "overload/upstream_shedding" in Overload,
    /// Retries, not new requests, make up the load.
    OverloadRetryStorm = "overload/retry_storm" in Overload,
    /// Most requests were refused for overload lately, so this one was not even sent.
    OverloadThrottled = "overload/throttled" in Overload,
    /// The backend's accept queue overflows: new connections starve, old ones work.
    OverloadAcceptBacklog = "overload/accept_backlog" in Overload,

    /// A maintenance window covers this route now.
    MaintenanceWindow = "maintenance/window" in Maintenance,
    /// Every backend, or this proxy itself, is draining.
    MaintenanceDraining = "maintenance/draining" in Maintenance,
    /// An operator disabled the pool or all its backends.
    MaintenanceAdminDisabled = "maintenance/admin_disabled" in Maintenance,
    /// No backend has finished its first health check yet.
    MaintenanceStarting = "maintenance/starting" in Maintenance,

    /// The backend's host answered the connect with a reset: nothing listens.
    DependencyConnectRefused = "dependency_failure/connect_refused" in DependencyFailure,
    /// No answer to the connect within its timeout.
    DependencyConnectTimeout = "dependency_failure/connect_timeout" in DependencyFailure,
    /// No route to the host, or the host does not answer on its own network.
    DependencyHostUnreachable = "dependency_failure/host_unreachable" in DependencyFailure,
    /// A fresh connection was closed before the first byte of a response.
    DependencyResetBeforeResponse = "dependency_failure/reset_before_response" in DependencyFailure,
    /// The response ended before it was complete.
    DependencyResponseTruncated = "dependency_failure/response_truncated" in DependencyFailure,
    /// Connected, sent, and no response head in time.
    DependencyResponseTimeout = "dependency_failure/response_timeout" in DependencyFailure,
    /// The backend answered 503 by itself and did not say why.
    DependencyUpstream503 = "dependency_failure/upstream_503" in DependencyFailure,
    /// The backend answered 500, 502, 504 or another 5xx by itself and did not say why.
    DependencyUpstreamError = "dependency_failure/upstream_error" in DependencyFailure,
    /// The backend is a proxy and explained its own failure.
    DependencyNested = "dependency_failure/nested" in DependencyFailure,
    /// Several backends fail because of one thing that they share.
    DependencyShared = "dependency_failure/shared_dependency" in DependencyFailure,
    /// What came back is not the protocol that was agreed.
    DependencyInvalidResponse = "dependency_failure/invalid_response" in DependencyFailure,
    /// The name could not be resolved: the resolver failed or did not answer.
    DependencyDnsFailure = "dependency_failure/dns_failure" in DependencyFailure,

    /// The health check asks for a path that the service does not serve.
    ConfigHealthCheckPath = "misconfiguration/health_check_path" in Misconfiguration,
    /// The health check is turned away while traffic is served.
    ConfigHealthCheckRejected = "misconfiguration/health_check_rejected" in Misconfiguration,
    /// The health check's timeout or port is wrong while traffic is served.
    ConfigHealthCheckTooStrict = "misconfiguration/health_check_too_strict" in Misconfiguration,
    /// The pool exists, and its list of backends is empty.
    ConfigNoEndpoints = "misconfiguration/no_endpoints" in Misconfiguration,
    /// A route names a pool that does not exist.
    ConfigUnknownPool = "misconfiguration/unknown_pool" in Misconfiguration,
    /// The name does not exist, says the server that knows.
    ConfigDnsNxdomain = "misconfiguration/dns_nxdomain" in Misconfiguration,
    /// The host is alive, and nothing has ever listened on this port.
    ConfigWrongPort = "misconfiguration/wrong_port" in Misconfiguration,
    /// A packet filter forbids the connection.
    ConfigFirewallReject = "misconfiguration/firewall_reject" in Misconfiguration,
    /// The backend's certificate is valid, for other names.
    ConfigTlsNameMismatch = "misconfiguration/tls_name_mismatch" in Misconfiguration,
    /// The backend's certificate does not end in a configured authority.
    ConfigTlsUntrusted = "misconfiguration/tls_untrusted" in Misconfiguration,
    /// The backend's certificate has expired or is not valid yet.
    ConfigTlsCertExpired = "misconfiguration/tls_cert_expired" in Misconfiguration,
    /// One side speaks TLS, the other plain text.
    ConfigTlsPlaintextMismatch = "misconfiguration/tls_plaintext_mismatch" in Misconfiguration,
    /// Our timeout is shorter than the service usually takes.
    ConfigTimeoutTooShort = "misconfiguration/timeout_too_short" in Misconfiguration,
    /// The backend closes idle connections earlier than we stop using them.
    ConfigKeepaliveMismatch = "misconfiguration/keepalive_mismatch" in Misconfiguration,
    /// A limit of ours is reached while the backends idle.
    ConfigLimitTooLow = "misconfiguration/limit_too_low" in Misconfiguration,
    /// Only the new version fails, or everything since a change.
    ConfigBadRelease = "misconfiguration/bad_release" in Misconfiguration,
    /// The request has passed through this proxy before.
    ConfigLoopDetected = "misconfiguration/loop_detected" in Misconfiguration,

    /// No file descriptor is left.
    ResourceFdLimit = "resource_exhaustion/fd_limit" in ResourceExhaustion,
    /// No local port is left towards this backend.
    ResourceEphemeralPorts = "resource_exhaustion/ephemeral_ports" in ResourceExhaustion,
    /// Our own processor quota is used up.
    ResourceCpuThrottled = "resource_exhaustion/cpu_throttled" in ResourceExhaustion,
    /// Our own memory bound is reached.
    ResourceMemoryLimit = "resource_exhaustion/memory_limit" in ResourceExhaustion,
    /// A disk is full: ours, or the backend's by its own word.
    ResourceDiskFull = "resource_exhaustion/disk_full" in ResourceExhaustion,
    /// The backend was killed for its memory.
    ResourceBackendOom = "resource_exhaustion/backend_oom" in ResourceExhaustion,

    /// The circuit is open after consecutive failures.
    CircuitConsecutiveFailures = "circuit_open/consecutive_failures" in CircuitOpen,
    /// The circuit is open after too high a share of failed or slow calls.
    CircuitFailureRate = "circuit_open/failure_rate" in CircuitOpen,
    /// Every backend is ejected.
    CircuitAllEjected = "circuit_open/all_ejected" in CircuitOpen,

    /// Nothing known explains it. Counted, and never hidden behind a guess.
    Unclassified = "unknown/unclassified" in Unknown,
}

impl Cause {
    /// The identifier as gRPC's `ErrorInfo.reason`: `DEPENDENCY_FAILURE_CONNECT_REFUSED`.
    pub fn grpc_reason(self) -> String {
        self.id().replace('/', "_").to_ascii_uppercase()
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}

/// The text is not the identifier of a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownCause;

impl fmt::Display for UnknownCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the identifier of a cause")
    }
}

impl core::error::Error for UnknownCause {}

impl FromStr for Cause {
    type Err = UnknownCause;

    fn from_str(id: &str) -> Result<Self, UnknownCause> {
        Self::from_id(id).ok_or(UnknownCause)
    }
}

impl Serialize for Cause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

impl<'de> Deserialize<'de> for Cause {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = String::deserialize(deserializer)?;
        Self::from_id(&id).ok_or_else(|| de::Error::custom(UnknownCause))
    }
}

/// The seven kinds of causes; the part of an identifier before the slash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Category {
    /// More work than can be done now.
    Overload,
    /// Somebody wants it so.
    Maintenance,
    /// Something behind us is broken.
    DependencyFailure,
    /// Something is set wrongly, here or behind us.
    Misconfiguration,
    /// A machine ran out of something.
    ResourceExhaustion,
    /// We stopped trying; there is always a root behind it.
    CircuitOpen,
    /// Not explained.
    Unknown,
}

impl Category {
    /// Every category, in the order of the documentation.
    pub const ALL: &'static [Self] = &[
        Self::Overload,
        Self::Maintenance,
        Self::DependencyFailure,
        Self::Misconfiguration,
        Self::ResourceExhaustion,
        Self::CircuitOpen,
        Self::Unknown,
    ];

    /// The stable identifier, for example `dependency_failure`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Overload => "overload",
            Self::Maintenance => "maintenance",
            Self::DependencyFailure => "dependency_failure",
            Self::Misconfiguration => "misconfiguration",
            Self::ResourceExhaustion => "resource_exhaustion",
            Self::CircuitOpen => "circuit_open",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}
