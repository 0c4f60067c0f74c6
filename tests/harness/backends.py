"""Backends: stock nginx, and the one that fails on command."""

import json
import urllib.request
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from .network import Namespace
from .processes import Process, free_port

# Stock nginx has no "sleep". It delays a refused login, though, and may answer that with a page
# of our choice: that is how requests are under way at the moment of the kill.
NGINX = """
daemon off;
worker_processes 1;
pid {directory}/nginx.pid;
error_log {directory}/error.log warn;
events {{ worker_connections 4096; }}
http {{
    log_format seen '$msec $request_method $http_x_load_id $status';
    access_log {directory}/access.log seen;
    keepalive_requests 100000;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen {host}:{port} backlog=4096;
        location / {{
            auth_basic off_limits;
            auth_basic_user_file {directory}/nobody;
            auth_delay {work_ms}ms;
            error_page 401 = @answer;
        }}
        location = /healthz {{ return 200 "fine\\n"; }}
        location @answer {{
            auth_basic off;
            default_type text/plain;
            add_header X-Load-Id $http_x_load_id always;
            return 200 "{body}";
        }}
    }}
}}
"""


@dataclass(frozen=True)
class Seen:
    """A line of nginx's access log: a request that was answered."""

    at: float
    method: str
    id: str


class Nginx:
    """A stock nginx that takes `work_ms` for each answer of 1 KiB and logs the request's id."""

    def __init__(self, number: int, directory: Path, work_ms: int = 20):
        self.name, self.host, self.port = f"nginx-{number}", "127.0.0.1", free_port()
        self.directory = directory / self.name
        self.directory.mkdir()
        self.directory.chmod(0o777)
        (self.directory / "nobody").write_text("nobody:x\n")
        config = self.directory / "nginx.conf"
        config.write_text(NGINX.format(
            directory=self.directory, host=self.host, port=self.port, work_ms=work_ms, body="x" * 1024,
        ))
        self.process = Process(self.name, ["nginx", "-p", str(self.directory), "-e", str(self.directory / "error.log"), "-c", str(config)], directory)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def start(self) -> float:
        return self.process.start().started(self.host, self.port)

    def kill(self) -> float:
        return self.process.kill()

    def kill_slowly(self) -> float:
        """Its connections break 30 ms before its port closes."""
        return self.process.kill_slowly(0.03)

    def stop(self) -> None:
        self.process.stop()

    def seen(self) -> list[Seen]:
        """What its own access log says."""
        log = self.directory / "access.log"
        lines = log.read_text().splitlines() if log.exists() else []
        return [Seen(float(at), method, id) for at, method, id, _ in map(str.split, lines) if id != "-"]


class Faulty:
    """`soe503-tools faulty`: counts each request when it has read it, then does what it is told."""

    def __init__(
        self, number: int, directory: Path, binary: str, work_ms: int = 20, namespace: Namespace | None = None, port: int | None = None,
        options: list[str] | None = None, prefix: list[str] | None = None,
    ):
        """`options`: more of the binary's own; `prefix`: the words before it."""
        self.name = f"faulty-{number}"
        self.host = namespace.address if namespace else "127.0.0.1"
        self.port, self.control = port or free_port(), free_port()
        self.ledger = directory / f"{self.name}.executions"
        self.ledger.touch()
        prefix = namespace.prefix if namespace else prefix or []
        self.process = Process(self.name, [
            *prefix, binary, "faulty", "--listen", f"{self.host}:{self.port}", "--control", f"{self.host}:{self.control}",
            "--delay-ms", str(work_ms), "--ledger", str(self.ledger), *(options or []),
        ], directory)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def start(self) -> float:
        return self.process.start().started(self.host, self.control)

    def kill(self) -> float:
        return self.process.kill()

    def stop(self) -> None:
        self.process.stop()

    def behave(self, traffic: str, health: str, percent: int = 100, only: str | None = None) -> None:
        """`only`: the first segment of the paths that are concerned."""
        self.tell(f"/fault/{traffic}/{health}?percent={percent}" + (f"&only={only}" if only else ""))

    def door(self, name: str) -> None:
        """Whom it lets in: open, killed, draining, resetting."""
        self.tell(f"/door/{name}")

    def tell(self, path: str) -> None:
        request = urllib.request.Request(f"http://{self.host}:{self.control}{path}", method="PUT")
        urllib.request.urlopen(request, timeout=5).read()

    def counts(self) -> dict:
        return json.load(urllib.request.urlopen(f"http://{self.host}:{self.control}/counts", timeout=5))

    def executions(self) -> Counter:
        """How often each (method, id) was executed, killed processes included."""
        return Counter(tuple(line.split()) for line in self.ledger.read_text().splitlines())
