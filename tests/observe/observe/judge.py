"""What was seen, held against what was to be seen."""

import json
import re
from pathlib import Path

from harness.processes import HarnessError

from .faults import POOLS, PoolFault
from .processes import ProcessFault
from .prometheus import Prometheus, filled
from .pulse import Pulse
from .stage import MAIN

# What no fault here brings about: their queries have data all the same, and all of it is 0.
NOT_HERE = (
    "soe503_connections_refused_total", "soe503_hedges_total", "soe503_hedges_withheld_total", "soe503_queue_for_backends_", "soe503_pool_throttle_ratio",
    "soe503_pool_cache_offered_total", "soe503_pool_cache_revalidations_total", "soe503_taken_over_total", "soe503_pool_maintenance",
    "soe503_journal_dropped_total", "soe503_recorder_dropped_total",
)

Span = tuple[float, float]
"""From when to when faults were there."""

PAGE = "https://github.com/soe503/soe503/blob/main/"
REPOSITORY = Path(__file__).resolve().parents[3]


class Seen:
    """All alerts that have fired, once for each set of labels."""

    def __init__(self):
        self.alerts: dict[str, dict] = {}

    def add(self, firing: list[dict]) -> None:
        for one in firing:
            self.alerts[json.dumps(one["labels"], sort_keys=True)] = one

    def of(self, **labels: str) -> list[dict]:
        wanted = labels.items()
        return [one for one in self.alerts.values() if all(one["labels"].get(name) == value for name, value in wanted)]

    def names(self, **labels: str) -> set[str]:
        return {one["labels"]["alertname"] for one in self.of(**labels)}


def calm(firing: list[dict], early: set[str], pulse: Pulse) -> str:
    labels = [one["labels"] for one in firing if one["labels"].get("pool") not in early and one["labels"].get("limit") != "few"]
    wrong = [one for one in labels if not pulse.excuses_alert(one)]
    if wrong:
        raise HarnessError(f"{wrong}")
    return busy(pulse)


def busy(pulse: Pulse) -> str:
    return f"the machine itself was {pulse.worst * 1000:.0f} ms late" if pulse.excuses() else ""


def waits(seen: Seen, faults: list[ProcessFault]) -> bool:
    """Whether something that has to fire has not."""
    return any(fault.must - pool_names(fault, seen) for fault in POOLS) or any(fault.must - seen.names(instance=fault.name) for fault in faults)


def pool_names(fault: PoolFault, seen: Seen) -> set[str]:
    # A rate limit has no pool; there is one of it.
    limited = seen.names(limit="few") if fault.pool == "limited" else set()
    return seen.names(pool=fault.pool) | limited


def pool(fault: PoolFault, seen: Seen) -> str:
    names = pool_names(fault, seen)
    compare(names, fault.must, fault.may)
    alerts = seen.of(pool=fault.pool)
    told(alerts)
    incidents = [one for one in alerts if one["labels"]["alertname"] == "Soe503Incident"]
    causes = {one["labels"]["cause"] for one in incidents}
    if fault.causes and not causes & fault.causes:
        raise HarnessError(f"incidents of {causes}, none of {fault.causes}")
    return ", ".join(sorted(name.removeprefix("Soe503") for name in names)) + (f" ({', '.join(sorted(causes))})" if causes else "")


def process(fault: ProcessFault, seen: Seen, pulse: Pulse) -> str:
    alerts = seen.of(instance=fault.name) + [one for one in seen.of(pool=f"of-{fault.name}") if "instance" not in one["labels"]]
    names = {one["labels"]["alertname"] for one in alerts}
    compare(names, fault.must, fault.may | pulse.excuses())
    told(alerts)
    return ", ".join(sorted(name.removeprefix("Soe503") for name in names))


def compare(names: set[str], must: set[str], may: set[str]) -> None:
    if missing := must - names:
        raise HarnessError(f"did not fire: {', '.join(sorted(missing))} (fired: {', '.join(sorted(names)) or 'nothing'})")
    if beyond := names - must - may:
        raise HarnessError(f"fired without a reason: {', '.join(sorted(beyond))}")


def told(alerts: list[dict]) -> None:
    """Texts without holes, and a runbook that is there."""
    for one in alerts:
        name, words = one["labels"]["alertname"], one["annotations"]
        for text in words.values():
            if not text.strip() or "<no value>" in text or "{{" in text or "error expanding" in text or "  " in text:
                raise HarnessError(f"{name} says {text!r}")
        path, _, anchor = words["runbook_url"].removeprefix(PAGE).partition("#")
        page = (REPOSITORY / path).read_text()
        if anchor and f'<a id="{anchor}"></a>' not in page and f"\n## {anchor}\n" not in page:
            raise HarnessError(f"{name}: {words['runbook_url']} leads nowhere")


def blameless(name: str, seen: Seen, pulse: Pulse) -> str:
    """The proxy on which the pools are, as far as it is not about pools."""
    own = [one["labels"] for one in seen.of(instance=name) if "pool" not in one["labels"] and "limit" not in one["labels"]]
    wrong = [one for one in own if not pulse.excuses_alert(one)]
    if wrong:
        raise HarnessError(f"{wrong}")
    return busy(pulse)


