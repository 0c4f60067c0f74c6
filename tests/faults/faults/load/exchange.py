"""One request and its answer, over connections that are used again."""

import asyncio
import itertools
import json
import time
from dataclasses import dataclass, field


@dataclass
class Outcome:
    """What became of one request. Times are unix seconds."""

    id: str
    pool: str
    method: str
    sent: float
    ended: float = 0.0
    status: int | None = None
    error: str | None = None
    # Of failures only.
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    # How much its listener tells.
    audience: str = "full"
    left: bool = False
    request_id: str = ""

    @property
    def failed(self) -> bool:
        return not self.left and (self.status is None or self.status >= 500)

    @property
    def lower(self) -> dict[str, str]:
        joined: dict[str, str] = {}
        for name, value in self.headers:
            name = name.lower()
            joined[name] = f"{joined[name]}, {value}" if name in joined else value
        return joined

    @property
    def problem(self) -> dict:
        try:
            document = json.loads(self.body or b"")
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}


class Answer(asyncio.Protocol):
    """A client connection; one request at a time."""

    def __init__(self):
        self.buffer, self.closed = b"", False
        self.waiting: asyncio.Future | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        self.look()

    def connection_lost(self, error: Exception | None) -> None:
        self.closed = True
        self.look()

    def ask(self, request: bytes) -> asyncio.Future:
        self.waiting = asyncio.get_running_loop().create_future()
        self.buffer = b""
        self.transport.write(request)
        return self.waiting

    def look(self) -> None:
        if not self.waiting or self.waiting.done():
            return
        if (whole := self.whole()) is not None:
            self.waiting.set_result(whole)
        elif self.closed:
            self.waiting.set_exception(ConnectionError("closed before the answer was complete" if self.buffer else "closed without an answer"))

    def whole(self) -> tuple[int, list[tuple[str, str]], bytes, bool] | None:
        while True:
            head, end, body = self.buffer.partition(b"\r\n\r\n")
            if not end:
                return None
            lines = head.decode("latin-1").split("\r\n")
            status = int(lines[0].split(" ")[1])
            if status >= 200:
                break
            self.buffer = body
        headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines[1:])]
        lower = {name.lower(): value for name, value in headers}
        keep = lower.get("connection", "").lower() != "close"
        if "content-length" in lower:
            length = int(lower["content-length"])
            return (status, headers, body[:length], keep) if len(body) >= length else None
        if "chunked" in lower.get("transfer-encoding", ""):
            return (status, headers, dechunked(body), keep) if body.endswith(b"0\r\n\r\n") else None
        return (status, headers, body, False) if self.closed else None


def dechunked(body: bytes) -> bytes:
    out = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size.split(b";")[0] or b"0", 16)
        if not length:
            break
        out, body = out + body[:length], body[length + 2:]
    return out


class Target:
    """A listener of the proxy."""

    def __init__(self, port: int, audience: str = "full"):
        self.port, self.audience = port, audience
        self.idle: list[Answer] = []
        self.ports = None

    def own_ports(self) -> None:
        """Connections choose their ports themselves from now on: those of the kernel are few."""
        self.ports = itertools.count(20_000 + 3_000 * (self.port % 3))

    async def connect(self) -> Answer:
        own = {"local_addr": ("127.0.0.99", next(self.ports))} if self.ports else {}
        return (await asyncio.get_running_loop().create_connection(Answer, "127.0.0.1", self.port, **own))[1]

    async def ask(self, outcome: Outcome, request: bytes, patience: float, leaves_after: float | None = None) -> None:
        """`leaves_after`: the client has left by then."""
        connection = None
        try:
            while self.idle and (connection is None or connection.closed):
                connection = self.idle.pop()
            if connection is None or connection.closed:
                connection = await asyncio.wait_for(self.connect(), 5)
            status, headers, body, keep = await asyncio.wait_for(connection.ask(request), leaves_after or patience)
            outcome.status = status
            if status >= 400:
                outcome.headers, outcome.body = headers, body
            if keep:
                self.idle.append(connection)
            else:
                connection.transport.close()
        except asyncio.TimeoutError:
            outcome.error, outcome.left = "no answer in time", leaves_after is not None
            if connection:
                connection.transport.abort()
        except OSError as error:
            outcome.error = str(error) or type(error).__name__
        finally:
            outcome.ended = time.time()
