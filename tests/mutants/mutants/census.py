"""Tries all mutants: one build, and each mutant meets the tests that reach it, the quickest first.

Three steps: what does not compile is dropped, as cargo-mutants would; each test runs alone and notes which mutants it meets; then each
mutant runs against those tests until one fails. A mutant that no test meets has survived without being run.
"""

import json
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from . import branches
from .played import Outcome, named

PACKAGE = "soe503-core"
# Of each property: most mutants that survive few cases survive many.
CASES = 64
# How often errors are looked at until it compiles; usually three times are enough.
ROUNDS = 12
AT_ONCE = os.cpu_count() or 1
# Seconds of processor time, and of the clock, for tests that take no time without a mutant.
PROCESSOR, CLOCK = 20, 120
MEMORY = 6 << 30
# Functions that only constants call, by file: the compiler works them out, where no mutant is in force.
CONSTANT = {("src/cause/table/mod.rs", "index")}
NICE = ["nice", "-n", "12"]


@dataclass
class Test:
    program: Path
    name: str
    takes: float = 0.0
    met: list[int] = field(default_factory=list)


def census(sources: Path, chosen: list[str]) -> tuple[list[Outcome], list[str]]:
    """What became of the mutants of `sources`, and the names of those that cannot be tried like this."""
    tree = sources.parent / "census"
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(sources, tree, ignore=shutil.ignore_patterns("target", "quick", "thorough"))
    manifest = tree / PACKAGE / "Cargo.toml"
    manifest.write_text(manifest.read_text().replace("[lints]\nworkspace = true\n", ""))
    listed = json.loads(run(["cargo", "mutants", "--list", "--json", "--package", PACKAGE, *chosen], sources).stdout)
    placed, unviable = compiled(sources, tree, listed)
    tests = reached(tree, programs(tree))
    meet: dict[int, list[Test]] = {}
    for test in sorted(tests, key=lambda test: test.takes):
        for number in test.met:
            meet.setdefault(number, []).append(test)
    numbers = sorted(placed)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        summaries = pool.map(lambda number: judged(tree, number, meet.get(number, [])), numbers)
        outcomes = []
        for number, summary in zip(numbers, summaries):
            outcomes.append(named(listed[number]["name"], summary))
            # At once: it takes an hour, and what is known should not be lost with a run that is ended.
            if outcomes[-1].survived:
                print(f"survived: {outcomes[-1].name}", file=sys.stderr, flush=True)
            if len(outcomes) % 500 == 0:
                survived = sum(outcome.survived for outcome in outcomes)
                print(f"{len(outcomes)} of {len(numbers)} mutants, {survived} survived", file=sys.stderr, flush=True)
    left = [mutant["name"] for number, mutant in enumerate(listed) if number not in placed | unviable]
    return outcomes, left


def environment() -> dict[str, str]:
    return {
        **os.environ,
        "CARGO_PROFILE_DEV_DEBUG": "false",
        "CARGO_PROFILE_DEV_OPT_LEVEL": "1",
        "CARGO_INCREMENTAL": "0",
        # Two features that are not stable, for `const fn` to have mutants: in the copy alone.
        "RUSTC_BOOTSTRAP": PACKAGE.replace("-", "_"),
    }


def run(line: list[str], tree: Path) -> subprocess.CompletedProcess:
    settings = {**environment(), "CARGO_TARGET_DIR": str(tree.parent / "census-target")}
    return subprocess.run(line, cwd=tree, env=settings, capture_output=True, text=True)


def compiled(sources: Path, tree: Path, listed: list[dict]) -> tuple[set[int], set[int]]:
    """The numbers of the mutants with which the tree compiles, and of those with which nothing does."""
    dropped = {number for number, mutant in enumerate(listed) if is_left(mutant)}
    left = set(dropped)
    for _ in range(ROUNDS):
        placed = branches.write(sources, tree, listed, dropped)
        # The second finds what only a whole compilation does, such as arithmetic that overflows.
        for command in (["check", "--lib"], ["build", "--lib"]):
            done = run(["cargo", *command, "--package", PACKAGE, "--message-format", "json"], tree)
            if done.returncode:
                break
        else:
            return placed, dropped - left
        blamed = {number for message in errors(done.stdout) for number in culprits(tree, message, listed)}
        if not blamed - dropped:
            sys.exit(f"The tree with all mutants does not compile, and none of them is to blame:\n{done.stderr[-4000:]}")
        dropped |= blamed
    sys.exit("The tree with all mutants does not compile")


