"""Results as Markdown: for the terminal, and for README.md."""

from collections import Counter

from .catalog import BY_ID, ROWS
from .scoring import totals
from .scoring.answers import ITEMS
from .scoring.run import Score

MARKS = {"exact": "✔", "acceptable": "(✔)", "wrong": "✘", "nothing": "–", "quiet": "✔", "alarm": "✘", "impossible": "n/a", "refused": "n/a", "broken": "broken"}
# Issue 5: what soe503 has to reach on the public half.
TARGETS = {"exact": 0.85, "acceptable": 0.95, "category": 0.97}


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows])


def render(results: dict) -> str:
    plays, about = results["plays"], results["about"]
    columns = totals.columns(plays)
    blocks = [run(about, plays), headlines(plays, columns), rows(plays, columns), controls(plays, columns), pairs(plays, columns), named(plays, columns)]
    if any(one["proxy"] == "soe503" for one in plays):
        blocks += [soon(plays), calibration(plays), grounding(plays), completeness(plays)]
    blocks += [failed(plays), not_played(plays)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def run(about: dict, plays: list[dict]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    late = sorted(1000 * one["found"]["late_p99"] for one in plays if one["found"].get("late_p99") is not None)
    busy = f" Clients late by {late[len(late) // 2]:.0f} ms (median of the plays' p99), {late[-1]:.0f} ms at most." if late else ""
    return (
        f"{versions}. {len(plays)} plays; loads {', '.join(f'{one:g}' for one in about['loads'])} requests/s beside eight clients that wait; seeds {', '.join(map(str, about['seeds']))}; "
        f"baseline {about['times'][0]:g} s, fault {about['times'][1]:g} s, recovery {about['times'][2]:g} s. Command: `{about['command']}`.{busy}"
    )


def percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.0f} % ({part:g} of {whole:g})" if whole else "–"


def headlines(plays: list[dict], columns: list) -> str:
    lines = []
    for proxy, surface, load in [(*column, load) for column in columns for load in loads(plays, column[0])]:
        some = [one for one in plays if one["load"] == load]
        found = totals.headline(some, proxy, surface)
        alarms = [score for play, score in totals.scored(some, proxy, surface) if BY_ID[play["row"]].kind == "control" and score.outcome in ("quiet", "alarm")]
        both = [score for play, score in totals.scored(some, proxy, surface) if BY_ID[play["row"]].kind == "pair" and score.outcome in totals.COUNTED]
        lines.append([
            f"{totals.title(proxy, surface)}, {load:g}/s", percent(found["exact"], found["plays"]), percent(found["acceptable"], found["plays"]), percent(found["category"], found["plays"]),
            f"{found['macro_f1']:.2f}", percent(found["nothing"], found["plays"]), f"{sum(one.outcome == 'alarm' for one in alarms)} of {len(alarms)}",
            f"{sum(one.outcome in ('exact', 'acceptable') for one in both)} of {len(both)}", show(found["requests"]), show(found["seconds"], " s"),
            "–" if found["scope"] is None else f"{100 * found['scope']:.0f} %", str(found["harm"]),
        ])
    head = ["who", "exact", "acceptable", "category", "macro F1", "nothing named", "false alarms", "pairs", "requests to it (proven)", "time to it (inferred)", "scope", "harm"]
    wanted = f"Wanted of soe503: exact ≥ {100 * TARGETS['exact']:.0f} %, acceptable ≥ {100 * TARGETS['acceptable']:.0f} %, category ≥ {100 * TARGETS['category']:.0f} %, no false alarm."
    return "### The figures\n\n" + table(head, lines) + f"\n\n{wanted}"


def loads(plays: list[dict], proxy: str) -> list[float]:
    return sorted({one["load"] for one in plays if one["proxy"] == proxy})


def show(value: float | None, unit: str = "") -> str:
    return "–" if value is None else f"{value:.3g}{unit}"


def cell(plays: list[dict], row: str, proxy: str, surface: str) -> str:
    """The outcome, and what was named where it was not the expected."""
    scores = [score for play, score in totals.scored(plays, proxy, surface) if play["row"] == row]
    kinds = Counter((MARKS[score.outcome], said(score)) for score in scores)
    return "; ".join(f"{mark}{f' {text}' if text else ''}{f' × {number}' if len(scores) > 1 else ''}" for (mark, text), number in kinds.most_common(3))


def said(score: Score) -> str:
    if score.outcome in ("exact", "impossible", "broken", "quiet"):
        return ""
    return "refused at start" if score.outcome == "refused" else ", ".join(score.alarms) or short(score.named)


def short(cause: str | None) -> str:
    return (cause or "").rpartition("/")[2] if " + " not in (cause or "") else " + ".join(one.rpartition("/")[2] for one in cause.split(" + "))


def of_kind(plays: list[dict], columns: list, kinds: tuple[str, ...], expected: bool = True) -> str:
    there = [row for row in ROWS if row.kind in kinds and any(one["row"] == row.id for one in plays)]
    head = ["", "injection", *(["expected"] if expected else []), *(totals.title(*column) for column in columns)]
    lines = [[row.id, row.title, *([f"{row.label}{f' + {short(row.second)}' if row.second else ''}"] if expected else []), *(cell(plays, row.id, *column) for column in columns)] for row in there]
    return table(head, lines) if lines else ""


def rows(plays: list[dict], columns: list) -> str:
    faults, further, later = (of_kind(plays, columns, (kind,)) for kind in ("fault", "further", "later"))
    text = f"### The faults\n\n✔ exact, (✔) acceptable, ✘ something else, – nothing, n/a not played: see below.\n\n{faults}" if faults else ""
    text += f"\n\nFurther ones, outside the figures above:\n\n{further}" if further else ""
    return text + (f"\n\nThought of when the rules were there, and outside the figures too: {later_figures(plays)}.\n\n{later}" if later else "")


def later_figures(plays: list[dict]) -> str:
    """How far the rules reach beyond the faults that they were made with."""
    texts = []
    for proxy in dict.fromkeys(one["proxy"] for one in plays):
        surface = totals.SURFACES[proxy][-1]
        if (found := totals.headline(plays, proxy, surface, ("later",)))["plays"]:
            texts.append(f"{totals.title(proxy, surface)} names {percent(found['exact'], found['plays'])} exactly and {percent(found['acceptable'], found['plays'])} acceptably")
    return "; ".join(texts)


def controls(plays: list[dict], columns: list) -> str:
    found = of_kind(plays, columns, ("control",), expected=False)
    return f"### Negative controls: nothing may be named\n\n{found}" if found else ""


def pairs(plays: list[dict], columns: list) -> str:
    found = of_kind(plays, columns, ("pair",))
    return f"### Two at once: both have to appear\n\n{found}" if found else ""


def named(plays: list[dict], columns: list) -> str:
    """The confusion matrix, as a list: rows are what was injected, and then what was named at the last failed request."""
    blocks = []
    for proxy, surface in columns:
        lines = []
        for row, counts in sorted(totals.confusion(plays, proxy, surface).items(), key=lambda item: [one.id for one in ROWS].index(item[0])):
            if BY_ID[row].kind in ("fault", "further", "later"):
                lines.append(f"{row} {BY_ID[row].expected} → " + ", ".join(f"{what} × {count}" for what, count in counts.most_common()))
        blocks.append(f"<details><summary>{totals.title(proxy, surface)}</summary>\n\n```text\n" + "\n".join(lines) + "\n```\n\n</details>")
    return "### Confusion: injected → named at the last failed request\n\n" + "\n\n".join(blocks)


def soon(plays: list[dict]) -> str:
    """soe503's way to the right name, play by play."""
    lines = []
    for row in (row for row in ROWS if row.kind in ("fault", "further", "later")):
        scores = [score for play, score in totals.scored(plays, "soe503", "joined") if play["row"] == row.id and score.outcome in ("exact", "acceptable")]
        if known := [score for score in scores if score.requests]:
            lines.append([
                row.id, show(totals.median([score.requests for score in known])), show(totals.median([score.seconds for score in known]), " s"),
                ", ".join(sorted({score.grade or "–" for score in known})), f"{sum(bool(score.scope) for score in known)} of {sum(score.scope is not None for score in known)}",
            ])
    return "### How soon soe503 names it, for good\n\nMedian over the plays; the request that is the first of those that are all named right.\n\n" + table(["", "failed requests", "since the fault began", "grade at the end", "scope right"], lines) if lines else ""


def failed(plays: list[dict]) -> str:
    """Prevention is the better part: how many had anything to explain."""
    proxies = list(dict.fromkeys(one["proxy"] for one in plays))
    lines = []
    for row in ROWS:
        cells = []
        for proxy in proxies:
            found = [play["found"] for play in plays if play["row"] == row.id and play["proxy"] == proxy and "requests" in play["found"]]
            total = sum(one["requests"] for one in found)
            cells.append(f"{100 * sum(one['failed'] for one in found) / total:.1f} %" if total else "–")
        if any(cell != "–" for cell in cells):
            lines.append([row.id, *cells])
    return "<details><summary>Requests to the pool that failed while the fault lasted (503 and other 5xx, 429, 508, no answer)</summary>\n\n" + table(["", *proxies], lines) + "\n\n</details>" if lines else ""


def calibration(plays: list[dict]) -> str:
    lines = [[grade, answers, percent(right, answers), f"≥ {100 * target:.0f} %"] for grade, answers, right, target in totals.calibration(plays)]
    score = totals.brier(plays)
    return "### Calibration of soe503's grades\n\n" + table(["grade", "failed requests", "right (exact or acceptable)", "wanted"], lines) + (f"\n\nBrier score {score:.3f}." if score is not None else "")


def grounding(plays: list[dict]) -> str:
    found = totals.grounding(plays)
    text = f"### Evidence\n\n{found['items']} items of soe503's evidence were held against the harness's log: {found['unsupported']} are not supported (in {found['plays']} plays), {found['unchecked']} say nothing that can be checked. {found['mislabels']} attempts were seen truly and are called by a cause that did not happen."
    examples = {(one["row"], one["why"]): one for one in found["examples"] + found["labels"]}
    return text + ("\n\n" + table(["", "kind", "what it says", "why not"], [[one["row"], one["kind"], one["what"], one["why"]] for one in list(examples.values())[:15]]) if examples else "")


def completeness(plays: list[dict]) -> str:
    found = totals.completeness(plays)
    if not found:
        return ""
    head = ["audience", "answers", "items of 12", "largest body", "answers with a leak"]
    lines = [[audience, one["answers"], f"{one['mean']:.1f}", f"{one['bytes']} B", f"{one['leaking']}{' (' + ', '.join(one['leaks'][:4]) + ')' if one['leaks'] else ''}"] for audience, one in found.items()]
    items = [[name, *(f"{100 * one['items'][number]:.0f} %" for one in found.values())] for number, name in enumerate(ITEMS)]
    return "### What an answer of soe503 contains\n\n" + table(head, lines) + "\n\n" + table(["item", *found], items)


def not_played(plays: list[dict]) -> str:
    reasons = Counter()
    for play in plays:
        for what in ("impossible", "lacks", "refused", "broken"):
            if what in play["found"]:
                reasons[play["row"], play["proxy"], {"refused": "refused at start", "impossible": "not possible here", "lacks": "not possible"}.get(what, what), last_line(play["found"][what])] += 1
    lines = [list(one) for one in sorted(reasons)]
    return "### Not played, and why\n\n" + table(["", "proxy", "", "reason"], lines) if lines else ""


def last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    wrong = [line for line in lines if "error" in line.lower()]
    return (wrong or lines or [""])[-1][:240]


def line(play: dict) -> str:
    """One play, for the terminal."""
    found = play["found"]
    parts = []
    for surface in totals.SURFACES[play["proxy"]]:
        score = totals.scored([play], play["proxy"], surface)[0][1]
        parts.append(f"{score.outcome} {', '.join(score.alarms) or score.named or ''}".strip() + (f" [{score.grade}]" if score.grade else "") + (f" ({last_line(score.why)})" if score.why and not score.named else ""))
    counts = f" · {found['failed']} of {found['requests']} failed" if "requests" in found else ""
    ungrounded = f" · {found['grounding']['number']} ungrounded" if found.get("grounding", {}).get("number") else ""
    return " / ".join(parts) + counts + ungrounded
