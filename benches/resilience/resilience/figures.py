"""What is counted and measured of one run."""

from collections import Counter

from harness.load import Result, quantile

from .faults import Times
from .scenarios import Scenario

# The first second opens connections; what is under way when the fault begins is not from before it; the fault's first
# second belongs to whoever has to notice it.
WARM, UNDER_WAY, NOTICED = 1.0, 0.5, 1.0


def of(scenario: Scenario, times: Times, started: float, over: float, results: list[Result], executions: Counter) -> dict:
    """All times in seconds from the fault's beginning or end, latencies in milliseconds. The end was at `over`, though it was planned sooner."""
    begin, end = started + times.begin, started + times.end
    over = max(over, end)
    counted = [one for one in results if one.kind not in scenario.doomed]
    failed = [one for one in counted if one.failed]
    posts = [one for one in failed if one.method == "POST"]
    during = [one for one in counted if begin <= one.sent < end]
    # A fault of a second or two has no time after it was noticed.
    noticed = begin + (NOTICED if times.end - times.begin > 2 * NOTICED else 0.0)
    asked = {base(id) for _, id in executions}
    return {
        "gets": sum(one.method == "GET" for one in counted),
        "posts": sum(one.method == "POST" for one in counted),
        "get_failed": len(failed) - len(posts),
        "post_failed": len(posts),
        # Nobody had begun with them, and nothing says that bytes of them were under way.
        "post_needless": sum(base(one.id) not in asked and not one.bytes_had_gone_out for one in posts),
        "duplicates": sum(count - 1 for (method, _), count in executions.items() if method == "POST" and count > 1),
        "before_failed": sum(one.ended < begin for one in failed),
        "after_failed": sum(one.ended > over for one in failed),
        "doomed_answered": sum(not one.failed for one in results if one.kind in scenario.doomed and begin <= one.sent < end),
        "last_failure": max((one.ended - begin for one in failed if one.ended > begin), default=None),
        "recovery": max((one.ended - over for one in failed if one.ended > over), default=0.0),
        "end_late": over - end,
        # Within a second of the load's end it still failed: how long it would have, nobody knows.
        "recovered": all(one.sent < started + times.total - 1 for one in failed),
        "attempts": attempts(results, executions, begin, end),
        "goodput": sum(not one.failed and begin <= one.ended < end for one in results) / (times.end - times.begin),
        "important": share([one for one in during if one.kind == "important"]),
        "latency": latencies([one for one in counted if noticed <= one.sent < end]),
        "latency_before": latencies([one for one in counted if started + WARM <= one.sent < begin - UNDER_WAY]),
        "causes": Counter(why(one) for one in failed).most_common(5),
        "lag_p99": quantile((one.lag_ms for one in results), 0.99),
    }


def base(id: str) -> str:
    """The request that a client's repeated tries are tries of."""
    return id.partition("~")[0]


def attempts(results: list[Result], executions: Counter, begin: float, end: float) -> float | None:
    """What reached the backends for each request that a client sent while the fault lasted, its own repeats counted too."""
    sent = {base(one.id): one.tries for one in results if begin <= one.sent < end}
    reached = sum(count for (_, id), count in executions.items() if base(id) in sent)
    return reached / sum(sent.values()) if sent else None


def share(results: list[Result]) -> float | None:
    return sum(not one.failed for one in results) / len(results) if results else None


def latencies(results: list[Result]) -> dict[str, float] | None:
    """Of what was answered; how many were not is another figure."""
    good = [one.latency_ms for one in results if not one.failed]
    return {name: quantile(good, q) for name, q in (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999))} if good else None


def why(one: Result) -> str:
    """A failure in a few words."""
    what = one.lower.get("soe-cause", "").partition(";")[0]
    return f"{one.method} {one.status or one.error}" + (f" {what}" if what else "")
