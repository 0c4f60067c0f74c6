"""The targets, and whether a run met them."""

import statistics
from dataclasses import dataclass

from . import cpu, growth, latency

DEBIAN_PEERS = ["nginx", "haproxy"]
# Workload to the ratios that hold for it beside the one to nginx and HAProxy.
H1_LIMITS = {"envoy": 0.35, "pingora": 0.35, "bare": 1.25}
ENVOY_LIMIT = 0.6
BEST_LIMIT = 0.90


@dataclass(frozen=True)
class Verdict:
    """One target: what was wanted and what came of it."""

    what: str
    wanted: str
    found: str
    met: bool


def verdicts(results: dict) -> list[Verdict]:
    """Only of what was measured."""
    found = [verdict for name, result in results["cpu"].items() for verdict in of_cpu(name, result)]
    found += of_latency(results.get("latency", {}))
    found += of_size(results.get("size", {}))
    return found + of_growth(results.get("growth", {}))


def at_most(what: str, values: list[float], limit: float, digits: int = 2, unit: str = "") -> list[Verdict]:
    """The median of the rounds against a limit; nothing if there are no rounds."""
    if not values:
        return []
    middle = statistics.median(values)
    return [Verdict(what, f"≤ {limit:g}{unit}", f"{spread(values, digits)}{unit}", middle <= limit)]


def spread(values: list[float], digits: int) -> str:
    """Median (min–max)."""
    middle = statistics.median(values)
    return f"{middle:,.{digits}f} ({min(values):,.{digits}f}–{max(values):,.{digits}f})"


def of_cpu(name: str, result: dict) -> list[Verdict]:
    if "rounds" not in result.get("soe503", {}):
        return [Verdict(f"{name}: CPU ÷ the best of nginx and HAProxy", f"≤ {BEST_LIMIT:g}", "not supported", False)]
    best = at_most(f"{name}: CPU ÷ the best of nginx and HAProxy", cpu.ratios(result, "soe503", DEBIAN_PEERS), BEST_LIMIT)
    limits = H1_LIMITS if name == "h1" else {"envoy": ENVOY_LIMIT}
    others = [at_most(f"{name}: CPU ÷ {rival}", cpu.ratios(result, "soe503", [rival]), limit) for rival, limit in limits.items()]
    return best + [verdict for some in others for verdict in some]


def of_latency(results: dict) -> list[Verdict]:
    rivals = {
        name: statistics.median(added)
        for name in results
        if name not in ("soe503", "direct", "relay", "bare") and (added := latency.added(results, name, "p99"))
    }
    mine = latency.added(results, "soe503", "p99")
    if not rivals or not mine:
        return []
    best = min(rivals, key=rivals.get)
    return [Verdict("added latency p99", f"≤ {best}'s {rivals[best]:,.0f} µs", f"{spread(mine, 0)} µs", statistics.median(mine) <= rivals[best])]


def of_size(results: dict) -> list[Verdict]:
    rounds = results.get("soe503", {}).get("rounds", [])
    return [
        *at_most("RSS idle", [one["idle_kib"] / 1024 for one in rounds], 20, 1, " MiB"),
        *at_most("RSS per idle connection", [one["connection_kib"] for one in rounds], 4, 2, " KiB"),
        *at_most("start to the first 200", [one["start_ms"] for one in rounds], 25, 1, " ms"),
    ]


def of_growth(results: dict) -> list[Verdict]:
    found = [
        verdict
        for name, base in growth.PAIRS
        for verdict in at_most(f"CPU with {growth.TITLES[name]} ÷ {growth.TITLES[base]}", growth.ratios(results, name, base), 1.05)
    ]
    if "backends" in results:
        found += at_most("memory per backend", [results["backends"]["backend_kib"]], 2, 2, " KiB")
        found += at_most("start with 10,000 backends", [results["backends"]["start_ms"]], 1000, 0, " ms")
    return found
