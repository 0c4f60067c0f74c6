"""What HAProxy's termination states mean: a fixed table, and a script for all that it emits anywhere."""

import re

from ..load import Outcome
from .words import (
    CONNECT_TIMEOUT, DISK, DNS, EJECTED, FDS, FIREWALL, HC_PATH, HC_REJECTED, INVALID, LATE, LIMIT, NESTED, NO_ENDPOINTS, PORTS, QUEUE_FULL, QUEUE_TIMEOUT, RATE,
    REFUSED, RESET, SATURATED, SHEDDING, TLS_EXPIRED, TLS_NAME, TLS_PLAIN, TLS_UNTRUSTED, TRUNCATED, UNKNOWN_POOL, UNREACHABLE, UP503, UPERROR, WINDOW,
)

STATES = {
    "SC": REFUSED, "sC": CONNECT_TIMEOUT, "SH": RESET, "sH": LATE, "PH": INVALID, "sQ": QUEUE_TIMEOUT, "SQ": QUEUE_FULL, "PR": RATE, "LR": WINDOW, "SD": TRUNCATED,
    "sD": TRUNCATED, "RC": PORTS, "PC": LIMIT, "PD": INVALID, "DC": EJECTED, "RQ": LIMIT,
}
ERRORS = [
    ("expired", TLS_EXPIRED), ("not yet valid", TLS_EXPIRED), ("different from the expected one", TLS_NAME), ("wrong version", TLS_PLAIN), ("local issuer", TLS_UNTRUSTED),
    ("self signed", TLS_UNTRUSTED), ("certificate verify failed", TLS_UNTRUSTED), ("Connection refused", REFUSED), ("unreachable", UNREACHABLE), ("No route", UNREACHABLE),
    ("FD limit", FDS), ("source port", PORTS), ("local resources", PORTS), ("SSL handshake failure", TLS_UNTRUSTED), ("SSL client certificate", TLS_UNTRUSTED),
]
AT_ONCE_MS, SHED_MS = 2500, 10


def printed(line: dict, status: int | None) -> str | None:
    state = (line.get("ts") or "--")[:2]
    if state == "SC" and line.get("server") == "<NOSRV>":
        return NO_ENDPOINTS
    if state in STATES:
        return STATES[state]
    return {503: UP503, 429: RATE}.get(status) or (UPERROR if (status or 0) >= 500 else None)


def joined(line: dict, one: Outcome, before: dict, after: dict) -> str | None:
    if not line:
        # On a kept-alive client connection HAProxy closes silently, and logs nothing.
        return RESET if errors(after) > errors(before) else None
    state, error = (line.get("ts") or "--")[:2], f"{line.get('tls') or ''} {line.get('error') or ''}"
    if state in ("SC", "sC") and line.get("server") == "<NOSRV>":
        # A request that no backend was found for stays with its frontend.
        return UNKNOWN_POOL if line.get("backend") == "front" else nobody(after)
    for part, cause in ERRORS:
        if part in error:
            return FIREWALL if cause == UNREACHABLE and number(line, "Ta") < AT_ONCE_MS else cause
    if state == "SC":
        # Nothing says why; an address that nobody answers for takes three seconds.
        tries = 1 + int(str(line.get("retries") or "0").lstrip("+") or 0)
        return UNREACHABLE if number(line, "Ta") / tries >= AT_ONCE_MS else checked(after) or REFUSED
    if state == "sH":
        return SATURATED if grown(before, after) >= 1.5 else LATE
    if state == "--":
        return passed_on(line, one)
    return printed(line, one.status)


def passed_on(line: dict, one: Outcome) -> str | None:
    header, status = one.lower, line.get("status") or one.status
    if "error=" in header.get("proxy-status", "").partition(",")[0]:
        return NESTED
    if status == 503 and header.get("retry-after") and number(line, "Ta") < SHED_MS:
        return SHEDDING
    return {503: UP503, 507: DISK, 429: RATE}.get(status, UPERROR if (status or 0) >= 500 else None)


def servers(snapshot: dict) -> list[dict]:
    return [one for one in snapshot.get("app") or [] if one.get("svname") not in ("FRONTEND", "BACKEND")]


def nobody(after: dict) -> str:
    """`<NOSRV>`: what do the servers' states say?"""
    found = servers(after)
    if not found:
        return NO_ENDPOINTS
    if all("resolution" in (one.get("status") or "") for one in found):
        return DNS
    return checked(after) or EJECTED


def checked(after: dict) -> str | None:
    """The causes that most failing checks give."""
    votes = []
    for one in servers(after):
        status, code, text = one.get("check_status") or "", one.get("check_code") or "", one.get("last_chk") or ""
        if status.startswith("L7STS"):
            votes.append({"404": HC_PATH, "405": HC_PATH, "401": HC_REJECTED, "403": HC_REJECTED, "503": UP503}.get(code))
        elif status == "L4CON":
            votes.append(UNREACHABLE if re.search("unreachable|No route", text) else REFUSED)
        elif status in ("L4TOUT", "L6TOUT"):
            votes.append(CONNECT_TIMEOUT)
        elif status == "L7TOUT":
            votes.append(LATE)
        elif status == "HANA":
            votes.append(EJECTED)
    votes = [one for one in votes if one]
    return max(set(votes), key=votes.count) if votes else None


def errors(snapshot: dict) -> int:
    return sum(int(one.get("eresp") or 0) for one in servers(snapshot))


def prevented(after: dict) -> str | None:
    found = servers(after)
    return DNS if found and all("resolution" in (one.get("status") or "") for one in found) else checked(after)


def number(line: dict, name: str) -> float:
    value = line.get(name)
    return float(value) if isinstance(value, (int, float)) else 0.0


def grown(before: dict, after: dict) -> float:
    def rate(snapshot: dict) -> float:
        return sum(float(one.get("rate") or 0) for one in servers(snapshot))
    return rate(after) / rate(before) if rate(before) else 0.0
