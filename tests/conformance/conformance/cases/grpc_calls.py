"""gRPC, client and server by grpcio: the interoperability cases, and answers of the proxy's own.

Messages are plain bytes: what is under test is what carries them.
"""

import contextlib
import threading
import time
from collections.abc import Iterator
from concurrent import futures

import grpc
from google.protobuf.any_pb2 import Any
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status
from harness.cases import Group, demand, equal
from harness.processes import free_port

from ..answers import content
from ..stage import Stage, proxied

LARGE = 3_000_000
left = threading.Event()
"""Set when the server notices that the caller of `Wait` is gone."""


class Backend:
    """A gRPC server with one method for each case."""

    def __init__(self):
        self.server = grpc.server(futures.ThreadPoolExecutor(16), options=[("grpc.max_receive_message_length", -1)])
        handler = grpc.method_handlers_generic_handler("test.Test", {
            "Echo": grpc.unary_unary_rpc_method_handler(self.echo),
            "Collect": grpc.stream_unary_rpc_method_handler(self.collect),
            "Count": grpc.unary_stream_rpc_method_handler(self.count),
            "PingPong": grpc.stream_stream_rpc_method_handler(self.ping_pong),
            "Wait": grpc.unary_unary_rpc_method_handler(self.wait),
            "Fail": grpc.unary_unary_rpc_method_handler(self.fail),
            "FailLate": grpc.unary_stream_rpc_method_handler(self.fail_late),
            "Detail": grpc.unary_unary_rpc_method_handler(self.detail),
        })
        self.server.add_generic_rpc_handlers((handler,))
        self.port = self.server.add_insecure_port("127.0.0.1:0")
        self.url = f"http://127.0.0.1:{self.port}"
        self.server.start()

    @staticmethod
    def echo(request: bytes, context: grpc.ServicerContext) -> bytes:
        sent = dict(context.invocation_metadata())
        context.send_initial_metadata([("x-initial", sent.get("x-test", ""))])
        context.set_trailing_metadata([("x-trailing-bin", sent.get("x-test-bin", b""))])
        return request

    @staticmethod
    def collect(requests: Iterator[bytes], context: grpc.ServicerContext) -> bytes:
        return str(sum(len(request) for request in requests)).encode()

    @staticmethod
    def count(request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        for size in request.split():
            yield content(int(size))

    @staticmethod
    def ping_pong(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        for request in requests:
            yield request[::-1]

    @staticmethod
    def wait(request: bytes, context: grpc.ServicerContext) -> bytes:
        over = threading.Event()
        context.add_callback(over.set)
        if over.wait(10):
            left.set()
        return b""

    @staticmethod
    def fail(request: bytes, context: grpc.ServicerContext) -> bytes:
        context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, request.decode())

    @staticmethod
    def fail_late(request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        yield b"one"
        context.abort(grpc.StatusCode.DATA_LOSS, "after one")

    @staticmethod
    def detail(request: bytes, context: grpc.ServicerContext) -> bytes:
        inside = Any()
        inside.Pack(error_details_pb2.ErrorInfo(reason="TEST", domain="test.example", metadata={"key": "x" * 500}))
        context.abort_with_status(rpc_status.to_status(status_pb2.Status(code=code_pb2.FAILED_PRECONDITION, message="with details", details=[inside])))

    def stop(self) -> None:
        self.server.stop(0).wait()


@contextlib.contextmanager
def stage(settings: object) -> Iterator[Stage]:
    backend = Backend()
    try:
        with proxied(settings, [backend], pool='protocol = "h2"') as made, channel(made.h2c_port) as made.channel:
            yield made
    finally:
        backend.stop()


def channel(port: int) -> grpc.Channel:
    return grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.max_receive_message_length", -1), ("grpc.enable_http_proxy", 0), ("grpc.enable_retries", 0)])


GROUP = Group("gRPC", stage)


def failure(call) -> grpc.RpcError:
    try:
        call()
    except grpc.RpcError as error:
        return error
    demand(False, "the call succeeded")


def echo(stage: Stage):
    return stage.channel.unary_unary("/test.Test/Echo")


@GROUP.case("empty unary")
def empty(stage: Stage) -> None:
    equal("answer", echo(stage)(b"", timeout=10), b"")


@GROUP.case("large unary")
def large(stage: Stage) -> None:
    big = content(LARGE)
    demand(echo(stage)(big, timeout=20) == big, "the answer differs")


@GROUP.case("a thousand unary calls, a hundred at once")
def many(stage: Stage) -> None:
    call = echo(stage)
    with futures.ThreadPoolExecutor(100) as pool:
        bodies = [b"%d" % number for number in range(1000)]
        equal("answers", list(pool.map(lambda body: call(body, timeout=30), bodies)) == bodies, True)


@GROUP.case("client streaming")
def client_streaming(stage: Stage) -> None:
    sizes = [27182, 8, 1828, 45904, 0, 1_000_000]
    got = stage.channel.stream_unary("/test.Test/Collect")((content(size) for size in sizes), timeout=20)
    equal("bytes that arrived", got, str(sum(sizes)).encode())


@GROUP.case("server streaming")
def server_streaming(stage: Stage) -> None:
    sizes = [31415, 9, 2653, 58979, 0, 1_000_000]
    got = stage.channel.unary_stream("/test.Test/Count")(b" ".join(b"%d" % size for size in sizes), timeout=20)
    equal("sizes", [len(one) for one in got], sizes)


@GROUP.case("ping-pong: each message waits for the last answer")
def ping_pong(stage: Stage) -> None:
    turn = threading.Semaphore(1)

    def messages() -> Iterator[bytes]:
        for number in range(20):
            demand(turn.acquire(timeout=10), "no answer to wait for")
            yield b"%04d" % number
    for number, got in enumerate(stage.channel.stream_stream("/test.Test/PingPong")(messages(), timeout=20)):
        equal("answer", got, (b"%04d" % number)[::-1])
        turn.release()
    equal("answers", number, 19)


@GROUP.case("an empty stream")
def empty_stream(stage: Stage) -> None:
    equal("answers", list(stage.channel.stream_stream("/test.Test/PingPong")(iter(()), timeout=10)), [])


@GROUP.case("deadline exceeded")
def deadline(stage: Stage) -> None:
    left.clear()
    error = failure(lambda: stage.channel.unary_unary("/test.Test/Wait")(b"", timeout=0.3))
    equal("code", error.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
    demand(left.wait(5), "the server was not told")


@GROUP.case("cancellation reaches the server")
def cancellation(stage: Stage) -> None:
    left.clear()
    call = stage.channel.unary_unary("/test.Test/Wait").future(b"", timeout=20)
    time.sleep(0.2)  # the call has to be there before it can be given up
    call.cancel()
    demand(call.cancelled() and left.wait(5), "the server was not told")


@GROUP.case("cancellation after the first answer of a stream")
def late_cancellation(stage: Stage) -> None:
    call = stage.channel.stream_stream("/test.Test/PingPong")(iter([b"ab"] * 3), timeout=20)
    equal("answer", next(call), b"ba")
    call.cancel()
    equal("code", call.code(), grpc.StatusCode.CANCELLED)


@GROUP.case("code and message, in UTF-8")
def message(stage: Stage) -> None:
    text = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"
    error = failure(lambda: stage.channel.unary_unary("/test.Test/Fail")(text.encode(), timeout=10))
    equal("code, message", (error.code(), error.details()), (grpc.StatusCode.RESOURCE_EXHAUSTED, text))


@GROUP.case("a status after messages")
def late_status(stage: Stage) -> None:
    call = stage.channel.unary_stream("/test.Test/FailLate")(b"", timeout=10)
    equal("first answer", next(call), b"one")
    error = failure(lambda: next(call))
    equal("code, message", (error.code(), error.details()), (grpc.StatusCode.DATA_LOSS, "after one"))


@GROUP.case("status details")
def details(stage: Stage) -> None:
    error = failure(lambda: stage.channel.unary_unary("/test.Test/Detail")(b"", timeout=10))
    status = rpc_status.from_call(error)
    info = error_details_pb2.ErrorInfo()
    demand(status and status.details[0].Unpack(info), "no details")
    equal("reason, metadata", (info.reason, len(info.metadata["key"])), ("TEST", 500))


@GROUP.case("metadata, text and binary, both ways")
def metadata(stage: Stage) -> None:
    _, call = echo(stage).with_call(b"", timeout=10, metadata=[("x-test", "text"), ("x-test-bin", b"\0\xff\xab")])
    equal("initial", dict(call.initial_metadata()).get("x-initial"), "text")
    equal("trailing", dict(call.trailing_metadata()).get("x-trailing-bin"), b"\0\xff\xab")


@GROUP.case("unimplemented method, unimplemented service")
def unimplemented(stage: Stage) -> None:
    for method in ("/test.Test/Nothing", "/test.Nothing/Echo"):
        error = failure(lambda: stage.channel.unary_unary(method)(b"", timeout=10))
        equal("code", error.code(), grpc.StatusCode.UNIMPLEMENTED)


class Nowhere:
    """A backend that nobody started."""

    def __init__(self):
        self.url = f"http://127.0.0.1:{free_port()}"


@contextlib.contextmanager
def dead(settings: object) -> Iterator[Stage]:
    with proxied(settings, [Nowhere()], pool='protocol = "h2"') as made, channel(made.h2c_port) as made.channel:
        yield made


OWN = Group("gRPC, no backend", dead)


@OWN.case("UNAVAILABLE, with a message that names the cause")
def unavailable(stage: Stage) -> str:
    error = failure(lambda: echo(stage)(b"", timeout=10))
    equal("code", error.code(), grpc.StatusCode.UNAVAILABLE)
    fields = dict(error.trailing_metadata() or ()) | dict(error.initial_metadata() or ())
    demand(error.details() and "soe-cause" in fields, f"{error.details()!r} {sorted(fields)}")
    return error.details()[:70]


@OWN.case("UNAVAILABLE, with status details")
def unavailable_details(stage: Stage) -> str:
    error = failure(lambda: echo(stage)(b"", timeout=10))
    equal("code", error.code(), grpc.StatusCode.UNAVAILABLE)
    status = rpc_status.from_call(error)
    demand(status is not None and len(status.details) > 0, "no grpc-status-details-bin")
    return ", ".join(one.TypeName() for one in status.details)


@OWN.case("UNAVAILABLE for a stream")
def unavailable_stream(stage: Stage) -> None:
    error = failure(lambda: list(stage.channel.stream_stream("/test.Test/PingPong")(iter([b"a"]), timeout=10)))
    equal("code", error.code(), grpc.StatusCode.UNAVAILABLE)


