"""What happens after SIGTERM."""

import contextlib
import logging
import signal
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.cases import Group, demand, equal
from harness.origin import Connection, Origin, Request, Seen
from harness.processes import Process, accepts
from harness.proxy import Soe503
from websockets.sync.server import serve

from .balancer import FAILURES, INTERVAL, Balanced, BalancedOnce, Balancer
from .clients import Client, KeepAlive, New, Post, Streams
from .websocket import Chat

logging.getLogger("websockets").setLevel(logging.CRITICAL)

GRACE = 3.0
"""Seconds, as configured."""
WORK = 0.03
"""What a backend takes for an answer."""
DELAY = 2.0
"""`drain_delay` where a load balancer asks: it notices in a tenth of that."""
SLACK = 2.0
"""How much later than the grace the process may end, on a busy machine."""


def work(origin: Origin, connection: Connection, request: Request, record: Seen) -> bool:
    origin.read(connection, request, record)
    if request.target == "/work":
        time.sleep(WORK)
    elif request.target == "/long":
        time.sleep(GRACE / 2)
    connection.socket.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1024\r\n\r\n" + b"x" * 1024)
    return request.keeps_alive


@dataclass
class Stage:
    directory: Path
    proxy: Soe503
    binary: str
    quick: bool

    def second(self) -> Process:
        """Another process with the same config: it shares the port, not the admin address."""
        first = self.directory / "soe503.toml"
        config = self.directory / "second.toml"
        config.write_text(first.read_text().replace("[admin]", "[admin]\nenabled = false"))
        return Process("second", [self.binary, "run", "--config", str(config)], self.directory)


@contextlib.contextmanager
def proxied(settings: object, backends: list, more: str = "") -> Iterator[Stage]:
    with tempfile.TemporaryDirectory(prefix="soe503-shutdown-") as name:
        directory = Path(name)
        proxy = Soe503(settings.soe503, directory, backends, 'timeout = "10s"', server=f'shutdown_grace = "{GRACE:g}s"\n{more}')
        try:
            proxy.start()
            yield Stage(directory, proxy, settings.soe503, settings.quick)
        finally:
            if proxy.process.running():
                proxy.stop()


@contextlib.contextmanager
def requests(settings: object) -> Iterator[Stage]:
    with Origin(work) as origin, proxied(settings, [origin]) as stage:
        yield stage


def echo(websocket) -> None:
    for message in websocket:
        websocket.send(message)


class Echo:
    def __init__(self):
        self.server = serve(echo, "127.0.0.1", 0, compression=None, ping_interval=None)
        self.url = f"http://127.0.0.1:{self.server.socket.getsockname()[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@contextlib.contextmanager
def websockets(settings: object) -> Iterator[Stage]:
    backend = Echo()
    try:
        with proxied(settings, [backend]) as stage:
            yield stage
    finally:
        backend.server.shutdown()


@dataclass
class Ending:
    clients: list[Client]
    exit_code: int | None
    seconds: float
    """From the signal to the end of the process."""
    refused_at: float | None
    """When the port was first seen closed, in seconds from the signal."""
    began: float
    """The signal, on the monotonic clock."""

    def of(self, kind: type) -> list[Client]:
        return [one for one in self.clients if type(one) is kind]

    @property
    def failures(self) -> list[str]:
        return [failure for one in self.clients for failure in one.tally.failures]

    def __str__(self) -> str:
        kinds = dict.fromkeys(type(one) for one in self.clients)
        parts = []
        for kind in kinds:
            tallies = [one.tally for one in self.of(kind)]
            total = type(tallies[0])()
            for tally in tallies:
                for name in ("served", "served_after", "told", "idle_closed", "refused", "unsent"):
                    setattr(total, name, getattr(total, name) + getattr(tally, name))
            parts.append(f"{kind.__name__}: {total}")
        return f"ended with {self.exit_code} after {self.seconds:.2f} s; " + "; ".join(parts)


