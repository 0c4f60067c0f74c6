"""Results as Markdown: for the terminal, and for README.md."""

import statistics
from collections import Counter
from collections.abc import Callable

from peers.tables import about, table

from . import verdicts
from .scenarios import ALL, CAPACITY
from .verdicts import all_failed

STORIES = {one.name: one.story for one in ALL}


def render(results: dict) -> str:
    judged = verdicts.of(results)
    blocks = [about(results["about"]), of_the_run(results), of_failures(results)]
    blocks += [of_scenario(name, result) for name, result in results["scenarios"].items()]
    rows = [[one.what, one.wanted, one.found, "ok" if one.met else "missed"] for one in judged]
    blocks.append(f"### Targets: {sum(one.met for one in judged)} of {len(judged)} met\n\n" + table(["target", "wanted", "found", ""], rows))
    return "\n\n".join(blocks) + "\n"


def of_the_run(results: dict) -> str:
    """What the figures stand on."""
    facts = results["about"]
    rounds = {len(one["rounds"]) for result in results["scenarios"].values() for one in result.values() if "rounds" in one}
    lags = [one["lag_p99"] for result in results["scenarios"].values() for who in result.values() for one in who.get("rounds", [])]
    said = f"Rounds of each scenario: {min(rounds)}" + (f" to {max(rounds)}" if len(rounds) > 1 else "") if rounds else "Nobody could be played"
    said += f"; clients late by {statistics.median(lags):.1f} ms (median of the runs' p99), {max(lags):.0f} at most" if lags else ""
    if "stolen" in facts:
        said += f"; the host took {100 * facts['stolen']:.0f} % of both cores away; cores kept awake: {'yes' if facts.get('awake') else 'no'}"
    return said + "."


def spread(rounds: list[dict], value: Callable[[dict], float | None], digits: int = 0, missing: str = "–") -> str:
    """Median (min–max), or one number where they are all the same."""
    found = [one for one in map(value, rounds) if one is not None]
    if not found:
        return missing
    show = lambda number: f"{number:,.{digits}f}"
    low, middle, high = (show(number) for number in (min(found), statistics.median(found), max(found)))
    return middle if low == high else f"{middle} ({low}–{high})"


def of_failures(results: dict) -> str:
    """One line for each scenario: all that failed, GET and POST."""
    names = list(dict.fromkeys(who for result in results["scenarios"].values() for who in result))
    rows = []
    for name, result in results["scenarios"].items():
        cells = [spread(result[who]["rounds"], all_failed) if "rounds" in result.get(who, {}) else "–" for who in names]
        rows.append([name, *cells])
    return "### Failed requests\n\n" + table(["scenario", *names], rows)


def of_scenario(name: str, result: dict) -> str:
    head = [
        "proxy", "GET failed", "POST failed", "of them unsent", "POST twice", "attempts", "last failure, s", "recovered after, s",
        "answered/s", "p50, ms", "p99", "p99.9", "p99 before",
    ]
    important = name == "overload"
    rows, notes = [], []
    for who, found in result.items():
        if "rounds" not in found:
            rows.append([who, *["–"] * (len(head) - 1 + important)])
            notes.append(f"{who}: {found['unsupported']}")
            continue
        rounds = found["rounds"]
        latency = lambda of, which: lambda one: one[of] and one[of][which]
        rows.append([
            who,
            spread(rounds, lambda one: one["get_failed"]), spread(rounds, lambda one: one["post_failed"]),
            spread(rounds, lambda one: one["post_needless"]), spread(rounds, lambda one: one["duplicates"]),
            spread(rounds, lambda one: one["attempts"], 2), spread(rounds, lambda one: one["last_failure"], 1), recovery(rounds),
            spread(rounds, lambda one: one["goodput"]),
            *(spread(rounds, latency("latency", which)) for which in ("p50", "p99", "p99.9")), spread(rounds, latency("latency_before", "p99")),
            *([spread(rounds, lambda one: one["important"] and 100 * one["important"], 1) + " %"] if important else []),
        ])
    if important:
        head.append("important answered")
        notes.append(f"The capacity is {CAPACITY:g} requests/s.")
    causes: Counter = Counter()
    for one in result.get(verdicts.US, {}).get("rounds", []):
        causes.update(dict(one["causes"]))
    if causes:
        notes.append(f"What failed behind {verdicts.US}, in all rounds: " + "; ".join(f"{count} × {what}" for what, count in causes.most_common(4)) + ".")
    return f"### {name}: {STORIES[name]}\n\n" + table(head, rows) + "".join(f"\n\n{note}" for note in notes)


def recovery(rounds: list[dict]) -> str:
    shown = spread(rounds, lambda one: one["recovery"], 1)
    return shown if all(one["recovered"] for one in rounds) else f"> {shown}"
