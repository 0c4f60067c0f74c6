"""The command line."""

import argparse
import json
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from harness.build import ROOT, target_directory
from harness.processes import HarnessError
from peers import machine, tools
from peers.main import about
from peers.size import raise_file_limit
from peers.stage import write_json
from peers.tables import write_readme

from . import contestants, scenarios, tables
from .play import Settings, round_of
from .verdicts import US

SCRIPT = "benches/resilience/run"
README = ROOT / "benches/resilience/README.md"
# Connections that a proxy may have open to clients and backends in the worst scenario.
CONNECTIONS = 12_288


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=SCRIPT, formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Plays faults behind soe503 and other proxies, and counts what clients see of them.",
        epilog=f"""what can be played:
  {' '.join(scenarios.NAMES)}
behind whom:
  {' '.join(contestants.NAMES)}""")
    parser.add_argument("--quick", action="store_true", help="one short round of each: does it run at all?")
    parser.add_argument("--only", nargs="+", metavar="SCENARIO", choices=scenarios.NAMES, help="play only these")
    parser.add_argument("--peers", nargs="*", metavar="WHO", choices=contestants.NAMES, help="compare soe503 only with these")
    parser.add_argument("--rounds", type=int, help="rounds of each scenario (default 3; quick 1)")
    parser.add_argument("--together", type=int, help="play at most so many proxies side by side (default: as many as the scenario leaves room for)")
    parser.add_argument("--seed", type=int, default=503, help="of the first round's schedules; the next rounds have the next numbers (default 503)")
    parser.add_argument("--soe503", metavar="FILE", help="the binary under test (default: built now)")
    parser.add_argument("--profile", default="release", help="cargo profile of what is built (default release)")
    parser.add_argument("--cores", default="0,1", metavar="PROXY,LOAD", help="the core of the proxies, and that of clients and backends (default 0,1)")
    parser.add_argument("--judge", action="store_true", help="exit 1 if a GET failed in `killed` or a POST was executed twice behind soe503")
    parser.add_argument("--json", type=Path, help="where the results go (default target/resilience/results.json)")
    parser.add_argument("--render", type=Path, nargs="+", metavar="JSON", help="play nothing, show these results: of several runs, their scenarios and rounds together")
    parser.add_argument("--write-readme", action="store_true", help="put the tables into benches/resilience/README.md")
    args = parser.parse_args()
    args.rounds = args.rounds or (1 if args.quick else 3)
    return args


def main() -> None:
    args = arguments()
    try:
        results = joined(args.render) if args.render else play(args)
    except (HarnessError, subprocess.CalledProcessError) as error:
        sys.exit(f"{SCRIPT}: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    text = tables.render(results)
    print("\n" + text)
    if args.write_readme:
        write_readme(README, text, SCRIPT)
    if args.judge:
        judge(results)


def joined(files: list[Path]) -> dict:
    """Results of several runs: other scenarios, or more rounds of the same, each with all its proxies side by side."""
    parts = [json.loads(file.read_text()) for file in files]
    played: dict[str, dict] = {}
    for name in scenarios.NAMES:
        for result in (part["scenarios"][name] for part in parts if name in part["scenarios"]):
            for who, found in result.items():
                kept = played.setdefault(name, {}).setdefault(who, {"rounds": []})
                if "rounds" in found and "rounds" in kept:
                    kept["rounds"] += found["rounds"]
                else:
                    played[name][who] = {"unsupported": found.get("unsupported") or kept.get("unsupported")}
    stolen = max(part["about"].get("stolen", 0.0) for part in parts)
    command = shlex.join([SCRIPT, "--render", *(file.name for file in files)]) if len(files) > 1 else parts[0]["about"]["command"]
    return {"about": parts[0]["about"] | {"stolen": stolen, "command": command}, "scenarios": played}


def play(args: argparse.Namespace) -> dict:
    wanted = {US, *(contestants.NAMES if args.peers is None else args.peers)}
    rivals = [one for one in contestants.ALL if one.name in wanted]
    found = tools.install([one.name for one in rivals], args.profile, args.soe503, others=("taskset",))
    raise_file_limit(CONNECTIONS)
    proxy_core, load_core = args.cores.split(",")
    out = args.json or target_directory() / "resilience/results.json"
    results: dict = {"about": about(found, SCRIPT), "scenarios": {}}
    before = machine.times()
    with machine.awake() as awake, tempfile.TemporaryDirectory(prefix="soe503-resilience-") as name:
        # nginx's worker is somebody else and has to get in.
        Path(name).chmod(0o755)
        settings = Settings(Path(name), found, proxy_core, load_core, args.quick, args.seed)
        for scenario in (one for one in scenarios.ALL if not args.only or one.name in args.only):
            results["scenarios"][scenario.name] = rounds_of(settings, scenario, rivals, args)
            write_json(out, results)
    results["about"] |= {"awake": awake, "stolen": machine.stolen(before, machine.times())}
    write_json(out, results)
    return results


def rounds_of(settings: Settings, scenario: scenarios.Scenario, rivals: list, args: argparse.Namespace) -> dict[str, dict]:
    """The rounds of all proxies; who could not be played once is not played again."""
    result: dict[str, dict] = {one.name: {"rounds": []} for one in rivals}
    for number in range(args.rounds):
        playing = [one for one in rivals if "rounds" in result[one.name]]
        for name, figures in round_of(settings, scenario, playing, number, args.together).items():
            if "unsupported" in figures:
                result[name] = figures
            else:
                result[name]["rounds"].append(figures)
        latest = [f"{name} {one['rounds'][-1]['get_failed']}+{one['rounds'][-1]['post_failed']}" for name, one in result.items() if one.get("rounds")]
        print(f"  {scenario.name} {number + 1}/{args.rounds}: failed GET+POST: {', '.join(latest)}", flush=True)
    return result


def judge(results: dict) -> None:
    """What holds on any machine, however busy."""
    wrong = []
    for name, result in results["scenarios"].items():
        if "rounds" not in result[US]:
            wrong.append(f"{name}: {result[US]['unsupported']}")
            continue
        for one in result[US]["rounds"]:
            if one["duplicates"]:
                wrong.append(f"{name}: {one['duplicates']} POSTs executed twice")
            if name == "killed" and one["get_failed"]:
                wrong.append(f"{name}: {one['get_failed']} GETs failed")
    if wrong:
        sys.exit("\n".join(wrong))
