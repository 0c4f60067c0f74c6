"""Floods of HTTP/2 frames: bounded memory and CPU, and the others are served all the while."""

import threading
import time
from collections.abc import Callable

from harness.cases import Group, demand
from harness.usage import Usage
from hyperframe.frame import ContinuationFrame, DataFrame, HeadersFrame, PingFrame, RstStreamFrame, SettingsFrame, WindowUpdateFrame

from ..frames import GET, POST, H2, get
from ..stage import Stage, plain

GROUP = Group("h2 floods", plain)

MEMORY = 48.0
"""MiB that one hostile connection may add."""
PATIENCE = 1.0
"""Seconds within which every good request must be answered meanwhile."""


class Good:
    """A client that asks for a page on a connection of its own, again and again."""

    def __init__(self, port: int):
        self.port, self.over, self.times, self.failures = port, threading.Event(), [], []
        self.thread = threading.Thread(target=self.work, daemon=True)

    def work(self) -> None:
        while not self.over.wait(0.02):
            try:
                self.times.append(get(self.port))
            except Exception as error:  # noqa: BLE001: each kind is a failure to report
                self.failures.append(f"{type(error).__name__}: {error}")

    def __enter__(self) -> "Good":
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.over.set()
        self.thread.join()


def flood(title: str, ends: bool = True, settings: dict | None = None):
    """`send` makes the flood's bytes for turn n. With `ends`, the proxy has to close or reset within the flood."""
    def add(send: Callable[[H2, int], bytes]):
        def case(stage: Stage) -> str:
            seconds = 1.5 if stage.settings.quick else 4.0
            pid, sent = stage.proxy.process.pid, 0
            with Good(stage.h2c_port) as good, Usage(pid) as usage, H2(stage.h2c_port, settings) as h2:
                until = time.monotonic() + seconds
                while time.monotonic() < until and h2.open:
                    if not h2.raw(send(h2, sent)):
                        break
                    sent += 1
                    if settings is None:
                        h2.drain()
                lasted = seconds - max(0.0, until - time.monotonic())
                # The good ones have to come out of it too.
                time.sleep(0.5)
            told = f"{sent} turns in {lasted:.1f} s, {'not read any more' if h2.stuck else 'open' if h2.open else 'closed'}; {usage}; good ones p100 {max(good.times, default=0) * 1e3:.0f} ms of {len(good.times)}"
            demand(stage.proxy.process.running(), f"the proxy ended: {told}")
            demand(not good.failures, f"{len(good.failures)} good requests failed, {good.failures[:1]}; {told}")
            demand(good.times and max(good.times) < PATIENCE, f"good requests waited; {told}")
            demand(usage.growth < MEMORY, f"memory grew; {told}")
            demand(not ends or not h2.open, f"the connection was not ended; {told}")
            return told
        GROUP.case(title)(case)
        return send
    return add


@flood("rapid reset: HEADERS and RST_STREAM at once (CVE-2023-44487)")
def rapid_reset(h2: H2, turn: int) -> bytes:
    block = h2.encoder.encode(list(GET))
    return b"".join(
        HeadersFrame(stream, block, flags=["END_HEADERS", "END_STREAM"]).serialize() + RstStreamFrame(stream, 8).serialize()
        for stream in range(turn * 200 + 1, turn * 200 + 200, 2))


@flood("made you reset: a window of 0 on each new stream (CVE-2025-8671)")
def made_you_reset(h2: H2, turn: int) -> bytes:
    block = h2.encoder.encode(list(GET))
    return b"".join(
        HeadersFrame(stream, block, flags=["END_HEADERS", "END_STREAM"]).serialize() + b"\0\0\4\x08\0" + stream.to_bytes(4, "big") + b"\0\0\0\0"
        for stream in range(turn * 200 + 1, turn * 200 + 200, 2))


