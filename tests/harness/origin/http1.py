"""HTTP/1 as a careful server reads it: one meaning, or none.

What RFC 9112 lets a recipient tolerate is not tolerated here, because a proxy has no business
passing it on: a bare LF, a space before the colon, obs-fold, both lengths at once.
"""

import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field

TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*\Z")
TARGET = re.compile(rb"[\x21-\x7e\x80-\xff]+\Z")
MAX_LINE = 64 * 1024
PIECE = 64 * 1024


class Broken(Exception):
    """These bytes are no HTTP/1 message with one meaning."""


class Ended(Broken):
    """The peer closed within a message: nobody can have taken it for a whole one."""


@dataclass
class Request:
    method: str
    target: str
    version: str
    headers: list[tuple[str, str]]
    trailers: list[tuple[str, str]] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name]

    def one(self, name: str) -> str | None:
        found = self.all(name)
        return found[0] if found else None

    @property
    def chunked(self) -> bool:
        return bool(self.all("transfer-encoding"))

    @property
    def length(self) -> int:
        return int(self.one("content-length") or 0)

    @property
    def keeps_alive(self) -> bool:
        words = ",".join(self.all("connection")).lower()
        return "close" not in words and (self.version == "HTTP/1.1" or "keep-alive" in words)


class Connection:
    """Reads messages off a socket, and never a byte beyond the one at hand that it does not keep."""

    def __init__(self, sock: socket.socket, number: int = 0):
        self.socket, self.number, self.buffer = sock, number, b""

    def more(self) -> bool:
        piece = self.socket.recv(PIECE)
        self.buffer += piece
        return bool(piece)

    def line(self) -> bytes:
        while b"\n" not in self.buffer:
            if len(self.buffer) > MAX_LINE:
                raise Broken("a line without end")
            if not self.more():
                raise Ended("the connection ended within a line")
        line, _, self.buffer = self.buffer.partition(b"\n")
        if not line.endswith(b"\r") or b"\r" in line[:-1]:
            raise Broken(f"a bare CR or LF after {line[:60]!r}")
        return line[:-1]

    def fields(self) -> list[tuple[str, str]]:
        found = []
        while line := self.line():
            name, colon, value = line.partition(b":")
            if not colon or not TOKEN.match(name):
                raise Broken(f"not a header field: {line[:60]!r}")
            if not VALUE.match(value):
                raise Broken(f"a control character in the value of {name!r}")
            found.append((name.decode("ascii"), value.strip(b" \t").decode("latin-1")))
        return found

    def request(self) -> Request | None:
        """The next head; None if the peer closed before its first byte."""
        if not self.buffer and not self.more():
            return None
        words = self.line().split(b" ")
        if len(words) != 3 or not TOKEN.match(words[0]) or not TARGET.match(words[1]) or words[2] not in (b"HTTP/1.0", b"HTTP/1.1"):
            raise Broken(f"not a request line: {b' '.join(words)[:60]!r}")
        request = Request(words[0].decode(), words[1].decode("latin-1"), words[2].decode(), self.fields())
        check_framing(request)
        return request

    def body(self, request: Request) -> Iterator[bytes]:
        if request.chunked:
            yield from self.chunks(request)
        else:
            yield from self.exactly(request.length)

    def exactly(self, left: int) -> Iterator[bytes]:
        while left:
            if not self.buffer and not self.more():
                raise Ended(f"the connection ended {left} bytes before the body did")
            piece, self.buffer = self.buffer[:left], self.buffer[left:]
            left -= len(piece)
            yield piece

    def chunks(self, request: Request) -> Iterator[bytes]:
        while True:
            size = self.line()
            if not re.fullmatch(rb"[0-9A-Fa-f]{1,15}(;[\t\x20-\x7e]*)?", size):
                raise Broken(f"not a chunk size: {size[:60]!r}")
            length = int(size.partition(b";")[0], 16)
            if length == 0:
                request.trailers = self.fields()
                return
            yield from self.exactly(length)
            if self.line() != b"":
                raise Broken("no CRLF after a chunk")


def check_framing(request: Request) -> None:
    """RFC 9112 §6.3, with every doubtful case refused."""
    codings, lengths = request.all("transfer-encoding"), request.all("content-length")
    if codings and lengths:
        raise Broken("Content-Length and Transfer-Encoding")
    if codings and [coding.lower() for coding in codings] != ["chunked"]:
        raise Broken(f"Transfer-Encoding: {codings}")
    if codings and request.version == "HTTP/1.0":
        raise Broken("Transfer-Encoding in HTTP/1.0")
    if len(lengths) > 1 or not all(re.fullmatch(r"[0-9]{1,18}", length) for length in lengths):
        raise Broken(f"Content-Length: {lengths}")
    if request.version == "HTTP/1.1" and len(request.all("host")) != 1:
        raise Broken(f"{len(request.all('host'))} Host fields")
