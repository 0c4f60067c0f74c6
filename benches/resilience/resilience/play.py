"""One scenario, acted out behind several proxies at the same time, each with backends and clients of its own."""

import contextlib
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from harness.backends import Faulty
from harness.load import Load
from harness.processes import HarnessError
from harness.proxy import Watch
from peers.contestants import Contestant, Place, Running
from peers.stage import reason
from peers.tools import Tools

from . import figures
from .contestants import CONFIGS
from .scenarios import POSTS, Scenario

# After the last proxy has started: checks have been made, and those that compile while they start are done.
SETTLE = 1.0


@dataclass(frozen=True)
class Settings:
    directory: Path
    tools: Tools
    proxy_core: str
    load_core: str
    quick: bool
    # Of the first round's schedules; each round has its own.
    seed: int


class Play:
    """One proxy in one scenario."""

    def __init__(self, settings: Settings, scenario: Scenario, contestant: Contestant, number: int):
        self.settings, self.scenario, self.name = settings, scenario, contestant.name
        self.times = scenario.times(settings.quick)
        self.seed = settings.seed + number
        self.directory = settings.directory / f"{number}-{scenario.name}-{contestant.name}"
        self.directory.mkdir()
        # Servers that were started by root drop to a user who must get here.
        self.directory.chmod(0o755)
        pinned = ["taskset", "-c", settings.load_core]
        options = ["--body-bytes", str(scenario.body_bytes), *(["--slots", str(scenario.slots)] if scenario.slots else [])]
        self.backends = [
            Faulty(place, self.directory, settings.tools["soe503-tools"], scenario.work_ms, options=options, prefix=pinned)
            for place in range(1, scenario.backends + 1)
        ]
        part = "one" if scenario.backends == 1 else "three"
        place = Place(self.directory / "proxy", part, [one.port for one in self.backends], settings.directory, settings.tools, CONFIGS)
        self.proxy = Running(contestant, place, settings.proxy_core)
        self.load: Load | None = None
        # The share of its core that the proxy took while the load lasted.
        self.busy = 0.0
        # When the last backend had been told to be well again: on a busy machine later than planned.
        self.over = 0.0
        self.found: dict = {}

    def start(self) -> None:
        for backend in self.backends:
            backend.start()
        self.proxy.process.start()
        self.proxy.process.serving(self.proxy.port)

    def act(self) -> None:
        scenario, times = self.scenario, self.times
        options = ["--seed", str(self.seed), *(word for kind in scenario.kinds for word in ("--kind", kind)), *scenario.clients]
        if scenario.surge:
            options += ["--surge", f"{times.begin}..{times.end}@{scenario.surge}"]
        self.load = Load(
            self.settings.tools["soe503-tools"], self.proxy.port, self.directory / "load.jsonl", scenario.rate, times.total, POSTS,
            ids=self.name, options=options, prefix=["taskset", "-c", self.settings.load_core],
        )
        cpu = self.proxy.cpu_seconds()
        scenario.act(self.backends, Watch(self.load.started), times)
        self.over = time.time()
        # To the end of the last answer; what comes of it is read when nobody measures any more.
        self.load.ended()
        self.busy = (self.proxy.cpu_seconds() - cpu) / times.total

    def judge(self) -> None:
        executions = sum((backend.executions() for backend in self.backends), Counter())
        self.found = figures.of(self.scenario, self.times, self.load.started, self.over, self.load.results(), executions)
        self.found["busy"] = self.busy

    def stop(self) -> None:
        if self.load:
            self.load.stop()
        if self.proxy.process:
            self.proxy.process.stop()
        for backend in self.backends:
            backend.stop()


def round_of(settings: Settings, scenario: Scenario, contestants: list[Contestant], number: int, together: int | None = None) -> dict[str, dict]:
    """One result for each, or `{"unsupported": why}`."""
    results: dict[str, dict] = {}
    together = min(together or scenario.together, scenario.together)
    for first in range(0, len(contestants), together):
        plays = [Play(settings, scenario, one, number) for one in contestants[first : first + together]]
        with contextlib.ExitStack() as stack, ThreadPoolExecutor(len(plays)) as threads:
            for play in plays:
                stack.callback(play.stop)
            for step in (Play.start, Play.act, Play.judge):
                plays = each(threads, plays, step, results)
                if step is Play.start:
                    time.sleep(SETTLE)
        results |= {play.name: play.found for play in plays}
    return results


def each(threads: ThreadPoolExecutor, plays: list[Play], step: Callable[[Play], None], results: dict[str, dict]) -> list[Play]:
    """Takes a step in all plays at once; returns those that may go on."""
    done = {play: threads.submit(step, play) for play in plays}
    going = []
    for play, future in done.items():
        try:
            future.result()
            going.append(play)
        except (HarnessError, OSError) as error:
            results[play.name] = {"unsupported": reason(error)}
    return going
