"""The command line: builds, runs the scenarios, shows the verdicts."""

import argparse
import os
import shutil
import sys
from pathlib import Path

from harness import build
from harness.network import may_change_the_network
from harness.processes import HarnessError

from . import scenarios
from .stage import Settings, Stage
from .verdicts import Scenario, write

# How often a scenario is repeated on a machine that is too busy to measure times.
REPEATS = 2


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/outage/run", description="Outages, acted out behind the real proxy.")
    parser.add_argument("scenario", nargs="*", help="only these (default: all): " + ", ".join(scenarios.ALL))
    parser.add_argument("--quick", action="store_true", help="a few seconds of each")
    parser.add_argument("--rate", type=float, default=500.0, help="requests per second (default 500)")
    build.add_arguments(parser)
    parser.add_argument("--against", choices=("soe503", "nginx"), default="soe503", help="the proxy under test")
    parser.add_argument("--keep", metavar="DIR", help="leave logs and results there")
    args = parser.parse_args()
    unknown = set(args.scenario) - set(scenarios.ALL)
    if unknown:
        parser.error(f"unknown scenario {', '.join(sorted(unknown))}; there are: {', '.join(scenarios.ALL)}")
    return args


def act(settings: Settings, name: str, repeats: int) -> Scenario:
    play = scenarios.ALL[name]
    scenario = Scenario(name, play.__doc__.strip().splitlines()[0])
    if repeats:
        scenario.notes.append(f"repeated {repeats} × because the machine was too busy for the load generator")
    try:
        with Stage(settings, f"{name}-{repeats + 1}" if repeats else name) as stage:
            play(stage, scenario)
    except (HarnessError, OSError) as error:
        scenario.add("the scenario ran", f"{type(error).__name__}", "to its end", False)
        scenario.notes.append(str(error))
    return scenario


def main() -> int:
    args = arguments()
    for tool in ("nginx", "cargo"):
        if not shutil.which(tool):
            sys.exit(f"tests/outage/run: {tool} is needed (Debian: apt install nginx-light)")
    packages = ["soe503-tests"] if args.soe503 or args.against == "nginx" else ["soe503-tests", "soe503-proxy"]
    built = build.build(args, packages)
    target = build.target_directory()
    network = may_change_the_network()
    settings = Settings(
        soe503=args.soe503 or str(built / "soe503"), tools=str(built / "soe503-tools"),
        against=args.against, rate=args.rate, quick=args.quick, network=network, keep=Path(args.keep) if args.keep else None,
    )
    if not network:
        print("not root: packets are swallowed by a full listen queue, and attempts to connect are not counted")
    done = []
    for name in args.scenario or scenarios.ALL:
        for repeats in range(REPEATS + 1):
            scenario = act(settings, name, repeats)
            scenario.show()
            if not scenario.says_nothing or repeats == REPEATS:
                break
            print("  repeated: the machine was too busy for the load generator, and only times were missed", flush=True)
        done.append(scenario)
    write(done, target / "outage" / f"results-{args.against}.json")
    failed = [f"{one.name}: {verdict.what} {verdict.figure}, target {verdict.target}" for one in done for verdict in one.failed]
    total = sum(verdict.good is not None for one in done for verdict in one.verdicts)
    print(f"{total - len(failed)} of {total} targets met; {os.path.relpath(target / 'outage')}/results-{args.against}.json")
    for line in failed:
        print(f"  missed  {line}")
    return 1 if failed else 0
