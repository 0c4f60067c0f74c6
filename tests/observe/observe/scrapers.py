"""Whoever scrapes and does it badly: no effect on requests, bounded memory, and others are served."""

import contextlib
import http.client
import random
import socket
import struct
import threading
import time

from harness.processes import HarnessError, wait_until
from harness.usage import Usage

from .prometheus import Prometheus
from .stage import MAIN
from .watched import Watched

# Of each kind.
MANY = 50
REQUESTS, ROUNDS = 200, 5
ASK = b"GET /metrics HTTP/1.1\r\nHost: soe503\r\n\r\n"
# In MiB, for what the allocator keeps and what the proxy has to do anyway.
ANYWAY = 4


def play(main: Watched, prometheus: Prometheus) -> str:
    exposition, _ = main.metrics()
    before = main.value("process_open_fds")
    with Usage(main.process.pid) as usage, Bad(main.admin) as bad:
        # Those who do not read are there, and not yet put out.
        asked, served = [], [good(main)]
        bad.have_come()
        for _ in range(ROUNDS):
            asked += requests(main.port, REQUESTS // ROUNDS)
            served.append(good(main))
    # A slow machine is slow now and then.
    late = sum(took > 0.5 for took in asked)
    if late > REQUESTS // 50 or max(asked) > 5:
        raise HarnessError(f"{late} of {REQUESTS} requests took more than 0.5 s, the slowest {max(asked):.2f} s")
    wait_until("the descriptors of those who left are closed", lambda: main.value("process_open_fds") <= before + 10)
    prometheus.shows("Prometheus is served", "min_over_time(up[3s]) == 1", {MAIN})
    # An answer for each who asked and does not read it.
    most = MANY * len(exposition) / 2**20 + ANYWAY
    if usage.growth > most:
        raise HarnessError(f"memory: {usage.growth:.1f} MiB more, allowed are {most:.1f}")
    return f"a request took {max(asked) * 1000:.0f} ms at most, a scrape {max(served) * 1000:.0f} ms; {usage.growth:.1f} MiB of {most:.1f} more"


def requests(port: int, count: int) -> list[float]:
    """All are served; how long each took, in seconds."""
    times = []
    for _ in range(count):
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        began = time.monotonic()
        with contextlib.closing(client):
            client.request("GET", "/calm/x")
            status = client.getresponse().status
        times.append(time.monotonic() - began)
        if status != 200:
            raise HarnessError(f"a request is answered with {status}")
    return times


def good(main: Watched) -> float:
    """A scraper that does nothing wrong gets everything; how long that takes, in seconds."""
    began = time.monotonic()
    try:
        text, _ = main.metrics()
    except OSError as error:
        raise HarnessError(f"a good scraper is not served: {error}") from error
    took = time.monotonic() - began
    if "soe503_build_info" not in text or took > 5:
        raise HarnessError(f"a scrape took {took:.1f} s and has {len(text)} bytes")
    return took


class Bad:
    """`MANY` ask and do not read, `MANY` send what is no HTTP, `MANY` ask and are gone in the middle, again and again."""

    def __init__(self, port: int):
        self.port, self.over, self.slow = port, threading.Event(), []
        self.garbage, self.gone = 0, 0

    def __enter__(self) -> "Bad":
        for _ in range(MANY):
            one = socket.socket()
            # So little that an answer has to wait for somebody who reads it.
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.connect(("127.0.0.1", self.port))
            one.sendall(ASK)
            self.slow.append(one)
        for work in (self.send_garbage, self.go):
            threading.Thread(target=self.again, args=(work,), daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.over.set()
        for one in self.slow:
            one.close()

    def have_come(self) -> None:
        wait_until("scrapers misbehave", lambda: min(self.garbage, self.gone) >= MANY)

    def again(self, work) -> None:
        lot = random.Random(503)
        while not self.over.wait(0.2):
            with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
                for _ in range(MANY):
                    work(stack.enter_context(socket.create_connection(("127.0.0.1", self.port), timeout=5)), lot)
                # They stay for a moment.
                self.over.wait(0.2)

    def send_garbage(self, one: socket.socket, lot: random.Random) -> None:
        one.sendall(lot.randbytes(lot.randrange(1, 4096)) + (b"\r\n\r\n" if lot.random() < 0.5 else b""))
        self.garbage += 1

    def go(self, one: socket.socket, _lot: random.Random) -> None:
        one.sendall(ASK)
        one.recv(100)
        # A reset, while the rest is on its way.
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.gone += 1
