"""The targets, and whether a run met them. Each judges the median of the rounds."""

import statistics
from collections.abc import Callable

from peers.targets import Verdict

from .scenarios import CAPACITY

US = "soe503"
# Behind two proxies a fault begins some milliseconds apart: where all fails, that is a few requests more or less.
ALIKE = 1.005
# One backend is wrong and the others are fine, or what is wrong lasts shorter than the deadline.
NO_GET_FAILS = ("killed", "blackhole", "midresponse", "midresponse16k", "500always", "rolling", "badcheck", "flapping", "twokilled", "single", "stall")
FEW_GETS_FAIL = {"500some": 0.001, "slow": 0.001}
FEW_POSTS_FAIL = {"500always": 2, "500some": 2, "slow": 2, "blackhole": 2, "midresponse": 5, "midresponse16k": 5}
# Somebody could have taken them, now or before the deadline.
NO_POST_FAILS_UNSENT = (*NO_GET_FAILS, *FEW_GETS_FAIL, "resetaccept", "resetread", "poison", "dependency")
TAIL = ("killed", "blackhole", "midresponse", "midresponse16k", "500always", "500some", "slow", "resetaccept", "resetread", "twokilled", "rolling", "flapping", "badcheck")


def median(rounds: list[dict], value: Callable[[dict], float | None]) -> float | None:
    found = [one for one in map(value, rounds) if one is not None]
    return statistics.median(found) if found else None


def of(results: dict) -> list[Verdict]:
    """Only of what was played."""
    found = []
    for name, result in results["scenarios"].items():
        if rounds := result.get(US, {}).get("rounds"):
            rivals = {who: one["rounds"] for who, one in result.items() if who != US and one.get("rounds")}
            found += of_scenario(name, rounds, rivals)
    return found


def of_scenario(name: str, rounds: list[dict], rivals: dict[str, list[dict]]) -> list[Verdict]:
    found: list[Verdict] = []

    def at_most(what: str, value: Callable[[dict], float | None], limit: float, digits: int = 0, unit: str = "", than: str = "") -> None:
        middle = median(rounds, value)
        shown = "–" if middle is None else f"{middle:,.{digits}f}{unit}"
        found.append(Verdict(f"{name}: {what}", f"≤ {than}{limit:,.{digits}f}{unit}", shown, middle is not None and round(middle, digits) <= limit))

    def at_least(what: str, value: Callable[[dict], float | None], limit: float, digits: int = 0, unit: str = "") -> None:
        middle = median(rounds, value)
        shown = "–" if middle is None else f"{middle:,.{digits}f}{unit}"
        found.append(Verdict(f"{name}: {what}", f"≥ {limit:,.{digits}f}{unit}", shown, middle is not None and middle >= limit))

    if name in NO_GET_FAILS:
        at_most("failed GETs", lambda one: one["get_failed"], 0)
    if name in FEW_GETS_FAIL:
        at_most("failed GETs, share", lambda one: 100 * one["get_failed"] / one["gets"], 100 * FEW_GETS_FAIL[name], 2, " %")
    if rivals:
        best, least = least_of(rivals, lambda one: one["get_failed"])
        at_most("failed GETs, beside the best peer", lambda one: one["get_failed"], int(least * ALIKE), than=f"{best}'s ")
    if name in FEW_POSTS_FAIL:
        at_most("failed POSTs", lambda one: one["post_failed"], FEW_POSTS_FAIL[name])
    if name in NO_POST_FAILS_UNSENT:
        at_most("failed POSTs of which nothing had gone out", lambda one: one["post_needless"], 0)
    at_most("POSTs executed twice", lambda one: one["duplicates"], 0)
    if name == "outage503":
        at_most("attempts per request", lambda one: one["attempts"], 1.1, 2)
        at_most("last failure after its end", lambda one: one["recovery"], 0.1, 2, " s")
    if name == "stall":
        at_most("last failure after its end", lambda one: one["recovery"], 0.2, 2, " s")
        if rivals:
            best, least = least_of(rivals, all_failed)
            at_most("failures, fewer than the best peer's", all_failed, max(least - 1, 0), than=f"{best}'s, less one: ")
    if name == "overload":
        at_least("goodput, share of capacity", lambda one: 100 * one["goodput"] / CAPACITY, 97, 1, " %")
        at_most("p99", lambda one: one["latency"] and one["latency"]["p99"], 350, 0, " ms")
        at_most("failures after it", lambda one: one["after_failed"], 0)
        at_least("the important half answered", lambda one: one["important"] and 100 * one["important"], 99, 1, " %")
    if name in TAIL:
        at_most("p99 ÷ p99 before the fault", tail, 2, 2)
    return found


def all_failed(one: dict) -> int:
    return one["get_failed"] + one["post_failed"]


def tail(one: dict) -> float | None:
    """Within one round, so that what else the machine does is in both."""
    return one["latency"]["p99"] / one["latency_before"]["p99"] if one["latency"] and one["latency_before"] else None


def least_of(rivals: dict[str, list[dict]], value: Callable[[dict], float]) -> tuple[str, float]:
    """The best peer by this figure's median, and the figure."""
    medians = {who: median(rounds, value) for who, rounds in rivals.items()}
    best = min(medians, key=medians.get)
    return best, medians[best]
