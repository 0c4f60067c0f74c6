"""HTTP/1.1 as far as a backend of a harness needs it."""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .backend import Backend

REASONS = {200: "OK", 401: "Unauthorized", 404: "Not Found", 500: "Internal Server Error", 503: "Service Unavailable", 507: "Insufficient Storage"}


class Connection(asyncio.Protocol):
    """Requests one after another; what is pipelined waits."""

    def __init__(self, backend: "Backend"):
        self.backend, self.buffer, self.answers = backend, b"", 0
        self.transport: asyncio.Transport | None = None
        self.task: asyncio.Task | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.leaving = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.backend.connections.add(self)
        self.backend.accepted += 1
        self.rest()

    def connection_lost(self, _: Exception | None) -> None:
        self.backend.connections.discard(self)
        if self.timer:
            self.timer.cancel()
        if self.task:
            self.task.cancel()

    def rest(self) -> None:
        """Nothing is under way: an idle connection may be closed."""
        if self.timer:
            self.timer.cancel()
            self.timer = None
        if self.leaving:
            self.transport.close()
        elif self.backend.nature.idle is not None:
            self.timer = asyncio.get_running_loop().call_later(self.backend.nature.idle, self.transport.close)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        self.go_on()

    def go_on(self) -> None:
        if self.buffer and not self.buffer[:1].isalpha() and not self.task:
            # A TLS handshake at a plain-text port, say.
            self.backend.sent[400] += 1
            self.transport.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            self.transport.close()
            return
        if self.task or b"\r\n\r\n" not in self.buffer:
            return
        head, _, rest = self.buffer.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        length = next((int(line[15:]) for line in lines if line.lower().startswith("content-length:")), 0)
        if len(rest) < length:
            return
        body, self.buffer = rest[:length], rest[length:]
        if self.timer:
            self.timer.cancel()
        method, target, _ = lines[0].split(" ", 2)
        self.task = asyncio.ensure_future(self.serve(method, target, body))
        self.task.add_done_callback(self.served)

    def served(self, task: asyncio.Task) -> None:
        self.task = None
        if not task.cancelled() and task.exception() and not isinstance(task.exception(), (ConnectionError, RuntimeError)):
            raise task.exception()
        if not self.transport.is_closing():
            self.rest()
            self.go_on()

    async def serve(self, method: str, target: str, body: bytes) -> None:
        nature, backend = self.backend.nature, self.backend
        path = target.partition("?")[0]
        if path in nature.health or path in ("/healthz", "/health", "/ready", "/livez", "/status"):
            status = nature.health.get(path, 404)
            backend.probes[path, status] += 1
            self.answer(status, nature.health_body, {"Content-Type": nature.health_type})
            return
        if nature.max_requests is not None and self.answers >= nature.max_requests and not nature.announces:
            backend.modes["closed without an answer"] += 1
            self.transport.close()
            return
        concerned = nature.share >= 1 or backend.lot.random() < nature.share
        await backend.at_work(nature.work(backend.lot) if concerned else 0.005)
        if self.transport.is_closing():
            return
        mode = nature.mode if concerned else "ok"
        backend.modes[mode] += 1
        if mode == "ok":
            status = nature.status if concerned else 200
            if nature.spool and method == "POST" and not self.spooled(nature.spool, body):
                status = 507
            self.answer(status, nature.body, nature.headers)
        elif mode == "reset":
            self.abort()
        elif mode == "close":
            self.transport.close()
        elif mode == "garbage":
            self.transport.write(b"\x00\x17SMTP? 220 mail ready\r\n\x07\r\n")
            self.transport.close()
        elif mode == "truncate":
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 20_000)
            self.transport.close()
        elif mode == "hang":
            await asyncio.sleep(3600)

    def spooled(self, directory: str, body: bytes) -> bool:
        try:
            with open(f"{directory}/{self.backend.name}-{os.urandom(6).hex()}", "wb") as file:
                file.write(body + b"x" * 4096)
        except OSError:
            return False
        return True

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.answers += 1
        nature = self.backend.nature
        self.backend.sent[status] += 1
        last = nature.max_requests is not None and nature.announces and self.answers >= nature.max_requests
        fields = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"HTTP/1.1 {status} {REASONS.get(status, 'Other')}\r\nContent-Length: {len(body)}\r\n{fields}{'Connection: close' + chr(13) + chr(10) if last else ''}\r\n"
        with contextlib.suppress(OSError, RuntimeError):
            self.transport.write(head.encode() + body)
        if last:
            self.transport.close()

    def finish(self) -> None:
        """Ends what is under way, and closes."""
        self.leaving = True
        if not self.task:
            self.transport.close()

    def abort(self) -> None:
        from .backend import reset
        reset(self.transport)