@flood("CONTINUATION without end (CVE-2024-27316)")
def continuation(h2: H2, turn: int) -> bytes:
    first = HeadersFrame(1, h2.encoder.encode(list(GET)), flags=["END_STREAM"]).serialize() if turn == 0 else b""
    # A literal field without indexing, again and again.
    return first + ContinuationFrame(1, (b"\x00\x03x-y\x7f\x01" + b"z" * 128) * 100).serialize()


@flood("empty CONTINUATION without end")
def empty_continuation(h2: H2, turn: int) -> bytes:
    first = HeadersFrame(1, h2.encoder.encode(list(GET)), flags=["END_STREAM"]).serialize() if turn == 0 else b""
    return first + ContinuationFrame(1, b"").serialize() * 1000


@flood("SETTINGS", ends=False)
def many_settings(h2: H2, turn: int) -> bytes:
    return SettingsFrame(0, {4: 65535}).serialize() * 500


@flood("SETTINGS whose acknowledgements nobody reads", ends=False, settings={4: 65535})
def unread_settings(h2: H2, turn: int) -> bytes:
    return SettingsFrame(0, {4: 65535}).serialize() * 500


@flood("PING", ends=False)
def many_pings(h2: H2, turn: int) -> bytes:
    return PingFrame(0, b"12345678").serialize() * 500


@flood("PING whose answers nobody reads", ends=False, settings={4: 65535})
def unread_pings(h2: H2, turn: int) -> bytes:
    return PingFrame(0, b"12345678").serialize() * 500


@flood("empty DATA", ends=False)
def empty_data(h2: H2, turn: int) -> bytes:
    first = HeadersFrame(1, h2.encoder.encode(list(POST)), flags=["END_HEADERS"]).serialize() if turn == 0 else b""
    return first + DataFrame(1, b"").serialize() * 1000


@flood("empty DATA with padding", ends=False)
def padded_data(h2: H2, turn: int) -> bytes:
    first = HeadersFrame(1, h2.encoder.encode(list(POST)), flags=["END_HEADERS"]).serialize() if turn == 0 else b""
    return first + DataFrame(1, b"", flags=["PADDED"], pad_length=200).serialize() * 200


@flood("WINDOW_UPDATE by 1", ends=False)
def window_updates(h2: H2, turn: int) -> bytes:
    return WindowUpdateFrame(0, 1).serialize() * 1000


@flood("PRIORITY of streams that are not there", ends=False)
def priorities(h2: H2, turn: int) -> bytes:
    return b"".join(b"\0\0\5\2\0" + stream.to_bytes(4, "big") + b"\0\0\0\0\x10" for stream in range(turn * 1000 + 1, turn * 1000 + 1001, 2))


@flood("frames of an unknown kind", ends=False)
def unknown(h2: H2, turn: int) -> bytes:
    return (b"\0\x40\0\x77\0\0\0\0\0" + b"x" * 16384) * 4


@flood("an HPACK bomb: one long field, referred to a thousand times", ends=False)
def bomb(h2: H2, turn: int) -> bytes:
    if turn == 0:
        h2.bomb = h2.encoder.encode([*GET, (b"x-bomb", b"z" * 3900)])
        block = h2.bomb
    else:
        # 0xbe is the newest entry of the dynamic table.
        block = h2.encoder.encode(list(GET)) + b"\xbe" * 4000
    return HeadersFrame(turn * 2 + 1, block, flags=["END_HEADERS", "END_STREAM"]).serialize()


@flood("streams that nobody reads: a window of 0 and large answers", ends=False, settings={4: 0})
def stalled(h2: H2, turn: int) -> bytes:
    if turn >= 100:
        time.sleep(0.05)
        return b""
    block = h2.encoder.encode([*GET[:3], (b":path", b"/bytes/1000000")])
    return HeadersFrame(turn * 2 + 1, block, flags=["END_HEADERS", "END_STREAM"]).serialize()


@flood("more streams than are allowed", ends=False)
def too_many(h2: H2, turn: int) -> bytes:
    block = h2.encoder.encode(list(POST))
    return b"".join(HeadersFrame(stream, block, flags=["END_HEADERS"]).serialize() for stream in range(turn * 200 + 1, turn * 200 + 200, 2))
