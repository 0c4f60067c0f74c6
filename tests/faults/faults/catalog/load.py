"""Too much, and too many at once."""

from ..row import Row
from ..scoring.words import LATE, LIMIT, LIMIT_LOW, QUEUE_FULL, QUEUE_TIMEOUT, RATE, SATURATED, SPIKE
from ..setting import Setting
from ..stage import Stage
from ..stub.nature import takes
from .replies import all_become

# Three backends that each work on two requests at a time, 50 ms each: 120 requests per second.
SLOTS = {"slots": 2, "work": takes(0.05)}


def crowd(stage: Stage) -> None:
    stage.shape.rate = 200.0
    stage.note("10 requests per second become 200")


def few_slots(stage: Stage) -> None:
    all_become(**SLOTS)(stage)


def calm(stage: Stage) -> None:
    stage.shape.rate, stage.shape.batch, stage.shape.hot_key = stage.row.load.get("rate", stage.rate) if stage.row.load else stage.rate, 1, 0.0


def fast(stage: Stage) -> None:
    all_become(work=takes(0.005))(stage)


def bursts(stage: Stage) -> None:
    stage.shape.batch = 40
    stage.shape.rate = max(stage.shape.rate, 40.0)
    stage.note("requests come 40 at a time")


def steady(stage: Stage) -> None:
    all_become(work=takes(0.05))(stage)


def a_third_more(stage: Stage) -> None:
    # The limit of 8 lets 160 per second through.
    stage.shape.rate = 210.0
    stage.note("210 requests per second where 160 are let through")


def hot(stage: Stage) -> None:
    stage.shape.rate, stage.shape.hot_key = 5 * stage.shape.rate, 0.8
    stage.note("five times the traffic, all of it more from one key")


ROWS = [
    Row(
        "F27", "service time grows with concurrency (two slots a backend), 10 → 200 requests/s", SATURATED, crowd, calm, before=few_slots, acceptable=(),
        load={"rate": 10.0}, seen=(QUEUE_FULL, QUEUE_TIMEOUT, LATE, LIMIT), harmful=("restart", "raise the timeout"),
    ),
    Row(
        "F31", "our own limit of 8, idle backends (5 ms), bursts of 40", LIMIT_LOW, bursts, calm, before=fast, acceptable=(LIMIT,),
        setting=Setting(max_in_flight=8, max_waiting=0), seen=(LIMIT, QUEUE_FULL), harmful=("scale out",),
    ),
    Row(
        "F33", "a queue with a deadline of 200 ms, a third more than the limit lets through", QUEUE_TIMEOUT, a_third_more, calm, before=steady, acceptable=(QUEUE_FULL,),
        setting=Setting(max_in_flight=8, max_wait=0.2), load={"rate": 50.0}, seen=(QUEUE_FULL, LIMIT, SATURATED),
    ),
    Row(
        "F35", "five times the traffic, from one key", SPIKE, hot, calm, acceptable=(RATE,), scope="request",
        setting=Setting(key_limit=20), seen=(RATE,), harmful=("raise the limit",),
    ),
]
