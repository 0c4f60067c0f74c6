"""Backends that live and do not work: item 3. First one of three, then all of them."""

from collections import Counter
from contextlib import contextmanager

from .. import judge
from harness.backends import Faulty
from ..answers import tag_of
from harness.network import FullBacklog, Namespace
from harness.proxy import Watch
from ..stage import Stage
from ..verdicts import Scenario

# Waiting for headers is cut at one second here, so that a short run has room for retries.
ROUTE = 'timeout = "4s"\nretry = { attempts = 3, attempt_timeout = "1s" }'
POOL = 'connect_timeout = "300ms"'
# Whoever comes in the first second after the circuit has opened waits for it; then everybody fails at once.
RIDE_OUT = '\nride_out = "1s"'
CHECKED = '\n[pools.app.health_check]\npath = "/healthz"\ninterval = "1s"\ntimeout = "500ms"'


def one_hung(stage: Stage, scenario: Scenario) -> None:
    """one of three accepts, reads and never answers; its health check neither"""
    one(stage, scenario, told("hang", "hang"), {"dependency_failure/response_timeout"})


def one_blackholed(stage: Stage, scenario: Scenario) -> None:
    """one of three loses its network: packets vanish"""
    causes = {"dependency_failure/connect_timeout", "dependency_failure/response_timeout"}
    if stage.settings.network:
        namespace = stage.enter_context(Namespace())
        one(stage, scenario, swallowed(namespace), causes, namespace)
    else:
        one_never_accepts(stage, scenario, causes)


def one_resetting(stage: Stage, scenario: Scenario) -> None:
    """one of three resets each connection after it has read the request; its health check too"""
    one(stage, scenario, told("reset", "reset"), {"dependency_failure/reset_before_response", "misconfiguration/keepalive_mismatch"})


def one_failing(stage: Stage, scenario: Scenario) -> None:
    """one of three answers 500 always; its health check is fine"""
    one(stage, scenario, told("500", "ok"), set())


def all_hung(stage: Stage, scenario: Scenario) -> None:
    """all three accept, read and never answer"""
    every(stage, scenario, told("hang", "hang"), {"dependency_failure/response_timeout"})


def all_blackholed(stage: Stage, scenario: Scenario) -> None:
    """the network of all three is lost: packets vanish"""
    causes = {"dependency_failure/connect_timeout", "dependency_failure/response_timeout"}
    if stage.settings.network:
        namespace = stage.enter_context(Namespace())
        every(stage, scenario, swallowed(namespace), causes, namespace)
    else:
        scenario.figure("not played", "needs root: a network namespace")


def all_resetting(stage: Stage, scenario: Scenario) -> None:
    """all three reset each connection after they have read the request"""
    # A reset on a kept connection may as well be the race of two idle timeouts.
    causes = {"dependency_failure/reset_before_response", "misconfiguration/keepalive_mismatch"}
    every(stage, scenario, told("reset", "reset"), causes, meant="dependency_failure/reset_before_response")


def all_failing(stage: Stage, scenario: Scenario) -> None:
    """all three answer 500 always; their health checks are fine"""
    every(stage, scenario, told("500", "ok"), set())


# --- how a fault is switched on and off ----------------------------------------------------------


def told(traffic: str, health: str):
    @contextmanager
    def fault(backends):
        for backend in backends:
            backend.behave(traffic, health)
        yield
        for backend in backends:
            backend.behave("ok", "ok")
    return fault


def swallowed(namespace: Namespace):
    @contextmanager
    def fault(_):
        namespace.swallow()
        yield
        namespace.answer()
    return fault


# --- one of three ---------------------------------------------------------------------------------


