"""CPU time per request, and requests per second, at saturation."""

import time
from collections.abc import Callable

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
        results |= {one.name: {"rounds": []} for one in running}
        each(running, results, lambda one: warm_up(stage, workload, one))
        for number in range(rounds):
            each(in_turn(running, number), results, lambda one: measure(stage, workload, one, seconds))
            print(f"  {workload.name} {number + 1}/{rounds}: {latest(results, 'us', 1)}", flush=True)
    order = [one.name for one in contestants]
    return dict(sorted(results.items(), key=lambda item: order.index(item[0])))


def in_turn(running: list[Running], number: int) -> list[Running]:
    """Every other round runs backwards, so that drift does not favour a place in the order."""
    return running if number % 2 == 0 else running[::-1]


def each(running: list[Running], results: dict[str, dict], measured: Callable[[Running], dict | None]) -> None:
    """One round. Who fails is out, and the others go on."""
    for one in running:
        if "rounds" not in results[one.name]:
            continue
        try:
            if figures := measured(one):
                results[one.name]["rounds"].append(figures)
        except (HarnessError, OSError) as error:
            results[one.name] = {"unsupported": reason(error)}


def latest(results: dict[str, dict], key: str, digits: int) -> str:
    return "  ".join(f"{name} {found['rounds'][-1][key]:,.{digits}f}" for name, found in results.items() if found.get("rounds"))


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
        raise HarnessError("no request was answered")
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
