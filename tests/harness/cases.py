"""Tables of cases: one line each, and a count at the end."""

import argparse
import contextlib
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field

from .processes import HarnessError


class Missed(Exception):
    """What the case demands did not happen."""


class LeftOut(Exception):
    """The case cannot be tried here; says nothing about the proxy."""


def demand(condition: object, what: str) -> None:
    if not condition:
        raise Missed(what)


def equal(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise Missed(f"{what}: {shorten(found)} instead of {shorten(wanted)}")


def shorten(value: object, limit: int = 160) -> str:
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"


@dataclass
class Case:
    name: str
    play: Callable
    """Takes what the group's stage made; returns figures worth showing, or None."""


@dataclass
class Group:
    """Cases that share their surroundings: `stage` is a context manager that takes the settings."""

    name: str
    stage: Callable
    cases: list[Case] = field(default_factory=list)

    def case(self, name: str) -> Callable:
        def add(play: Callable) -> Callable:
            self.cases.append(Case(name, play))
            return play
        return add


@dataclass
class Count:
    good: int = 0
    missed: list[str] = field(default_factory=list)
    left_out: int = 0
    unplayed: int = 0
    """Cases beside the first of a group whose surroundings did not come up."""

    def show(self, name: str, mark: str, note: str, began: float) -> None:
        print(f"{mark:<8}{name:<62} {time.monotonic() - began:6.2f} s  {note}".rstrip(), flush=True)

    def end(self) -> int:
        """Prints the last lines; returns the exit code."""
        print(f"{self.good} of {self.good + len(self.missed) + self.unplayed}" + (f", {self.left_out} left out" if self.left_out else ""))
        for line in self.missed:
            print(f"  missed  {line}")
        return 1 if self.missed or not self.good else 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("case", nargs="*", help="only cases whose `group: name` contains one of these words")
    parser.add_argument("--quick", action="store_true", help="a short form, for CI")
    parser.add_argument("--list", action="store_true", help="print the cases and do nothing")


def wanted(groups: list[Group], args: argparse.Namespace) -> list[Group]:
    """The groups with those cases that the command line asks for."""
    kept = []
    for group in groups:
        chosen = [case for case in group.cases if not args.case or any(word in f"{group.name}: {case.name}" for word in args.case)]
        if chosen:
            kept.append(Group(group.name, group.stage, chosen))
    return kept


def run(groups: list[Group], args: argparse.Namespace, settings: object) -> int:
    """Plays them in order; returns the exit code."""
    chosen = wanted(groups, args)
    if args.list:
        for group in chosen:
            for case in group.cases:
                print(f"{group.name}: {case.name}")
        return 0
    count = Count()
    for group in chosen:
        with contextlib.ExitStack() as stack:
            try:
                stage = stack.enter_context(group.stage(settings))
            except (HarnessError, OSError) as error:
                count.missed.append(f"{group.name}: {len(group.cases)} cases could not be played: {reason(error)}")
                count.unplayed += len(group.cases) - 1
                print(f"MISSED  {group.name}: the stage is not up\n{error}", flush=True)
                continue
            for case in group.cases:
                play_one(count, f"{group.name}: {case.name}", case, stage)
    return count.end()


def play_one(count: Count, name: str, case: Case, stage: object) -> None:
    began = time.monotonic()
    try:
        note = case.play(stage)
        count.good += 1
        count.show(name, "ok", note or "", began)
    except LeftOut as why:
        count.left_out += 1
        count.show(name, "--", f"left out: {why}", began)
    except Exception as error:  # noqa: BLE001: whatever a client library raises is a miss, with its name
        where = traceback.extract_tb(error.__traceback__)[-1]
        told = str(error) if isinstance(error, Missed) else f"{type(error).__name__}: {shorten(str(error))} ({where.name}:{where.lineno})"
        count.missed.append(f"{name}: {told}")
        count.show(name, "MISSED", told, began)


def reason(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " | ".join(lines[-3:]) if lines else type(error).__name__
