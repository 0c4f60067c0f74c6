"""Large bodies, made and checked piece by piece."""

import hashlib
import time
from collections.abc import Iterator

from harness.origin import Connection, Origin, Request, Seen

PIECE = bytes(range(256)) * 256
SLOW = 150e6
"""Bytes per second of the slow side."""


class Pace:
    """Lets bytes pass at `rate`, after a first second in which nothing passes at all."""

    def __init__(self, rate: float = SLOW, stall: float = 1.0):
        self.rate, self.passed, self.began = rate, 0, time.monotonic() + stall
        time.sleep(stall)

    def passes(self, count: int) -> None:
        self.passed += count
        ahead = self.passed / self.rate - (time.monotonic() - self.began)
        if ahead > 0.01:
            time.sleep(ahead)


def pieces(length: int) -> Iterator[bytes]:
    """`length` bytes; each piece begins with its number, so that order counts."""
    for number, start in enumerate(range(0, length, len(PIECE))):
        yield (number.to_bytes(8, "big") + PIECE[8:])[:length - start]


def checksum(length: int) -> str:
    digest = hashlib.sha256()
    for piece in pieces(length):
        digest.update(piece)
    return digest.hexdigest()


def serve(origin: Origin, connection: Connection, request: Request, record: Seen) -> bool:
    """`/slow` is read slowly, `/download/N` is sent as fast as it is taken, all else answered at once."""
    if request.target == "/slow":
        pace = Pace()
        digest = hashlib.sha256()
        for piece in connection.body(request):
            digest.update(piece)
            record.length += len(piece)
            pace.passes(len(piece))
        record.sha256, record.complete = digest.hexdigest(), True
    else:
        origin.read(connection, request, record)
    if request.target.startswith("/download/"):
        length = int(request.target.rpartition("/")[2])
        connection.socket.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n".encode())
        for piece in pieces(length):
            connection.socket.sendall(piece)
        return True
    text = f"{record.length} {record.sha256}\n".encode()
    connection.socket.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text))
    return request.keeps_alive
