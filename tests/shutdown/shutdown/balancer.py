"""A load balancer as many are: it asks each process whether it is ready, at an interval, and believes the second no."""

import threading
import time

from harness.proxy import Soe503

from .clients import KeepAlive

INTERVAL = 0.1
"""Seconds between two questions."""
FAILURES = 2
"""So many noes in a row take a process out."""


class Balancer(threading.Thread):
    """Knows which of its processes get requests. It does not look at what becomes of them."""

    def __init__(self, proxies: list[Soe503], over: threading.Event):
        super().__init__(daemon=True)
        self.proxies, self.over = proxies, over
        self.noes = dict.fromkeys((one.port for one in proxies), 0)
        self.out_at: dict[int, float] = {}
        self.turn = 0

    def run(self) -> None:
        while not self.over.is_set():
            for one in self.proxies:
                ready = one.status("/readyz") == 200
                self.noes[one.port] = 0 if ready else self.noes[one.port] + 1
                if self.noes[one.port] == FAILURES:
                    self.out_at[one.port] = time.monotonic()
            self.over.wait(INTERVAL)

    def takes(self, port: int) -> bool:
        return self.noes[port] < FAILURES

    def pick(self) -> int:
        ports = [one.port for one in self.proxies if self.takes(one.port)]
        self.turn += 1
        return ports[self.turn % len(ports)]


class Balanced(KeepAlive):
    """A connection of the balancer: kept for as long as its process gets requests."""

    most: int | None = None
    """Requests on one connection."""

    def __init__(self, balancer: Balancer, over: threading.Event, signalled: threading.Event):
        super().__init__(balancer.pick(), over, signalled)
        self.balancer, self.asked = balancer, 0

    def run(self) -> None:
        while not self.over.is_set():
            self.port, self.asked = self.balancer.pick(), 0
            self.visit()

    def refused(self, error: ConnectionRefusedError) -> None:
        """Of a balancer that believed the process to be there, that is a lost request."""
        self.fail("connect", error)
        self.over.wait(0.02)

    def goes_on(self) -> bool:
        self.asked += 1
        enough = self.most is not None and self.asked > self.most
        return not self.over.is_set() and not enough and self.balancer.takes(self.port)


class BalancedOnce(Balanced):
    """The same with a connection for each request."""

    most = 1
