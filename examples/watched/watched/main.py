"""The command line: starts, breaks, looks everywhere, mends."""

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import build
from harness.processes import HarnessError, wait_until

from .places import PLACES, Fault, Place
from .scene import Scene

# Prometheus' own alert waits for a minute.
PATIENCE = 100.0
VISITORS = 3600.0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="examples/watched/run", description="soe503 with everything that watches it, and a fault")
    build.add_arguments(parser)
    parser.add_argument("--once", action="store_true", help="mends what it broke, and ends; fails if a place does not show the fault")
    parser.add_argument("--quick", action="store_true", help="as --once, for CI: without what takes a minute")
    return parser.parse_args()


def say(text: str = "") -> None:
    print(text, flush=True)


def breaks(scene: Scene) -> Fault:
    """All three backends are killed: the incident that this becomes, and one of the requests that failed of it."""
    scene.door("killed")
    wait_until("an incident is open", lambda: named(scene) is not None)
    incident = named(scene)
    # Those after it are refused by the open circuit, which has this as its root.
    wait_until("a request that failed of it is logged", lambda: scene.failed(incident["cause"]) is not None, 30)
    return Fault(incident["id"], incident["cause"], scene.failed(incident["cause"]))


def named(scene: Scene) -> dict | None:
    """The incident of all of them."""
    incidents = json.loads(scene.lbctl("incidents", "--open", "-o", "json"))["incidents"]
    return incidents[0] if incidents else None


def look(scene: Scene, fault: Fault, broken: float, places: list[Place]) -> int:
    """Prints each place when it shows the fault; returns how many do not."""
    missing = list(places)
    while missing and time.time() < broken + PATIENCE:
        for place in list(missing):
            if place.says(scene, fault):
                missing.remove(place)
                say(f"  {time.time() - broken:6.1f} s  {place.name:<42}{place.where(scene, fault)}")
        time.sleep(0.1)
    for place in missing:
        say(f"  never     {place.name:<42}{place.where(scene, fault)}")
    return len(missing)


def mends(scene: Scene, fault: Fault) -> None:
    began = time.time()
    scene.door("open")
    wait_until("requests succeed", lambda: scene.ask()[0] == 200, 30)
    say(f"  {time.time() - began:6.1f} s  requests succeed")
    wait_until("the incident is closed", lambda: json.loads(scene.lbctl("explain", fault.incident, "-o", "json"))["state"] == "closed", 60)
    say(f"  {time.time() - began:6.1f} s  the incident is closed")
    wait_until("Slack is told", lambda: any(fault.incident in one.text and "closed" in one.header.lower() for one in scene.slack.messages), 60)
    say(f"  {time.time() - began:6.1f} s  Slack is told: {scene.slack.messages[-1].header}")


def addresses(scene: Scene) -> None:
    say(f"  the shop        curl -i http://127.0.0.1:{scene.port}/cart")
    say(f"  the dashboard   http://127.0.0.1:{scene.admin}/")
    say(f"  Prometheus      http://127.0.0.1:{scene.prometheus}/alerts")
    say(f"  Alertmanager    http://127.0.0.1:{scene.alertmanager}/")
    say(f"  a terminal      export LBCTL_ADMIN=http://127.0.0.1:{scene.admin} PATH={scene.binaries}:$PATH; lbctl top")
    say("  Grafana         if you have one: add that Prometheus as a data source, and import config/grafana/*.json")


def play(scene: Scene, began: float, args: argparse.Namespace) -> int:
    once = args.once or args.quick
    places = [place for place in PLACES if place.soon or not args.quick]
    say(f"everything is up after {time.time() - began:.1f} s")
    addresses(scene)
    scene.visitors(VISITORS)
    # So that there is something before the fault, on charts and in what is usual.
    time.sleep(10)
    broken = time.time()
    fault = breaks(scene)
    say(f"\nall three backends were killed, {time.strftime('%H:%M:%S', time.localtime(broken))}: {fault.cause}, incident {fault.incident}, one of its requests {fault.request}")
    missing = look(scene, fault, broken, places)
    if not once:
        say("\nIt goes on until Enter, which mends it.")
        sys.stdin.readline()
    say("\nthe backends are back:")
    mends(scene, fault)
    if scene.slack.refused:
        say(f"Slack would have refused {len(scene.slack.refused)} messages: {scene.slack.refused[0]}")
        return 1
    if not once:
        say("\nCtrl-C ends all of it.")
        while True:
            time.sleep(60)
    say(f"{len(places) - missing} of {len(places)} places showed the same cause and id")
    return 1 if missing else 0


def main() -> int:
    args = arguments()
    found = build.build(args, ["soe503-proxy"]) if not args.soe503 else Path(args.soe503).parent
    began = time.time()
    with tempfile.TemporaryDirectory(prefix="soe503-watched-") as directory, contextlib.suppress(KeyboardInterrupt):
        try:
            with Scene(found, Path(directory)) as scene:
                return play(scene, began, args)
        except (HarnessError, OSError, subprocess.SubprocessError) as error:
            say(f"MISSED: {error}")
            return 1
    return 0