def one(stage: Stage, scenario: Scenario, fault, causes: set[str], namespace: Namespace | None = None) -> None:
    lengths = stage.settings.lengths(4, 12, 20)
    backends = stage.backends([faulty(stage, number, namespace if number == 1 else None) for number in (1, 2, 3)])
    proxy = stage.proxy(backends, ROUTE, POOL + CHECKED)
    load = stage.load(proxy.port, lengths.total)
    watch = Watch(load.started)
    watch.at(lengths.begin)
    with fault(backends[:1]):
        watch.at(lengths.end)
    results = load.results()

    judge.the_load_was_real(scenario, results, stage.settings.rate, lengths.total)
    judge.no_client_sees_it(scenario, results, proxy.explains)
    judge.nothing_ran_twice(scenario, sum((backend.executions() for backend in backends), Counter()))
    began, ended = load.started + lengths.begin, load.started + lengths.end
    slow = [one for one in results if began <= one.sent < ended and one.latency_ms > 500]
    scenario.figure("answers later than 500 ms in the fault", f"{len(slow)}")
    if proxy.explains:
        ours = [one for one in results if one.failed and tag_of(one)[0]]
        judge.failures_are_tagged(scenario, ours)
        if causes:
            judge.causes_are(scenario, ours, causes)
        executed = {id for _, id in backends[0].executions()}
        back = min((one.sent for one in results if one.sent > ended and one.id in executed), default=None)
        if back is None:
            scenario.add("back in rotation after", "never", "≤ 5 s", False)
        else:
            scenario.at_most("back in rotation after", back - ended, 5.0, " s", 2)


def one_never_accepts(stage: Stage, scenario: Scenario, causes: set[str]) -> None:
    lengths = stage.settings.lengths(4, 12, 20)
    hole = FullBacklog()
    stage.callback(hole.close)
    backends = stage.backends([faulty(stage, number) for number in (2, 3)])
    proxy = stage.proxy([hole, *backends], ROUTE, POOL)
    results = stage.load(proxy.port, lengths.total).results()
    judge.the_load_was_real(scenario, results, stage.settings.rate, lengths.total)
    judge.no_client_sees_it(scenario, results, proxy.explains)
    judge.nothing_ran_twice(scenario, sum((backend.executions() for backend in backends), Counter()))
    if proxy.explains:
        judge.causes_are(scenario, [one for one in results if one.failed], causes)


# --- all of them ----------------------------------------------------------------------------------


def every(stage: Stage, scenario: Scenario, fault, causes: set[str], namespace: Namespace | None = None, meant: str | None = None) -> None:
    lengths = stage.settings.lengths(4, 14, 24)
    backends = stage.backends([faulty(stage, number, namespace) for number in (1, 2, 3)])
    proxy = stage.proxy(backends, ROUTE, POOL + RIDE_OUT)
    load = stage.load(proxy.port, lengths.total)
    watch = Watch(load.started)
    watch.at(lengths.begin)
    with fault(backends):
        watch.at(lengths.end)
    results = load.results()

    began, ended = load.started + lengths.begin, load.started + lengths.end
    outage = [one for one in results if one.sent >= began + 0.1 and one.ended < ended]
    judge.the_load_was_real(scenario, results, stage.settings.rate, lengths.total)
    scenario.none("failed before the fault", [one for one in results if one.failed and one.ended < began - 0.1])
    judge.nothing_ran_twice(scenario, sum((backend.executions() for backend in backends), Counter()))
    if proxy.explains:
        ours = [one for one in outage if one.error or tag_of(one)[0]]
        judge.failures_are_tagged(scenario, ours, "answers of ours not tagged in full")
        if causes:
            judge.causes_are(scenario, ours, causes, began=began)
        else:
            passed_on = [one for one in outage if one.status == 500]
            scenario.none("the backends' own 500 tagged as ours", [one for one in passed_on if "x-error-code" in one.lower], len(passed_on))
            rootless = [one for one in ours if not any(name.startswith("dependency_failure/") for name in judge.cause_and_root(one))]
            scenario.none("answers of ours without a root in the dependency", rootless, len(ours))
        if meant:
            judge.most_name(scenario, ours, meant, began)
        judge.fails_fast(scenario, outage, rides_out=True)
        judge.retries_stay_few(scenario, outage, None)
    judge.comes_back(scenario, results, ended)


def faulty(stage: Stage, number: int, namespace: Namespace | None = None) -> Faulty:
    return Faulty(number, stage.directory, stage.settings.tools, work_ms=5, namespace=namespace)
