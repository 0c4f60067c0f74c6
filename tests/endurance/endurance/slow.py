"""Clients that send a byte now and then, beside good ones."""

import select
import socket
import threading
import time

from harness.cases import Group, demand
from harness.load import quantile
from harness.usage import Usage

from .stage import Stage, slow, slow_bodies

GROUP = Group("slow clients", slow)
BODIES = Group("slow bodies", slow_bodies)

CLIENTS = 200
HEAD = b"GET /x HTTP/1.1\r\nHost: a\r\nX-Drip: "
BODY = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"


class Good(threading.Thread):
    """Ten requests after another, a pause, and again: on one connection as long as it lives."""

    def __init__(self, port: int):
        super().__init__(daemon=True)
        self.port, self.over, self.times, self.failures = port, threading.Event(), [], []

    def run(self) -> None:
        try:
            sock = socket.create_connection(("127.0.0.1", self.port), timeout=5)
            while not self.over.wait(0.01):
                began = time.monotonic()
                sock.sendall(b"GET /good HTTP/1.1\r\nHost: a\r\n\r\n")
                answer = sock.recv(65536)
                if not answer.startswith(b"HTTP/1.1 200"):
                    self.failures.append(answer[:60])
                    return
                self.times.append((time.monotonic() - began) * 1e3)
        except OSError as error:
            self.failures.append(f"{type(error).__name__}: {error}")


def drip(stage: Stage, start: bytes, byte: bytes, patience: float) -> tuple[str, list[float], list[bytes]]:
    """All clients send `start`, then `byte` four times a second, until they are told off; returns when and how."""
    ended, said = [], []
    good = [Good(stage.proxy.port) for _ in range(4)]
    with Usage(stage.pid) as usage:
        for one in good:
            one.start()
        clients = [socket.create_connection(("127.0.0.1", stage.proxy.port), timeout=5) for _ in range(CLIENTS)]
        began = time.monotonic()
        for one in clients:
            one.sendall(start)
        while clients and time.monotonic() - began < patience:
            readable = select.select(clients, [], [], 0.25)[0]
            for one in readable:
                try:
                    said.append(one.recv(4096))
                except ConnectionError:
                    said.append(b"reset")
                ended.append(time.monotonic() - began)
                clients.remove(one)
                one.close()
            for one in clients:
                try:
                    one.sendall(byte)
                except OSError:
                    pass
        left = len(clients)
        for one in clients:
            one.close()
        for one in good:
            one.over.set()
            one.join()
    times = [each for one in good for each in one.times]
    failures = [each for one in good for each in one.failures]
    statuses = sorted({one[9:12].decode("latin-1") if one.startswith(b"HTTP/") else "closed" if not one else repr(one[:20]) for one in said})
    told = (f"{len(ended)} of {CLIENTS} ended after {min(ended, default=0):.1f}–{max(ended, default=0):.1f} s with {', '.join(statuses)}; "
            f"good ones: {len(times)} answers, p99 {quantile(times, 0.99):.0f} ms; {usage}")
    demand(not failures, f"good requests failed: {failures[:2]}; {told}")
    demand(times and quantile(times, 0.99) < 250, f"good requests waited; {told}")
    demand(usage.growth < 32, f"memory grew; {told}")
    demand(left == 0, f"{left} are still there; {told}")
    demand(all(status in ("408", "closed") for status in statuses), told)
    return told, ended, said


@GROUP.case("200 that drip their head get 408")
def heads(stage: Stage) -> str:
    told, ended, said = drip(stage, HEAD, b"x", stage.limit + 4)
    demand(min(ended) >= stage.limit - 0.5, f"too soon; {told}")
    demand(all(one.startswith(b"HTTP/1.1 408") for one in said), f"not all were told; {told}")
    return told


@BODIES.case("200 that fall silent within their body are ended in time")
def stalls(stage: Stage) -> str:
    told, ended, _ = drip(stage, BODY + b"x", b"", stage.limit + 4)
    demand(min(ended) >= stage.limit - 0.5, f"too soon; {told}")
    return told


@BODIES.case("200 that drip their body are ended")
def bodies(stage: Stage) -> str:
    # None of them is silent for long: what stops them is the rate, and four bytes a second are below any.
    return drip(stage, BODY, b"x", 10 if stage.settings.quick else 75)[0]


@GROUP.case("200 that connect and say nothing do no harm")
def silent(stage: Stage) -> str:
    clients = [socket.create_connection(("127.0.0.1", stage.proxy.port), timeout=5) for _ in range(CLIENTS)]
    good = Good(stage.proxy.port)
    with Usage(stage.pid) as usage:
        good.start()
        time.sleep(1)
        good.over.set()
        good.join()
    for one in clients:
        one.close()
    demand(good.times and not good.failures, f"good requests failed: {good.failures}")
    return f"good ones: {len(good.times)} answers, p99 {quantile(good.times, 0.99):.0f} ms; {usage}"