def is_left(mutant: dict) -> bool:
    """Constants are worked out by the compiler; and both branches of `impl Trait` would have to be of one type."""
    function = mutant["function"]
    if not function or "impl " in function["return_type"]:
        return True
    return (mutant["file"].removeprefix(f"{PACKAGE}/"), function["function_name"]) in CONSTANT


def errors(output: str) -> list[dict]:
    messages = (json.loads(line) for line in output.splitlines() if line.startswith("{"))
    found = (message["message"] for message in messages if message["reason"] == "compiler-message")
    return [message for message in found if message["level"] == "error"]


def culprits(tree: Path, message: dict, listed: list[dict]) -> set[int]:
    """The branch that an error is in; else all of its lines; else the arms of the match, without which it is not exhaustive."""
    found: set[int] = set()
    for span in message["spans"]:
        file = tree / span["file_name"]
        if not span["is_primary"] or not file.exists():
            continue
        lines = file.read_text().split("\n")
        before = numbers(lines[span["line_start"] - 1][: span["column_start"] - 1])
        found |= {before[-1]} if before else set(numbers("\n".join(lines[span["line_start"] - 1 : span["line_end"]])))
        if "non-exhaustive" in message["message"]:
            near = numbers("\n".join(lines[span["line_start"] - 1 : span["line_start"] + 12]))
            found |= {number for number in near if listed[number]["genre"] == "MatchArm"}
    return found


def numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"mutant::on\((\d+)\)", text)]


def programs(tree: Path) -> list[Path]:
    done = run(["cargo", "test", "--package", PACKAGE, "--tests", "--no-run", "--message-format", "json"], tree)
    if done.returncode:
        sys.exit(done.stderr)
    messages = (json.loads(line) for line in done.stdout.splitlines() if line.startswith("{"))
    return [Path(message["executable"]) for message in messages if message.get("executable")]


def reached(tree: Path, programs: list[Path]) -> list[Test]:
    """All tests that pass, with what they take and the mutants that they meet."""
    tests = []
    for program in programs:
        listed = subprocess.run([program, "--list", "--format", "terse"], cwd=tree / PACKAGE, capture_output=True, text=True, check=True)
        names = [line.removesuffix(": test") for line in listed.stdout.splitlines() if line.endswith(": test")]
        tests += [Test(program, name) for name in names]
    logs = tree.parent / "census-met"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir()

    def alone(item: tuple[int, Test]) -> bool:
        number, test = item
        log = logs / str(number)
        begun = time.monotonic()
        code = tried(tree, test.program, [test.name], {"MUTANTS_MET": str(log)}, 600, 1800)
        test.takes = time.monotonic() - begun
        test.met = [int(line) for line in log.read_text().split()] if log.exists() else []
        return code == 0

    with ThreadPoolExecutor(AT_ONCE) as pool:
        passed = list(pool.map(alone, enumerate(tests)))
    failed = [test.name for test, good in zip(tests, passed) if not good]
    if failed:
        # One that is only slow beside other work proves nothing; any that fails would catch every mutant.
        sys.exit(f"Without any mutant these fail: {', '.join(failed)}")
    return tests


def judged(tree: Path, number: int, tests: list[Test]) -> str:
    """More and more tests at a time: most mutants fail the first."""
    at, count = 0, 1
    while at < len(tests):
        batch = tests[at : at + count]
        at, count = at + count, min(count * 3, 60)
        for program in {test.program for test in batch}:
            those = [test for test in batch if test.program == program]
            usual = sum(test.takes for test in those)
            settings = {"MUTANT": str(number)}
            names = [test.name for test in those]
            code = tried(tree, program, names, settings, PROCESSOR + 10 * usual, CLOCK + 30 * usual)
            if code != 0:
                return "CaughtMutant" if code is not None and code > 0 else "Timeout"
    return "MissedMutant"


def tried(tree: Path, program: Path, names: list[str], settings: dict, processor: float, clock: float) -> int | None:
    """The program's exit code; `None`: it took too long."""

    def limits():
        resource.setrlimit(resource.RLIMIT_CPU, (int(processor), int(processor)))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    line = [*NICE, program, "--exact", "--quiet", "--test-threads", "1", *names]
    environment = {
        **os.environ,
        "CARGO_MANIFEST_DIR": str(tree / PACKAGE),
        "PROPTEST_CASES": str(CASES),
        "PROPTEST_DISABLE_FAILURE_PERSISTENCE": "true",
        "INSTA_UPDATE": "no",
        **settings,
    }
    nothing = subprocess.DEVNULL
    try:
        done = subprocess.run(
            line, cwd=tree / PACKAGE, env=environment, stdin=nothing, stdout=nothing, stderr=nothing, preexec_fn=limits, timeout=clock
        )
    except subprocess.TimeoutExpired:
        return None
    return done.returncode
