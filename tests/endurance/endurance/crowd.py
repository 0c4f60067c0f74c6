"""Ten thousand idle connections beside two thousand requests a second."""

import select
import socket

from harness.cases import Group, demand, equal
from harness.load import Load, quantile
from harness.usage import Usage, rss_mib

from .stage import Stage, crowd

GROUP = Group("crowd", crowd)

REQUEST = b"GET /idle HTTP/1.1\r\nHost: a\r\n\r\n"
PER_CONNECTION = 4.0
"""KiB of the proxy's memory that an idle connection may hold."""
P99 = 100.0
"""Milliseconds; the figure itself is in the line."""


def ask(sock: socket.socket) -> bytes:
    """One request on a connection that stays open; returns the status line."""
    sock.sendall(REQUEST)
    answer = b""
    while not answer.endswith(b"x" * 1024):
        piece = sock.recv(65536)
        demand(piece, "an idle connection was closed")
        answer += piece
    return answer.split(b"\r\n", 1)[0]


@GROUP.case("idle keepalive connections, and 2,000 requests/s beside them")
def idle(stage: Stage) -> str:
    number, seconds = (1000, 4) if stage.settings.quick else (10_000, 20)
    before = rss_mib(stage.pid)
    idle: list[socket.socket] = []
    try:
        for _ in range(number):
            idle.append(socket.create_connection(("127.0.0.1", stage.proxy.port), timeout=10))
            demand(b" 200" in ask(idle[-1]), "an idle connection's first request failed")
        held = rss_mib(stage.pid)
        each = (held - before) * 1024 / number
        with Usage(stage.pid) as usage:
            load = Load(stage.settings.tools, stage.proxy.port, stage.directory / "load.jsonl", 2000, seconds, posts=0.1)
            results = load.results()
        failed = [one for one in results if one.failed]
        p50, p99 = (quantile((one.latency_ms for one in results), q) for q in (0.5, 0.99))
        lag = quantile((one.lag_ms for one in results), 0.99)
        told = (f"{number} idle: RSS {before:.1f} → {held:.1f} MiB, {each:.2f} KiB each; {len(results)} requests: p50 {p50:.1f} ms, p99 {p99:.1f} ms "
                f"(generator's lag p99 {lag:.1f} ms), peak {usage.peak:.1f} MiB, CPU {usage.cpu:.1f} s in {usage.seconds:.0f} s")
        equal(f"failures; {told}", [str(one) for one in failed[:3]], [])
        # On a machine that is too busy to send in time, answers are as late as the requests were.
        demand(p99 <= P99 + 4 * lag, f"p99 above {P99:g} ms; {told}")
        demand(stage.settings.quick or each <= PER_CONNECTION, f"above {PER_CONNECTION:g} KiB for each connection; {told}")
        watch = select.poll()
        for one in idle:
            watch.register(one, select.POLLIN)
        equal("idle connections that ended", len(watch.poll(0)), 0)
        for one in idle[::max(1, number // 100)]:
            demand(b" 200" in ask(one), "a connection does not serve after its rest")
        return told
    finally:
        for one in idle:
            one.close()
