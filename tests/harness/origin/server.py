"""The server: a thread for each connection, a record for each request."""

import contextlib
import hashlib
import itertools
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass

from ..processes import HarnessError, wait_until
from .http1 import Broken, Connection, Ended, Request

KEPT = 1 << 20


@dataclass
class Seen:
    """A request as this server understood it, or the bytes that it could not understand."""

    connection: int
    request: Request | None
    body: bytes = b""
    """The first MiB."""
    length: int = 0
    sha256: str = ""
    complete: bool = False
    broken: str | None = None

    @property
    def line(self) -> str:
        return f"{self.request.method} {self.request.target}" if self.request else "?"


class Origin:
    """`answers` is called with the connection, the request and its record, once the head is there.

    It has to read the body (`origin.read`) unless that is the point; it returns whether the
    connection may be used again.
    """

    def __init__(self, answers: Callable, host: str = "127.0.0.1", receive_buffer: int | None = None):
        self.answers, self.numbers, self.over = answers, itertools.count(1), False
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if receive_buffer:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.listener.bind((host, 0))
        self.listener.listen(1024)
        self.host, self.port = self.listener.getsockname()
        self.seen: list[Seen] = []
        self.open: set[socket.socket] = set()

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def __enter__(self) -> "Origin":
        self.start()
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def start(self) -> None:
        threading.Thread(target=self.accept, daemon=True).start()

    def stop(self) -> None:
        self.over = True
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for one in list(self.open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def accept(self) -> None:
        while not self.over:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.open.add(sock)
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock: socket.socket) -> None:
        connection = Connection(sock, next(self.numbers))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        record = None
        try:
            while True:
                record = None
                request = connection.request()
                if request is None:
                    return
                record = Seen(connection.number, request)
                if request.target != "/healthz":
                    self.seen.append(record)
                if not self.answers(self, connection, request, record):
                    return
        except Ended:
            pass
        except Broken as broken:
            if record is None:
                record = Seen(connection.number, None)
                self.seen.append(record)
            record.broken = str(broken)
            with contextlib.suppress(OSError):
                sock.sendall(b"HTTP/1.1 400 Bad Request\r\nX-Origin: broken\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        except (ConnectionError, OSError):
            pass
        finally:
            self.open.discard(sock)
            sock.close()

    @staticmethod
    def read(connection: Connection, request: Request, record: Seen, pause: Callable = lambda: None) -> None:
        """Reads the body to its end, and notes it."""
        digest = hashlib.sha256()
        for piece in connection.body(request):
            digest.update(piece)
            record.length += len(piece)
            if len(record.body) < KEPT:
                record.body += piece[:KEPT - len(record.body)]
            pause()
        record.sha256, record.complete = digest.hexdigest(), True

    def wait_for(self, target: str, seconds: float = 5.0) -> Seen:
        """The record of the request for this target, once it is there."""
        def found() -> Seen | None:
            return next((one for one in self.seen if one.request and one.request.target == target), None)
        wait_until(f"the backend sees {target}", found, seconds)
        record = found()
        if record is None:
            raise HarnessError(f"{target} was seen and is gone")
        return record
