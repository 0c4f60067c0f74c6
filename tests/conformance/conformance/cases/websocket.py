"""WebSockets, client and server by PyPI's websockets: what passes direct passes through the proxy.

The cases follow the subjects of the Autobahn test suite. Each is played without the proxy first;
one that fails there is left out, because it says nothing about the proxy.
"""

import contextlib
import logging
import os
import socket
import struct
import threading
from collections.abc import Iterator

from harness.cases import Group, LeftOut, demand, equal
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.sync.server import serve

from ..answers import content
from ..stage import Stage, proxied


# The server here meets what it must refuse: that is no news.
logging.getLogger("websockets").setLevel(logging.CRITICAL)


def echo(websocket) -> None:
    for message in websocket:
        if isinstance(message, str) and message.startswith("close "):
            code, _, reason = message.removeprefix("close ").partition(" ")
            websocket.close(int(code), reason)
        elif message == "abort":
            websocket.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            websocket.socket.close()
        elif message == "ping me":
            websocket.send("pong came" if websocket.ping().wait(5) else "no pong")
        else:
            websocket.send(message)


def choose(_, offered: list[str]) -> str | None:
    return "chat" if "chat" in offered else None


class Backend:
    def __init__(self):
        self.server = serve(echo, "127.0.0.1", 0, max_size=None, compression=None, select_subprotocol=choose, ping_interval=None)
        self.port = self.server.socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@contextlib.contextmanager
def stage(settings: object) -> Iterator[Stage]:
    backend = Backend()
    try:
        with proxied(settings, [backend]) as made:
            made.direct = backend.port
            yield made
    finally:
        backend.server.shutdown()


GROUP = Group("WebSocket", stage)


def case(name: str):
    def add(play):
        def both(stage: Stage) -> None:
            try:
                play(stage.direct)
            except Exception as error:
                raise LeftOut(f"fails without the proxy: {type(error).__name__}: {error}") from error
            play(stage.port)
        GROUP.case(name)(both)
        return play
    return add


def opened(port: int, **more):
    return connect(f"ws://127.0.0.1:{port}/chat", compression=None, max_size=None, open_timeout=5, close_timeout=5, proxy=None, ping_interval=None, **more)


class Frames:
    """The same by hand: sends any frame, reads frames."""

    def __init__(self, port: int):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.socket.sendall(
            b"GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        self.file = self.socket.makefile("rb")
        equal("status", self.file.readline().split()[1], b"101")
        while self.file.readline() != b"\r\n":
            pass

    def send(self, opcode: int, payload: bytes = b"", fin: bool = True, masked: bool = True, reserved: int = 0) -> None:
        first = opcode | (0x80 if fin else 0) | reserved << 4
        flag = 0x80 if masked else 0
        size = struct.pack("!B", flag | len(payload)) if len(payload) < 126 else struct.pack("!BH", flag | 126, len(payload)) if len(payload) < 65536 else struct.pack("!BQ", flag | 127, len(payload))
        mask = os.urandom(4)
        body = mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload)) if masked else payload
        self.socket.sendall(bytes([first]) + size + body)

    def read(self) -> tuple[int, bytes]:
        first, second = self.file.read(2)
        length = second & 0x7F
        if length >= 126:
            length = int.from_bytes(self.file.read(2 if length == 126 else 8), "big")
        return first & 0x0F, self.file.read(length)

    def closed_with(self) -> int:
        opcode, payload = self.read()
        equal("opcode", opcode, 8)
        return int.from_bytes(payload[:2], "big")


TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


@case("text and binary of many sizes")
def sizes(port: int) -> None:
    with opened(port) as websocket:
        for size in (0, 1, 125, 126, 127, 128, 65535, 65536, 131072):
            websocket.send(content(size))
            demand(websocket.recv(5) == content(size), f"{size} bytes differ")
            websocket.send("x" * size)
            demand(websocket.recv(5) == "x" * size, f"{size} characters differ")


@case("a message of 16 MiB")
def large(port: int) -> None:
    with opened(port) as websocket:
        big = content(16 << 20)
        websocket.send(big)
        demand(websocket.recv(30) == big, "the echo differs")


