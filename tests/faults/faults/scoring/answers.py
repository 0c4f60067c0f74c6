"""Of one answer: which of the twelve items of an explanation are there, and does it tell what its reader may not know?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..load.clients import SECRET

if TYPE_CHECKING:
    from ..load import Outcome
    from ..stage import Stage

ITEMS = (
    "who generated it", "cause and grade", "a sentence", "scope and how many requests", "evidence with numbers", "what was ruled out", "what was tried",
    "since when, and changes", "when to come back", "fixes", "a command that verifies", "identifiers and links",
)
LONGEST = 4096
ADDRESS = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")


def secrets(stage: "Stage") -> dict[str, list[str]]:
    """Words that an audience must not read."""
    hosts = sorted({one.host for one in stage.app} | {str(one.port) for one in stage.app})
    names = [one.name for one in stage.app] + ["pool-quince", "app.test", str(stage.directory), "/healthz"]
    return {"public": [*hosts, *names, SECRET], "internal": [*hosts, str(stage.directory), SECRET], "full": [SECRET]}


def of(one: "Outcome", record: dict | None, secret: dict[str, list[str]]) -> dict:
    """Answers that are passed on from a backend are not judged: `ours` says whose it is."""
    headers, problem = one.lower, one.problem
    if "soe-cause" not in headers or "cause" not in problem:
        return {"ours": False, "audience": one.audience}
    text = one.body.decode(errors="replace") + "\n" + "\n".join(f"{name}: {value}" for name, value in one.headers)
    leaks = [word for word in secret[one.audience] if re.search(rf"(?<![\w.]){re.escape(word)}(?![\w])", text)]
    if one.audience != "full":
        leaks += [found for found in ADDRESS.findall(text) if not found.startswith("0.")]
    return {"ours": True, "audience": one.audience, "items": present(headers, problem), "bytes": len(one.body), "leaks": sorted(set(leaks))}


def present(headers: dict[str, str], problem: dict) -> list[bool]:
    """In the order of `ITEMS`. Only what the answer itself says counts."""
    scope, actions, requests = problem.get("scope") or {}, problem.get("actions") or {}, problem.get("requests")
    return [
        bool(problem.get("origin") and (problem.get("hop") or "proxy-status" in headers)),
        bool(problem.get("cause") and problem.get("grade")),
        bool(problem.get("detail")),
        bool(scope.get("level") and isinstance(requests, dict) and "failed" in requests),
        any(re.search(r"\d", str(item.get("what", ""))) for item in problem.get("evidence") or []),
        bool(problem.get("ruled_out")),
        bool("soe-attempts" in headers and (problem.get("attempts") or problem.get("requests") or headers["soe-attempts"] == "0")),
        bool(problem.get("first_seen") or problem.get("since")),
        bool("retryable" in problem and (problem["retryable"] is False or "retry-after" in headers)),
        bool(actions.get("quick") and actions.get("long_term")),
        any("verify" in one or "curl" in one or "lbctl" in one for one in actions.get("verify") or []),
        bool(problem.get("instance") and "x-request-id" in headers and str(problem.get("type", "")).startswith("http")),
    ]
