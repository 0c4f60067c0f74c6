"""Does soe503 cost more as its config grows, or with a second worker?"""

import time
from dataclasses import dataclass
from pathlib import Path

from harness.processes import free_port

from .processes import Pinned
from .stage import Stage
from .workloads import wrk

MANY_BACKENDS, MANY_ROUTES, MANY_POOLS = 10_000, 1_000, 1_000
# Requests until every one of 10,000 backends has most likely had one and keeps a connection.
WARM_UP_REQUESTS, WARM_UP_SECONDS = 8 * MANY_BACKENDS, 60
# No health checks: those of 10,000 backends are work of their own, and not the requests'. A long
# idle timeout: what is asked is the price of a request among many backends, not that of connecting.
COMMON = """
[server]
name = "bench"
workers = {workers}
[admin]
address = "127.0.0.1:{admin}"
[[listeners]]
address = "127.0.0.1:{port}"
"""
ROUTE = """
[[routes]]
pool = "{pool}"
match = {{ path_prefix = "{path}" }}
"""
POOL = """
[pools.{name}]
backends = [{backends}]
idle_timeout = "1h"
"""


@dataclass
class Config:
    """One soe503 with a config of some size."""

    name: str
    text: str
    cores: str
    # wrk's script, if the requests are not all for `/`.
    script: str | None = None


def configs(stage: Stage, everywhere: int) -> list[Config]:
    """`everywhere` is the port of a backend that has all addresses of 127.0.0.0/8."""
    def text(workers: int, pools: dict[str, list[str]], routes: dict[str, str]) -> str:
        parts = [COMMON.replace("{workers}", str(workers))]
        parts += [ROUTE.format(pool=pool, path=path) for path, pool in routes.items()]
        parts += [POOL.format(name=name, backends=", ".join(f'"http://{at}"' for at in addresses)) for name, addresses in pools.items()]
        return "".join(parts)

    few = [f"127.0.0.1:{port}" for port in stage.h1]
    many = [f"127.1.{number // 250}.{1 + number % 250}:{everywhere}" for number in range(MANY_BACKENDS)]
    segments = lambda count: [f"/s{number}" for number in range(count)]
    to_all = spread(stage.directory, MANY_ROUTES)
    return [
        Config("small", text(1, {"app": few}, {"/": "app"}), stage.proxy_core),
        Config("small-all", text(1, {"app": few}, {"/": "app"}), stage.proxy_core, to_all),
        Config("backends", text(1, {"app": many}, {"/": "app"}), stage.proxy_core),
        Config("routes", text(1, {"app": few}, {path: "app" for path in segments(MANY_ROUTES)}), stage.proxy_core, to_all),
        Config("pools", text(1, {f"p{number}": few for number in range(MANY_POOLS)}, {path: f"p{number}" for number, path in enumerate(segments(MANY_POOLS))}), stage.proxy_core, to_all),
        Config("one-worker", text(1, {"app": few}, {"/": "app"}), f"{stage.proxy_core},{stage.load_core}"),
        Config("two-workers", text(2, {"app": few}, {"/": "app"}), f"{stage.proxy_core},{stage.load_core}"),
    ]


def spread(directory: Path, count: int) -> str:
    """A wrk script whose requests go to each path in turn."""
    script = directory / "spread.lua"
    script.write_text(f"""
local requests, at = {{}}, 0
function init()
  for number = 0, {count - 1} do requests[number] = wrk.format("GET", "/s" .. number) end
end
function request()
  at = (at + 1) % {count}
  return requests[at]
end
""")
    return str(script)


def compare(stage: Stage, rounds: int, seconds: float) -> dict[str, dict]:
    everywhere = free_port()
    # All of 127.0.0.0/8 is this machine; one listener serves 10,000 "machines".
    backends = Pinned("everywhere", [stage.tools["soe503-tools"], "backend", f"--h1=0.0.0.0:{everywhere}"], stage.directory, stage.load_core)
    backends.start().started("127.0.0.1", everywhere)
    running: list[tuple[Config, Pinned, int]] = []
    results: dict[str, dict] = {}
    try:
        for config in configs(stage, everywhere):
            port, admin = free_port(), free_port()
            path = stage.directory / f"growth-{config.name}.toml"
            path.write_text(config.text.replace("{port}", str(port)).replace("{admin}", str(admin)))
            process = Pinned(f"growth-{config.name}", [stage.tools["soe503"], "run", "--config", str(path)], stage.directory, config.cores)
            running.append((config, process, port))
            began = time.monotonic()
            process.start()
            process.serving(port, path="/s1/" if config.script else "/")
            results[config.name] = {"start_ms": (time.monotonic() - began) * 1e3, "rounds": []}
            time.sleep(1)
            results[config.name]["idle_kib"] = process.rss_kib()
            warm_up(stage, config, port)
        for number in range(rounds):
            for config, process, port in running if number % 2 == 0 else reversed(running):
                before, began = process.cpu_seconds(), time.monotonic()
                count = load(stage, config, port, seconds)
                cpu, took = process.cpu_seconds() - before, time.monotonic() - began
                results[config.name]["rounds"].append({"us": cpu * 1e6 / count.requests, "rps": count.requests / took, "failed": count.failed})
            print(f"  growth {number + 1}/{rounds}: " + "  ".join(f"{name} {result['rounds'][-1]['us']:.1f}" for name, result in results.items()), flush=True)
    finally:
        for _, process, _ in running:
            process.stop()
        backends.stop()
    results["backends"]["backend_kib"] = (results["backends"]["idle_kib"] - results["small"]["idle_kib"]) / (MANY_BACKENDS - len(stage.h1))
    return results


def warm_up(stage: Stage, config: Config, port: int) -> None:
    asked, began = 0, time.monotonic()
    while asked < WARM_UP_REQUESTS and time.monotonic() - began < WARM_UP_SECONDS:
        asked += load(stage, config, port, 2).requests


def load(stage: Stage, config: Config, port: int, seconds: float):
    return wrk(stage.client, port, seconds, *(["-s", config.script] if config.script else []))


TITLES = {
    "small": "3 backends, 1 route, 1 pool", "small-all": "the same, 1,000 paths", "backends": "10,000 backends", "routes": "1,000 routes", "pools": "1,000 pools",
    "one-worker": "one worker on two cores", "two-workers": "two workers on two cores",
}
# Which config's CPU per request is held against which: always one that is asked for the same.
PAIRS = [("backends", "small"), ("routes", "small-all"), ("pools", "small-all"), ("two-workers", "one-worker")]


def ratios(results: dict[str, dict], name: str, base: str) -> list[float]:
    pairs = zip(results.get(name, {}).get("rounds", []), results.get(base, {}).get("rounds", []))
    return [mine["us"] / other["us"] for mine, other in pairs]
