"""The command line."""

import argparse
import datetime
import json
import os
import platform
import shlex
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from harness.build import ROOT, target_directory
from harness.processes import HarnessError

from . import contestants, cpu, growth, latency, machine, size, tables, tools, workloads
from .contestants import Contestant
from .stage import Stage, write_json
from .targets import DEBIAN_PEERS

SECTIONS = ("latency", "size", "growth")
README = ROOT / "benches/README.md"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="benches/peers/run", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Compares soe503 with other proxies: CPU per request, latency, memory, start.",
        epilog=f"""what can be measured:
  {' '.join(workloads.NAMES)}   CPU per request and requests/s
  {' '.join(SECTIONS)}
with whom:
  {' '.join(contestants.NAMES)}
In a --command, @listen@, @port@, @backend1@ to @backend3@ (address:port), @admin@ and @dir@ are replaced.""")
    parser.add_argument("--quick", action="store_true", help="short rounds, few of them: does it run at all?")
    parser.add_argument("--only", nargs="+", metavar="WHAT", choices=[*workloads.NAMES, *SECTIONS], help="measure only this")
    parser.add_argument("--peers", nargs="+", metavar="WHO", choices=contestants.NAMES, help="compare soe503 only with these")
    parser.add_argument("--command", action="append", default=[], metavar="NAME=COMMAND", help="one more contestant, for HTTP/1.1")
    parser.add_argument("--rounds", type=int, help="alternating rounds (default 5; quick 2)")
    parser.add_argument("--seconds", type=float, help="length of one measurement (default 4; quick 1)")
    parser.add_argument("--connections", type=int, help="idle connections (default 10000; quick 1000)")
    parser.add_argument("--soe503", metavar="FILE", help="the binary under test (default: built now)")
    parser.add_argument("--profile", default="release", help="cargo profile of what is built (default release)")
    parser.add_argument("--cores", default="0,1", metavar="PROXY,LOAD", help="the core of the proxies, and that of clients and backends (default 0,1)")
    parser.add_argument("--max-ratio", type=float, metavar="R", help="exit 1 if soe503 costs more CPU than R times the best of nginx and HAProxy")
    parser.add_argument("--json", type=Path, help="where the results go (default target/peers/results.json)")
    parser.add_argument("--render", type=Path, metavar="JSON", help="measure nothing, show these results")
    parser.add_argument("--write-readme", action="store_true", help="put the tables into benches/README.md")
    args = parser.parse_args()
    args.rounds = args.rounds or (2 if args.quick else 5)
    args.seconds = args.seconds or (1 if args.quick else 4)
    args.connections = args.connections or (1000 if args.quick else 10_000)
    return args


def main() -> None:
    args = arguments()
    try:
        if args.render:
            results = json.loads(args.render.read_text())
        else:
            results = measure(args)
    except (HarnessError, subprocess.CalledProcessError) as error:
        sys.exit(f"benches/peers/run: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    text = tables.render(results)
    print("\n" + text)
    if args.write_readme:
        tables.write_readme(README, text)
    if args.max_ratio is not None:
        judge(results, args.max_ratio)


def chosen(args: argparse.Namespace) -> list[Contestant]:
    wanted = {"soe503", "direct", *(args.peers or contestants.NAMES)}
    found = [one for one in contestants.ALL if one.name in wanted]
    for given in args.command:
        name, equals, line = given.partition("=")
        if not equals or "/" in name:
            raise HarnessError(f"--command {given}: NAME=COMMAND is wanted")
        found.append(Contestant(name, contestants.command(line), ("h1",)))
    return found


def measure(args: argparse.Namespace) -> dict:
    rivals = chosen(args)
    found = tools.install([one.name for one in rivals], args.profile, args.soe503)
    args.connections = size.raise_file_limit(args.connections)
    proxy_core, load_core = args.cores.split(",")
    wanted = args.only or [*workloads.NAMES, *SECTIONS]
    results: dict = {"about": about(found), "cpu": {}}
    out = args.json or target_directory() / "peers/results.json"
    before = machine.times()
    with machine.awake() as awake, tempfile.TemporaryDirectory(prefix="soe503-peers-") as name:
        # nginx's worker is somebody else and has to get in.
        Path(name).chmod(0o755)
        stage = Stage(Path(name), found, proxy_core, load_core).open()
        try:
            for workload in (one for one in workloads.ALL if one.name in wanted):
                results["cpu"][workload.name] = cpu.compare(stage, workload, rivals, args.rounds, args.seconds)
                write_json(out, results)
            if "latency" in wanted:
                results["latency"] = latency.compare(stage, rivals, args.rounds, 2.5 * args.seconds)
                write_json(out, results)
            if "size" in wanted:
                results["size"] = size.compare(stage, rivals, max(2, args.rounds // 2), args.connections)
                write_json(out, results)
            if "growth" in wanted:
                results["growth"] = growth.compare(stage, args.rounds, args.seconds)
                write_json(out, results)
        finally:
            stage.close()
    results["about"] |= {"awake": awake, "stolen": machine.stolen(before, machine.times())}
    write_json(out, results)
    return results


def about(found: tools.Tools, script: str = "benches/peers/run") -> dict:
    processor = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), platform.machine())
    return {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
        "machine": f"{os.cpu_count()} × {processor}",
        "kernel": f"{platform.system()} {platform.release()}",
        "versions": tools.versions(found),
        "command": shlex.join([script, *sys.argv[1:]]),
    }


def judge(results: dict, limit: float) -> None:
    over = []
    for name, result in results["cpu"].items():
        if ratios := cpu.ratios(result, "soe503", DEBIAN_PEERS):
            ratio = statistics.median(ratios)
            print(f"{name}: {ratio:.2f} × the best of nginx and HAProxy")
            over += [name] if ratio > limit else []
    if over:
        sys.exit(f"more than {limit:g} × the best of nginx and HAProxy: {', '.join(over)}")