@case("a thousand messages without waiting")
def many(port: int) -> None:
    with opened(port) as websocket:
        sender = threading.Thread(target=lambda: [websocket.send(str(number)) for number in range(1000)])
        sender.start()
        equal("echoes", [websocket.recv(10) for _ in range(1000)] == [str(number) for number in range(1000)], True)
        sender.join()


@case("unicode")
def unicode(port: int) -> None:
    text = "Hello-µ@ßöäüàá-UTF-8!! κόσμε 😈\U0010ffff"
    with opened(port) as websocket:
        websocket.send(text)
        equal("echo", websocket.recv(5), text)


@case("fragments")
def fragments(port: int) -> None:
    with opened(port) as websocket:
        websocket.send(["frag", "", "ment", "s"])
        equal("echo", websocket.recv(5), "fragments")


@case("ping and pong between fragments")
def control_between(port: int) -> None:
    frames = Frames(port)
    frames.send(TEXT, b"frag", fin=False)
    frames.send(PING, b"are you there")
    equal("pong", frames.read(), (PONG, b"are you there"))
    frames.send(0, b"ments")
    equal("echo", frames.read(), (TEXT, b"fragments"))


@case("a frame byte by byte")
def byte_by_byte(port: int) -> None:
    frames = Frames(port)
    frames.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in b"\x81\x85\x01\x02\x03\x04" + bytes(byte ^ mask for byte, mask in zip(b"hello", b"\x01\x02\x03\x04\x01")):
        frames.socket.sendall(bytes([byte]))
    equal("echo", frames.read(), (TEXT, b"hello"))


@case("ping from the client, unsolicited pong")
def pings(port: int) -> None:
    with opened(port) as websocket:
        demand(websocket.ping().wait(5), "no pong")
        websocket.pong(b"unasked")
        websocket.send("still there")
        equal("echo", websocket.recv(5), "still there")


@case("ping from the server")
def server_pings(port: int) -> None:
    with opened(port) as websocket:
        websocket.send("ping me")
        equal("what the server says", websocket.recv(5), "pong came")


@case("close by the client, with code and reason")
def client_closes(port: int) -> None:
    for code in (1000, 1001, 1007, 1011, 3000, 4999):
        with opened(port) as websocket:
            websocket.close(code, "enough")
            equal("code", websocket.close_code, code)


@case("close by the server, with code and reason")
def server_closes(port: int) -> None:
    for code in (1000, 1001, 1008, 3000, 4000):
        with opened(port) as websocket:
            websocket.send(f"close {code} go away")
            with contextlib.suppress(ConnectionClosed):
                websocket.recv(5)
            equal("code, reason", (websocket.close_code, websocket.close_reason), (code, "go away"))


@case("the server breaks off")
def server_aborts(port: int) -> None:
    with opened(port) as websocket:
        websocket.send("abort")
        with contextlib.suppress(ConnectionClosed):
            websocket.recv(5)
        equal("code", websocket.close_code, 1006)


@case("the client breaks off, others go on")
def client_aborts(port: int) -> None:
    with opened(port) as other:
        frames = Frames(port)
        frames.send(TEXT, b"x" * 100, fin=False)
        frames.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        frames.file.close()
        frames.socket.close()
        other.send("still here")
        equal("echo", other.recv(5), "still here")


@case("a subprotocol")
def subprotocol(port: int) -> None:
    with opened(port, subprotocols=["chat", "other"]) as websocket:
        equal("subprotocol", websocket.subprotocol, "chat")


def invalid(name: str, code: int, *arguments, **named):
    @case(f"invalid: {name}")
    def play(port: int) -> None:
        frames = Frames(port)
        frames.send(*arguments, **named)
        equal("close code", frames.closed_with(), code)


invalid("an unmasked frame", 1002, TEXT, b"hello", masked=False)
invalid("reserved bits", 1002, TEXT, b"hello", reserved=1)
invalid("an unknown opcode", 1002, 3, b"hello")
invalid("a continuation of nothing", 1002, 0, b"hello")
invalid("a ping in fragments", 1002, PING, b"hello", fin=False)
invalid("a ping of 126 bytes", 1002, PING, b"x" * 126)
invalid("text that is no UTF-8", 1007, TEXT, b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited")
invalid("a close of one byte", 1002, CLOSE, b"\x03")
invalid("a close with code 1005", 1002, CLOSE, b"\x03\xed")
