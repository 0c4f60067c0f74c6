"""One backend: a door that opens and shuts, connections, and counters."""

import asyncio
import contextlib
import random
import socket
import ssl
import struct
import time
from collections import Counter

from ..network import Network
from .connection import Connection
from .nature import Nature, sick

BACKLOG = 1024


class Backend:
    """Listens on its address as long as its door is open."""

    def __init__(self, name: str, network: Network, host: str, port: int, seed: int, nature: Nature | None = None, tls: ssl.SSLContext | None = None):
        self.name, self.network, self.host, self.port = name, network, host, port
        self.nature = nature or Nature()
        self.tls = tls
        self.lot = random.Random(f"{seed} {name}")
        self.server: asyncio.Server | None = None
        self.socket: socket.socket | None = None
        self.connections: set[Connection] = set()
        self.working, self.line = 0, []
        # The log that evidence is checked against.
        self.sent: Counter = Counter()
        self.modes: Counter = Counter()
        self.probes: Counter = Counter()
        self.accepted = 0
        self.events: list[tuple[float, str]] = []

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    def note(self, what: str) -> None:
        self.events.append((time.time(), what))

    async def open(self, backlog: int = BACKLOG) -> None:
        self.socket = self.network.listener(self.host, self.port)
        self.server = await asyncio.get_running_loop().create_server(lambda: Connection(self), sock=self.socket, ssl=self.tls, backlog=backlog)
        self.note("open")

    def become(self, **changes) -> None:
        sick(**changes)(self.nature)
        self.note(f"becomes {sorted(changes)}")

    def refuse(self, abort: bool = True) -> None:
        """New connections are refused from now on; those that are open break off, or end what they have."""
        if self.server:
            self.server.close()
            self.server = None
        for one in list(self.connections):
            one.abort() if abort else one.finish()
        self.note("refuses")

    def break_off(self) -> None:
        for one in list(self.connections):
            one.abort()

    async def speak(self, tls: ssl.SSLContext | None) -> None:
        """The same door, and another language behind it."""
        self.refuse()
        self.tls = tls
        await self.open()

    async def be_silent(self) -> None:
        """Accepts, and never says a word."""
        self.refuse()
        listener = self.network.listener(self.host, self.port)
        self.server = await asyncio.get_running_loop().create_server(asyncio.Protocol, sock=listener, backlog=BACKLOG)
        self.note("accepts and is silent")

    def stop_accepting(self) -> list[socket.socket]:
        """Open connections are served on; the queue of new ones is full. Returns what fills it."""
        loop = asyncio.get_running_loop()
        loop.remove_reader(self.socket.fileno())
        raw = socket.socket(fileno=socket.dup(self.socket.fileno()))
        raw.listen(0)
        fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect((self.host, self.port))
            fillers.append(filler)
        self.note("accepts no more")
        return [raw, *fillers]

    async def at_work(self, seconds: float) -> None:
        """Takes a slot, if there are slots, and works."""
        slots = self.nature.slots
        if slots is None:
            await asyncio.sleep(seconds)
            return
        if self.working >= slots:
            turn = asyncio.get_running_loop().create_future()
            self.line.append(turn)
            await turn
        self.working += 1
        try:
            await asyncio.sleep(seconds)
        finally:
            self.working -= 1
            while self.line:
                turn = self.line.pop(0)
                if not turn.done():
                    turn.set_result(None)
                    break

    def stop(self) -> None:
        if self.server:
            self.server.close()
        self.break_off()

    def log(self) -> dict:
        return {
            "name": self.name, "address": self.address, "sent": {str(status): count for status, count in self.sent.items()},
            "modes": dict(self.modes), "probes": {f"{path} {status}": count for (path, status), count in self.probes.items()},
            "accepted": self.accepted, "events": self.events,
        }


def reset(transport: asyncio.Transport) -> None:
    """The next close is an RST."""
    if (raw := transport.get_extra_info("socket")) is not None:
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
