"""Backends that die: item 1 and item 2."""

import time
from collections import Counter
from collections.abc import Callable

from .. import judge
from harness.backends import Faulty, Nginx
from harness.proxy import Watch
from ..stage import Stage
from ..verdicts import Scenario

REFUSED = "dependency_failure/connect_refused"
# What the proxy sees of a dying server first.
BROKEN = "dependency_failure/reset_before_response"
# What may try a dead backend for a whole minute, per second of it: checks, and single probes.
PROBES_PER_SECOND = 3.0


def killed_one(stage: Stage, scenario: Scenario) -> None:
    """one of three nginx is killed with SIGKILL under load, and started again"""
    lengths = stage.settings.lengths(10, 20, 30)
    backends = stage.backends([Nginx(number, stage.directory) for number in (1, 2, 3)])
    lose_one(stage, scenario, backends, lengths)
    executions = Counter((seen.method, seen.id) for backend in backends for seen in backend.seen())
    judge.nothing_ran_twice(scenario, executions)


def killed_at_work(stage: Stage, scenario: Scenario) -> None:
    """the same with backends that count executions before they answer, 50 ms of work each"""
    lengths = stage.settings.lengths(5, 10, 16)
    backends = stage.backends([Faulty(number, stage.directory, stage.settings.tools, work_ms=50) for number in (1, 2, 3)])
    lose_one(stage, scenario, backends, lengths)
    judge.nothing_ran_twice(scenario, sum((backend.executions() for backend in backends), Counter()))


def lose_one(stage: Stage, scenario: Scenario, backends: list, lengths) -> None:
    victim, rate = backends[0], stage.settings.rate
    proxy = stage.proxy(backends)
    load = stage.load(proxy.port, lengths.total)
    watch = Watch(load.started)

    watch.at(lengths.begin)
    killed = victim.kill()
    # What was under way at the kill is retried or refused within moments; count from then on.
    watch.at(lengths.begin + 0.5)
    connects, requests = stage.connects.of(victim.port), asked(proxy, victim)
    watch.at(lengths.end - 0.1)
    connects_out, requests_out = stage.connects.of(victim.port), asked(proxy, victim)
    out_for = lengths.end - lengths.begin - 0.6
    watch.at(lengths.end)
    returned = victim.start()
    results = load.results()

    judge.the_load_was_real(scenario, results, rate, lengths.total)
    judge.no_client_sees_it(scenario, results, proxy.explains)
    if proxy.explains:
        failures = [one for one in results if one.failed]
        judge.failures_are_tagged(scenario, failures)
    if connects is not None:
        scenario.at_most("connects to the dead backend, probes included", connects_out - connects, PROBES_PER_SECOND * out_for)
    if requests is not None:
        scenario.at_most("client requests sent to the dead backend", requests_out - requests, 0.5 * out_for + 1)
    back = first_request(victim, returned, results)
    if back is None:
        scenario.add("back in rotation after", "never", "≤ 5 s", False)
    else:
        scenario.at_most("back in rotation after", back - returned, 5.0, " s", 2)
    scenario.figure("slowest answer after the kill", f"{max(one.latency_ms for one in results if one.ended > killed):.0f} ms")


def asked(proxy, victim) -> int | None:
    return proxy.backend(victim.url)["requests"] if proxy.explains else None


def first_request(victim, returned: float, results) -> float | None:
    """When the victim got its first client request after it came back."""
    if isinstance(victim, Nginx):
        return min((seen.at for seen in victim.seen() if seen.at >= returned - 0.5), default=None)
    # Its counters began anew with the process; the ledger has no times, the client's results do.
    executed = {id for _, id in victim.executions()}
    return min((one.sent for one in results if one.sent >= returned and one.id in executed), default=None)


def killed_all(stage: Stage, scenario: Scenario) -> None:
    """all three nginx are killed with SIGKILL under load, and started again"""
    lose_all(stage, scenario, Nginx.kill)


def killed_slowly(stage: Stage, scenario: Scenario) -> None:
    """the same, and each port still accepts for 30 ms after its connections broke"""
    lose_all(stage, scenario, Nginx.kill_slowly)


def lose_all(stage: Stage, scenario: Scenario, kill: Callable[[Nginx], float]) -> None:
    lengths = stage.settings.lengths(5, 17, 27)
    backends = stage.backends([Nginx(number, stage.directory) for number in (1, 2, 3)])
    proxy = stage.proxy(backends)
    load = stage.load(proxy.port, lengths.total)
    watch = Watch(load.started)

    watch.at(lengths.begin)
    killing = time.time()
    killed = max(kill(backend) for backend in backends)
    before = connects_of(stage, backends)
    watch.at(lengths.end)
    during = connects_of(stage, backends)
    starting = time.time()
    for backend in backends:
        backend.process.start()
    returned = max(backend.process.started(backend.host, backend.port) for backend in backends)
    results = load.results()

    outage = [one for one in results if killed <= one.sent and one.ended < starting]
    judge.the_load_was_real(scenario, results, stage.settings.rate, lengths.total)
    scenario.none("failed before the kill", [one for one in results if one.failed and one.ended < killing])
    scenario.none("answered with anything but 503", [one for one in outage if one.status != 503], len(outage))
    if proxy.explains:
        judge.failures_are_tagged(scenario, outage, "answers not tagged in full")
        later = judge.after_the_evidence(scenario, outage, killed, BROKEN)
        judge.causes_are(scenario, later, {REFUSED}, began=killed)
        judge.fails_fast(scenario, outage)
        judge.retries_stay_few(scenario, outage, None if before is None else during - before)
    judge.comes_back(scenario, results, returned)


def connects_of(stage: Stage, backends: list) -> int | None:
    counts = [stage.connects.of(backend.port) for backend in backends]
    return None if None in counts else sum(counts)
