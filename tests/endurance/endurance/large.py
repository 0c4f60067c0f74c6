"""A body far larger than what the proxy may hold of it."""

import hashlib
import shutil
import socket
import subprocess
import threading

from harness.cases import Group, LeftOut, demand, equal
from harness.origin import Connection
from harness.usage import Usage

from .bodies import Pace, checksum, pieces
from .stage import Stage, large

GROUP = Group("large bodies", large)

MEMORY = 24.0
"""MiB that a body may add to the proxy."""


def length(stage: Stage) -> int:
    return (128 << 20) if stage.settings.quick else (1 << 30)


def bounded(usage: Usage, size: int) -> str:
    told = f"{size >> 20} MiB: {usage}"
    demand(usage.growth <= MEMORY, f"memory grew by more than {MEMORY:g} MiB; {told}")
    return told


def connect(stage: Stage) -> Connection:
    return Connection(socket.create_connection(("127.0.0.1", stage.proxy.port), timeout=60))


def answered(connection: Connection) -> dict[str, str]:
    line = connection.line()
    demand(b" 200 " in line, f"answered {line!r}")
    return {name.lower(): value for name, value in connection.fields()}


@GROUP.case("up to a slow backend, with a length")
def up(stage: Stage) -> str:
    size, client = length(stage), connect(stage)
    with Usage(stage.pid) as usage:
        client.socket.sendall(b"POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size)
        for piece in pieces(size):
            client.socket.sendall(piece)
        got = b"".join(client.exactly(int(answered(client)["content-length"])))
    equal("what arrived", got, f"{size} {checksum(size)}\n".encode())
    return bounded(usage, size)


@GROUP.case("up to a slow backend, in chunks")
def up_chunks(stage: Stage) -> str:
    size, client = length(stage) // 4, connect(stage)
    with Usage(stage.pid) as usage:
        client.socket.sendall(b"POST /slow HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        for piece in pieces(size):
            client.socket.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        client.socket.sendall(b"0\r\n\r\n")
        got = b"".join(client.exactly(int(answered(client)["content-length"])))
    equal("what arrived", got, f"{size} {checksum(size)}\n".encode())
    return bounded(usage, size)


@GROUP.case("down to a slow client")
def down(stage: Stage) -> str:
    size, client, digest = length(stage), connect(stage), hashlib.sha256()
    with Usage(stage.pid) as usage:
        client.socket.sendall(b"GET /download/%d HTTP/1.1\r\nHost: a\r\n\r\n" % size)
        answered(client)
        pace = Pace()
        for piece in client.exactly(size):
            digest.update(piece)
            pace.passes(len(piece))
    equal("checksum", digest.hexdigest(), checksum(size))
    return bounded(usage, size)


def curl(*words: str) -> list[str]:
    if not shutil.which("curl"):
        raise LeftOut("curl is not there")
    return ["curl", "-sS", "--noproxy", "*", "--http2-prior-knowledge", "--max-time", "300", *words]


@GROUP.case("up to a slow backend, over h2")
def up_h2(stage: Stage) -> str:
    size = length(stage) // 2

    def feed() -> None:
        for piece in pieces(size):
            child.stdin.write(piece)
        child.stdin.close()
    with Usage(stage.pid) as usage:
        child = subprocess.Popen(curl("-T", "-", f"http://127.0.0.1:{stage.proxy.port}/slow"), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        threading.Thread(target=feed, daemon=True).start()
        got = child.stdout.read()
        equal("curl's exit code", child.wait(), 0)
    equal("what arrived", got, f"{size} {checksum(size)}\n".encode())
    return bounded(usage, size)


@GROUP.case("down to a slow client, over h2")
def down_h2(stage: Stage) -> str:
    size, digest = length(stage) // 2, hashlib.sha256()
    with Usage(stage.pid) as usage:
        child = subprocess.Popen(curl(f"http://127.0.0.1:{stage.proxy.port}/download/{size}"), stdout=subprocess.PIPE)
        pace = Pace()
        while piece := child.stdout.read(65536):
            digest.update(piece)
            pace.passes(len(piece))
        equal("curl's exit code", child.wait(), 0)
    equal("checksum", digest.hexdigest(), checksum(size))
    return bounded(usage, size)
