"""Is what soe503 says it has seen what the harness has done? Each item of evidence is held against the harness's own log.

An item is *grounded*, *unsupported* (it claims what did not happen), or *unchecked* (nothing in it can be checked). An attempt
that was observed truly and is called by a wrong cause is *mislabelled*.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..stage import Stage

CAUSE = re.compile(r"\b(overload|maintenance|dependency_failure|misconfiguration|resource_exhaustion|circuit_open|unknown)/[a-z0-9_]+")
ADDRESS = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}:\d{2,5}\b")
STATUS = re.compile(r"\b(?:HTTP|status|answered|with|->)\s*:?\s*([1-5]\d\d)\b(?!\s*(?:ms|bytes|of))")
OF = re.compile(r"\b(\d+) of (\d+) backends?\b")
LIMIT = re.compile(r"\blimit(?: of)? (\d+)")
# These only say that something else did.
CONSEQUENCES = ("circuit_open/consecutive_failures", "circuit_open/failure_rate", "circuit_open/all_ejected")


def of(stage: "Stage", records: dict[str, dict], begun: float) -> dict:
    """Of all records that were fetched."""
    truth = Truth(stage, begun)
    items, unsupported, mislabelled = 0, [], []
    unchecked = 0
    for id, record in records.items():
        for item in (record.get("diagnosis") or {}).get("evidence") or []:
            items += 1
            wrong, checks = truth.check(item, record)
            label = truth.label(record) if item.get("kind") == "attempt" else None
            if label:
                mislabelled.append({"request": id, "kind": "attempt", "what": item.get("what"), "why": label})
            if wrong:
                unsupported.append({"request": id, "kind": item.get("kind"), "what": item.get("what"), "why": wrong})
            elif not checks:
                unchecked += 1
    return {"items": items, "unsupported": unsupported[:20], "number": len(unsupported), "mislabelled": mislabelled[:5], "mislabels": len(mislabelled), "unchecked": unchecked}


class Truth:
    """What happened in a play."""

    def __init__(self, stage: "Stage", begun: float):
        row = stage.row
        expected = {row.expected, row.second, *row.acceptable, *row.seen} - {None}
        self.causes = expected | set(CONSEQUENCES)
        self.addresses = {one.address for one in (*stage.app, *stage.control)}
        if stage.setting.inner:
            self.addresses |= {f"{host}:{port}" for _, host, port in stage.members_told}
        if stage.setting.loop:
            self.addresses.add(f"127.0.0.1:{stage.proxy.port}")
        self.statuses = {status for one in stage.app for status in one.sent} | {status for one in stage.app for _, status in one.probes}
        if stage.setting.inner or stage.setting.loop:
            # What a proxy behind this one answers itself.
            self.statuses |= {502, 503, 504, 508}
        self.total = {len(stage.app), stage.setting.backends, 1 if stage.setting.inner or stage.setting.loop else stage.setting.backends}
        self.limit, self.begun = stage.setting.max_in_flight, begun
        self.names = {one.name for one in stage.app}
        self.moving = stage.setting.names == "one"

    def check(self, item: dict, record: dict) -> tuple[str | None, int]:
        """What is wrong with it, and how much could be checked."""
        what, kind, checks = str(item.get("what", "")), item.get("kind"), 0
        for match in CAUSE.finditer(what):
            checks += 1
            if match[0] not in self.causes:
                return f"{match[0]} did not happen", checks
        for address in ADDRESS.findall(what):
            checks += 1
            if address not in self.addresses:
                return f"{address} is nobody's address", checks
        for status in STATUS.findall(what):
            checks += 1
            if int(status) not in self.statuses:
                return f"no backend answered {status}", checks
        for part, total in OF.findall(what):
            checks += 1
            if int(part) > int(total) or (int(total) not in self.total and not self.moving):
                return f"there are no {total} backends", checks
        if kind in ("limit", "queue") and self.limit and (match := LIMIT.search(what)):
            checks += 1
            if int(match[1]) != self.limit:
                return f"the limit is {self.limit}", checks
        if kind == "attempt":
            wrong, more = self.attempt(record)
            if wrong:
                return wrong, checks + more
            checks += more
        for moment in (item.get("at"), item.get("since")):
            if moment:
                checks += 1
                if seconds(moment) > datetime.now().timestamp() + 1:
                    return "it is in the future", checks
        return None, checks

    def attempt(self, record: dict) -> tuple[str | None, int]:
        """The attempts of the record, as they are told in fields: to whom, and how they ended."""
        checks = 0
        for attempt in record.get("attempts") or []:
            status, address = attempt.get("status"), attempt.get("address")
            if status:
                checks += 1
                if status not in self.statuses:
                    return f"an attempt was answered {status}, which no backend did", checks
            if address:
                checks += 1
                if address not in self.addresses:
                    return f"an attempt went to {address}, which is nobody's", checks
            if attempt.get("elapsed_ms", 0) > record.get("elapsed_ms", 0) + 50:
                return "an attempt took longer than the request", checks
        return None, checks

    def label(self, record: dict) -> str | None:
        """The observation may be true and what it is called may not."""
        causes = [attempt.get("cause") for attempt in record.get("attempts") or []]
        wrong = next((cause for cause in causes if cause and cause not in self.causes), None)
        return f"is called {wrong}, which did not happen" if wrong else None


def seconds(moment) -> float:
    try:
        return datetime.fromisoformat(str(moment).replace("Z", "+00:00")).timestamp()
    except ValueError:
        return float(moment) if isinstance(moment, (int, float)) else 0.0
