"""The command line, and the order of things."""

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path

from harness import build
from harness.cases import LeftOut
from harness.processes import HarnessError

from . import datadog, files, grafana, judge, scrapers, told, visitors
from .faults import POOLS
from .processes import PROCESSES, ProcessFault
from .prometheus import promtool
from .pulse import Pulse
from .stage import MAIN, RULES, Stage
from .watched import Watched

OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
# How long nothing is wrong, and how long faults are given to show: the longest `for` with its range, in the scaled times.
CALM, FAULTS = 8.0, 25.0


class Count:
    def __init__(self):
        self.good, self.missed = 0, []

    def leave_out(self, name: str, why: LeftOut) -> None:
        print(f"--      {name:<40}          left out: {why}", flush=True)

    def tell(self, name: str, play) -> None:
        """One line for what `play` returns or raises."""
        began = time.monotonic()
        try:
            note = play()
            self.good += 1
            mark = "ok"
        except HarnessError as error:
            note, mark = str(error), "MISSED"
            self.missed.append(name)
        print(f"{mark:<8}{name:<40}{time.monotonic() - began:6.1f} s  {note or ''}".rstrip(), flush=True)

    def end(self) -> int:
        print(f"{self.good} of {self.good + len(self.missed)}" + "".join(f"\n  missed  {name}" for name in self.missed))
        return 1 if self.missed or not self.good else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/observe/run", description="Alerts, dashboards and the Datadog configuration, with a real Prometheus")
    build.add_arguments(parser)
    parser.add_argument("--quick", action="store_true", help="for CI: without the proxy that restarts again and again")
    parser.add_argument("--write", action="store_true", help="make the files in config/ that are generated, and do nothing else")
    return parser.parse_args()


def main() -> int:
    args = arguments()
    if args.write:
        files.write()
        return 0
    count = Count()
    count.tell("files are what is made here", files.generated)
    count.tell("rules: syntax and unit tests", files.rules)
    count.tell("dashboards: layout", files.layout)
    found = build.build(args, ["soe503-proxy"]) if not args.soe503 else Path(args.soe503).parent
    binaries = {name: str(found / name) for name in ("soe503", "soe503-tools", "lbctl")}
    count.tell("what alerts tell to type exists", lambda: files.commands(binaries["lbctl"]))
    with tempfile.TemporaryDirectory(prefix="soe503-observe-") as directory:
        with Pulse() as pulse, Stage(Path(directory), binaries, 120.0) as stage:
            acted_out(stage, count, args.quick, pulse)
    return count.end()


def acted_out(stage: Stage, count: Count, quick: bool, pulse: Pulse) -> None:
    main = stage.proxies[MAIN]
    for fault in POOLS:
        stage.load(fault.pool, fault.rate, options=fault.load)
    stage.load("reporting", 10)
    time.sleep(CALM)
    # Nothing is wrong yet but too little room, and too few requests that may come: those two are there from the begin.
    early = {"sheds", "limited"}
    count.tell("no alert while nothing is wrong", lambda: judge.calm(stage.prometheus.firing(), early, pulse))
    began = time.time()
    for fault in POOLS:
        stage.begin(fault)
    visitors.come(main.tls, stage.over)
    seen = stage.early = judge.Seen()
    faults = brought_about(stage, count, [fault for fault in PROCESSES if not (quick and fault.long)])
    while time.time() < began + FAULTS or judge.waits(seen, faults) and time.time() < began + 2 * FAULTS:
        seen.add(stage.prometheus.firing())
        time.sleep(0.5)
    for fault in POOLS:
        count.tell(f"pool {fault.pool}", lambda: judge.pool(fault, seen))
    for fault in faults:
        count.tell(f"proxy {fault.name}", lambda: judge.process(fault, seen, pulse))
    count.tell("the main proxy is blamed for nothing", lambda: judge.blameless(MAIN, seen, pulse))
    count.tell("nobody else is blamed", lambda: judge.others(seen, faults))
    count.tell("every alert has its fault", lambda: judge.complete(RULES, files.HERE / "rules.test.yml", [*POOLS, *faults]))
    count.tell("a reload", lambda: reloaded(stage, main))
    count.tell("every query of every rule", lambda: judge.rules(stage.prometheus))
    # What follows is about what was seen until now.
    span = began, time.time()
    stage.rest()
    not_here = judge.NOT_HERE + tuple(name for fault in PROCESSES if fault not in faults for name in fault.alone)
    for dashboard in grafana.DASHBOARDS:
        count.tell(f"every query of {dashboard.uid}", lambda: judge.dashboard(files.CONFIG / "grafana" / f"{dashboard.uid}.json", stage.prometheus, span, not_here))
    count.tell("every query of Datadog's dashboard", lambda: judge.queries(datadog.translated(), stage.prometheus, span, not_here))
    count.tell("failures name their traces", lambda: judge.exemplars(stage.prometheus, span))
    count.tell("exposition: promtool check metrics", lambda: lint(main.metrics()[0]))
    count.tell("exposition: OpenMetrics", lambda: judge.openmetrics(*main.metrics(OPENMETRICS)))
    count.tell("Datadog: every metric is exposed", lambda: files.datadog_names(main.metrics()[0]))
    count.tell("DogStatsD is told what is exposed", lambda: told.agree(stage.told, main))
    count.tell("scrapers that misbehave", lambda: scrapers.play(main, stage.prometheus))


def brought_about(stage: Stage, count: Count, faults: list[ProcessFault]) -> list[ProcessFault]:
    """Those faults that could be."""
    up = []
    for fault in faults:
        try:
            up.append((fault, fault.set_up(stage)))
        except LeftOut as why:
            count.leave_out(f"proxy {fault.name}", why)
    stage.watch()
    names = {fault.name for fault, _ in up}
    # So that what is counted next is an increase.
    stage.prometheus.shows("all were scraped twice", 'sum_over_time(up{job="soe503"}[1m]) >= 2', names)
    for fault, proxy in up:
        fault.begin(stage, proxy)
    return [fault for fault, _ in up]


def reloaded(stage: Stage, main: Watched) -> None:
    """A configuration is put in force, and seen to be."""
    main.config.write_text(main.config.read_text().replace('timeout = "3s"', 'timeout = "3100ms"', 1))
    main.signal(signal.SIGHUP)
    main.reaches('soe503_config_reloads_total{result="applied"}', 1)
    # For a second at least: queries look at each second since the beginning, and one of those has to lie after it.
    scraped = '(soe503_config_reloads_total{result="applied"} > 0)[30s:1s]'
    stage.prometheus.shows("it was scraped, and again", f"count_over_time({scraped}) >= 2", {MAIN})


def lint(exposition: str) -> str:
    promtool("check", "metrics", text=exposition)
    return f"{exposition.count('# TYPE')} families"


if __name__ == "__main__":
    sys.exit(main())
