"""Faults that were thought of when the rules were there: written once, played, and not tuned for. They say how far the rules reach beyond the
faults that they were made with."""

from harness.network import ip

from ..row import Row
from ..scoring.words import (
    CONNECT_TIMEOUT, CPU, HC_PATH, INVALID, KEEPALIVE, LATE, LIMIT, LIMIT_LOW, NXDOMAIN, DNS, QUEUE_FULL, QUEUE_TIMEOUT, REFUSED, RELEASE, RESET, SATURATED,
    SHARED, TIMEOUT_SHORT, TLS_NAME, TLS_UNTRUSTED, TRUNCATED, UP503, UPERROR,
)
from ..setting import Setting
from ..stage import Stage
from ..stub.nature import about, takes
from ..stub.resolver import NXDOMAIN as NO_SUCH_NAME
from . import load, pairs
from .replies import all_become, well
from .tls import BREAKS, TLS, presents


def one_dies(stage: Stage) -> None:
    stage.app[0].refuse()
    stage.note("one of three closed its port and broke off")


async def one_returns(stage: Stage) -> None:
    await stage.app[0].open()


def swallow(stage: Stage) -> None:
    for one in stage.app:
        ip("-n", "R", "route", "add", "blackhole", f"{one.host}/32")
    stage.note("the router swallows what goes to the backends")


def let_through(stage: Stage) -> None:
    for one in stage.app:
        ip("-n", "R", "route", "del", "blackhole", f"{one.host}/32")


def no_such_name(stage: Stage) -> None:
    stage.resolver.says(rcode=NO_SUCH_NAME)
    stage.note("the resolver knows no such name")


def releases(stage: Stage) -> None:
    all_become(headers={"Server": "orders/1.4.0"})(stage)


def one_is_new(stage: Stage) -> None:
    stage.app[2].become(headers={"Server": "orders/1.5.0"}, mode="reset")
    stage.note("one of three runs a new release, which breaks off")


def one_is_old_again(stage: Stage) -> None:
    stage.app[2].become(headers={"Server": "orders/1.4.0"}, mode="ok")


def slow_from_the_start(stage: Stage) -> None:
    """As usual as it gets, and more than the time that is allowed."""
    all_become(work=about(0.25, 0.45))(stage)


ROWS = [
    Row("U1", "one of three killed", REFUSED, one_dies, one_returns, scope="backend", seen=BREAKS, load={"posts": 0.5}),
    Row(
        "U2", "a router swallows all packets to the backends", CONNECT_TIMEOUT, swallow, let_through,
        setting=Setting(where="far"), seen=(LATE, *BREAKS),
    ),
    Row("U3", "the resolver knows no such name, from the start", NXDOMAIN, before=no_such_name, acceptable=(DNS,), setting=Setting(names="each"), seen=()),
    Row("U4", "the backends' certificates are for another name", TLS_NAME, presents("other-name"), presents("good"), setting=TLS, seen=BREAKS),
    Row("U5", "the backends' certificates are of an authority that nobody knows", TLS_UNTRUSTED, presents("self-signed"), presents("good"), setting=TLS, seen=BREAKS),
    Row("U6", "answers end before they are whole", TRUNCATED, all_become(mode="truncate"), well, seen=()),
    Row("U7", "closed in order after the request was read", RESET, all_become(mode="close"), well, acceptable=(KEEPALIVE,), seen=(KEEPALIVE,)),
    Row("U8", "accepted, read, and never answered", LATE, all_become(mode="hang"), well, acceptable=(SATURATED, SHARED), seen=(SATURATED,), harmful=("scale out",)),
    Row(
        "U9", "idle connections are closed after 0.3 s, ours after 4 s", KEEPALIVE, before=all_become(idle=0.3), acceptable=(RESET,),
        load={"think": 0.6, "posts": 0.8}, seen=(RESET,), harmful=("raise the timeout",),
    ),
    Row(
        "U10", "200 ms allowed where answers always take 250", TIMEOUT_SHORT, before=slow_from_the_start, acceptable=(LATE,),
        setting=Setting(attempt_timeout=0.2, timeout=0.2, attempts=1), seen=(LATE,),
    ),
    Row("U11", "a database that they share, told by health documents", SHARED, pairs.shared_database, well, acceptable=(), seen=(UPERROR, UP503)),
    Row("U12", "one of three sleeps 2.5 s", LATE, pairs.one_slow, well, scope="backend", seen=(), harmful=("scale out",)),
    Row("U13", "the health path is gone from all, traffic is fine", HC_PATH, pairs.path_gone, well, seen=()),
    Row("U14", "one of three runs a new release that breaks off", RELEASE, one_is_new, one_is_old_again, before=releases, acceptable=(RESET,), scope="backend", seen=(RESET,), load={"posts": 0.5}),
    Row("U15", "the proxy is short of CPU", CPU, pairs.starve, pairs.feed, acceptable=(LATE,), setting=Setting(cpu=(5_000, 100_000), burner=True), seen=(LATE, CONNECT_TIMEOUT, QUEUE_FULL, QUEUE_TIMEOUT), scope="all_pools"),
    Row(
        "U16", "a queue of four, twice what the limit lets through", QUEUE_FULL, load.a_third_more, load.calm, before=load.steady, acceptable=(LIMIT, QUEUE_TIMEOUT, LIMIT_LOW),
        setting=Setting(max_in_flight=4, max_waiting=4), load={"rate": 20.0}, seen=(LIMIT, QUEUE_TIMEOUT, SATURATED),
    ),
    Row("U17", "a header section of 100 KiB", INVALID, all_become(headers={"X-Big": "a" * 100_000}), well, seen=()),
]
