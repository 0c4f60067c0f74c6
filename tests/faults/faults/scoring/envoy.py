"""What Envoy's codes mean: a fixed table for what is printed, and a script for all that it emits anywhere.

For the causes, not for the rows, but corrected after trial runs of these same rows, so it is tuned on them. The script sees the line of the access log, the
answer's header fields, `/clusters` and the statistics before and after, as an operator's script would.
"""

from ..load import Outcome
from .words import (
    BACKLOG, CONNECT_TIMEOUT, DNS, EJECTED, FDS, FIREWALL, HC_PATH, HC_REJECTED, INVALID, LATE, LIMIT, MEMORY, NESTED, NO_ENDPOINTS, PORTS, RATE,
    REFUSED, RESET, SATURATED, SHEDDING, TLS_EXPIRED, TLS_NAME, TLS_PLAIN, TLS_UNTRUSTED, TRUNCATED, UNKNOWN_POOL, UNREACHABLE, UP503, UPERROR, WINDOW, DISK,
)

# Each flag to the one label that fits it best; of several the first here. URX alone says nothing: the status does.
FLAGS = {
    "UF": REFUSED, "UC": RESET, "UPE": INVALID, "UH": NO_ENDPOINTS, "UO": LIMIT, "NC": UNKNOWN_POOL, "RL": RATE, "UT": LATE, "UR": RESET,
    "LR": RESET, "OM": MEMORY, "DPE": None, "DC": None, "NR": UNKNOWN_POOL, "LH": HC_PATH,
}
# Parts of the transport's reason, the more exact first.
TRANSPORT = [
    ("certificate has expired", TLS_EXPIRED), ("CERTIFICATE_HAS_EXPIRED", TLS_EXPIRED), ("not yet valid", TLS_EXPIRED), ("SAN matcher", TLS_NAME), ("SAN", TLS_NAME),
    ("unable to get", TLS_UNTRUSTED), ("self-signed", TLS_UNTRUSTED), ("self signed", TLS_UNTRUSTED), ("WRONG_VERSION_NUMBER", TLS_PLAIN), ("CERTIFICATE_VERIFY_FAILED", TLS_UNTRUSTED),
    ("Connection refused", REFUSED), ("error: 111", REFUSED), ("No route to host", UNREACHABLE), ("error: 113", UNREACHABLE), ("Network is unreachable", UNREACHABLE),
    ("error: 101", UNREACHABLE), ("Permission denied", FIREWALL), ("error: 13", FIREWALL), ("Cannot assign requested address", PORTS), ("error: 99", PORTS),
    ("Too many open files", FDS), ("timeout", CONNECT_TIMEOUT),
]
# A router that refuses answers sooner, retries included, than one that looks for the host for three seconds.
AT_ONCE_MS = 2500
SHED_MS = 10


def printed(flags: str, status: int | None) -> str | None:
    for flag, cause in FLAGS.items():
        if flag in flags.split(","):
            return cause
    return {503: UP503, 429: RATE}.get(status) or (UPERROR if (status or 0) >= 500 else None)


def joined(line: dict, one: Outcome, before: dict, after: dict) -> str | None:
    flags, details, transport = line.get("flags") or "-", line.get("details") or "", line.get("transport") or ""
    if "direct_response" in details:
        return WINDOW
    if (line.get("status") or one.status) == 429 or "RL" in flags.split(","):
        return RATE
    if "cluster_not_found" in details or "NC" in flags.split(","):
        return UNKNOWN_POOL
    if "no_healthy_upstream" in details:
        return nobody(before, after)
    if "overflow" in details:
        return LIMIT
    # Envoy writes blanks as underscores in some places.
    spoken = transport.replace("_", " ").lower()
    for part, cause in TRANSPORT:
        if part.replace("_", " ").lower() in spoken:
            if cause == UNREACHABLE and (line.get("duration") or 0) < AT_ONCE_MS:
                return FIREWALL
            if cause == CONNECT_TIMEOUT and delta("upstream_rq_2xx", before, after) > delta("upstream_rq_5xx", before, after):
                return BACKLOG
            return cause
    if "connection_timeout" in details or "connection timeout" in details:
        return CONNECT_TIMEOUT
    if "via_upstream" in details:
        return passed_on(line, one)
    if "response_timeout" in details or "per_try_timeout" in details or "UT" in flags.split(","):
        return SATURATED if grown(before, after) >= 1.5 else LATE
    if "protocol_error" in details or "UPE" in flags.split(","):
        return TRUNCATED if one.status == 200 else INVALID
    return printed(flags, one.status)


def passed_on(line: dict, one: Outcome) -> str | None:
    status, header = line.get("status") or one.status, one.lower
    # The last member is Envoy's own.
    if any("error=" in member for member in header.get("proxy-status", "").split(",") if not member.strip().startswith("envoy")):
        return NESTED
    if status == 503 and (header.get("retry-after") or line.get("retry_after")) and (line.get("duration") or 0) < SHED_MS:
        return SHEDDING
    return {503: UP503, 507: DISK}.get(status, UPERROR)


def nobody(before: dict, after: dict) -> str:
    """No healthy host: because there is none, or because of what its states say."""
    hosts = after.get("hosts") or []
    if not hosts:
        return DNS if delta("update_failure", before, after) > 0 or (after.get("stats") or {}).get("update_failure") else NO_ENDPOINTS
    checks = [cause for cause in map(checked, after.get("checks") or []) if cause]
    health = [host.get("health_status") or {} for host in hosts]
    if checks and any(one.get("failed_active_health_check") for one in health):
        return max(set(checks), key=checks.count)
    return EJECTED


def checked(event: dict) -> str | None:
    """An event of the health checks' log."""
    failed = event.get("health_check_failure_event") or event.get("eject_unhealthy_event") or {}
    status = str(event)
    if not failed:
        return None
    for number, cause in (("404", HC_PATH), ("401", HC_REJECTED), ("403", HC_REJECTED)):
        if f"status {number}" in status or f"'{number}'" in status:
            return cause
    return {"NETWORK": REFUSED, "NETWORK_TIMEOUT": CONNECT_TIMEOUT}.get(failed.get("failure_type"))


def prevented(before: dict, after: dict) -> str | None:
    """Nothing failed: does anything in the statistics say what is wrong?"""
    checks = [cause for cause in map(checked, after.get("checks") or []) if cause]
    if checks:
        return max(set(checks), key=checks.count)
    return DNS if delta("update_failure", before, after) > 0 else None


def delta(name: str, before: dict, after: dict) -> float:
    return (after.get("stats") or {}).get(name, 0) - (before.get("stats") or {}).get(name, 0)


def grown(before: dict, after: dict) -> float:
    """Requests per second since `before`, relative to those before it."""
    first = (before.get("stats") or {}).get("upstream_rq_total", 0) / max(1.0, before.get("seconds", 1.0))
    second = delta("upstream_rq_total", before, after) / max(1.0, after.get("seconds", 1.0))
    return second / first if first else 0.0
