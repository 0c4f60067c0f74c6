"""What curl cannot say: pipelines, trailers of requests, half-open connections, upgrades."""

import socket

from harness.cases import Group, demand, equal
from harness.origin import Connection

from ..stage import Stage, plain

GROUP = Group("raw", plain)


def open_connection(stage: Stage) -> Connection:
    return Connection(socket.create_connection(("127.0.0.1", stage.port), timeout=10))


def read_head(connection: Connection) -> tuple[str, dict[str, str]]:
    line = connection.line().decode()
    return line, {name.lower(): value for name, value in connection.fields()}


def read_answer(connection: Connection) -> tuple[str, dict[str, str], bytes]:
    line, fields = read_head(connection)
    return line, fields, b"".join(connection.exactly(int(fields.get("content-length", 0))))


@GROUP.case("fifty requests in a pipeline, answered in order")
def pipeline(stage: Stage) -> None:
    connection = open_connection(stage)
    connection.socket.sendall(b"".join(b"GET /p%d HTTP/1.1\r\nHost: a\r\n\r\n" % number for number in range(50)))
    for number in range(50):
        _, _, body = read_answer(connection)
        demand(body.startswith(b"GET /p%d " % number), f"answer {number} is {body[:40]!r}")


@GROUP.case("bodies in a pipeline")
def pipelined_bodies(stage: Stage) -> None:
    connection = open_connection(stage)
    connection.socket.sendall(b"".join(b"POST /p%d HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" % number for number in range(20)))
    for number in range(20):
        _, _, body = read_answer(connection)
        demand(body.startswith(b"POST /p%d 3 " % number), f"answer {number} is {body[:40]!r}")


@GROUP.case("a request byte by byte")
def byte_by_byte(stage: Stage) -> None:
    connection = open_connection(stage)
    connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in b"POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc":
        connection.socket.sendall(bytes([byte]))
    demand(read_answer(connection)[2].startswith(b"POST /slow 3 "), "not answered")


@GROUP.case("trailers of a request")
def request_trailers(stage: Stage) -> None:
    connection = open_connection(stage)
    connection.socket.sendall(b"POST /x HTTP/1.1\r\nHost: a\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 12\r\n\r\n")
    _, fields, _ = read_answer(connection)
    equal("the trailer at the backend", fields.get("x-trailer-x-sum"), "12")


@GROUP.case("hop-by-hop fields end here")
def hop_by_hop(stage: Stage) -> None:
    connection = open_connection(stage)
    connection.socket.sendall(b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: X-Test\r\nX-Test: 1\r\nTE: gzip\r\n\r\n")
    _, fields, _ = read_answer(connection)
    equal("what the backend got", (fields.get("x-got-x-test"), "gzip" in fields.get("x-got-te", "")), (None, False))


@GROUP.case("absolute-form names the host")
def absolute(stage: Stage) -> None:
    connection = open_connection(stage)
    connection.socket.sendall(b"GET http://b.example/x HTTP/1.1\r\nHost: a.example\r\n\r\n")
    line, fields, _ = read_answer(connection)
    # RFC 9112 §3.2.2: the target's host counts; a proxy may also refuse the contradiction.
    demand(line.split()[1] == "400" or fields.get("x-got-host") == "b.example", f"{line}, Host {fields.get('x-got-host')}")


@GROUP.case("HTTP/1.0 keep-alive")
def old_keepalive(stage: Stage) -> None:
    connection = open_connection(stage)
    for _ in range(2):
        connection.socket.sendall(b"GET /x HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n")
        line, fields, _ = read_answer(connection)
        demand(" 200 " in line and "keep-alive" in fields.get("connection", "").lower(), f"{line} {fields}")


@GROUP.case("Connection: close is obeyed")
def close(stage: Stage) -> None:
    connection = open_connection(stage)
    connection.socket.sendall(b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    read_answer(connection)
    demand(not connection.more(), "the connection stays open")


@GROUP.case("Expect: 100-continue waits for the backend's 100")
def expect(stage: Stage) -> None:
    connection = open_connection(stage)
    connection.socket.sendall(b"POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    demand(" 100" in read_head(connection)[0], "no 100")
    connection.socket.sendall(b"abc")
    demand(read_answer(connection)[2].startswith(b"POST /x 3 "), "not answered")


@GROUP.case("an answer before the body: the status gets through")
def early(stage: Stage) -> None:
    connection = open_connection(stage)
    connection.socket.sendall(b"POST /final HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n\r\n")
    line = read_head(connection)[0]
    if " 100" in line:
        line = read_head(connection)[0]
    equal("status", line.split()[1], "417")


@GROUP.case("103 Early Hints are passed on")
def hints(stage: Stage) -> None:
    connection = open_connection(stage)
    connection.socket.sendall(b"GET /hints HTTP/1.1\r\nHost: a\r\n\r\n")
    line, fields = read_head(connection)
    demand(" 103" in line and "link" in fields, f"{line}, not 103 with its Link")
    demand(" 200" in read_head(connection)[0], "103 without an answer")


@GROUP.case("an upgrade to a protocol that nobody knows")
def upgrade(stage: Stage) -> None:
    connection = open_connection(stage)
    connection.socket.sendall(b"GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\n")
    line, fields = read_head(connection)
    equal("status, protocol", (line.split()[1], fields.get("upgrade")), ("101", "shout"))
    for word in (b"hello", b"again", b"x" * 500_000 + b"bye"):
        connection.socket.sendall(word)
        equal("the echo", b"".join(connection.exactly(len(word))), word.upper())
    demand(not connection.more(), "the tunnel outlives its backend")


@GROUP.case("an upgrade with bytes right behind it")
def eager_upgrade(stage: Stage) -> None:
    connection = open_connection(stage)
    connection.socket.sendall(b"GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\nhello")
    equal("status", read_head(connection)[0].split()[1], "101")
    equal("the echo", b"".join(connection.exactly(5)), b"HELLO")


@GROUP.case("an upgrade that the backend refuses")
def refused_upgrade(stage: Stage) -> None:
    connection = open_connection(stage)
    connection.socket.sendall(b"GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: whisper\r\n\r\n")
    equal("status", read_answer(connection)[0].split()[1], "426")
