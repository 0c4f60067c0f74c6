"""Eight clients that wait, think and ask again; and a Poisson stream beside them."""

import asyncio
import random
import time
from dataclasses import dataclass

from .exchange import Outcome, Target

CLOSED = 8
# Without it, eight clients of a fast backend are the whole load, whatever the rate is.
THINK = 0.2
CONTROL_RATE = 5.0
PATIENCE = 15.0


@dataclass
class Shape:
    """What clients do; change its fields at any time."""

    rate: float
    closed: int = CLOSED
    think: float = THINK
    path: str = "/app/cart"
    posts: float = 0.2
    # How many arrive at once.
    batch: int = 1
    # The share of requests with the same key; the others have one each.
    hot_key: float = 0.0
    # The share of clients that leave, after so many seconds.
    leave: float = 0.0
    leave_after: float = 0.005
    paused: bool = False
    control: bool = True


class Clients:
    """`targets`: the listener that tells all, then those that tell less, which get a few of the requests."""

    def __init__(self, targets: list[Target], shape: Shape, seed: int, host: str = "shop.example"):
        self.targets, self.shape, self.host = targets, shape, host
        self.lot = random.Random(f"{seed} load")
        self.outcomes: list[Outcome] = []
        self.number, self.over, self.under_way = 0, False, set()
        # Seconds that the stream was late by: a busy machine makes faults of its own.
        self.late: list[float] = []

    def start(self) -> None:
        self.main = [asyncio.ensure_future(one) for one in (self.stream(), self.control(), *(self.client(n) for n in range(self.shape.closed)))]

    async def stop(self) -> None:
        self.over = True
        for one in self.main:
            one.cancel()
        if self.under_way:
            await asyncio.wait(self.under_way, timeout=PATIENCE)

    async def stream(self) -> None:
        due = time.monotonic()
        while not self.over:
            due += self.lot.expovariate(self.shape.rate / self.shape.batch)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            self.late.append(max(0.0, time.monotonic() - due))
            if self.late[-1] > 1:
                due = time.monotonic()
            for _ in range(0 if self.shape.paused else self.shape.batch):
                self.send("app")

    async def control(self) -> None:
        while not self.over:
            await asyncio.sleep(self.lot.expovariate(CONTROL_RATE))
            if self.shape.control and not self.shape.paused:
                self.send("control")

    async def client(self, number: int) -> None:
        while not self.over:
            await asyncio.sleep(self.lot.uniform(0.5, 1.5) * self.shape.think)
            if not self.shape.paused and number < self.shape.closed:
                await self.send("app", closed=True)

    def send(self, pool: str, closed: bool = False) -> asyncio.Future:
        task = asyncio.ensure_future(self.one(pool))
        self.under_way.add(task)
        task.add_done_callback(self.under_way.discard)
        return asyncio.shield(task) if closed else task

    async def one(self, pool: str) -> None:
        self.number += 1
        shape, lot = self.shape, self.lot
        method = "POST" if pool == "app" and lot.random() < shape.posts else "GET"
        target = self.targets[0] if pool == "control" or lot.random() < 0.94 else lot.choice(self.targets)
        outcome = Outcome(f"r{self.number}", pool, method, time.time(), audience=target.audience, request_id=f"{lot.getrandbits(128):032x}")
        self.outcomes.append(outcome)
        key = "hot" if lot.random() < shape.hot_key else f"k{self.number % 500}"
        body = b'{"item":1}' if method == "POST" else b""
        path = shape.path if pool == "app" else "/control/"
        request = (
            f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\nX-Load-Id: {outcome.id}\r\nX-Request-Id: {outcome.request_id}\r\nX-Client-Key: {key}\r\n"
            f"Accept: application/json\r\nAuthorization: Bearer {SECRET}\r\n{f'Content-Length: {len(body)}' + chr(13) + chr(10) if body else ''}\r\n"
        ).encode() + body
        leaves = shape.leave_after if pool == "app" and lot.random() < shape.leave else None
        await target.ask(outcome, request, PATIENCE, leaves)


# Nobody may repeat it.
SECRET = "c2VjcmV0LW9mLXRoZS1jbGllbnQ"
