"""Runs cargo-mutants, and reads what came of it."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

VERSION = "27.1.0"
# They take half of the time, and hardly ever catch what no other does. Who survives the others meets them too.
# (Without optimisation, beside other work, all of them may take minutes.)
SLOW = ["breaker_interleavings", "limit::simulation", "pool_aperture", "ten_thousand", "10_000", "pool_tiers"]


@dataclass(frozen=True)
class Outcome:
    """`name`: without its line, which every change moves."""

    name: str
    exact: str
    summary: str

    @property
    def viable(self) -> bool:
        return self.summary in ("CaughtMutant", "MissedMutant", "Timeout")

    @property
    def survived(self) -> bool:
        return self.summary == "MissedMutant"


def installed() -> None:
    told = subprocess.run(["cargo", "mutants", "--version"], capture_output=True, text=True)
    if told.stdout.strip() != f"cargo-mutants {VERSION}":
        sys.exit(f"This needs cargo-mutants {VERSION}: cargo install cargo-mutants --locked --version {VERSION}")


def quick(tree: Path, which: list[str]) -> list[Outcome]:
    skipped = [word for name in SLOW for word in ("--skip", name)]
    return run(tree, "quick", which, 16, 120, skipped)


def thorough(tree: Path, survivors: list[Outcome]) -> list[Outcome]:
    if not survivors:
        return []
    names = [word for one in survivors for word in ("--re", f"^{re.escape(one.exact)}$")]
    return [one for one in run(tree, "thorough", names, 256, 900, []) if one.survived]


def run(tree: Path, what: str, which: list[str], cases: int, timeout: int, tests: list[str]) -> list[Outcome]:
    output = tree / what
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir()
    line = ["cargo", "mutants", "--package", "soe503-core", "--in-place", "--no-shuffle", "--timeout", str(timeout), "--output", str(output), *which]
    environment = {
        **os.environ,
        "CARGO_TARGET_DIR": str(tree / "target"),
        "CARGO_PROFILE_DEV_DEBUG": "false",
        "CARGO_INCREMENTAL": "1",
        "PROPTEST_CASES": str(cases),
        "INSTA_UPDATE": "no",
    }
    # Its exit code says that some survived, which is looked at here.
    done = subprocess.run([*line, "--", "--tests", "--", *tests], cwd=tree, env=environment)
    told = output / "mutants.out/outcomes.json"
    if done.returncode not in (0, 2, 3) or not told.exists():
        sys.exit(f"cargo mutants failed with {done.returncode}: {output}")
    return [outcome(one) for one in json.loads(told.read_text())["outcomes"] if one["scenario"] != "Baseline"]


def outcome(one: dict) -> Outcome:
    return named(one["scenario"]["Mutant"]["name"], one["summary"])


def named(exact: str, summary: str) -> Outcome:
    file, _, rest = exact.partition(":")
    what = re.sub(r"^\d+:\d+: ", "", rest)
    return Outcome(f"{file.removeprefix('soe503-core/')}: {what}", exact, summary)
