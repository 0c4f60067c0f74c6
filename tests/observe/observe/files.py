"""What can be said of the files without running anything."""

import re
import subprocess
from pathlib import Path

import json

from harness.processes import HarnessError

from . import datadog, grafana
from .prometheus import promtool

CONFIG = Path(__file__).resolve().parents[3] / "config"
HERE = Path(__file__).resolve().parents[1]
GENERATED = {"grafana": grafana.documents, "datadog": datadog.documents}


def write() -> None:
    for folder, made in GENERATED.items():
        (CONFIG / folder).mkdir(exist_ok=True)
        for name, text in made().items():
            (CONFIG / folder / name).write_text(text)


def generated() -> str:
    wrong = [
        f"config/{folder}/{name}" for folder, made in GENERATED.items() for name, text in made().items()
        if not (CONFIG / folder / name).exists() or (CONFIG / folder / name).read_text() != text
    ]
    if wrong:
        raise HarnessError(f"{', '.join(wrong)}: not what tests/observe makes; run it with --write")
    return f"{sum(len(made()) for made in GENERATED.values())} files"


def rules() -> str:
    promtool("check", "config", str(CONFIG / "prometheus/prometheus.yml"))
    promtool("test", "rules", str(HERE / "rules.test.yml"))
    said = promtool("check", "rules", "--lint=all", "--lint-fatal", str(CONFIG / "prometheus/soe503.rules.yml"))
    return re.search(r"\d+ rules", said)[0]


def layout() -> str:
    """No two panels in one place, every one with a description and a unit of Grafana's."""
    count = 0
    for dashboard in grafana.DASHBOARDS:
        taken, ids = set(), set()
        for panel in json.loads((CONFIG / "grafana" / f"{dashboard.uid}.json").read_text())["panels"]:
            place = panel["gridPos"]
            cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
            where = f"{dashboard.uid}: {panel['title']}"
            if cells & taken or place["x"] + place["w"] > 24 or panel["id"] in ids:
                raise HarnessError(f"{where} is where another panel is")
            if panel["type"] != "row" and not panel["description"].endswith((".", "?")) or panel["type"] != "row" and not panel["targets"]:
                raise HarnessError(f"{where} has no description or no query")
            taken |= cells
            ids.add(panel["id"])
            count += panel["type"] != "row"
    return f"{count} panels"


def commands(lbctl: str) -> str:
    """What alerts tell to type exists."""
    named = set()
    for path in CONFIG.glob("*/*"):
        named |= set(re.findall(r"lbctl (?:--admin \S+ \{\{[^}]*\}\} |--admin \S+ )?((?:[a-z]+(?: |`|\b))+(?:--[a-z]+)?)", re.sub(r"\{\{[^}]*\}\}", "X", path.read_text())))
    known = {" ".join(words.strip("` ").split()) for words in named}
    tried = 0
    for words in known:
        command = [word for word in words.split() if word not in ("and", "for", "with")][:2]
        while command and subprocess.run([lbctl, *command, "--help"], capture_output=True).returncode != 0:
            command.pop()
        if not command:
            raise HarnessError(f"lbctl has no command {words!r}")
        tried += 1
    return f"{tried} commands"


def datadog_names(exposition: str) -> str:
    types = dict(re.findall(r"(?m)^# TYPE (\S+) (\S+)$", exposition))
    missing = {name for name in datadog.exposed().values() if name not in types} - datadog.RARE
    if missing:
        raise HarnessError(f"conf.yaml names what is not exposed: {sorted(missing)}")
    if unsent := datadog.shown() - datadog.sent():
        raise HarnessError(f"the dashboard shows what the agent does not send: {sorted(unsent)}")
    return f"{len(datadog.exposed())} metrics, {len(datadog.shown())} of them shown"
