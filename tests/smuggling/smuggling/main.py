"""The command line, and how a row is played."""

import argparse
import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from harness import build, cases
from harness.proxy import Soe503

from . import client
from .backends import Nginx, Python
from .judge import judge
from .rows import AFTER, CANARY, Row, Stream, head
from .stand_in import NginxProxy
from .table import ROWS, STREAMS

CANARY_REQUEST = head(f"{CANARY} HTTP/1.1")
AFTER_REQUEST = head(f"{AFTER} HTTP/1.1")
CANARY_FIELDS = ((b":method", b"GET"), (b":scheme", b"http"), (b":authority", b"a"), (b":path", CANARY.split()[1].encode()))


@dataclass
class Stage:
    proxy: object
    backend: object


@contextlib.contextmanager
def stage(backend: type, args: argparse.Namespace) -> Iterator[Stage]:
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soe503-smuggling-")))
        directory.chmod(0o755)
        behind = backend(directory)
        behind.start()
        stack.callback(behind.stop)
        if args.against == "nginx":
            proxy = NginxProxy(directory, behind)
        else:
            # One worker: the next connection's request takes the backend connection that was used before.
            proxy = Soe503(
                args.soe503, directory, [behind], 'retry = { attempts = 1 }\ntimeout = "3s"',
                'circuit_breaker = { enabled = false }\nejection = { enabled = false }', server="workers = 1",
            )
        stack.callback(proxy.stop)
        proxy.start()
        yield Stage(proxy, behind)


def play_row(row: Row, stage: Stage) -> str:
    stage.backend.clear()
    answers = client.h1(stage.proxy.port, row.raw + (CANARY_REQUEST if row.canary else b""), CANARY)
    after = client.h1(stage.proxy.port, AFTER_REQUEST, AFTER)
    return judge(row.wanted, answers, after, stage.backend.seen())


def play_stream(stream: Stream, stage: Stage) -> str:
    stage.backend.clear()
    streams = client.Streams(stage.proxy.h2_port if hasattr(stage.proxy, "h2_port") else stage.proxy.port)
    try:
        streams.send(1, stream.fields, stream.data)
        streams.read({1})
        if streams.gone is None and 1 in streams.over:
            streams.send(3, CANARY_FIELDS, None)
            streams.read({3})
        answers = streams.answers()
        told = streams.gone or streams.over.get(1)
    finally:
        streams.close()
    after = client.h1(stage.proxy.port, AFTER_REQUEST, AFTER)
    said = judge(stream.wanted, answers, after, stage.backend.seen())
    return said.replace("without an answer", f"with {told}")


def groups() -> list[cases.Group]:
    made = []
    for backend in (Python, Nginx):
        group = cases.Group(backend.name, partial(stage, backend))
        group.cases += [cases.Case(row.name, partial(play_row, row)) for row in ROWS]
        group.cases += [cases.Case(row.name, partial(play_stream, row)) for row in STREAMS]
        made.append(group)
    return made


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests/smuggling/run", description="Requests with two meanings, sent through the proxy.")
    cases.add_arguments(parser)
    build.add_arguments(parser)
    parser.add_argument("--against", choices=("soe503", "nginx"), default="soe503", help="the proxy under test")
    args = parser.parse_args()
    if not args.list and not args.soe503 and args.against == "soe503":
        args.soe503 = str(build.build(args, ["soe503-proxy"]) / "soe503")
    return cases.run(groups(), args, args)
