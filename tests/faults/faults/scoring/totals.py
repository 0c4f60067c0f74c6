"""From the scores of many plays to the figures that are published."""

import statistics
from collections import Counter, defaultdict

from ..catalog import BY_ID
from ..row import Row
from .answers import ITEMS
from .run import JOINED, PRINTED, Score, judge, named, of

# Grade → the share that has to be right, and the probability that it stands for.
GRADES = {"proven": (0.99, 0.99), "inferred": (0.90, 0.90), "suspected": (0.60, 0.60)}
COUNTED = ("exact", "acceptable", "wrong", "nothing")
SURFACES = {"soe503": (JOINED,), "envoy": (PRINTED, JOINED), "haproxy": (PRINTED, JOINED)}


def columns(plays: list[dict]) -> list[tuple[str, str]]:
    return [(proxy, surface) for proxy, surfaces in SURFACES.items() if any(one["proxy"] == proxy for one in plays) for surface in surfaces]


def title(proxy: str, surface: str) -> str:
    return proxy if proxy == "soe503" else f"{proxy}, {'as printed' if surface == PRINTED else 'joined'}"


def scored(plays: list[dict], proxy: str, surface: str) -> list[tuple[dict, Score]]:
    return [(play, of(BY_ID[play["row"]], play["found"], surface)) for play in plays if play["proxy"] == proxy]


def headline(plays: list[dict], proxy: str, surface: str, kinds: tuple[str, ...] = ("fault",)) -> dict:
    all_of = [(play, score) for play, score in scored(plays, proxy, surface) if BY_ID[play["row"]].kind in kinds]
    counted = [(play, score) for play, score in all_of if score.outcome in COUNTED]
    outcome = Counter(score.outcome for _, score in counted)
    number = len(counted)
    right = [score for _, score in counted if score.outcome in ("exact", "acceptable")]
    return {
        "plays": number, "exact": outcome["exact"], "acceptable": outcome["exact"] + outcome["acceptable"], "category": sum(bool(score.category) for _, score in counted),
        "nothing": outcome["nothing"], "harm": sum(score.harm for _, score in counted), "macro_f1": macro_f1(counted),
        "left_out": Counter(score.outcome for _, score in all_of if score.outcome not in COUNTED),
        "requests": median([score.requests for score in right if score.requests and score.grade in (None, "proven")]),
        "seconds": median([score.seconds for score in right if score.seconds is not None and score.grade == "inferred"]),
        "scope": share([score.scope for score in right if score.scope is not None]),
    }


def macro_f1(counted: list[tuple[dict, Score]]) -> float:
    """Over the expected labels: the mean of F1."""
    hits, wanted, named = Counter(), Counter(), Counter()
    for play, score in counted:
        expected = BY_ID[play["row"]].expected
        wanted[expected] += 1
        if score.named and score.outcome != "nothing":
            named[score.named] += 1
            hits[expected] += score.named == expected
    values = [2 * hits[label] / (wanted[label] + named[label]) if wanted[label] + named[label] else 0.0 for label in wanted]
    return sum(values) / len(values) if values else 0.0


def calibration(plays: list[dict]) -> list[tuple[str, int, int, float]]:
    """Grade, answers with it, right ones, target: over every failed request of the single faults."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row, one in graded(plays):
        counts[one["grade"]][0] += 1
        counts[one["grade"]][1] += right(row, one)
    return [(grade, *counts[grade], target) for grade, (target, _) in GRADES.items() if grade in counts]


def graded(plays: list[dict]):
    for play in plays:
        row = BY_ID[play["row"]]
        if play["proxy"] == "soe503" and row.kind == "fault":
            yield from ((row, one) for one in play["found"].get("said", []) if one.get("grade") in GRADES)


def right(row: Row, one: dict) -> bool:
    return judge(row, named(row, one, JOINED), one) in ("exact", "acceptable")


def brier(plays: list[dict]) -> float | None:
    errors = [(GRADES[one["grade"]][1] - right(row, one)) ** 2 for row, one in graded(plays)]
    return sum(errors) / len(errors) if errors else None


def grounding(plays: list[dict]) -> dict:
    found = [(play, play["found"]["grounding"]) for play in plays if play["found"].get("grounding")]
    items = [{"row": play["row"], **item} for play, one in found for item in one["unsupported"]]
    labels = [{"row": play["row"], **item} for play, one in found for item in one.get("mislabelled", [])]
    return {
        "mislabels": sum(one.get("mislabels", 0) for _, one in found), "labels": labels,
        "items": sum(one["items"] for _, one in found), "unsupported": sum(one["number"] for _, one in found), "unchecked": sum(one["unchecked"] for _, one in found),
        "plays": sum(bool(one["number"]) for _, one in found), "examples": items,
    }


def completeness(plays: list[dict]) -> dict[str, dict]:
    """For each audience: answers, the mean number of items, the share that has each, the largest body, leaks."""
    answers = defaultdict(list)
    for play in plays:
        for one in play["found"].get("answers", []):
            if one["ours"]:
                answers[one["audience"]].append({**one, "leaks": [f"{leak} in {play['row']}" for leak in one["leaks"]]})
    return {audience: {
        "answers": len(found), "mean": sum(sum(one["items"]) for one in found) / len(found), "items": [sum(one["items"][n] for one in found) / len(found) for n in range(len(ITEMS))],
        "bytes": max(one["bytes"] for one in found), "leaks": sorted({leak for one in found for leak in one["leaks"]}), "leaking": sum(bool(one["leaks"]) for one in found),
    } for audience in ("public", "internal", "full") if (found := answers.get(audience))}


def confusion(plays: list[dict], proxy: str, surface: str) -> dict[str, Counter]:
    """What was named, by row."""
    found: dict[str, Counter] = defaultdict(Counter)
    for play, score in scored(plays, proxy, surface):
        found[play["row"]][label(score)] += 1
    return found


def label(score: Score) -> str:
    if score.outcome in ("impossible", "broken", "refused", "nothing"):
        return {"impossible": "not possible here", "refused": "refused at start", "nothing": score.named or "nothing named"}.get(score.outcome, score.outcome)
    if score.outcome in ("quiet", "alarm"):
        return ", ".join(score.alarms) or "quiet"
    return score.named or "nothing named"


def median(values: list) -> float | None:
    return statistics.median(values) if values else None


def share(values: list[bool]) -> float | None:
    return sum(values) / len(values) if values else None


