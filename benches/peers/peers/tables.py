"""Results as Markdown: for the terminal, and for benches/README.md."""

import re
from pathlib import Path

from . import cpu, growth, latency, workloads
from .targets import spread, verdicts

SCRIPT = "benches/peers/run"


def render(results: dict) -> str:
    blocks = [about(results["about"])]
    blocks += [of_workload(name, result) for name, result in results["cpu"].items()]
    for section, table in (("latency", of_latency), ("size", of_size), ("growth", of_growth)):
        if results.get(section):
            blocks.append(table(results[section]))
    blocks.append(of_targets(results))
    return "\n\n".join(blocks) + "\n"


def about(facts: dict) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    text = f"{facts['date']}, {facts['machine']}, {facts['kernel']}.\n{versions}.\n`{facts['command']}`"
    if "stolen" not in facts:
        return text
    slept = "Cores were kept awake" if facts["awake"] else "Cores could sleep (keeping them awake takes root): latencies and CPU times include waking them"
    return f"{text}\n\n{slept}; the host took {facts['stolen']:.1%} of their time."


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table whose columns line up, numbers to the right."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    def line(cells: list[str]) -> str:
        aligned = [cell.ljust(width) if column == 0 else cell.rjust(width) for column, (cell, width) in enumerate(zip(cells, widths))]
        return "| " + " | ".join(aligned) + " |"
    rule = "| " + " | ".join("-" * width if column == 0 else "-" * (width - 1) + ":" for column, width in enumerate(widths)) + " |"
    return "\n".join([line(head), rule, *map(line, rows)])


def of_workload(name: str, result: dict) -> str:
    workload = next(one for one in workloads.ALL if one.name == name)
    rows, notes = [], []
    for who, found in result.items():
        if "rounds" not in found:
            rows.append([who, "not supported", "", "", ""])
            notes.append(f"{who}: {found['unsupported']}")
            continue
        rounds = found["rounds"]
        cost = [one["us"] for one in rounds]
        ratio = cpu.ratios(result, "soe503", [who]) if any(cost) and who != "soe503" else []
        rows.append([
            who, spread(cost, 1) if any(cost) else "–", spread(ratio, 2) if ratio else "–",
            f"{sorted(one['rps'] for one in rounds)[len(rounds) // 2]:,.0f}", f"{100 * sum(one['busy'] for one in rounds) / len(rounds):.0f} %",
        ])
        failed, asked = (sum(one[key] for one in rounds) for key in ("failed", "requests"))
        if failed:
            notes.append(f"{who}: {failed} of {asked + failed} {workload.unit}s failed")
    title = f"### {name}: {workload.title}\n\n"
    body = table(["proxy", f"CPU µs per {workload.unit}", "soe503 ÷ this", f"{workload.unit}s/s", "core busy"], rows)
    return title + body + "".join(f"\n\n{note}" for note in notes)


def of_latency(results: dict) -> str:
    rows = []
    for who, found in results.items():
        if "rounds" not in found:
            rows.append([who, "not supported", "", ""])
        elif who == "direct":
            rows.append(["direct (whole)", *(spread([one[name] for one in found["rounds"]], 0) for name in latency.QUANTILES)])
        else:
            rows.append([who, *(spread(latency.added(results, who, name), 0) for name in latency.QUANTILES)])
    return f"### Added latency at {latency.RATE:,} requests/s (open loop, µs, minus direct's)\n\n" + table(["proxy", *latency.QUANTILES], rows)


def of_size(results: dict) -> str:
    rows = []
    connections = 0
    for who, found in results.items():
        if "rounds" not in found:
            rows.append([who, found["unsupported"], "", ""])
            continue
        connections = found["rounds"][0]["connections"]
        values = lambda key: [one[key] for one in found["rounds"]]
        rows.append([who, spread([kib / 1024 for kib in values("idle_kib")], 1), spread(values("connection_kib"), 2), spread(values("start_ms"), 1)])
    return "### Memory and start\n\n" + table(["proxy", "RSS idle, MiB", f"RSS per idle connection ({connections:,} of them), KiB", "start to first 200, ms"], rows)


def of_growth(results: dict) -> str:
    bases = dict(growth.PAIRS)
    rows = []
    for name, found in results.items():
        ratio = spread(growth.ratios(results, name, bases[name]), 2) if name in bases else "–"
        rows.append([growth.TITLES[name], spread([one["us"] for one in found["rounds"]], 1), ratio, f"{found['idle_kib'] / 1024:,.1f}", f"{found['start_ms']:,.0f}"])
    return "### Growth (soe503)\n\n" + table(["config", "CPU µs per request", "÷ small, or ÷ one worker", "RSS idle, MiB", "start, ms"], rows)


def of_targets(results: dict) -> str:
    rows = [[one.what, one.wanted, one.found, "ok" if one.met else "missed"] for one in verdicts(results)]
    if not rows:
        return "No target applies to what was measured."
    return "### Targets\n\n" + table(["target", "wanted", "found", ""], rows)


def write_readme(path: Path, text: str, script: str = SCRIPT) -> None:
    """Replaces what is between the two marks."""
    begin, end = f"<!-- begin: {script} --write-readme -->", "<!-- end -->"
    # The table's own titles are one level below the README's section.
    new = f"{begin}\n{text}{end}"
    path.write_text(re.sub(f"{re.escape(begin)}.*?{re.escape(end)}", lambda _: new, path.read_text(), count=1, flags=re.DOTALL))
