"""The proxies: those of benches/peers, each with the configuration that prevents most failures."""

from dataclasses import replace
from pathlib import Path

from peers import contestants
from peers.contestants import Contestant, Place

CONFIGS = Path(__file__).resolve().parents[1] / "configs"


def pingora(place: Place) -> list[str]:
    return [*contestants.pingora(place), "--read-timeout-ms=1000", "--check-path=/healthz", "--check-ms=1000"]


ALL: list[Contestant] = [
    replace(one, command=pingora) if one.name == "pingora" else one
    for one in contestants.ALL
    if not one.floor
]
NAMES = [one.name for one in ALL]
