"""The command line, and the play."""

import argparse
import json
import os
import random
import shutil
import signal
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path
from statistics import median

from harness import build
from harness.backends import Faulty
from harness.load import Load, quantile
from harness.processes import Process, free_port, wait_until
from harness.usage import rss_mib

from .edits import Edit, Editor

HEAD = """[server]
name = "reloads"
workers = 2
follow_config = true
[admin]
address = "127.0.0.1:{admin}"
[[listeners]]
address = "127.0.0.1:{port}"
[incidents]
close_after = "{{mark}}s"
"""
# Reloads after which the memory counts: what is built once is there by then.
WARM = 100
# Seconds of load before: what is remembered of the last quarter of an hour grows without a reload, too.
SETTLE = 960
# One look says how large the configuration is that is in force just then: the median of so many counts.
LOOKS = 20
GROWTH = 0.01
# One in so many is left to be found on disk, which takes a second or two.
FOUND = 25


class Play:
    def __init__(self, args: argparse.Namespace, directory: Path, binaries: Path):
        self.args, self.lot = args, random.Random(args.seed)
        self.backends = [Faulty(number, directory, str(binaries / "soe503-tools"), work_ms=1) for number in range(4)]
        self.port, self.admin = free_port(), free_port()
        self.file = directory / "soe503.toml"
        self.editor = Editor(HEAD.format(admin=self.admin, port=self.port), [one.url for one in self.backends], args.seed)
        self.proxy = Process("soe503", [args.soe503, "run", "--config", str(self.file)], directory)
        self.load_binary, self.out = str(binaries / "soe503-tools"), directory / "load.jsonl"
        self.ways, self.writes, self.took, self.wrong = Counter(), Counter(), [], []
        self.switched = 0

    def run(self) -> int:
        for one in self.backends:
            one.start()
        self.write(self.editor.valid())
        self.proxy.start().started("127.0.0.1", self.port)
        wait_until("soe503 is ready", lambda: self.ask("GET", "/readyz")[0] == 200)
        settle = self.args.settle
        seconds = settle + self.args.reloads / self.args.per_second + 2 * self.args.reloads / FOUND + 4
        load = Load(self.load_binary, self.port, self.out, self.args.rate, seconds, posts=0.2)
        try:
            time.sleep(settle)
            memory = self.reloads(load)
            results = load.results()
        finally:
            load.stop()
            self.proxy.stop()
            for one in self.backends:
                one.stop()
        return self.tell(results, memory)

    def reloads(self, load: Load) -> list[float]:
        """All of them; returns the memory after each."""
        memory, begun = [], time.monotonic()
        for number in range(self.args.reloads):
            if self.args.distinct and number % self.args.distinct == 0:
                self.lot.seed(self.args.seed)
                self.editor.begin_again()
            time.sleep(max(0.0, begun + number / self.args.per_second - time.monotonic()))
            invalid = self.lot.random() < 0.3
            edit = self.editor.invalid() if invalid else self.editor.valid()
            self.write(edit)
            self.reload(edit, number + 1)
            memory.append(rss_mib(self.proxy.pid))
        return memory

    def write(self, edit: Edit) -> None:
        """In place, by a rename, as editors do it, or by switching a link to a directory, as Kubernetes does it."""
        how = self.lot.choice(["in place", "by a rename", "by a link"])
        self.writes[f"written {how}"] += 1
        if how == "in place":
            self.file.write_text(edit.text)
        elif how == "by a rename":
            other = self.file.with_suffix(".new")
            other.write_text(edit.text)
            other.rename(self.file)
        else:
            self.switch(edit.text)

    def switch(self, text: str) -> None:
        """`soe503.toml` is a link to `..data/soe503.toml`, and `..data` one to a directory, which is another each time."""
        around, self.switched = self.file.parent, self.switched + 1
        new, data = around / f"..{self.switched}", around / "..data"
        new.mkdir()
        (new / self.file.name).write_text(text)
        for link, target in (data, new.name), (self.file, f"{data.name}/{self.file.name}"):
            fresh = link.with_name(f"{link.name}.new")
            fresh.symlink_to(target)
            fresh.rename(link)
        shutil.rmtree(around / f"..{self.switched - 1}", ignore_errors=True)

    def reload(self, edit: Edit, number: int) -> None:
        began = time.monotonic()
        if edit.wrong is None and number % FOUND == 0:
            self.ways["found on disk"] += 1
            self.wait_for(edit)
            return
        # A signal has no answer; whether a mistake was found is asked of the API.
        if edit.wrong is None and self.lot.random() < 0.5:
            self.ways["SIGHUP"] += 1
            os.kill(self.proxy.pid, signal.SIGHUP)
            self.wait_for(edit)
        else:
            status, answer = self.ask("POST", "/api/v1/config/reload")
            if edit.wrong is None:
                self.ways["API"] += 1
                if status != 200 or self.in_force() != edit.mark:
                    self.wrong.append(f"a valid configuration was answered with {status}: {answer[:300]}")
            else:
                self.ways["API (invalid)"] += 1
                line, word = edit.wrong
                report = json.loads(answer).get("detail", "")
                if status != 422 or f"soe503.toml:{line}" not in report or word not in report:
                    self.wrong.append(f"line {line} ({edit.text.splitlines()[line - 1]}) was answered with {status}: {report[:400]}")
                if self.in_force() != edit.mark:
                    self.wrong.append(f"an invalid configuration changed what is in force: {self.in_force()} instead of {edit.mark}")
        self.took.append(time.monotonic() - began)

    def wait_for(self, edit: Edit) -> None:
        wait_until(f"the configuration with close_after {edit.mark} s is in force", lambda: self.in_force() == edit.mark)

    def in_force(self) -> int:
        return round(seconds_of(json.loads(self.ask("GET", "/api/v1/config")[1])["incidents"]["close_after"]))

    def ask(self, method: str, path: str) -> tuple[int, str]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.admin}{path}", method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def tell(self, results: list, memory: list[float]) -> int:
        first = min(WARM, len(memory) // 2)
        warm, after = median(memory[first : first + LOOKS]), median(memory[-LOOKS:])
        failed = [one for one in results if one.failed]
        latency = [one.latency_ms for one in results]
        growth = after / warm - 1
        executions = Counter()
        for one in self.backends:
            executions.update(one.executions())
        twice = [key for key, count in executions.items() if key[0] == "POST" and count > 1]
        ways = ", ".join(f"{name} {count}" for name, count in (self.ways + self.writes).items())
        print(f"{sum(self.ways.values())} reloads ({ways}), each {1e3 * quantile(self.took, 0.5):.0f} ms (p50), {1e3 * max(self.took):.0f} ms at most")
        print(f"{len(results)} requests at {self.args.rate:g}/s, {len(failed)} failed; p50 {quantile(latency, 0.5):.1f} ms, p99 {quantile(latency, 0.99):.1f} ms; {len(twice)} POSTs executed twice")
        print(f"memory: {warm:.1f} MiB after {first} reloads, {after:.1f} MiB at the end ({100 * growth:+.1f} %)")
        tenths = (memory[number * len(memory) // 10 :][: len(memory) // 10] for number in range(10))
        print("  by tenths, the median: " + ", ".join(f"{median(tenth):.1f}" for tenth in tenths))
        for one in failed[:5]:
            print(f"  failed: {one}")
        for one in self.wrong[:5]:
            print(f"  wrong: {one}")
        missed = [what for what, bad in {
            f"{len(failed)} requests failed": failed, f"{len(twice)} POSTs were executed twice": twice, f"{len(self.wrong)} reloads went wrong": self.wrong,
            f"memory grew by {100 * growth:.1f} %, wanted at most {100 * GROWTH:g} %": growth > GROWTH and not self.args.quick,
        }.items() if bad]
        print("missed: " + "; ".join(missed) if missed else "all held")
        return 1 if missed else 0


def seconds_of(value: object) -> float:
    """`"90s"`, `"1m 30s"`, or a number."""
    if isinstance(value, int | float):
        return float(value)
    units = {"h": 3600, "m": 60, "s": 1, "ms": 0.001}
    total = 0.0
    for part in str(value).split():
        number = part.rstrip("hms")
        total += float(number) * units[part[len(number):]]
    return total


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests/reloads/run", description="Random reloads under load.")
    parser.add_argument("--reloads", type=int, default=1000)
    parser.add_argument("--per-second", type=float, default=10.0, help="reloads (default 10)")
    parser.add_argument("--rate", type=float, default=1000.0, help="requests per second (default 1000)")
    parser.add_argument("--settle", type=float, default=SETTLE, metavar="SECONDS", help=f"load before the first reload (default {SETTLE})")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--distinct", type=int, metavar="N", help="the same N edits over and over, but for one number")
    parser.add_argument("--quick", action="store_true", help="60 reloads under 300 requests per second, for CI; memory is shown and not judged")
    build.add_arguments(parser)
    args = parser.parse_args()
    if args.quick:
        args.reloads, args.rate, args.settle = 60, 300.0, 1.0
    binaries = build.build(args, ["soe503-proxy"])
    args.soe503 = args.soe503 or str(binaries / "soe503")
    with tempfile.TemporaryDirectory(prefix="soe503-reloads-") as directory:
        return Play(args, Path(directory), binaries).run()