def under_load(stage: Stage, kinds: dict[type, int], before: Callable = lambda: None, closed: Callable = lambda: None) -> Ending:
    """Load, a signal in the middle of it, and the end of the process. `closed` is called when the port is."""
    over, signalled = threading.Event(), threading.Event()
    clients = [kind(stage.proxy.port, over, signalled) for kind, number in kinds.items() for _ in range(number)]
    for one in clients:
        one.start()
    time.sleep(0.7 if stage.quick else 2)
    before()
    time.sleep(0.1)
    process = stage.proxy.process
    began = time.monotonic()
    signalled.set()
    process.child.send_signal(signal.SIGTERM)
    refused_at = None
    while process.running() and time.monotonic() - began < GRACE + SLACK + 3:
        if refused_at is None and not accepts("127.0.0.1", stage.proxy.port):
            refused_at = time.monotonic() - began
            closed()
        time.sleep(0.005)
    seconds = time.monotonic() - began
    time.sleep(0.1)  # what was on its way when the process ended is told to the clients by now
    over.set()
    for one in clients:
        one.join(6)
    return Ending(clients, process.child.poll(), seconds, refused_at, began)


def in_order(ending: Ending) -> None:
    equal(f"failed requests ({len(ending.failures)}); {ending}", ending.failures[:3], [])
    equal(f"exit code; {ending}", ending.exit_code, 0)
    demand(ending.seconds <= GRACE + SLACK, f"too late; {ending}")



GROUPS: list[Group] = []


def fresh(name: str):
    """Each case ends its proxy, so each has a stage of its own."""
    group = Group(name, requests)

    def add(play):
        group.case("SIGTERM under load")(play)
        GROUPS.append(group)
        return play
    return add


@fresh("keepalive clients")
def keepalive(stage: Stage) -> str:
    ending = under_load(stage, {KeepAlive: 16, Post: 4})
    in_order(ending)
    told = sum(one.tally.told + one.tally.idle_closed for one in ending.clients)
    demand(told >= len(ending.clients), f"only {told} of {len(ending.clients)} were told; {ending}")
    demand(sum(one.tally.told for one in ending.clients) > 0, f"nobody saw Connection: close; {ending}")
    return str(ending)


@fresh("new connections")
def new(stage: Stage) -> str:
    ending = under_load(stage, {New: 16})
    in_order(ending)
    demand(ending.refused_at is not None, f"the port was never closed; {ending}")
    return f"port closed after {ending.refused_at * 1e3:.0f} ms; {ending}"


@fresh("h2 clients")
def h2(stage: Stage) -> str:
    ending = under_load(stage, {Streams: 6})
    in_order(ending)
    told = sum(one.tally.told for one in ending.clients)
    demand(told >= len(ending.clients), f"only {told} of {len(ending.clients)} saw GOAWAY; {ending}")
    return str(ending)


@fresh("all of them at once")
def together(stage: Stage) -> str:
    ending = under_load(stage, {KeepAlive: 12, Post: 4, New: 8, Streams: 4})
    in_order(ending)
    return str(ending)


@fresh("a second process, started while the first one drains")
def second(stage: Stage) -> str:
    other = stage.second()
    try:
        # An answer of half the grace keeps the first process at work while the second one takes the port.
        long = threading.Thread(target=lambda: urllib.request.urlopen(f"http://127.0.0.1:{stage.proxy.port}/long", timeout=10).read(), daemon=True)
        ending = under_load(stage, {KeepAlive: 12, Post: 4, New: 8, Streams: 4}, before=long.start, closed=other.start)
        demand(other.running(), f"the second process ended: {other.tail()}")
        in_order(ending)
        last = min(max(one.tally.last for one in ending.of(kind)) for kind in (KeepAlive, Post, New, Streams)) - ending.began
        demand(last > ending.seconds - 0.2, f"not everybody went on with the second process: {last:.2f} s; {ending}")
        return str(ending)
    finally:
        other.stop()


