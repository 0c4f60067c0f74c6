"""Two faults at once: both must appear, the one that explains more failures first."""

import asyncio

from ..row import Act, Row
from ..scoring.words import CPU, DRAINING, HC_PATH, KEEPALIVE, LATE, NESTED, QUEUE_FULL, QUEUE_TIMEOUT, REFUSED, RESET, SATURATED, SHARED, TLS_NAME, TRUNCATED, UP503, UPERROR
from ..setting import Setting
from ..stage import Stage
from ..stub.nature import takes
from . import connect, load, names, replies

FAILS = b'{"status":"fail","checks":{"orders-db:connection":[{"componentType":"datastore","status":"fail","output":"connection refused"}]}}'


def both(*acts: Act) -> Act:
    async def act(stage: Stage) -> None:
        for one in acts:
            await stage.act(one)
    return act


def one_slow(stage: Stage) -> None:
    stage.app[0].become(work=takes(2.5), slots=None)
    stage.note("one of three is slow by itself")


def path_gone(stage: Stage) -> None:
    replies.all_become(health={"/healthz": 404, "/ready": 200})(stage)
    stage.note("the health path is gone from all")


def gone_then_killed(stage: Stage) -> None:
    """The second begins when the first has been seen for a while."""
    path_gone(stage)
    asyncio.get_running_loop().call_later(0.4 * stage.window, connect.kill_all, stage)


def some_wrong_names(stage: Stage) -> None:
    stage.note("rolling stops begin; one of three successors presents another name")
    stage.later(names.roll(stage, "other-name"))


def idle_closes(stage: Stage) -> None:
    """Whoever reuses a connection meets its end."""
    replies.all_become(max_requests=5, announces=False)(stage)
    stage.app[1].become(work=takes(3.0))


def starve(stage: Stage) -> None:
    stage.cpu.tighten()
    stage.note("the proxy has 5 % of a core, and shares it")


def feed(stage: Stage) -> None:
    stage.note(f"periods and throttled periods: {stage.cpu.throttled()}")
    stage.cpu.loosen()


def shared_database(stage: Stage) -> None:
    replies.all_become(status=500, body=replies.DATABASE, health={"/healthz": 503}, health_body=FAILS)(stage)


def impatient(stage: Stage) -> None:
    stage.shape.leave, stage.shape.leave_after = 0.3, 0.05


ROWS = [
    Row("P1", "F30+F27: one of three is slow, and the pool is saturated", SATURATED, both(one_slow, load.crowd), load.calm, before=load.few_slots, second=LATE, load={"rate": 10.0}, seen=(QUEUE_FULL, QUEUE_TIMEOUT)),
    Row("P2", "F40+F01: the health path is gone, then all are killed", REFUSED, gone_then_killed, connect.open_all, second=HC_PATH, seen=(RESET, TRUNCATED)),
    Row("P3", "F12+F45: rolling stops, and a wrong name in one of three certificates", DRAINING, some_wrong_names, second=TLS_NAME, setting=Setting(tls=True, names="one", health=None), seen=(REFUSED, RESET, TRUNCATED)),
    Row("P4", "F25+F20: one sleeps 3 s, all close connections that are reused", LATE, idle_closes, replies.well, second=KEEPALIVE, load={"posts": 0.8, "think": 0.1}, seen=(RESET,)),
    Row("P5", "F46+F28: the proxy is short of CPU, and a shared database is down", SHARED, both(starve, shared_database), both(feed, replies.well), second=CPU, setting=Setting(cpu=(5_000, 100_000), burner=True), seen=(UPERROR, UP503, LATE)),
    Row("P6", "F39+F36: an inner proxy's origin refuses, and clients leave early", NESTED, both(impatient, replies.kill_inner), replies.inner_back, second=None, acceptable=(REFUSED,), setting=Setting(inner=True, proxies=True, health=None), seen=(REFUSED, RESET, TRUNCATED, UP503)),
]
