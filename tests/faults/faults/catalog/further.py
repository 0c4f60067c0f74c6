"""Further faults, outside the first score."""

import asyncio

from ..network import sysctl
from ..row import Row
from ..scoring.words import CIRCUIT, DISK, FDS, LATE, LIMIT, LOOP, OOM, PORTS, REFUSED, RESET, TRUNCATED, UPERROR, WINDOW
from ..setting import Setting
from ..stage import Stage
from ..stub.nature import takes
from .replies import all_become, well


def slow_and_many(stage: Stage) -> None:
    """More connections than there are descriptors."""
    all_become(work=takes(0.4))(stage)
    stage.shape.rate = max(150.0, stage.shape.rate)
    stage.note("so many requests at once that 40 descriptors are too few")


def calm(stage: Stage) -> None:
    stage.shape.rate = stage.rate
    well(stage)


def two_ports(stage: Stage) -> None:
    for target in stage.clients.targets:
        target.own_ports()
    sysctl("net.ipv4.ip_local_port_range", "40000 40001")
    all_become(work=takes(0.2))(stage)
    for one in stage.app:
        one.break_off()
    stage.note("outgoing connections have two local ports")


def all_ports(stage: Stage) -> None:
    sysctl("net.ipv4.ip_local_port_range", "32768 60999")
    well(stage)


def little_room(stage: Stage) -> None:
    all_become(spool=stage.spool())(stage)


def much_room(stage: Stage) -> None:
    all_become(spool=None)(stage)


def killed_and_back(stage: Stage) -> None:
    stage.later(die_again(stage))


async def die_again(stage: Stage) -> None:
    """What the OOM killer does to one that leaks, again and again."""
    while True:
        stage.app[0].refuse()
        stage.note(f"{stage.app[0].name} got SIGKILL")
        await asyncio.sleep(1.0)
        await stage.app[0].open()
        stage.note(f"{stage.app[0].name} is back")
        await asyncio.sleep(2.0)


ROWS = [
    Row("X1", "five failures open the circuit", CIRCUIT, all_become(status=500), well, acceptable=(UPERROR,), itself=True, seen=(UPERROR,)),
    Row("X2", "a maintenance window", WINDOW, setting=Setting(maintenance=True), seen=()),
    Row(
        "X3", "40 descriptors for the proxy", FDS, slow_and_many, calm, setting=Setting(files=40, health=None), seen=(LIMIT,), load={"think": 0.1}, scope="all_pools",
        lacks={"haproxy": "derives its own limit of connections from the descriptors and accepts no more", "envoy": "needs more than 40 descriptors to start"},
    ),
    Row("X4", "two local ports for outgoing connections", PORTS, two_ports, all_ports, setting=Setting(health=None, ports="40000 40001"), seen=(RESET, TRUNCATED)),
    Row("X5", "the backends' spool of 64 KiB is full (507)", DISK, little_room, much_room, seen=(UPERROR,), load={"posts": 0.5}),
    Row("X6", "SIGKILL and restart of one backend, again and again", OOM, killed_and_back, acceptable=(REFUSED, RESET), scope="backend", seen=(REFUSED, RESET, TRUNCATED), load={"posts": 0.5}),
    Row("X7", "the backend is the proxy itself", LOOP, setting=Setting(loop=True, health=None, proxies=False, attempts=1), seen=(LATE, "dependency_failure/nested", UPERROR), scope="request"),
]
