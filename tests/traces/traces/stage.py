"""A proxy with traces, its backends and its collector."""

import contextlib
import http.client
import itertools
import tempfile
import urllib.request
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from harness.backends import Faulty
from harness.processes import Process, free_port, wait_until

CONFIG = """
[server]
name = "edge-test"
workers = 2
shutdown_grace = "2s"
[admin]
address = "127.0.0.1:{admin}"
[telemetry.traces]
endpoint = "{endpoint}"
protocol = "{protocol}"
export_interval = "50ms"
timeout = "{timeout}"
service_name = "shop-edge"
resource_attributes = {{ "deployment.environment.name" = "test" }}
{traces}
[[listeners]]
address = "127.0.0.1:{port}"
explain = "full"
[[routes]]
match = {{ path_prefix = "/api" }}
pool = "app"
{route}
[pools.app]
backends = [{backends}]
{pool}
"""


@dataclass
class Answer:
    status: int
    id: str
    headers: http.client.HTTPMessage
    body: bytes = field(repr=False)


class Proxy:
    def __init__(self, binary: str, directory: Path, backends: list[str], collector, traces: str = "", route: str = "", pool: str = "", timeout: str = "2s"):
        self.port, self.admin = free_port(), free_port()
        config = directory / f"soe503-{self.port}.toml"
        config.write_text(CONFIG.format(
            admin=self.admin, port=self.port, endpoint=collector.endpoint, protocol=collector.protocol, timeout=timeout, traces=traces,
            route=route, pool=pool, backends=", ".join(f'"{url}"' for url in backends),
        ))
        self.process = Process(f"soe503-{self.port}", [binary, "run", "--config", str(config)], directory)

    def start(self) -> "Proxy":
        self.process.start().started("127.0.0.1", self.port)
        return self

    def client(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def ask(self, path: str = "/api/orders?card=4111", client: http.client.HTTPConnection | None = None, **headers: str) -> Answer:
        """`client`: a connection to use and to leave open."""
        headers.setdefault("X_Request_Id", uuid.uuid4().hex)
        with contextlib.nullcontext(client) if client else contextlib.closing(self.client()) as client:
            client.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            answer = client.getresponse()
            body = answer.read()
        return Answer(answer.status, headers["X_Request_Id"], answer.headers, body)

    def metrics(self) -> dict[str, float]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/metrics", timeout=5) as answer:
            lines = [line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if line and not line.startswith("#")]
        return {series: float(value) for series, value in lines}

    def dropped(self, reason: str) -> float:
        return self.metrics().get(f'soe503_traces_dropped_total{{reason="{reason}"}}', 0.0)

    def exported(self) -> float:
        return self.metrics().get("soe503_traces_exported_total", 0.0)

    def resident(self) -> int:
        """KiB of memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))

    def wait_for(self, what: str, holds, seconds: float = 20.0) -> None:
        wait_until(what, holds, seconds)


class Stage:
    """Everything that one case needs, ended with it."""

    def __init__(self, settings):
        self.settings, self.stack = settings, contextlib.ExitStack()
        self.directory = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.numbers = itertools.count(1)

    def collector(self, collector):
        self.stack.callback(collector.stop)
        return collector

    def backend(self) -> Faulty:
        backend = Faulty(next(self.numbers), self.directory, self.settings.tools, work_ms=0)
        backend.start()
        self.stack.callback(backend.stop)
        return backend

    def proxy(self, backends: list[str], collector, **more) -> Proxy:
        proxy = Proxy(self.settings.soe503, self.directory, backends, collector, **more).start()
        self.stack.callback(proxy.process.stop)
        return proxy


@contextlib.contextmanager
def stage(settings):
    one = Stage(settings)
    with one.stack:
        yield one
