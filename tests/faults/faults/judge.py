"""What CI asks of the plays that were made."""

from .catalog import BY_ID
from .scoring import totals
from .scoring.run import JOINED

GOOD = ("exact", "acceptable", "quiet", "impossible")


def judge(plays: list[dict]) -> int:
    """0 if each fault is named acceptably, no control raises an alarm, no evidence is unsupported and nothing leaks."""
    wrong = [
        f"{play['row']} ({BY_ID[play['row']].label}): {score.outcome} {', '.join(score.alarms) or score.named or score.why}"
        for play, score in totals.scored(plays, "soe503", JOINED) if score.outcome not in GOOD
    ]
    evidence, told = totals.grounding(plays), totals.completeness(plays)
    wrong += [f"{one['row']}: evidence {one['what']!r}: {one['why']}" for one in evidence["examples"]]
    wrong += [f"an answer for {audience} tells {', '.join(one['leaks'])}" for audience, one in told.items() if one["leaks"]]
    possible = sum(score.outcome != "impossible" for _, score in totals.scored(plays, "soe503", JOINED))
    if not possible:
        wrong.append("nothing could be played")
    for one in wrong:
        print(f"wrong: {one}")
    print(f"{possible} plays judged, {len(wrong)} things wrong")
    return 1 if wrong else 0
