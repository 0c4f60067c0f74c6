"""HTTP/2 frames that RFC 9113 forbids: the proxy answers as it demands, and serves the others."""

import struct

from harness.cases import Group, demand
from hyperframe.frame import ContinuationFrame, DataFrame, HeadersFrame, PingFrame, PriorityFrame, PushPromiseFrame, RstStreamFrame, SettingsFrame, WindowUpdateFrame

from ..frames import GET, POST, H2, get
from ..stage import Stage, plain

GROUP = Group("h2 tricks", plain)


def forbidden(name: str, *allowed: str):
    """The connection or the stream ends in one of these errors (or in a plain close, or in a 4xx); a new client is served."""
    def add(play):
        def case(stage: Stage) -> str:
            with H2(stage.h2c_port) as h2:
                play(h2)
                told = h2.verdict()
            # RFC 9113 §7: PROTOCOL_ERROR says it all, only less exactly than a code of its own.
            demand(told in allowed or told == "GOAWAY PROTOCOL_ERROR" and "200" not in allowed, f"{told} instead of {' or '.join(allowed)}")
            get(stage.h2c_port)
            return told
        GROUP.case(name)(case)
        return play
    return add


def raw(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack("!I", len(payload))[1:] + bytes([kind, flags]) + struct.pack("!I", stream) + payload


PROTOCOL = ("GOAWAY PROTOCOL_ERROR", "RST PROTOCOL_ERROR", "closed", "400")
CONNECTION = ("GOAWAY PROTOCOL_ERROR", "closed")


def field(name: str, *fields: tuple[bytes, bytes], base=GET):
    @forbidden(name, *PROTOCOL)
    def play(h2: H2) -> None:
        h2.head(1, (*base, *fields))


field("an upper-case name", (b"X-Upper", b"1"))
field("a Connection field", (b"connection", b"close"))
field("Transfer-Encoding", (b"transfer-encoding", b"chunked"))
field("TE other than trailers", (b"te", b"gzip"))
field("a second :path", (b":path", b"/y"))
field("a pseudo-header of an answer", (b":status", b"200"))
field("a pseudo-header after a field", (b"x", b"y"), (b":path", b"/x"), base=GET[:3])
field("no :scheme", base=tuple(pair for pair in GET if pair[0] != b":scheme"))
field("no :method", base=tuple(pair for pair in GET if pair[0] != b":method"))
field("no :path", base=tuple(pair for pair in GET if pair[0] != b":path"))
field("Host against :authority", (b"host", b"other"))
field("a line break in a value", (b"x", b"a\r\nb: c"))
field("a NUL in a value", (b"x", b"a\0b"))
field("a length and no DATA", (b"content-length", b"5"))


@forbidden("DATA on an idle stream", *CONNECTION)
def idle_data(h2: H2) -> None:
    h2.send(DataFrame(1, b"x"))


@forbidden("DATA on stream 0", *CONNECTION)
def data_zero(h2: H2) -> None:
    h2.raw(raw(0, 0, 0, b"x"))


@forbidden("DATA after END_STREAM", "RST STREAM_CLOSED", "GOAWAY STREAM_CLOSED", "GOAWAY PROTOCOL_ERROR", "200")
def data_after(h2: H2) -> None:
    h2.head(1, GET)
    h2.send(DataFrame(1, b"x"))


@forbidden("a stream of even number", *CONNECTION)
def even(h2: H2) -> None:
    h2.head(2, GET)


@forbidden("stream numbers that go down", "GOAWAY PROTOCOL_ERROR", "GOAWAY STREAM_CLOSED", "RST STREAM_CLOSED", "closed")
def down(h2: H2) -> None:
    h2.head(5, POST, end=False)
    h2.head(3, GET)


@forbidden("a window that grows by 0", "GOAWAY PROTOCOL_ERROR", "closed")
def zero_window(h2: H2) -> None:
    h2.raw(raw(8, 0, 0, b"\0\0\0\0"))


@forbidden("a stream's window that grows by 0", *PROTOCOL)
def zero_stream_window(h2: H2) -> None:
    h2.head(1, POST, end=False)
    h2.raw(raw(8, 0, 1, b"\0\0\0\0"))


@forbidden("a window above 2^31 - 1", "GOAWAY FLOW_CONTROL_ERROR", "closed")
def wide_window(h2: H2) -> None:
    for _ in range(2):
        h2.send(WindowUpdateFrame(0, 2**31 - 1))


@forbidden("a stream's window above 2^31 - 1", "RST FLOW_CONTROL_ERROR", "GOAWAY FLOW_CONTROL_ERROR", "closed")
def wide_stream_window(h2: H2) -> None:
    h2.head(1, POST, end=False)
    h2.send(WindowUpdateFrame(1, 2**31 - 1))


@forbidden("an initial window above 2^31 - 1", "GOAWAY FLOW_CONTROL_ERROR", "closed")
def initial_window(h2: H2) -> None:
    h2.raw(raw(4, 0, 0, struct.pack("!HI", 4, 2**31)))


@forbidden("DATA beyond the window", "GOAWAY FLOW_CONTROL_ERROR", "RST FLOW_CONTROL_ERROR", "closed")
def beyond(h2: H2) -> None:
    h2.head(1, (*POST[:-1], (b":path", b"/stall")), end=False)
    for _ in range(2000):
        h2.send(DataFrame(1, b"x" * 16384))


@forbidden("SETTINGS of 5 bytes", "GOAWAY FRAME_SIZE_ERROR", "closed")
def odd_settings(h2: H2) -> None:
    h2.raw(raw(4, 0, 0, b"x" * 5))


@forbidden("SETTINGS on a stream", *CONNECTION)
def stream_settings(h2: H2) -> None:
    h2.raw(raw(4, 0, 1, b""))


@forbidden("an acknowledgement with content", "GOAWAY FRAME_SIZE_ERROR", "closed")
def acknowledged(h2: H2) -> None:
    h2.raw(raw(4, 1, 0, b"x" * 6))


@forbidden("a frame above the largest size", "GOAWAY FRAME_SIZE_ERROR", "RST FRAME_SIZE_ERROR", "closed")
def long_frame(h2: H2) -> None:
    h2.raw(raw(0, 0, 1, b"x" * 20_000))


@forbidden("PING of 7 bytes", "GOAWAY FRAME_SIZE_ERROR", "closed")
def short_ping(h2: H2) -> None:
    h2.raw(raw(6, 0, 0, b"x" * 7))


@forbidden("RST_STREAM on an idle stream", *CONNECTION)
def idle_reset(h2: H2) -> None:
    h2.send(RstStreamFrame(1, 8))


@forbidden("PUSH_PROMISE by a client", *CONNECTION)
def push(h2: H2) -> None:
    h2.head(1, POST, end=False)
    h2.send(PushPromiseFrame(1, 2, b"", flags=["END_HEADERS"]))


@forbidden("a stream that depends on itself", *PROTOCOL, "200")
def itself(h2: H2) -> None:
    # RFC 9113 deprecates priorities; a recipient may ignore them.
    h2.send(PriorityFrame(1, depends_on=1))
    h2.head(1, GET)


@forbidden("CONTINUATION of nothing", *CONNECTION)
def continuation(h2: H2) -> None:
    h2.send(ContinuationFrame(1, b"", flags=["END_HEADERS"]))


@forbidden("another frame between HEADERS and CONTINUATION", *CONNECTION)
def between(h2: H2) -> None:
    h2.send(HeadersFrame(1, h2.encoder.encode(GET), flags=["END_STREAM"]))
    h2.send(PingFrame(0, b"12345678"))


@forbidden("a header block that is no HPACK", "GOAWAY COMPRESSION_ERROR", "closed")
def compression(h2: H2) -> None:
    h2.send(HeadersFrame(1, b"\xff\xff\xff\xff\xff\xff\xff\xff", flags=["END_HEADERS", "END_STREAM"]))


@forbidden("padding longer than its frame", *CONNECTION)
def padding(h2: H2) -> None:
    h2.raw(raw(1, 0x0D, 1, b"\xff" + h2.encoder.encode(GET)))


@forbidden("a second preface", "GOAWAY FRAME_SIZE_ERROR", "closed", "400")
def preface(h2: H2) -> None:
    # It reads as a frame of 5 MB.
    h2.raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")


@forbidden("SETTINGS that are unknown, and frames of an unknown kind, are ignored", "200")
def unknown(h2: H2) -> None:
    h2.send(SettingsFrame(0, {0xABCD: 1}))
    h2.raw(raw(0x77, 0xFF, 0, b"x" * 100))
    h2.head(1, GET)
