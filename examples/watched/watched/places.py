"""Where an operator may look, and what each place has to show: the same cause, and the same incident or request."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from harness.build import ROOT

from .scene import Scene


@dataclass(frozen=True)
class Fault:
    """What has happened, as the proxy tells it."""

    incident: str
    cause: str
    request: str
    """One request that failed of it."""


@dataclass(frozen=True)
class Place:
    name: str
    says: Callable[[Scene, Fault], bool]
    """Whether it says cause and id."""
    where: Callable[[Scene, Fault], str]
    """How somebody gets there."""
    soon: bool = True
    """It does not take a minute."""


def explained(scene: Scene, fault: Fault) -> bool:
    said = scene.lbctl("explain", fault.incident)
    return fault.incident in said and fault.cause in said


def request_explained(scene: Scene, fault: Fault) -> bool:
    said = scene.lbctl("explain", fault.request)
    return fault.request in said and fault.cause in said


def page(scene: Scene, fault: Fault) -> bool:
    said = scene.get(scene.admin, f"/incidents/{fault.incident}")
    return fault.cause in said


def told(scene: Scene, fault: Fault) -> bool:
    return any(fault.cause in message.text and fault.incident in message.text for message in list(scene.slack.messages))


def alerts(scene: Scene, fault: Fault) -> Iterator[dict]:
    """What Alertmanager has of this incident."""
    for alert in json.loads(scene.get(scene.alertmanager, "/api/v2/alerts?active=true")):
        labels = alert["labels"]
        if (labels.get("incident"), labels.get("cause")) == (fault.incident, fault.cause):
            yield alert


def by_proxy(scene: Scene, fault: Fault) -> bool:
    return any(alert["labels"].get("server") == "shop" for alert in alerts(scene, fault))


def by_prometheus(scene: Scene, fault: Fault) -> bool:
    return any(alert["labels"].get("job") == "soe503" for alert in alerts(scene, fault))


def panel(dashboard: str, title: str, found: Callable[[dict, Fault], bool]) -> Callable[[Scene, Fault], bool]:
    """A panel of a dashboard for Grafana: its own query is asked."""
    def says(scene: Scene, fault: Fault) -> bool:
        series = scene.query(query_of(dashboard, title))
        return any(float(one["value"][1]) > 0 and found(one["metric"], fault) for one in series)
    return says


def query_of(dashboard: str, title: str) -> str:
    document = json.loads((ROOT / "config" / "grafana" / f"{dashboard}.json").read_text())
    expr = next(one for one in document["panels"] if one["title"] == title)["targets"][0]["expr"]
    for variable, value in {"$__rate_interval": "10s", "$instance": ".*", "$pool": ".*"}.items():
        expr = expr.replace(variable, value)
    return expr


def exemplar(scene: Scene, fault: Fault) -> bool:
    """A failure of this cause on the chart leads to a request, and to its trace."""
    found = scene.prometheus_api("query_exemplars", query=f'soe503_responses_total{{cause="{fault.cause}"}}', **scene.lately())
    for series in found:
        for one in series["exemplars"]:
            labels = one["labels"]
            known = scene.lbctl("explain", labels.get("request_id", "none"))
            if fault.cause in known and re.fullmatch("[0-9a-f]{32}", labels.get("trace_id", "")):
                return True
    return False


def logged(scene: Scene, fault: Fault) -> bool:
    lines = map(json.loads, (scene.directory / "access.log").read_text().splitlines())
    return any((line["request_id"], line["cause"]) == (fault.request, fault.cause) for line in lines)


PLACES = [
    Place("one failed request, explained", request_explained, lambda scene, fault: f"lbctl explain {fault.request}"),
    Place("access log", logged, lambda scene, fault: f"grep {fault.request} {scene.directory}/access.log"),
    Place("lbctl", explained, lambda scene, fault: f"lbctl explain {fault.incident}"),
    Place("dashboard", page, lambda scene, fault: f"http://127.0.0.1:{scene.admin}/incidents/{fault.incident}"),
    Place("Slack", told, lambda scene, fault: next(iter(m.header for m in scene.slack.messages if fault.incident in m.text), "")),
    Place("Alertmanager, told by the proxy", by_proxy, lambda scene, fault: f"http://127.0.0.1:{scene.alertmanager}/#/alerts"),
    Place("Grafana, overview: failed, by cause", panel("soe503-overview", "Failed, by cause", lambda labels, fault: labels.get("cause") == fault.cause), lambda scene, fault: "config/grafana/soe503-overview.json"),
    Place("Grafana, incident: what goes on", panel("soe503-incident", "Incidents that go on", lambda labels, fault: (labels.get("incident"), labels.get("cause")) == (fault.incident, fault.cause)), lambda scene, fault: "config/grafana/soe503-incident.json"),
    Place("Prometheus, an example with its trace", exemplar, lambda scene, fault: f"http://127.0.0.1:{scene.prometheus}/graph"),
    Place("Prometheus' own alert, after its minute", by_prometheus, lambda scene, fault: f"http://127.0.0.1:{scene.prometheus}/alerts", soon=False),
]
