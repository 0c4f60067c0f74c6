"""CPU time per request, and requests per second, at saturation."""

import statistics
import time

from harness.processes import HarnessError

from .contestants import Contestant, Running
from .stage import Stage, reason
from .workloads import Workload

WARM_UP_SECONDS = 1


def compare(stage: Stage, workload: Workload, contestants: list[Contestant], rounds: int, seconds: float) -> dict[str, dict]:
    """Alternating rounds. Per contestant its rounds, or why it has none."""
    able = [one for one in contestants if workload.name not in one.lacks]
    with stage.up(able, workload.part) as (running, refused):
        results = {name: {"unsupported": why} for name, why in refused.items()}
        for one in list(running):
            try:
                warm_up(stage, workload, one)
                results[one.name] = {"rounds": []}
            except HarnessError as error:
                results[one.name] = {"unsupported": reason(error)}
                running.remove(one)
        for number in range(rounds):
            # Every other round runs backwards, so that drift does not favour a place in the order.
            for one in running if number % 2 == 0 else reversed(running):
                results[one.name]["rounds"].append(measure(stage, workload, one, seconds))
            print(f"  {workload.name} {number + 1}/{rounds}: " + "  ".join(f"{one.name} {results[one.name]['rounds'][-1]['us']:.1f}" for one in running), flush=True)
    order = [one.name for one in contestants]
    return dict(sorted(results.items(), key=lambda item: order.index(item[0])))


def warm_up(stage: Stage, workload: Workload, one: Running) -> None:
    """Also finds out whether it can do this at all."""
    count = workload.load(stage.client, one.port, WARM_UP_SECONDS)
    if count.failed > count.requests:
        raise HarnessError(f"{count.failed} of {count.requests + count.failed} requests failed")
    if count.requests == 0:
        raise HarnessError("no request was answered")


def measure(stage: Stage, workload: Workload, one: Running, seconds: float) -> dict:
    before, began = one.cpu_seconds(), time.monotonic()
    count = workload.load(stage.client, one.port, seconds)
    took, cpu = time.monotonic() - began, one.cpu_seconds() - before
    if count.requests == 0:
        raise HarnessError(f"{workload.name}, {one.name}: no request was answered")
    return {"us": cpu * 1e6 / count.requests, "rps": count.requests / took, "busy": cpu / took, "requests": count.requests, "failed": count.failed}


def ratios(result: dict[str, dict], name: str, rivals: list[str]) -> list[float]:
    """`name`'s CPU per request over that of the cheapest rival, round by round."""
    there = [rival for rival in rivals if result.get(rival, {}).get("rounds")]
    if not there or not result.get(name, {}).get("rounds"):
        return []
    return [
        mine["us"] / min(result[rival]["rounds"][number]["us"] for rival in there)
        for number, mine in enumerate(result[name]["rounds"])
    ]


def median_us(result: dict[str, dict], name: str) -> float | None:
    rounds = result.get(name, {}).get("rounds")
    return statistics.median(one["us"] for one in rounds) if rounds else None