@fresh("an answer that takes half the grace")
def long(stage: Stage) -> str:
    got: list[bytes] = []

    def ask() -> None:
        got.append(urllib.request.urlopen(f"http://127.0.0.1:{stage.proxy.port}/long", timeout=10).read())
    client = threading.Thread(target=ask, daemon=True)
    client.start()
    time.sleep(0.3)
    began = time.monotonic()
    stage.proxy.process.child.send_signal(signal.SIGTERM)
    client.join(GRACE + SLACK)
    equal("the answer", [len(one) for one in got], [1024])
    equal("exit code", stage.proxy.process.child.wait(GRACE + SLACK), 0)
    seconds = time.monotonic() - began
    demand(seconds < GRACE, f"ended after {seconds:.1f} s, with nothing left to wait for")
    return f"ended after {seconds:.2f} s"


@contextlib.contextmanager
def two(settings: object) -> Iterator[list[Stage]]:
    delay = f'drain_delay = "{DELAY:g}s"'
    with Origin(work) as origin, proxied(settings, [origin], delay) as first, proxied(settings, [origin], delay) as other:
        yield [first, other]


BALANCED = Group("behind a load balancer that asks /readyz", two)


@BALANCED.case("SIGTERM to one of two: the balancer notices, and loses nothing")
def balanced(stages: list[Stage]) -> str:
    first = stages[0].proxy
    over, signalled = threading.Event(), threading.Event()
    balancer = Balancer([one.proxy for one in stages], over)
    clients = [kind(balancer, over, signalled) for kind in (Balanced, BalancedOnce) for _ in range(8)]
    # Those whom nobody sends elsewhere learn it from the connection, at the end of the delay.
    kept = [kind(first.port, over, signalled) for kind in (KeepAlive, Streams) for _ in range(4)]
    for one in [balancer, *clients, *kept]:
        one.start()
    time.sleep(0.7 if stages[0].quick else 2)
    before = [one.tally.told for one in kept]
    began = time.monotonic()
    signalled.set()
    first.process.child.send_signal(signal.SIGTERM)
    time.sleep(DELAY / 2)
    told_early = [one.tally.told for one in kept] != before
    code = first.process.child.wait(DELAY + GRACE + SLACK)
    seconds = time.monotonic() - began
    time.sleep(0.5)
    over.set()
    for one in [balancer, *clients, *kept]:
        one.join(6)
    ending = Ending([*clients, *kept], code, seconds, None, began)
    equal(f"failed requests ({len(ending.failures)}); {ending}", ending.failures[:3], [])
    equal(f"exit code; {ending}", code, 0)
    noticed = balancer.out_at.get(first.port, began + 99) - began
    demand(noticed < DELAY, f"the balancer noticed after {noticed:.2f} s; {ending}")
    demand(seconds >= DELAY, f"too early; {ending}")
    demand(not told_early, f"clients were sent away before the delay was over; {ending}")
    demand(all(one.tally.told + one.tally.idle_closed for one in kept), f"not all of those that stayed were told; {ending}")
    return f"noticed after {noticed:.2f} s (every {INTERVAL:g} s, {FAILURES} in a row); {ending}"


GROUPS.append(BALANCED)

WEBSOCKETS = Group("WebSockets", websockets)


@WEBSOCKETS.case("get their grace, then an end, and the process exits")
def grace(stage: Stage) -> str:
    over = threading.Event()
    chats = [Chat(stage.proxy.port, over) for _ in range(4)]
    for one in chats:
        one.start()
    for one in chats:
        demand(one.opened.wait(5), f"no WebSocket: {one.error}")
    time.sleep(0.5)
    began = time.monotonic()
    stage.proxy.process.child.send_signal(signal.SIGTERM)
    code = stage.proxy.process.child.wait(GRACE + SLACK + 3)
    seconds = time.monotonic() - began
    for one in chats:
        one.join(3)
    over.set()
    talked = [one.last - began for one in chats]
    told = f"talked for {min(talked):.1f}–{max(talked):.1f} s after the signal, close codes {sorted({str(one.code) for one in chats})}; ended with {code} after {seconds:.2f} s"
    demand(not any(one.error for one in chats), f"{[one.error for one in chats if one.error][:1]}; {told}")
    demand(min(talked) >= GRACE / 2, f"no grace; {told}")
    demand(seconds <= GRACE + SLACK, f"too late; {told}")
    return told


GROUPS.append(WEBSOCKETS)
