"""Cause identifiers, short, for tables that are written by hand."""

REFUSED, CONNECT_TIMEOUT = "dependency_failure/connect_refused", "dependency_failure/connect_timeout"
UNREACHABLE, RESET = "dependency_failure/host_unreachable", "dependency_failure/reset_before_response"
TRUNCATED, LATE = "dependency_failure/response_truncated", "dependency_failure/response_timeout"
UP503, UPERROR = "dependency_failure/upstream_503", "dependency_failure/upstream_error"
NESTED, SHARED = "dependency_failure/nested", "dependency_failure/shared_dependency"
INVALID, DNS = "dependency_failure/invalid_response", "dependency_failure/dns_failure"
HC_PATH, HC_REJECTED = "misconfiguration/health_check_path", "misconfiguration/health_check_rejected"
NO_ENDPOINTS, UNKNOWN_POOL = "misconfiguration/no_endpoints", "misconfiguration/unknown_pool"
NXDOMAIN, FIREWALL = "misconfiguration/dns_nxdomain", "misconfiguration/firewall_reject"
TLS_NAME, TLS_UNTRUSTED = "misconfiguration/tls_name_mismatch", "misconfiguration/tls_untrusted"
TLS_EXPIRED, TLS_PLAIN = "misconfiguration/tls_cert_expired", "misconfiguration/tls_plaintext_mismatch"
KEEPALIVE, LIMIT_LOW = "misconfiguration/keepalive_mismatch", "misconfiguration/limit_too_low"
RELEASE, LOOP, WRONG_PORT = "misconfiguration/bad_release", "misconfiguration/loop_detected", "misconfiguration/wrong_port"
TIMEOUT_SHORT = "misconfiguration/timeout_too_short"
QUEUE_FULL, QUEUE_TIMEOUT = "overload/queue_full", "overload/queue_timeout"
LIMIT, RATE, SPIKE = "overload/concurrency_limit", "overload/rate_limited", "overload/traffic_spike"
SATURATED, SHEDDING = "overload/pool_saturated", "overload/upstream_shedding"
STORM, BACKLOG = "overload/retry_storm", "overload/accept_backlog"
WINDOW, DRAINING = "maintenance/window", "maintenance/draining"
FDS, PORTS, CPU = "resource_exhaustion/fd_limit", "resource_exhaustion/ephemeral_ports", "resource_exhaustion/cpu_throttled"
DISK, OOM = "resource_exhaustion/disk_full", "resource_exhaustion/backend_oom"
CIRCUIT, EJECTED = "circuit_open/consecutive_failures", "circuit_open/all_ejected"
MEMORY, UNKNOWN = "resource_exhaustion/memory_limit", "unknown/unclassified"


def category(cause: str | None) -> str:
    return (cause or "").partition("/")[0]
