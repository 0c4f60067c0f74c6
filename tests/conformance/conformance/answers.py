"""What the backend of curl and friends answers, by path."""

import functools
import hashlib
import threading
import time

from harness.origin import Connection, Origin, Request, Seen

released = threading.Semaphore(0)
"""Lets `/events` send its next event."""


@functools.lru_cache(maxsize=16)
def content(length: int) -> bytes:
    """`length` bytes that no mistake in their order leaves unnoticed."""
    block = b"".join(number.to_bytes(4, "big") for number in range(65536))
    return (block * (length // len(block) + 1))[:length]


def send(connection: Connection, status: str, *fields: str, body: bytes = b"") -> None:
    connection.socket.sendall("\r\n".join([f"HTTP/1.1 {status}", *fields, "", ""]).encode() + body)


def length(body: bytes) -> str:
    return f"Content-Length: {len(body)}"


def answer(origin: Origin, connection: Connection, request: Request, record: Seen) -> bool:
    path, _, rest = request.target.lstrip("/").partition("/")
    if path == "final":
        # A final status at once; what the client may still send is not read.
        send(connection, "417 Expectation Failed", "Content-Length: 0", "Connection: close")
        return False
    if path == "stall":
        # Reads nothing, until the other side has had enough.
        time.sleep(4)
        return False
    if path == "upgrade":
        return upgrade(connection, request)
    if request.one("expect"):
        send(connection, "100 Continue")
    origin.read(connection, request, record)
    text = f"{record.line} {record.length} {record.sha256}\n".encode()
    if path == "status":
        send(connection, f"{rest} X", *([] if rest in ("204", "304") else ["Content-Length: 0"]))
    elif path == "bytes":
        body = content(int(rest))
        send(connection, "200 OK", length(body), body=b"" if request.method == "HEAD" else body)
    elif path == "chunks":
        body = content(int(rest))
        send(connection, "200 OK", "Transfer-Encoding: chunked")
        for start in range(0, len(body), 50_000):
            piece = body[start:start + 50_000]
            connection.socket.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        connection.socket.sendall(b"0\r\n\r\n")
    elif path == "trailers":
        send(connection, "200 OK", "Transfer-Encoding: chunked", "Trailer: X-Sum", body=b"5\r\nhello\r\n0\r\nX-Sum: 12\r\n\r\n")
    elif path == "until-close":
        send(connection, "200 OK", "Connection: close", body=content(100_000))
        return False
    elif path == "http10":
        connection.socket.sendall(b"HTTP/1.0 200 OK\r\n\r\nold\n")
        return False
    elif path == "hints":
        send(connection, "103 Early Hints", "Link: </a.css>; rel=preload")
        send(connection, "200 OK", length(text), body=text)
    elif path == "events":
        send(connection, "200 OK", "Content-Type: text/event-stream", "Transfer-Encoding: chunked")
        for number in range(int(rest)):
            released.acquire(timeout=10)
            event = f"data: {number}\n\n".encode()
            connection.socket.sendall(b"%x\r\n%s\r\n" % (len(event), event))
        connection.socket.sendall(b"0\r\n\r\n")
    else:
        fields = [f"X-Got-{name}: {value}" for name, value in request.headers if name.lower() in ("host", "via", "connection", "te", "x-test", "upgrade", "http2-settings")]
        fields += [f"X-Trailer-{name}: {value}" for name, value in request.trailers]
        send(connection, "200 OK", length(text), *fields, body=b"" if request.method == "HEAD" else text)
    return request.keeps_alive


def upgrade(connection: Connection, request: Request) -> bool:
    """A protocol that says everything back in upper case, and ends at `bye`."""
    if (request.one("upgrade") or "").lower() != "shout":
        send(connection, "426 Upgrade Required", "Upgrade: shout", "Content-Length: 0")
        return request.keeps_alive
    send(connection, "101 Switching Protocols", "Connection: Upgrade", "Upgrade: shout")
    while connection.buffer or connection.more():
        said, connection.buffer = connection.buffer, b""
        connection.socket.sendall(said.upper())
        if b"bye" in said:
            break
    return False


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
