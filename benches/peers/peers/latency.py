"""Latency at a fixed rate, whatever the proxy does meanwhile (open loop)."""

import json

from harness.load import quantile
from harness.processes import HarnessError

from .contestants import Contestant, Running
from .cpu import each, in_turn, latest
from .processes import output
from .stage import Stage

RATE = 2000
QUANTILES = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}


def compare(stage: Stage, contestants: list[Contestant], rounds: int, seconds: float) -> dict[str, dict]:
    """Alternating rounds; "direct" is one of the contestants, and what it takes is no proxy's fault."""
    with stage.up(contestants, "h1") as (running, refused):
        results = {name: {"unsupported": why} for name, why in refused.items()}
        results |= {one.name: {"rounds": []} for one in running}
        each(running, results, lambda one: warm_up(stage, one))
        for number in range(rounds):
            each(in_turn(running, number), results, lambda one: once(stage, one, seconds))
            print(f"  latency {number + 1}/{rounds}: {latest(results, 'p99', 0)}", flush=True)
    return results


def warm_up(stage: Stage, one: Running) -> None:
    once(stage, one, 1)


def once(stage: Stage, one: Running, seconds: float) -> dict[str, float]:
    out = one.place.directory / "load.jsonl"
    output([
        stage.tools["soe503-tools"], "load", "--target", f"127.0.0.1:{one.port}", "--rate", str(RATE), "--seconds", str(seconds),
        "--arrivals", "constant", "--post-share", "0", "--path", "/", "--out", str(out),
    ], stage.load_core)
    results = [json.loads(line) for line in out.read_text().splitlines()]
    failed = [result for result in results if result["error"] or result["status"] != 200]
    if failed:
        raise HarnessError(f"{len(failed)} of {len(results)} requests failed: {failed[0]['error'] or failed[0]['status']}")
    latencies = [result["latency_us"] for result in results]
    return {name: quantile(latencies, q) for name, q in QUANTILES.items()}


def added(results: dict[str, dict], name: str, quantile_name: str) -> list[float]:
    """What `name` adds to direct's quantile of the same round, in microseconds."""
    mine, direct = (results.get(which, {}).get("rounds", []) for which in (name, "direct"))
    return [own[quantile_name] - base[quantile_name] for own, base in zip(mine, direct)]
