"""A proxy that is replaced, its backend, and clients that go on all the while."""

import contextlib
import socket
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from harness.cases import demand, equal
from harness.origin import Broken, Connection, Origin, Request, Seen
from harness.processes import Process, free_port, wait_until
from shutdown.clients import Client, KeepAlive, New, Post, Streams

WORK = 0.01
"""What the backend takes for an answer."""
SLOW = 40
"""Pieces of a slow download, of 4 KiB, 50 ms apart: it outlives an upgrade."""
GRACE = 10

CONFIG = """[server]
name = "upgrade"
workers = {workers}
shutdown_grace = "{grace}s"
upgrade_socket = "upgrade.sock"
[admin]
address = "127.0.0.1:{admin}"
[journal]
path = "journal.redb"
{listeners}
[[routes]]
pool = "app"
timeout = "20s"
[pools.app]
backends = ["{backend}"]
health_check = {{ path = "/healthz", interval = "500ms" }}
"""


def work(origin: Origin, connection: Connection, request: Request, record: Seen) -> bool:
    origin.read(connection, request, record)
    if request.target == "/slow":
        connection.socket.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {SLOW * 4096}\r\n\r\n".encode())
        for _ in range(SLOW):
            connection.socket.sendall(b"x" * 4096)
            time.sleep(0.05)
        return request.keeps_alive
    if request.target == "/work":
        time.sleep(WORK)
    connection.socket.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1024\r\n\r\n" + b"x" * 1024)
    return request.keeps_alive


class Download(Client):
    """One slow answer after another, each on a connection of its own."""

    def talk(self, sock: socket.socket) -> None:
        connection = Connection(sock)
        try:
            sock.sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            line = connection.line()
            fields = {name.lower(): value for name, value in connection.fields()}
            b"".join(connection.exactly(int(fields.get("content-length", 0))))
        except (OSError, Broken) as error:
            self.fail("a slow download", error)
            return
        if b" 200 " not in line:
            self.fail("a slow download", Broken(line.decode("latin-1")))
        else:
            self.good()


class Readiness(Client):
    """What a load balancer asks: it must not be sent away for a moment."""

    def talk(self, sock: socket.socket) -> None:
        try:
            sock.sendall(b"GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            line = Connection(sock).line()
        except (OSError, Broken) as error:
            self.fail("readyz", error)
            return
        if b" 200 " in line:
            self.good()
        else:
            self.fail("readyz", Broken(line.decode("latin-1")))
        time.sleep(0.01)


@dataclass
class Stage:
    directory: Path
    binary: str
    quick: bool
    backend: str
    port: int = field(default_factory=free_port)
    admin: int = field(default_factory=free_port)
    environment: list[str] = field(default_factory=list)
    process: Process | None = None
    started: int = 0

    @property
    def config(self) -> Path:
        return self.directory / "soe503.toml"

    def write(self, workers: int = 2, ports: list[int] | None = None) -> None:
        listeners = "\n".join(f'[[listeners]]\naddress = "127.0.0.1:{port}"' for port in ports or [self.port])
        self.config.write_text(CONFIG.format(workers=workers, grace=GRACE, admin=self.admin, listeners=listeners, backend=self.backend))

    def launch(self, *more: str) -> Process:
        self.started += 1
        return Process(f"soe503-{self.started}", ["env", *self.environment, self.binary, "run", "--config", str(self.config), *more], self.directory).start()

    def begin(self) -> None:
        self.write()
        self.process = self.launch()
        wait_until("soe503 is ready", self.ready)

    def ready(self) -> bool:
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/readyz", timeout=2).status == 200
        return False

    def upgrade(self) -> float:
        """Replaces the process; returns the seconds until the new one serves."""
        began, old = time.monotonic(), self.process
        new = self.launch("--upgrade")
        wait_until("the old process drains", lambda: "draining" in old.tail() or not new.running())
        demand(new.running(), f"the new process ended: {new.tail()}")
        took = time.monotonic() - began
        self.process = new
        equal(f"the old one's exit code\n{old.tail()}", old.child.wait(GRACE + 5), 0)
        return took

    def sockets(self) -> int:
        """How many listen at the port (state 0A)."""
        lines = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
        return sum(line[1].endswith(f":{self.port:04X}") and line[3] == "0A" for line in lines)

    def stop(self) -> None:
        if self.process is not None:
            self.process.stop(GRACE + 5)


@contextlib.contextmanager
def staged(settings: object) -> Iterator[Stage]:
    with Origin(work) as origin, tempfile.TemporaryDirectory(prefix="soe503-upgrade-") as name:
        stage = Stage(Path(name), settings.soe503, settings.quick, origin.url)
        try:
            yield stage
        finally:
            stage.stop()


KINDS = {KeepAlive: 8, Post: 4, New: 8, Streams: 3, Download: 3}


@contextlib.contextmanager
def load(stage: Stage, kinds: dict[type, int] | None = None) -> Iterator[list[Client]]:
    """Clients around what happens inside; none of them may have failed, or been refused."""
    over, never = threading.Event(), threading.Event()
    clients = [kind(stage.port, over, never) for kind, number in (kinds or KINDS).items() for _ in range(number)]
    clients.append(Readiness(stage.admin, over, never))
    for one in clients:
        one.start()
    time.sleep(0.3)
    try:
        yield clients
        time.sleep(0.3)
    finally:
        over.set()
        for one in clients:
            one.join(10)
    failures = [failure for one in clients for failure in one.tally.failures]
    equal(f"failed requests ({len(failures)}); {told(clients)}", failures[:3], [])
    equal(f"refused connections; {told(clients)}", sum(one.tally.refused for one in clients), 0)
    for one in clients:
        demand(one.tally.served > 0, f"{type(one).__name__} was never served; {told(clients)}")


def told(clients: list[Client]) -> str:
    served = {}
    for one in clients:
        served[type(one).__name__] = served.get(type(one).__name__, 0) + one.tally.served
    return ", ".join(f"{name} {number}" for name, number in served.items())
