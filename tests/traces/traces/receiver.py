"""Collectors: one that takes spans as OTLP says, over HTTP and gRPC, and ones that misbehave."""

import gzip
import socket
import ssl
import threading
import time
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse

from harness.processes import free_port, wait_until


class Store:
    """The spans that came, with their attributes as a dictionary."""

    def __init__(self):
        self.lock, self.spans, self.resources, self.requests, self.headers = threading.Lock(), [], [], 0, []

    def add(self, request: ExportTraceServiceRequest, headers: dict) -> None:
        with self.lock:
            self.requests += 1
            self.headers.append(headers)
            for resource in request.resource_spans:
                self.resources.append(attributes(resource.resource))
                for scope in resource.scope_spans:
                    self.spans += [(span, attributes(span)) for span in scope.spans]

    def of(self, request_id: str, count: int, seconds: float = 20.0) -> list:
        """The spans of the request with this id, the SERVER span first, once there are so many."""
        def found() -> list:
            with self.lock:
                server = next((pair for pair in self.spans if pair[1].get("soe503.request_id") == request_id), None)
                if server is None:
                    return []
                children = [pair for pair in self.spans if pair[0].parent_span_id == server[0].span_id and pair[0].trace_id == server[0].trace_id]
                return [server, *sorted(children, key=lambda pair: pair[0].start_time_unix_nano)]
        wait_until(f"{count} spans of {request_id}", lambda: len(found()) >= count, seconds)
        return found()

    def knows(self, request_id: str) -> bool:
        with self.lock:
            return any(one.get("soe503.request_id") == request_id for _, one in self.spans)


def attributes(message) -> dict:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in message.attributes}


class HttpCollector:
    """OTLP/HTTP. `script` gives (status, headers, body) for each request by its number, or None for a good answer."""

    def __init__(self, script=None, certificate=None, protocol: str = "http/protobuf"):
        """`protocol`: what the proxy is told that it speaks."""
        self.store, self.port, self.script, self.seen, self.protocol = Store(), free_port(), script or (lambda number: None), 0, protocol
        self.scheme = "https" if certificate else "http"
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):  # noqa: N802
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                collector.seen += 1
                told = collector.script(collector.seen)
                if told is None:
                    if self.path != "/v1/traces" or self.headers["Content-Type"] != "application/x-protobuf":
                        told = (404, {}, b"")
                    else:
                        collector.store.add(ExportTraceServiceRequest.FromString(body), dict(self.headers))
                        told = (200, {"Content-Type": "application/x-protobuf"}, ExportTraceServiceResponse().SerializeToString())
                status, headers, answer = told
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(answer))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.server.daemon_threads = True
        # Who leaves in the middle of an answer is worth no words here.
        self.server.handle_error = lambda *_: None
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.cert, certificate.key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    endpoint = property(lambda self: f"{self.scheme}://127.0.0.1:{self.port}")

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class GrpcCollector(trace_service_pb2_grpc.TraceServiceServicer):
    """OTLP/gRPC by grpcio. `script` gives a status code for each call by its number, or None."""

    def __init__(self, script=None):
        self.store, self.script, self.seen = Store(), script or (lambda number: None), 0
        self.server = grpc.server(futures.ThreadPoolExecutor(4))
        trace_service_pb2_grpc.add_TraceServiceServicer_to_server(self, self.server)
        self.port = self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()

    endpoint = property(lambda self: f"http://127.0.0.1:{self.port}")
    protocol = "grpc"

    def Export(self, request, context):  # noqa: N802
        self.seen += 1
        code = self.script(self.seen)
        if code is not None:
            context.abort(code, "not now")
        self.store.add(request, dict(context.invocation_metadata()))
        return ExportTraceServiceResponse()

    def stop(self) -> None:
        self.server.stop(0)


class GrpcGarbage:
    """Answers each call well, with a message that is none."""

    protocol = "grpc"

    def __init__(self, message: bytes):
        answers = grpc.unary_unary_rpc_method_handler(lambda request, context: message)
        service = "opentelemetry.proto.collector.trace.v1.TraceService"
        self.server = grpc.server(futures.ThreadPoolExecutor(4))
        self.server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, {"Export": answers})])
        self.endpoint = f"http://127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        self.server.start()

    def stop(self) -> None:
        self.server.stop(0)


class Deaf:
    """Accepts and never answers; or answers with `words`, which are no HTTP, and closes."""

    def __init__(self, protocol: str, words: bytes | None = None):
        self.protocol, self.words, self.seen, self.going, self.held = protocol, words, 0, True, []
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    endpoint = property(lambda self: f"http://127.0.0.1:{self.port}")

    def run(self) -> None:
        while self.going:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            self.seen += 1
            self.held.append(client)
            if self.words is not None:
                try:
                    client.settimeout(1)
                    client.recv(65536)
                    client.sendall(self.words)
                    client.close()
                except OSError:
                    pass

    def stop(self) -> None:
        self.going = False
        self.socket.close()
        for client in self.held:
            client.close()


class Dead:
    """Nobody is there."""

    def __init__(self, protocol: str):
        self.protocol, self.endpoint = protocol, f"http://127.0.0.1:{free_port()}"

    def stop(self) -> None:
        pass


def pause(seconds: float):
    """A script that answers late."""
    def script(_number: int) -> None:
        time.sleep(seconds)
    return script
