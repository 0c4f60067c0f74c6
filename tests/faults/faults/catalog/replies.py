"""Backends that take a request and answer badly, late, or not at all."""

from ..row import Row
from ..scoring.words import INVALID, KEEPALIVE, LATE, REFUSED, NESTED, RESET, SATURATED, SHARED, SHEDDING, TRUNCATED, UP503, UPERROR
from ..setting import Setting
from ..stage import Stage
from ..stub.nature import about, takes

USUAL = about(0.008, 0.08)
DATABASE = b'{"error":"could not obtain a connection to orders-db within 50 ms","trace":"%d"}'


def all_become(**changes):
    def act(stage: Stage) -> None:
        for one in stage.app:
            one.become(**changes)
        stage.note(f"all backends: {', '.join(f'{name} {value}' for name, value in changes.items() if not callable(value))}")
    return act


def well(stage: Stage) -> None:
    all_become(mode="ok", status=200, work=USUAL, headers={}, body=b"fine\n", share=1.0)(stage)


def at_most_100(stage: Stage) -> None:
    all_become(max_requests=100, announces=False)(stage)


def kill_inner(stage: Stage) -> None:
    for one in stage.app:
        one.refuse()
    stage.note("the origins behind the inner proxy refuse connections")


async def inner_back(stage: Stage) -> None:
    for one in stage.app:
        await one.open()


ROWS = [
    Row("F19", "RST after the request was read", RESET, all_become(mode="reset"), well, seen=()),
    Row(
        "F21", "closed after exactly 100 requests, without a word", KEEPALIVE, before=at_most_100, acceptable=(RESET,), scope="pool",
        load={"think": 0.02, "posts": 0.5}, seen=(RESET,), harmful=("raise the timeout",),
    ),
    Row("F23", "bytes that are not HTTP", INVALID, all_become(mode="garbage"), well, seen=()),
    Row(
        "F25", "3 s of sleep, timeout 1.5 s, usual p99 80 ms", LATE, all_become(work=takes(3.0)), well, acceptable=(SATURATED,), before=well,
        seen=(), harmful=("scale out",),
    ),
    Row(
        "F29", "the same error from all: a database that they share, without health documents", SHARED, all_become(status=500, body=DATABASE, work=takes(0.05)), well,
        acceptable=(LATE,), seen=(UPERROR,),
    ),
    Row(
        "F37", "503 with Retry-After within 2 ms, under load", SHEDDING, all_become(status=503, headers={"Retry-After": "1"}, work=takes(0.001)), well,
        acceptable=(UP503,), seen=(UP503,), load={"think": 0.1},
    ),
    Row(
        "F39", "the backend is a second soe503 whose origin refuses", NESTED, kill_inner, inner_back, acceptable=(UP503, REFUSED),
        setting=Setting(inner=True, proxies=True, health=None), seen=(REFUSED, RESET, TRUNCATED, UP503, "circuit_open/consecutive_failures", "circuit_open/all_ejected"),
    ),
]
