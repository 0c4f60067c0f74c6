"""The two backends, and what each of them saw."""

import json
from dataclasses import dataclass
from pathlib import Path

from harness.origin import Connection, Origin, Request
from harness.origin import Seen as Record
from harness.processes import Process, free_port, wait_until


@dataclass(frozen=True)
class Seen:
    """A request as a backend understood it."""

    line: str
    body: bytes
    complete: bool
    broken: str | None = None
    """Why the backend found no single meaning in it."""


class Python:
    """The strict one: whatever can be doubted is an error."""

    name = "python"

    def __init__(self, directory: Path):
        self.origin = Origin(self.answer)
        self.url, self.host, self.port = self.origin.url, self.origin.host, self.origin.port

    @staticmethod
    def answer(origin: Origin, connection: Connection, request: Request, record: Record) -> bool:
        origin.read(connection, request, record)
        text = f"{record.line} {record.length}\n".encode("latin-1")
        head = f"HTTP/1.1 200 OK\r\nX-Origin: python\r\nContent-Length: {len(text)}\r\n\r\n".encode()
        connection.socket.sendall(head + (b"" if request.method == "HEAD" else text))
        return request.keeps_alive

    def start(self) -> None:
        self.origin.start()

    def stop(self) -> None:
        self.origin.stop()

    def clear(self) -> None:
        self.origin.seen.clear()

    def seen(self) -> list[Seen]:
        return [Seen(one.line, one.body, one.complete, one.broken) for one in self.origin.seen]


# The outer server logs what it read. It hands the request to an inner one because nginx keeps a
# body for its log only if there is somebody to send it to.
NGINX = """
daemon off;
worker_processes 1;
pid {directory}/nginx.pid;
error_log {directory}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    log_format seen escape=json '{{"request":"$request","method":"$request_method","target":"$request_uri","body":"$request_body","status":"$status","done":"$request_completion"}}';
    keepalive_requests 100000;
    client_body_buffer_size 512k;
    client_body_in_single_buffer on;
    client_header_timeout 5s;
    client_body_timeout 5s;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen {host}:{port};
        access_log {directory}/access.log seen;
        add_header X-Origin nginx;
        location / {{ proxy_pass http://127.0.0.1:{inner}; }}
    }}
    server {{
        listen 127.0.0.1:{inner};
        access_log off;
        location / {{ return 200 "$request_method $request_uri $content_length\\n"; }}
    }}
}}
"""


class Nginx:
    """The lenient one: it tolerates what many servers tolerate."""

    name = "nginx"

    def __init__(self, directory: Path):
        self.host, self.port = "127.0.0.1", free_port()
        self.directory = directory / "backend"
        self.directory.mkdir()
        self.directory.chmod(0o777)
        config = self.directory / "nginx.conf"
        config.write_text(NGINX.format(directory=self.directory, host=self.host, port=self.port, inner=free_port()))
        self.process = Process("nginx-backend", ["nginx", "-p", str(self.directory), "-e", str(self.directory / "error.log"), "-c", str(config)], directory)
        self.url, self.log, self.read = f"http://{self.host}:{self.port}", self.directory / "access.log", 0

    def start(self) -> None:
        self.process.start().started(self.host, self.port)

    def stop(self) -> None:
        self.process.stop()

    def clear(self) -> None:
        self.read = self.log.stat().st_size if self.log.exists() else 0

    def seen(self) -> list[Seen]:
        """What its log says. A line is written when a request ends: the last canary is waited for."""
        def lines() -> list[bytes]:
            with self.log.open("rb") as log:
                log.seek(self.read)
                return log.read().splitlines()
        wait_until("nginx logs the last canary", lambda: any(b'"target":"/after"' in line for line in lines()))
        return [seen for line in lines() if (seen := self.parse(line)) and seen.line != "GET /healthz"]

    @staticmethod
    def parse(line: bytes) -> Seen | None:
        # escape=json leaves bytes above 127 as they are: Latin-1 gives them all back.
        entry = json.loads(line.decode("latin-1"), strict=False)
        if not entry["request"] and not entry["done"]:
            return None  # a connection that was closed within a head, or before one
        # A body that its sender breaks off is a 400 too, but one that was not sent.
        whole = bool(entry["done"]) and entry["status"] == "200"
        broken = f"nginx answered {entry['status']}" if entry["done"] and entry["status"] in ("400", "414", "501", "505") else None
        return Seen(f"{entry['method']} {entry['target']}", entry["body"].encode("latin-1"), whole, broken)


