"""How backends are told to be wrong, and when. Each of these makes an act: what happens during a run."""

from collections.abc import Callable
from dataclasses import dataclass

from harness.backends import Faulty
from harness.proxy import Watch


@dataclass(frozen=True)
class Times:
    """When a fault begins and ends, and how long the load lasts: seconds from its start."""

    begin: float
    end: float
    total: float


Act = Callable[[list[Faulty], Watch, Times], None]


def told(count: int, traffic: str, health: str = "ok", percent: int = 100, only: str | None = None) -> Act:
    """The first `count` backends meet requests like that, from the fault's beginning to its end."""
    def act(backends: list[Faulty], watch: Watch, times: Times) -> None:
        watch.at(times.begin)
        for backend in backends[:count]:
            backend.behave(traffic, health, percent, only)
        watch.at(times.end)
        for backend in backends[:count]:
            backend.behave("ok", "ok")
    return act


def door(count: int, name: str) -> Act:
    """The first `count` backends meet connections like that, from the fault's beginning to its end."""
    def act(backends: list[Faulty], watch: Watch, times: Times) -> None:
        watch.at(times.begin)
        for backend in backends[:count]:
            backend.door(name)
        watch.at(times.end)
        for backend in backends[:count]:
            backend.door("open")
    return act


def rolling(backends: list[Faulty], watch: Watch, times: Times) -> None:
    """One after another drains, is away for half of its turn, and is back for the other half."""
    turn = (times.end - times.begin) / len(backends)
    for number, backend in enumerate(backends):
        watch.at(times.begin + number * turn)
        backend.door("draining")
        watch.at(times.begin + (number + 0.5) * turn)
        backend.door("open")
    watch.at(times.end)


def flapping(backends: list[Faulty], watch: Watch, times: Times) -> None:
    """The first is killed every second, and is back half a second later."""
    second = times.begin
    while second < times.end:
        watch.at(second)
        backends[0].door("killed")
        watch.at(second + 0.5)
        backends[0].door("open")
        second += 1.0
    watch.at(times.end)


def nothing(_: list[Faulty], watch: Watch, times: Times) -> None:
    """It is the load that is wrong."""
    watch.at(times.end)
