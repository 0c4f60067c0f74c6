"""What is asked of every scenario, whatever the fault."""

import re
from collections import Counter

from .answers import cause_and_root, faults_of, named, tag_of
from harness.load import Result, quantile
from .verdicts import Scenario

# A load generator that is late by more than this is no judge of times that were missed.
BUSY_MS = 20.0
# Later than this, it does not send the load of the scenario at all.
LAG_MS = 250.0
# On a machine where the generator is late by more than this, what a client measures is mostly how
# long it waits for a processor itself.
QUIET_MS = 1.0
# The pool's circuit stays open for at most max_open_for (5 s), plus jitter of a tenth.
OPEN_INTERVAL = 5.5
# A probe that was under way at the return may fail and hold the circuit open for once more.
RETURN = OPEN_INTERVAL + 0.5
# A dying server breaks its connections off before its port closes. Answers that say so are true
# until the proxy has had the time to knock at the port.
EVIDENCE = 0.25
# The time that the proxy itself says it took.
TOTAL = re.compile(r"\btotal;dur=([\d.]+)")


def the_load_was_real(scenario: Scenario, results: list[Result], rate: float, seconds: float) -> None:
    lag = quantile((one.lag_ms for one in results), 0.99)
    scenario.busy = lag > BUSY_MS
    scenario.at_least("requests sent", len(results), 0.9 * rate * seconds)
    scenario.at_most("generator late, p99", lag, LAG_MS, " ms", 1)


def no_client_sees_it(scenario: Scenario, results: list[Result], explains: bool) -> None:
    """One backend of several is in trouble: nobody may notice, but for unsafe requests under way."""
    gets = [one for one in results if one.method == "GET"]
    posts = [one for one in results if one.method == "POST"]
    scenario.none("GET failed", [one for one in gets if one.failed], len(gets))
    failed = [one for one in posts if one.failed]
    scenario.figure("POST failed", f"{len(failed)} of {len(posts)}")
    if explains:
        ours = [one for one in failed if one.status is None or tag_of(one)[0]]
        scenario.none("POST failed though nothing had gone out", [one for one in ours if not one.bytes_had_gone_out])


def nothing_ran_twice(scenario: Scenario, executions: Counter) -> None:
    twice = [f"{id} {count} times" for (method, id), count in executions.items() if method == "POST" and count > 1]
    scenario.none("POST executed twice", twice)


def failures_are_tagged(scenario: Scenario, failures: list[Result], what: str = "failures not tagged in full") -> None:
    scenario.none(what, [f"{one}: {'; '.join(wrong)}" for one in failures if (wrong := faults_of(one))], len(failures))


def causes_are(scenario: Scenario, failures: list[Result], expected: set[str], what: str = "failures with another cause or root", began: float | None = None) -> None:
    """`began`: the unix time of the fault. What is wrong is told apart, with the times at which it came."""
    wrong = [one for one in failures if not cause_and_root(one) & expected]
    scenario.none(f"{what} than {' or '.join(sorted(expected))}", wrong, len(failures))
    scenario.notes += kinds(wrong, began)


def after_the_evidence(scenario: Scenario, outage: list[Result], killed: float, first: str) -> list[Result]:
    """The answers of `outage` without the earliest, as far as they name `first`: what was seen by then."""
    def early(one: Result) -> bool:
        return one.ended < killed + EVIDENCE and first in cause_and_root(one)

    scenario.figure(f"named {first} within {1000 * EVIDENCE:g} ms", f"{sum(map(early, outage))}")
    return [one for one in outage if not early(one)]


def kinds(results: list[Result], began: float | None) -> list[str]:
    """The most frequent causes of `results`, each with its number and when it came first and last."""
    ended: dict[str, list[float]] = {}
    for one in results:
        ended.setdefault(" behind ".join(reversed(named(one))) or one.error or str(one.status), []).append(one.ended)
    most = sorted(ended.items(), key=lambda kind: -len(kind[1]))[:3]
    start = min((one.ended for one in results), default=0.0) if began is None else began
    after = "after the first of them" if began is None else "after the fault"
    return [f"{len(times)} × {name}, {min(times) - start:+.3f} … {max(times) - start:+.3f} s {after}" for name, times in most]


def most_name(scenario: Scenario, failures: list[Result], cause: str, began: float) -> None:
    """The cause that is meant, and not merely one that is defensible."""
    others = [one for one in failures if cause not in cause_and_root(one)]
    share = 1 - len(others) / max(1, len(failures))
    scenario.at_least(f"failures that name {cause}", 100 * share, 90, " %", 1)
    scenario.notes += kinds(others, began)


def fails_fast(scenario: Scenario, outage: list[Result], rides_out: bool = False) -> None:
    """From the first answer of the open circuit on; where blips are ridden out, it ends the wait for one.

    Judged by the proxy's own account, which a busy machine cannot make longer than the proxy did;
    and, on a quiet machine, by the client's clock as well, which sees what the proxy cannot.
    """
    opened = [one for one in outage if (tag_of(one)[0] or "").startswith("circuit_open/")]
    scenario.at_least("answers of the open circuit", len(opened), 1)
    if not opened:
        return
    first = min(one.ended for one in opened)
    scenario.figure("circuit open after", f"{first - outage[0].sent:.2f} s")
    if rides_out:
        waited = [one for one in opened if one.sent < first]
        scenario.figure("waited for the circuit, in vain", f"{len(waited)}")
        opened = [one for one in opened if one.sent >= first]
    own = [float(match[1]) for one in opened if (match := TOTAL.search(one.lower.get("server-timing", "")))]
    scenario.add("answers of the open circuit without its own account", f"{len(opened) - len(own)}", "0", len(opened) == len(own))
    scenario.at_most("answer while open by the proxy's account, p99", quantile(own, 0.99), 5.0, " ms", 2)
    # From the moment the request left: the generator's own delay is a verdict of its own.
    took, lag = [one.latency_ms - one.lag_ms for one in opened], quantile((one.lag_ms for one in opened), 0.99)
    if lag <= QUIET_MS:
        scenario.at_most("the same at the client, p99", quantile(took, 0.99), 5.0, " ms", 2)
    else:
        scenario.figure("the same at the client, p99", f"{quantile(took, 0.99):.2f} ms", f"not judged: generator late by {lag:.1f} ms")
    scenario.figure("the same at the client, p50 / max", f"{quantile(took, 0.5):.2f} / {max(took):.2f} ms")


def retries_stay_few(scenario: Scenario, outage: list[Result], connects: int | None) -> None:
    attempts = sum(one.attempts or 0 for one in outage)
    scenario.at_most("attempts per request in the outage", attempts / max(1, len(outage)), 1.2, "", 2)
    if connects is not None:
        scenario.at_most("connects per request in the outage", connects / max(1, len(outage)), 1.2, "", 2)


def comes_back(scenario: Scenario, results: list[Result], returned: float) -> None:
    good = [one.ended for one in results if one.ended > returned and not one.failed]
    if not good:
        scenario.add("first 200 after the return", "never", f"≤ {OPEN_INTERVAL:g} s", False)
        return
    scenario.at_most("first 200 after the return", min(good) - returned, OPEN_INTERVAL, " s", 2)
    late = [one for one in results if one.failed and one.sent > returned + RETURN]
    scenario.none(f"failed later than {RETURN:g} s after the return", late)
