"""Raw bytes to the proxy, and its answers."""

import contextlib
import socket
import time
from dataclasses import dataclass

from harness.origin import Broken, Connection
from h2.errors import ErrorCodes
from hpack import Decoder, Encoder
from hyperframe.frame import DataFrame, Frame, GoAwayFrame, HeadersFrame, RstStreamFrame, SettingsFrame

QUIET = 0.4
"""Seconds without a byte after which nothing more is expected."""
LAST = 0.02
"""The same when the last answer is there."""
PATIENCE = 1.5
"""The same before the first byte: the proxy may be waiting for the rest of a body."""


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    origin: bool
    """Whether a backend made it."""


def answer(connection: Connection) -> Answer:
    """One answer with its body; interim ones are skipped."""
    while True:
        words = connection.line().split(b" ", 2)
        if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
            raise Broken(f"not a status line: {b' '.join(words)[:60]!r}")
        status = int(words[1])
        fields = {name.lower(): value for name, value in connection.fields()}
        if status >= 200:
            break
    if "chunked" in fields.get("transfer-encoding", ""):
        body = b""
        while size := int(connection.line().partition(b";")[0], 16):
            body += b"".join(connection.exactly(size))
            connection.line()
        connection.fields()
    else:
        body = b"".join(connection.exactly(int(fields.get("content-length", 0))))
    return Answer(status, body, "x-origin" in fields)


def h1(port: int, raw: bytes, last: str) -> list[Answer]:
    """All that comes back on a connection of its own, until it closes or falls silent.

    `last` is the line of the last request, with which its answer's body begins.
    """
    answers = []
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as sock:
        # The proxy may refuse and close before it has read everything.
        with contextlib.suppress(ConnectionError, TimeoutError):
            sock.sendall(raw)
        connection = Connection(sock)
        with contextlib.suppress(Broken, ConnectionError, TimeoutError):
            while connection.buffer or connection.more():
                answers.append(answer(connection))
                sock.settimeout(LAST if answers[-1].body.startswith(last.encode()) else QUIET)
    return answers


def frames(fields: tuple[tuple[bytes, bytes], ...], data: bytes | None, stream: int, encoder: Encoder) -> bytes:
    # HPACK is only a compression: it carries any bytes.
    head = HeadersFrame(stream, encoder.encode([(name, value) for name, value in fields]), flags=["END_HEADERS"])
    if data is None:
        head.flags.add("END_STREAM")
        return head.serialize()
    return head.serialize() + DataFrame(stream, data, flags=["END_STREAM"]).serialize()


class Streams:
    """An HTTP/2 connection that sends anything and reads answers."""

    def __init__(self, port: int):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SettingsFrame(0).serialize())
        self.encoder, self.decoder, self.buffer = Encoder(), Decoder(), b""
        self.heads: dict[int, dict[bytes, bytes]] = {}
        self.bodies: dict[int, bytes] = {}
        self.over: dict[int, str] = {}
        self.gone: str | None = None

    def send(self, stream: int, fields: tuple[tuple[bytes, bytes], ...], data: bytes | None) -> None:
        with contextlib.suppress(ConnectionError):
            self.socket.sendall(frames(fields, data, stream, self.encoder))

    def read(self, wanted: set[int]) -> None:
        """Until these streams are over, or the connection is."""
        give_up = time.monotonic() + PATIENCE
        with contextlib.suppress(ConnectionError, TimeoutError):
            while not wanted <= set(self.over) and time.monotonic() < give_up:
                frame = self.frame()
                if frame is None:
                    break
                self.take(frame)

    def frame(self) -> Frame | None:
        length = 9
        while len(self.buffer) < length:
            piece = self.socket.recv(65536)
            if not piece:
                return None
            self.buffer += piece
            if len(self.buffer) >= 9:
                frame, body = Frame.parse_frame_header(memoryview(self.buffer[:9]))
                length = 9 + body
        frame, body = Frame.parse_frame_header(memoryview(self.buffer[:9]))
        while len(self.buffer) < 9 + body:
            piece = self.socket.recv(65536)
            if not piece:
                return None
            self.buffer += piece
        frame.parse_body(memoryview(self.buffer[9:9 + body]))
        self.buffer = self.buffer[9 + body:]
        return frame

    def take(self, frame: Frame) -> None:
        stream = frame.stream_id
        if isinstance(frame, SettingsFrame) and "ACK" not in frame.flags:
            self.socket.sendall(SettingsFrame(0, flags=["ACK"]).serialize())
        elif isinstance(frame, HeadersFrame):
            self.heads.setdefault(stream, dict(self.decoder.decode(frame.data, raw=True)))
        elif isinstance(frame, DataFrame):
            self.bodies[stream] = self.bodies.get(stream, b"") + frame.data
        elif isinstance(frame, RstStreamFrame):
            self.over[stream] = ErrorCodes(frame.error_code).name
        elif isinstance(frame, GoAwayFrame):
            self.gone = ErrorCodes(frame.error_code).name
        if "END_STREAM" in frame.flags:
            self.over.setdefault(stream, "ended")

    def answers(self) -> list[Answer]:
        return [Answer(int(head[b":status"]), self.bodies.get(stream, b""), b"x-origin" in head) for stream, head in sorted(self.heads.items())]

    def close(self) -> None:
        self.socket.close()
