"""The command line, and what is played."""

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from harness import build
from harness.backends import Faulty
from harness.processes import HarnessError, wait_until
from harness.proxy import Soe503

from .alertmanager import Alertmanager, amtool, stays
from .receiver import Receiver

POOL = """ride_out = "0s"
[incidents]
close_after = "1s"
external_url = "http://soe503.example"
[alerts.am]
kind = "alertmanager"
url = "{alertmanager}"
resend_every = "1s"
"""


class Scene:
    """A proxy with one backend, and an Alertmanager that is told and tells."""

    def __init__(self, directory: Path, soe503: str, faulty: str):
        self.backend = Faulty(1, directory, faulty, work_ms=0)
        self.receiver = Receiver()
        # Each has to know the other's address.
        self.alertmanager = Alertmanager(directory, self.receiver.url, "http://127.0.0.1:ADMIN/api/v1/changes/alertmanager")
        self.proxy = Soe503(soe503, directory, [self.backend], pool=POOL.format(alertmanager=self.alertmanager.url))
        config = self.alertmanager.config
        config.write_text(config.read_text().replace("ADMIN", str(self.proxy.admin)))
        self.incident = ""

    def __enter__(self) -> "Scene":
        self.backend.start()
        self.alertmanager.start()
        self.proxy.start()
        for _ in range(20):
            self.ask()
        return self

    def __exit__(self, *_) -> None:
        self.proxy.process.stop()
        self.alertmanager.stop()
        self.backend.stop()
        self.receiver.stop()

    def ask(self) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.proxy.port}/page", timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def api(self, path: str) -> dict:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.proxy.admin}{path}", timeout=5) as answer:
            return json.load(answer)

    def hooks(self) -> str:
        """What became of Alertmanager's webhooks."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.proxy.admin}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return "\n".join(line for line in lines if line.startswith("soe503_change_webhooks_total"))

    def mine(self) -> list[dict]:
        return [one for one in self.alertmanager.alerts() if one["labels"]["incident"] == self.incident]

    def asked_until(self, what: str, condition, seconds: float = 30.0) -> None:
        def holds() -> bool:
            self.ask()
            time.sleep(0.02)
            return condition()
        wait_until(what, holds, seconds)


def fires(scene: Scene) -> str:
    began = time.monotonic()
    scene.backend.door("killed")
    scene.asked_until("an incident is open", lambda: scene.api("/api/v1/incidents?open=true")["incidents"])
    summary = scene.api("/api/v1/incidents?open=true")["incidents"][0]
    scene.incident = summary["id"]
    scene.asked_until("the alert is active", scene.mine)
    alert = scene.mine()[0]
    wanted = {"alertname": "Soe503Incident", "cause": summary["cause"], "pool": "app", "incident": scene.incident, "server": "outage-test"}
    wrong = {name: alert["labels"].get(name) for name, value in wanted.items() if alert["labels"].get(name) != value}
    if wrong:
        raise HarnessError(f"labels: {wrong}")
    for name, part in [("summary", "Incident opened"), ("quick_fix", ""), ("commands", f"lbctl explain {scene.incident}"), ("runbook_url", summary["cause"])]:
        if part not in alert["annotations"].get(name, "(none)"):
            raise HarnessError(f"annotation {name}: {alert['annotations'].get(name)}")
    path = alert["generatorURL"].removeprefix("http://soe503.example")
    if scene.api(path)["id"] != scene.incident:
        raise HarnessError(f"the link leads elsewhere: {path}")
    scene.asked_until("the receiver is told", lambda: scene.receiver.told("firing", scene.incident))
    return f"{time.monotonic() - began:.1f} s after the fault"


def goes_on(scene: Scene) -> str:
    def one() -> bool:
        scene.ask()
        return len(scene.mine()) == 1
    # It would be over after four seconds if it were not told again. Meanwhile its severity may change: it is one alert all the same.
    scene.asked_until("it is one alert", one)
    stays("the alert is active", 7, one)
    said = amtool("alert", "query", f"--alertmanager.url={scene.alertmanager.url}", "-o", "json", f"incident={scene.incident}")
    return f"amtool sees {len(json.loads(said))}"


def forgets(scene: Scene) -> str:
    scene.alertmanager.process.kill()
    scene.asked_until("lbctl would see it", lambda: scene.api("/api/v1/alerts")["alerts"][0]["state"] == "failing")
    slowest = 0.0
    for _ in range(50):
        began = time.monotonic()
        scene.ask()
        slowest = max(slowest, time.monotonic() - began)
    if slowest > 1.0:
        raise HarnessError(f"a request took {slowest:.1f} s")
    scene.alertmanager.start()
    scene.asked_until("the alert is back", scene.mine, 60)
    return f"meanwhile the slowest of 50 requests took {1000 * slowest:.0f} ms"


def own_is_no_change(scene: Scene) -> str:
    wait_until("its webhook came", lambda: 'result="ignored"' in scene.hooks())
    if scene.api("/api/v1/changes")["changes"]:
        raise HarnessError("what we told Alertmanager came back as a change")
    return ""


def resolves(scene: Scene) -> str:
    scene.backend.door("open")
    scene.asked_until("the incident is closed", lambda: scene.api(f"/api/v1/incidents/{scene.incident}")["state"] == "closed")
    scene.asked_until("the alert is over", lambda: not scene.mine())
    scene.asked_until("the receiver is told", lambda: scene.receiver.told("resolved", scene.incident))
    return ""


def changes(scene: Scene) -> str:
    scene.alertmanager.add(alertname="Rollout", change="deploy", service="app", version="v2.8.0")
    wait_until("the change is known", lambda: scene.api("/api/v1/changes")["changes"], 30)
    change = scene.api("/api/v1/changes")["changes"][0]
    if (change["title"], change["pools"], change["by"]) != ("deploy app v2.8.0", ["app"], "alertmanager"):
        raise HarnessError(f"{change}")
    return change["title"]


STEPS = [
    ("an incident fires", fires, True),
    ("it is one alert as long as it goes on", goes_on, True),
    ("what we told is no change", own_is_no_change, True),
    ("Alertmanager is killed and forgets", forgets, False),
    ("it is over", resolves, True),
    ("an alert of others is a change", changes, True),
]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/alerts/run", description="Alerts, told to a real Alertmanager")
    build.add_arguments(parser)
    parser.add_argument("--quick", action="store_true", help="for CI: Alertmanager is not killed")
    return parser.parse_args()


def main() -> int:
    args = arguments()
    found = build.build(args, ["soe503-proxy"]) if not args.soe503 else Path(args.soe503).parent
    steps = [(name, play) for name, play, quick in STEPS if quick or not args.quick]
    good = 0
    with tempfile.TemporaryDirectory(prefix="soe503-alerts-") as directory, contextlib.suppress(KeyboardInterrupt):
        with Scene(Path(directory), str(found / "soe503"), str(found / "soe503-tools")) as scene:
            for name, play in steps:
                began = time.monotonic()
                try:
                    note, mark = play(scene), "ok"
                    good += 1
                except (HarnessError, OSError, subprocess.SubprocessError) as error:
                    note, mark = str(error), "MISSED"
                print(f"{mark:<8}{name:<40}{time.monotonic() - began:6.1f} s  {note}".rstrip(), flush=True)
    print(f"{good} of {len(steps)}")
    return 0 if good == len(steps) else 1


if __name__ == "__main__":
    sys.exit(main())
