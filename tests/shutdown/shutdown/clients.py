"""Clients that go on until they are told to stop, and remember what happened to every request."""

import socket
import threading
import time
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events
from harness.origin import Broken, Connection


@dataclass
class Tally:
    served: int = 0
    served_after: int = 0
    """Of these, after the signal."""
    told: int = 0
    """Connections that ended with `Connection: close` or GOAWAY."""
    idle_closed: int = 0
    """Connections that were closed while nothing was under way on them."""
    refused: int = 0
    """Attempts to connect that were refused: nothing was sent."""
    unsent: int = 0
    """h2 streams above GOAWAY's last one: the proxy says that it has not touched them."""
    failures: list[str] = field(default_factory=list)
    last: float = 0.0
    """When the last answer came."""

    def __str__(self) -> str:
        words = {"served": self.served, "after the signal": self.served_after, "told to close": self.told, "closed idle": self.idle_closed, "refused": self.refused, "unsent": self.unsent}
        return ", ".join(f"{number} {word}" for word, number in words.items() if number)


class Client(threading.Thread):
    """`over` is set when the run ends, `signalled` at SIGTERM."""

    def __init__(self, port: int, over: threading.Event, signalled: threading.Event):
        super().__init__(daemon=True)
        self.port, self.over, self.signalled, self.tally = port, over, signalled, Tally()

    def run(self) -> None:
        while not self.over.is_set():
            self.visit()

    def visit(self) -> None:
        """A connection from its begin to its end."""
        try:
            sock = socket.create_connection(("127.0.0.1", self.port), timeout=5)
        except ConnectionRefusedError as error:
            self.refused(error)
            return
        except OSError as error:
            self.fail("connect", error)
            return
        with sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.talk(sock)

    def refused(self, error: ConnectionRefusedError) -> None:
        self.tally.refused += 1
        self.over.wait(0.02)

    def talk(self, sock: socket.socket) -> None:
        raise NotImplementedError

    def good(self) -> None:
        self.tally.served += 1
        self.tally.served_after += self.signalled.is_set()
        self.tally.last = time.monotonic()

    def fail(self, when: str, error: object) -> None:
        self.tally.failures.append(f"{type(self).__name__}, {when}, {'after' if self.signalled.is_set() else 'before'} the signal: {type(error).__name__} {error}")


class KeepAlive(Client):
    """HTTP/1.1: one request after another, with a pause of `think` seconds."""

    think, method = 0.005, "GET"

    def talk(self, sock: socket.socket) -> None:
        connection = Connection(sock)
        body = b"x" * 2000 if self.method == "POST" else b""
        request = f"{self.method} /work HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        first = True
        while self.goes_on():
            if not first and self.closed(sock):
                self.tally.idle_closed += 1
                return
            try:
                sock.sendall(request)
                line = connection.line()
                fields = {name.lower(): value.lower() for name, value in connection.fields()}
                b"".join(connection.exactly(int(fields.get("content-length", 0))))
            except (OSError, Broken) as error:
                self.fail("a first request" if first else "a later request", error)
                return
            if b" 200 " not in line:
                self.fail("an answer", Broken(line.decode("latin-1")))
            else:
                self.good()
            if "close" in fields.get("connection", ""):
                self.tally.told += 1
                return
            first = False
            time.sleep(self.think)

    def goes_on(self) -> bool:
        """Whether there is to be another request on this connection."""
        return not self.over.is_set()

    @staticmethod
    def closed(sock: socket.socket) -> bool:
        """Whether the other side has closed: a client looks before it sends."""
        sock.setblocking(False)
        try:
            return sock.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except ConnectionError:
            return True
        finally:
            sock.settimeout(5)


class Post(KeepAlive):
    method = "POST"


class New(KeepAlive):
    """A connection for each request."""

    def talk(self, sock: socket.socket) -> None:
        connection = Connection(sock)
        try:
            sock.sendall(b"GET /work HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            line = connection.line()
            fields = {name.lower(): value for name, value in connection.fields()}
            b"".join(connection.exactly(int(fields.get("content-length", 0))))
        except (OSError, Broken) as error:
            self.fail("a new connection", error)
            return
        if b" 200 " not in line:
            self.fail("an answer", Broken(line.decode("latin-1")))
        else:
            self.good()
        time.sleep(self.think)


class Patient(h2.connection.H2Connection):
    """hyper-h2 takes a connection for dead at the first GOAWAY; what is under way still comes (RFC 9113 §6.8)."""

    def _receive_goaway_frame(self, frame):
        event = h2.events.ConnectionTerminated()
        event.error_code, event.last_stream_id = frame.error_code, frame.last_stream_id
        return [], [event]


class Streams(Client):
    """HTTP/2 by hyper-h2: eight requests under way at all times, until GOAWAY."""

    width = 8

    def talk(self, sock: socket.socket) -> None:
        connection = Patient(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
        connection.initiate_connection()
        under_way: dict[int, str | None] = {}
        gone, last = False, None
        try:
            while True:
                while not gone and not self.over.is_set() and len(under_way) < self.width:
                    stream = connection.get_next_available_stream_id()
                    connection.send_headers(stream, [(":method", "GET"), (":scheme", "http"), (":authority", "a"), (":path", "/work")], end_stream=True)
                    under_way[stream] = None
                sock.sendall(connection.data_to_send())
                if not under_way:
                    return
                data = sock.recv(65536)
                if not data:
                    self.lost(under_way, last, ConnectionError("closed"))
                    return
                for event in connection.receive_data(data):
                    if isinstance(event, h2.events.ResponseReceived):
                        under_way[event.stream_id] = dict(event.headers)[":status"]
                    elif isinstance(event, h2.events.DataReceived):
                        connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    elif isinstance(event, h2.events.StreamEnded):
                        status = under_way.pop(event.stream_id)
                        if status == "200":
                            self.good()
                        else:
                            self.fail("a stream", Broken(status))
                    elif isinstance(event, h2.events.StreamReset):
                        under_way.pop(event.stream_id, None)
                        if event.error_code == 7:  # REFUSED_STREAM: RFC 9113 §8.7, not processed
                            self.tally.unsent += 1
                        else:
                            self.fail("a stream", Broken(f"reset {event.error_code}"))
                    elif isinstance(event, h2.events.ConnectionTerminated):
                        if event.error_code:
                            self.fail("a connection", Broken(f"GOAWAY {event.error_code}"))
                        self.tally.told += not gone
                        gone, last = True, event.last_stream_id
                        for stream in [one for one in under_way if one > last]:
                            under_way.pop(stream)
                            self.tally.unsent += 1
        except (OSError, h2.exceptions.ProtocolError) as error:
            self.lost(under_way, last, error)

    def lost(self, under_way: dict, last: int | None, error: Exception) -> None:
        for stream in under_way:
            if last is not None and stream > last:
                self.tally.unsent += 1
            else:
                self.fail("a stream", error)
