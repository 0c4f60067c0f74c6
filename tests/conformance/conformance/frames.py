"""HTTP/2 frames by hyperframe and HPACK by hpack, sent without asking whether they are allowed."""

import contextlib
import select
import socket
import time

import h2.config
import h2.connection
import h2.events
from h2.errors import ErrorCodes
from harness.cases import demand, equal
from hpack import Decoder, Encoder
from hyperframe.frame import Frame, GoAwayFrame, HeadersFrame, RstStreamFrame, SettingsFrame

GET = ((b":method", b"GET"), (b":scheme", b"http"), (b":authority", b"a"), (b":path", b"/x"))
POST = ((b":method", b"POST"), *GET[1:])
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


class H2:
    """A connection. What comes back is read in `verdict` or `drain`."""

    def __init__(self, port: int, settings: dict | None = None):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=1.5)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.encoder, self.buffer, self.open, self.stuck = Encoder(), b"", True, False
        self.raw(PREFACE + SettingsFrame(0, settings or {}).serialize())

    def __enter__(self) -> "H2":
        return self

    def __exit__(self, *_) -> None:
        self.socket.close()

    def raw(self, data: bytes) -> bool:
        """False once the proxy has closed."""
        if self.open:
            try:
                self.socket.sendall(data)
            except TimeoutError:
                # The proxy has stopped reading: as good as closed.
                self.open, self.stuck = False, True
            except OSError:
                self.open = False
        return self.open

    def send(self, frame: Frame) -> bool:
        return self.raw(frame.serialize())

    def head(self, stream: int, fields: tuple, end: bool = True) -> bool:
        flags = ["END_HEADERS", "END_STREAM"] if end else ["END_HEADERS"]
        return self.send(HeadersFrame(stream, self.encoder.encode(list(fields)), flags=flags))

    def frames(self, seconds: float):
        """Frames as they come, for so long; ends when the proxy closes."""
        give_up = time.monotonic() + seconds
        while (left := give_up - time.monotonic()) > 0:
            if len(self.buffer) >= 9:
                frame, length = Frame.parse_frame_header(memoryview(self.buffer[:9]))
                if len(self.buffer) >= 9 + length:
                    frame.parse_body(memoryview(self.buffer[9:9 + length]))
                    self.buffer = self.buffer[9 + length:]
                    yield frame
                    continue
            if not select.select([self.socket], [], [], left)[0]:
                return
            try:
                piece = self.socket.recv(65536)
            except ConnectionError:
                piece = b""
            if not piece:
                self.open = False
                return
            self.buffer += piece

    def verdict(self) -> str:
        """The first thing that ends a stream or the connection: `GOAWAY code`, `RST code`, a status, or `closed`."""
        for frame in self.frames(3):
            if isinstance(frame, SettingsFrame) and "ACK" not in frame.flags:
                self.send(SettingsFrame(0, flags=["ACK"]))
            elif isinstance(frame, GoAwayFrame) and frame.error_code:
                return f"GOAWAY {name(frame.error_code)}"
            elif isinstance(frame, RstStreamFrame):
                return f"RST {name(frame.error_code)}"
            elif isinstance(frame, HeadersFrame):
                # A status is a few bytes of HPACK; hyper-h2 reads the others.
                return status(frame.data)
        return "closed" if not self.open else "nothing"

    def drain(self) -> None:
        """Throws away what is there, so that the proxy's answers do not fill the pipe."""
        with contextlib.suppress(OSError):
            while select.select([self.socket], [], [], 0)[0]:
                if not self.socket.recv(1 << 20):
                    self.open = False
                    return


def name(code: int) -> str:
    return ErrorCodes(code).name if code in ErrorCodes._value2member_map_ else hex(code)


def status(block: bytes) -> str:
    return dict(Decoder().decode(block)).get(":status", "no status")


def get(port: int, path: str = "/x", seconds: float = 5) -> float:
    """A well-behaved request by hyper-h2; returns its seconds."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as sock:
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
        connection.initiate_connection()
        connection.send_headers(1, [(":method", "GET"), (":scheme", "http"), (":authority", "a"), (":path", path)], end_stream=True)
        sock.sendall(connection.data_to_send())
        got = None
        while True:
            data = sock.recv(65536)
            demand(data, "a good client's connection was closed")
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.ResponseReceived):
                    got = dict(event.headers)[":status"]
                elif isinstance(event, (h2.events.StreamReset, h2.events.ConnectionTerminated)):
                    demand(False, f"a good client got {event}")
                elif isinstance(event, h2.events.StreamEnded):
                    equal("status of a good client", got, "200")
                    return time.monotonic() - began
            sock.sendall(connection.data_to_send())
