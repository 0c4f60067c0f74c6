"""Backends that no connection reaches."""

import asyncio

from harness.network import ip

from ..firewall import Firewall
from ..row import Row
from ..scoring.words import BACKLOG, CONNECT_TIMEOUT, FIREWALL, LATE, REFUSED, RESET, TRUNCATED, UNREACHABLE
from ..setting import Setting
from ..stage import Stage

# What a request that was under way sees when its connection breaks.
BREAKS = (RESET, TRUNCATED)


def kill_all(stage: Stage) -> None:
    for one in stage.app:
        one.refuse()
    stage.note("all backends closed their ports and broke off")


async def open_all(stage: Stage) -> None:
    for one in stage.app:
        await one.open()


def move_away(stage: Stage) -> None:
    """Nobody has these addresses any more: ARP is not answered."""
    for one in stage.app:
        ip("-n", "R", "addr", "del", f"{one.host}/24", "dev", "r0")
    ip("neigh", "flush", "dev", "c0")
    stage.note("the addresses are gone from the network")


def come_back(stage: Stage) -> None:
    for one in stage.app:
        ip("-n", "R", "addr", "add", f"{one.host}/24", "dev", "r0")


async def reject(stage: Stage) -> None:
    await stage.marker("config", "firewall rule", service="network")
    stage.kept = [Firewall(stage.network, [one.host for one in stage.app])]
    stage.note("the router prohibits the backends' addresses")


def permit(stage: Stage) -> None:
    stage.kept.pop().close()


def stop_accepting(stage: Stage) -> None:
    for one in stage.app:
        stage.kept += one.stop_accepting()
    # More requests at once than there are connections: new ones are needed.
    stage.shape.batch, stage.shape.rate = 16, stage.shape.rate * 2
    stage.later(thin_out(stage))
    stage.note("no backend accepts; the queues are full")


async def thin_out(stage: Stage) -> None:
    """Of the pooled connections all but two end, one after another, so that no proxy has enough of them."""
    while True:
        await asyncio.sleep(0.1)
        for one in stage.app:
            if len(one.connections) > 2:
                next(iter(one.connections)).finish()


async def accept_again(stage: Stage) -> None:
    stage.shape.batch, stage.shape.rate = 1, stage.rate
    for one in stage.kept:
        one.close()
    for one in stage.app:
        one.refuse(abort=False)
        await one.open()


ROWS = [
    Row("F01", "all backends killed after having served", REFUSED, kill_all, open_all, seen=BREAKS, harmful=("raise the timeout",)),
    Row(
        "F03", "the backends' addresses are unused on the local network", UNREACHABLE, move_away, come_back, acceptable=(CONNECT_TIMEOUT,),
        setting=Setting(where="near", connect_timeout=4.0, attempt_timeout=5.0, timeout=8.0, attempts=1, health=None), seen=(CONNECT_TIMEOUT, LATE, *BREAKS),
    ),
    Row(
        "F05", "a router prohibits the backends, after a marker 'firewall rule'", FIREWALL, reject, permit, acceptable=(UNREACHABLE,),
        setting=Setting(where="far"), seen=(UNREACHABLE, LATE, CONNECT_TIMEOUT, *BREAKS),
    ),
    Row(
        "F07", "the backends stop accepting, their queues are full; pooled connections go on", BACKLOG, stop_accepting, accept_again, acceptable=(CONNECT_TIMEOUT,),
        setting=Setting(health=None), seen=(CONNECT_TIMEOUT,), load={"think": 0.1},
    ),
]
