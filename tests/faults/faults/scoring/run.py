"""Scores of one play."""

from dataclasses import dataclass, field

from ..row import Row
from .words import category

# What is scored of a proxy: its code as printed, or everything joined by a script.
PRINTED, JOINED = "printed", "joined"
# What the quick fix of a cause does, as far as that can make another fault worse.
FIXES = {
    "dependency_failure/connect_refused": "restart", "dependency_failure/reset_before_response": "restart", "dependency_failure/response_timeout": "find the slow part",
    "misconfiguration/timeout_too_short": "raise the timeout", "misconfiguration/limit_too_low": "raise the limit", "overload/concurrency_limit": "raise the limit",
    "overload/rate_limited": "raise the limit", "misconfiguration/bad_release": "roll back", "overload/pool_saturated": "scale out", "overload/queue_full": "scale out",
}


@dataclass
class Score:
    """`outcome`: exact, acceptable, wrong, nothing (said), refused (the proxy would not start so), impossible, broken, quiet, alarm."""

    outcome: str
    named: str | None = None
    grade: str | None = None
    # Failed requests until the right cause was named and stayed; seconds since the fault began.
    requests: int | None = None
    seconds: float | None = None
    scope: bool | None = None
    harm: int = 0
    category: bool | None = None
    # Of a control: what was named that must not be.
    alarms: list[str] = field(default_factory=list)
    code: str = ""
    why: str = ""


def of(row: Row, found: dict, surface: str) -> Score:
    for what in ("impossible", "lacks", "broken", "refused"):
        if what in found:
            outcome = {"lacks": "impossible"}.get(what, what)
            return Score(outcome, why=found[what])
    # What fails after the window may be the injection's own end, such as a backend that restarts.
    said = [{**one, "named": named(row, one, surface)} for one in found["said"] if one["at"] <= found["seconds"]]
    if row.kind == "control":
        return control(row, found, said)
    quiet = found.get("prevented")
    if not said:
        if not quiet:
            return Score("nothing", why="nothing failed, and nothing is named" if not found["failed"] else "")
        said = [{**quiet, "at": 0.0, "named": named(row, quiet, surface)}]
    if row.kind == "pair":
        return pair(row, said, surface, found)
    last = said[-1]
    score = Score(judge(row, last["named"], last), last["named"], last.get("grade"), code=last.get("code", ""))
    score.category = category(last["named"]) == category(row.expected)
    if score.outcome in ("exact", "acceptable"):
        wrong = [number for number, one in enumerate(said) if judge(row, one["named"], one) not in ("exact", "acceptable")]
        first = wrong[-1] + 1 if wrong else 0
        score.requests, score.seconds = first + 1, said[first]["at"]
        score.scope = last.get("scope") == row.scope if last.get("scope") else None
    elif last["named"]:
        score.harm = 3 if FIXES.get(last["named"]) in row.harmful else 1
    return score


def named(row: Row, one: dict, surface: str) -> str | None:
    """What counts as the name. Where a row asks for it, the cause itself and not the one behind it."""
    return one["printed"] if surface == PRINTED or row.itself else one["joined"] or one["printed"]


def judge(row: Row, cause: str | None, one: dict) -> str:
    if not cause or cause.startswith("unknown/"):
        return "nothing"
    if cause == row.expected:
        return "exact"
    # An overload's symptom with the right root behind it.
    if cause in row.acceptable or (cause in ("overload/queue_full", "overload/queue_timeout") and row.expected in (one.get("others") or ())):
        return "acceptable"
    return "wrong"


def control(row: Row, found: dict, said: list[dict]) -> Score:
    """Incidents that were opened, where there are incidents; else causes in answers."""
    before = {one.get("id") for one in found.get("incidents_before") or []}
    if found.get("incidents") is not None:
        causes = {one.get("cause") for one in found["incidents"] if one.get("id") not in before}
    else:
        causes = {one["named"] for one in said}
    causes |= {one["named"] for one in said if one["named"] in row.not_named}
    # What the harness itself did in a control, such as an origin's own 503, may be named as what it is.
    alarms = found.get("alarms", []) + sorted(cause for cause in causes if cause and (cause in row.not_named or cause not in row.seen))
    return Score("alarm" if alarms else "quiet", alarms=alarms, why=f"{found['failed']} failed")


def pair(row: Row, said: list[dict], surface: str, found: dict) -> Score:
    """Both, and the one with the larger share first."""
    votes: dict[str, int] = {}
    for one in said:
        for cause in {one["named"], *(one.get("others") or () if surface == JOINED else ())} - {None}:
            votes[cause] = votes.get(cause, 0) + 1
    old = {one.get("id") for one in found.get("incidents_before") or []}
    for one in found.get("incidents") or []:
        if one.get("id") not in old and one.get("cause"):
            votes.setdefault(one["cause"], one.get("failed") or 1)
    both = [cause for cause in (row.expected, row.second) if cause]
    there = [cause for cause in both if cause in votes]
    if len(there) == len(both):
        right = len(both) < 2 or votes[both[0]] >= votes[both[1]]
        return Score("exact" if right else "acceptable", " + ".join(there), category=True)
    most = max(votes, key=votes.get) if votes else None
    return Score("wrong" if most else "nothing", " + ".join(there) or most, category=None, why=f"of both only {', '.join(there) or 'neither'}")
