"""What is wrong, where, and which alerts say so.

Pools are judged each for itself, so all faults of pools are there at the same time; so are proxies.
"""

from dataclasses import dataclass, field
from typing import Callable

from harness.backends import Faulty


@dataclass(frozen=True)
class PoolFault:
    pool: str
    must: set[str]
    """The alerts that have to fire for this pool."""
    may: set[str] = field(default_factory=set)
    """Those that may as well: what the fault leads to depends on chance. All others must not."""
    causes: set[str] = field(default_factory=set)
    """Causes of which one has to be that of the incident."""
    backends: int = 3
    work_ms: int = 2
    rate: int = 8
    settings: str = ""
    route: str = ""
    load: tuple[str, ...] = ()
    """More options of the load generator."""
    wrong: float = 0
    """Requests a second, beyond `rate`, that every backend answers with 500, from the begin of the fault on."""
    begin: Callable[[list[Faulty]], None] = lambda backends: None
    """Brings the fault about."""
    keep: Callable[[list[Faulty]], None] | None = None
    """Is called four times a second while it lasts."""


def kill(backends: list[Faulty]) -> None:
    for backend in backends:
        backend.kill()


def fail(fault: str, percent: int, health: str = "ok") -> Callable[[list[Faulty]], None]:
    def begin(backends: list[Faulty]) -> None:
        for backend in backends:
            backend.behave(fault, health, percent)
    return begin


class ComesAndGoes:
    """The door of the first backend is shut, and open again, every other second."""

    def __init__(self):
        self.turn = 0

    def __call__(self, backends: list[Faulty]) -> None:
        self.turn += 1
        if self.turn % 3 == 0:
            backends[0].door("killed" if self.turn % 6 == 0 else "open")


FAILS = {"Soe503BudgetBurnsFast", "Soe503Incident"}
CHECKED = '[pools.{pool}.health_check]\npath = "/healthz"\ninterval = "500ms"\nfast_interval = "100ms"\ndown_interval = "500ms"\n'
IMPATIENT = 'ride_out = "0s"\n'

POOLS = [
    PoolFault("calm", set()),
    PoolFault("one-dead", {"Soe503BackendOut"}, begin=lambda backends: kill(backends[:1])),
    PoolFault(
        "all-dead", {"Soe503PoolDown", "Soe503CircuitOpen", "Soe503BackendOut", *FAILS}, {"Soe503RetriesCut", "Soe503RetryBudgetEmpty"},
        {"dependency_failure/connect_refused"}, settings=IMPATIENT + CHECKED.format(pool="all-dead"), begin=kill,
    ),
    # Its requests wait for it: one that is alone may be starting again.
    PoolFault("alone-dead", {"Soe503CircuitOpen", *FAILS}, {"Soe503PoolDown", "Soe503BackendOut", "Soe503RetriesCut", "Soe503RetryBudgetEmpty"}, backends=1, begin=kill),
    PoolFault(
        "comes-and-goes", {"Soe503BackendsComeAndGo"}, {"Soe503SavedByRetriesOnly", "Soe503Incident"},
        settings='slow_start = "0s"\n[pools.comes-and-goes.ejection]\nbase = "100ms"\nmax = "200ms"\n', keep=ComesAndGoes(),
    ),
    PoolFault("saved", {"Soe503SavedByRetriesOnly"}, {"Soe503Incident", "Soe503BudgetBurnsSlowly"}, begin=fail("500", 12), settings="[pools.saved.retry_budget]\nratio = 0.5\n"),
    PoolFault(
        "budget", {"Soe503RetryBudgetEmpty", *FAILS}, {"Soe503SavedByRetriesOnly", "Soe503RetriesCut", "Soe503CircuitOpen", "Soe503BackendOut", "Soe503BackendsComeAndGo", "Soe503BudgetBurnsSlowly"},
        {"dependency_failure/upstream_error"}, begin=fail("500", 40), settings="[pools.budget.retry_budget]\nratio = 0.05\nmin_per_second = 0\n",
    ),
    PoolFault(
        "cut", {"Soe503RetriesCut", *FAILS}, {"Soe503RetryBudgetEmpty", "Soe503SavedByRetriesOnly", "Soe503CircuitOpen", "Soe503BackendOut", "Soe503BackendsComeAndGo"},
        {"dependency_failure/upstream_error", "dependency_failure/upstream_503"}, begin=fail("500", 75),
        settings="[pools.cut.circuit_breaker]\nenabled = false\n",
    ),
    PoolFault(
        "sheds", {"Soe503Sheds", *FAILS}, {"Soe503RetriesCut", "Soe503OverloadKeepsItselfGoing"},
        {"overload/queue_full", "overload/concurrency_limit", "overload/queue_timeout", "overload/traffic_spike", "overload/pool_saturated", "misconfiguration/limit_too_low"},
        work_ms=200, rate=20, settings="max_in_flight = 2\n[pools.sheds.queue]\nmax_waiting = 2\n",
    ),
    PoolFault(
        "check-wrong", {"Soe503HealthChecksNotBelieved", "Soe503Incident"}, set(), {"misconfiguration/health_check_path"},
        settings=CHECKED.format(pool="check-wrong"), begin=fail("ok", 100, "404"),
    ),
    # One request in a hundred, at equal distances: in no five minutes are it so many that this were a fast burn.
    PoolFault("burns-slowly", {"Soe503BudgetBurnsSlowly"}, {"Soe503Incident"}, rate=40, wrong=0.4),
    # Clients leave before any timeout of the proxy, and come again: nothing but what is answered in time tells of it.
    PoolFault(
        "keeps-going", {"Soe503OverloadKeepsItselfGoing", "Soe503RetriesCut"}, {"Soe503Incident", "Soe503Sheds", "Soe503BudgetBurnsFast"},
        backends=1, rate=20, load=("--arrivals", "constant", "--give-up-ms", "190"), settings="adaptive_limit = false\n", begin=fail("hold", 100),
    ),
    PoolFault("limited", {"Soe503ManyCallersLimited"}, rate=20, route='rate_limits = ["few"]'),
]
