"""What the proxies are asked to do, and by whom."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.processes import HarnessError

from .processes import output
from .tools import Tools

CONNECTIONS = 64
SCRIPTS = Path(__file__).resolve().parents[1] / "configs"


@dataclass(frozen=True)
class Client:
    """The load generators, on their core, and what they need."""

    tools: Tools
    cores: str
    directory: Path


@dataclass(frozen=True)
class Count:
    """What a generator reports."""

    requests: int
    failed: int


@dataclass(frozen=True)
class Workload:
    """One row of the comparison."""

    name: str
    title: str
    part: str
    load: Callable[[Client, int, float], Count]
    # What is counted.
    unit: str = "request"


def wrk(client: Client, port: int, seconds: float, *options: str, scheme: str = "http", path: str = "/", connections: int = CONNECTIONS) -> Count:
    command = [client.tools["wrk"], "-t1", f"-c{connections}", f"-d{round(seconds)}s", "--timeout", "10s", *options, f"{scheme}://127.0.0.1:{port}{path}"]
    out = output(command, client.cores, {"OPENSSL_CONF": str(client.directory / "openssl.cnf")})
    requests = int(re.search(r"(\d+) requests in", out)[1])
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", out)
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    return Count(requests, (sum(map(int, broken.groups())) if broken else 0) + (int(wrong[1]) if wrong else 0))


def h2load(client: Client, port: int, seconds: float, *options: str, path: str = "/") -> Count:
    """64 streams on four connections."""
    command = [client.tools["h2load"], "-t1", "-c4", f"-m{CONNECTIONS // 4}", "-D", str(round(seconds)), *options, f"http://127.0.0.1:{port}{path}"]
    out = output(command, client.cores)
    codes = re.search(r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", out)
    failed = re.search(r"(\d+) failed, (\d+) errored", out)
    return Count(int(codes[1]), int(failed[1]) + sum(int(codes[index]) for index in (2, 3, 4)))


def drive(client: Client, kind: str, port: int, seconds: float, *options: str) -> Count:
    command = [client.tools["soe503-tools"], "drive", kind, "--target", f"127.0.0.1:{port}", "--seconds", str(seconds), *options]
    tally = json.loads(output(command, client.cores))
    if tally["failed"] and not tally["done"]:
        raise HarnessError(tally["error"])
    return Count(tally["done"], tally["failed"])


# --- the rows -----------------------------------------------------------------------------------


def h1(client, port, seconds):
    return wrk(client, port, seconds)


def post(client, port, seconds):
    return wrk(client, port, seconds, "-s", str(SCRIPTS / "post.lua"))


def newconn(client, port, seconds):
    return wrk(client, port, seconds, "-H", "Connection: close")


def h2(client, port, seconds):
    return h2load(client, port, seconds)


def tls(client, port, seconds):
    return wrk(client, port, seconds, scheme="https")


def tlsnew(client, port, seconds):
    return drive(client, "handshakes", port, seconds, "--trust", str(client.directory / "cert.pem"))


def download(client, port, seconds):
    return wrk(client, port, seconds, path="/10m", connections=8)


def grpc(client, port, seconds):
    message = client.directory / "message"
    message.write_bytes(b"\0\0\0\0\x40" + b"g" * 64)
    return h2load(client, port, seconds, "-d", str(message), "-H", "content-type: application/grpc", "-H", "te: trailers", path="/bench.Echo/Unary")


def ws(client, port, seconds):
    return drive(client, "websocket", port, seconds)


ALL = [
    Workload("h1", f"GET of 1 KiB, {CONNECTIONS} keepalive connections", "h1", h1),
    Workload("post", f"POST of 16 KiB, echoed, {CONNECTIONS} keepalive connections", "h1", post),
    Workload("newconn", "GET of 1 KiB, a new connection for each", "h1", newconn),
    Workload("h2", f"GET of 1 KiB, HTTP/2, {CONNECTIONS} streams on 4 connections", "h2", h2),
    Workload("tls", f"GET of 1 KiB, TLS 1.3, {CONNECTIONS} keepalive connections", "tls", tls),
    Workload("tlsnew", "GET of 1 KiB, TLS 1.3, a full handshake for each", "tls", tlsnew),
    Workload("download", "GET of 10 MiB, 8 keepalive connections", "h1", download),
    Workload("grpc", f"gRPC unary call, HTTP/2 on both sides, {CONNECTIONS} streams on 4 connections", "grpc", grpc, "call"),
    Workload("ws", f"WebSocket, {CONNECTIONS} connections, 64-byte messages echoed", "h1", ws, "message"),
]
NAMES = [one.name for one in ALL]
