"""Backends behind names."""

import asyncio

from harness.network import ip

from ..row import Row
from ..scoring.words import DNS, DRAINING, REFUSED, RESET, TRUNCATED
from ..setting import Setting
from ..stage import Stage
from ..stub.resolver import SERVFAIL

# Discovery is so late.
LATE = 2.0


def black_hole(stage: Stage) -> None:
    ip("-n", "R", "route", "add", "blackhole", "10.60.0.1/32")
    stage.note("the resolver's network swallows its answers")


def end_black_hole(_: Stage) -> None:
    ip("-n", "R", "route", "del", "blackhole", "10.60.0.1/32")


def fails(stage: Stage) -> None:
    stage.resolver.says(rcode=SERVFAIL)
    stage.note("the resolver answers SERVFAIL")


def rolling(stage: Stage) -> None:
    stage.note("rolling stops begin")
    stage.later(roll(stage))


async def roll(stage: Stage, wrong: str | None = None) -> None:
    """All are stopped one after another, their successors are there at once, and discovery knows after two seconds.

    `wrong`: the certificate of one of the three successors."""
    old, generation = list(stage.app), 0
    while True:
        generation += 1
        new = []
        for number, one in enumerate(old):
            made = await stage.backend(f"quince-{3 * generation + number + 1}", f"127.0.{generation}.{31 + number}", one.port)
            if wrong and number == 0:
                await made.speak(stage.certificates.context(wrong))
            new.append(made)
            one.refuse(abort=False)
            stage.note(f"{one.name} got SIGTERM and closed its port; {made.name} is ready")
            asyncio.get_running_loop().call_later(LATE, replace, stage, one, made)
            await asyncio.sleep(0.3)
        stage.app += new
        old = new
        await asyncio.sleep(3.5)


def replace(stage: Stage, old, new) -> None:
    known = [address for address in stage.resolver.names["app.test"] if address != old.host]
    stage.resolver.says({"app.test": [*known, new.host]})


ROWS = [
    Row("F09", "the resolver is black-holed after the start", DNS, black_hole, end_black_hole, setting=Setting(names="each"), seen=()),
    Row("F11", "the resolver answers SERVFAIL, from the start", DNS, before=fails, setting=Setting(names="each"), seen=()),
    Row(
        "F45", "rolling stop: ports close at once, discovery is 2 s late", DRAINING, rolling, acceptable=(REFUSED,),
        setting=Setting(names="one"), seen=(REFUSED, RESET, TRUNCATED), harmful=("raise the timeout",),
    ),
]