def others(seen: Seen, faults: list[ProcessFault]) -> str:
    """Alerts of which none of the judgements above has heard."""
    pools = {fault.pool for fault in POOLS} | {f"of-{fault.name}" for fault in faults}
    instances = {MAIN, *(fault.name for fault in faults)}
    labels = [one["labels"] for one in seen.of()]
    # On the main proxy it is the pool, or the limit, that is judged.
    wrong = [one for one in labels if not one.keys() & {"pool", "instance"} or one.get("pool", "calm") not in pools or one.get("instance", MAIN) not in instances]
    if wrong:
        raise HarnessError(f"{wrong}")
    return f"{len(labels)} alerts"


def complete(rules: Path, tests: Path, played: list[PoolFault | ProcessFault]) -> str:
    alerts = set(re.findall(r"- alert: (\S+)", rules.read_text()))
    here = set().union(*(fault.must for fault in played))
    units = set(re.findall(r"alertname: (\S+)", tests.read_text()))
    if nobody := alerts - here - units:
        raise HarnessError(f"nothing lets these fire: {', '.join(sorted(nobody))}")
    if unknown := (here | units) - alerts:
        raise HarnessError(f"there are no such alerts: {', '.join(sorted(unknown))}")
    return f"{len(alerts)} alerts, {len(here & alerts)} with a real fault, {len((units - here) & alerts)} by unit tests alone"


def rules(prometheus: Prometheus) -> str:
    groups = prometheus.api("rules")["groups"]
    all_rules = [rule for group in groups for rule in group["rules"]]
    wrong = [rule["name"] for rule in all_rules if rule["health"] != "ok"]
    recorded = [rule["name"] for rule in all_rules if rule["type"] == "recording"]
    empty = [name for name in recorded if not prometheus.query(f'last_over_time({{__name__="{name}"}}[1m])')]
    if wrong or empty:
        raise HarnessError(f"not evaluated: {wrong}; without data: {empty}")
    return f"{len(all_rules)} rules, {len(recorded)} of them recorded"


def dashboard(path: Path, prometheus: Prometheus, span: Span, not_here: tuple[str, ...]) -> str:
    """`not_here`: the beginnings of metrics that nobody moves."""
    document = json.loads(path.read_text())
    targets = [(panel["title"], target["expr"]) for panel in document["panels"] for target in panel.get("targets", [])]
    events = [(f"event {one['name']}", one["expr"]) for one in document["annotations"]["list"] if "expr" in one]
    variables = [one["definition"] for one in document["templating"]["list"] if one["type"] == "query"]
    wrong = [what for title, expr in targets + events if (what := wanting(title, expr, prometheus.over(filled(expr), *span), not_here))]
    for definition in variables:
        selector, label = re.fullmatch(r"label_values\((.+), (\w+)\)", definition).groups()
        if not prometheus.api(f"label/{label}/values", **{"match[]": filled(selector)}):
            wrong.append(f"{definition}: no values")
    if wrong:
        raise HarnessError("; ".join(wrong))
    return f"{len(targets)} queries, {len(events)} kinds of events"


def queries(named: list[tuple[str, str, list[str]]], prometheus: Prometheus, span: Span, not_here: tuple[str, ...]) -> str:
    """Titles, queries, and the labels that their series are told apart by, which have to be there."""
    wrong = []
    for title, expr, labels in named:
        found = prometheus.over(filled(expr), *span)
        if what := wanting(title, expr, found, not_here):
            wrong.append(what)
        wrong += [f"{title}: nothing has the label {label}" for label in labels if found and not any(one["metric"].get(label) for one in found)]
    if wrong:
        raise HarnessError("; ".join(wrong))
    return f"{len(named)} queries"


def wanting(title: str, expr: str, found: list[dict], not_here: tuple[str, ...]) -> str | None:
    """What is wrong with what a query found. Zero is what many queries have instead of nothing: that alone shows little."""
    values = [float(value) for one in found for _, value in one["values"] if value not in ("NaN", "+Inf", "-Inf")]
    if not values:
        return f"{title}: no data"
    if max(values) <= 0 and not any(name in expr for name in not_here):
        return f"{title}: never more than 0"
    return None


def exemplars(prometheus: Prometheus, span: Span) -> str:
    found = prometheus.api("query_exemplars", query='soe503_responses_total{cause!=""}', start=span[0], end=span[1])
    named = [(series["seriesLabels"], example["labels"]) for series in found for example in series["exemplars"]]
    # A rate limit refuses before a trace is begun.
    traced = [(of, example) for of, example in named if of["cause"] != "overload/rate_limited"]
    bad = [(of["pool"], of["cause"]) for of, example in traced if not re.fullmatch("[0-9a-f]{32}", example.get("trace_id", ""))]
    bad += [(of["pool"], of["cause"]) for of, example in named if not example.get("request_id")]
    if not named or bad:
        raise HarnessError(f"of {len(named)} these have no trace or no request: {sorted(set(bad))}")
    return f"{len(named)} of {len(found)} series"


def openmetrics(text: str, kind: str) -> str:
    if not kind.startswith("application/openmetrics-text; version=1.0.0") or not text.endswith("# EOF\n"):
        raise HarnessError(f"{kind}, ends with {text[-30:]!r}")
    names = re.findall(r"(?m)^# TYPE (\S+) ", text)
    if len(set(names)) != len(names):
        raise HarnessError("two families of one name")
    return f"{len(names)} families, {text.count(' # {')} examples"
