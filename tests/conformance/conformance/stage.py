"""Surroundings of a group: a directory, a backend, the proxy on a plain and on a TLS address."""

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.certificates import Certificate, localhost
from harness.origin import Origin
from harness.processes import free_port
from harness.proxy import Soe503

from .answers import answer
from .stand_in import NginxProxy


@dataclass
class Stage:
    settings: object
    directory: Path
    proxy: Soe503 | NginxProxy
    origin: Origin | None = None
    tls_port: int | None = None
    certificate: Certificate | None = None

    @property
    def port(self) -> int:
        return self.proxy.port

    @property
    def h2c_port(self) -> int:
        """soe503 tells by the first bytes; nginx has an address of its own for HTTP/2 without TLS."""
        return self.proxy.h2c_port if isinstance(self.proxy, NginxProxy) else self.proxy.port


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="soe503-conformance-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


QUIET_POOL = 'circuit_breaker = { enabled = false }\nejection = { enabled = false }'


@contextlib.contextmanager
def proxied(settings: object, backends: list, tls: bool = False, route: str = 'retry = { attempts = 1 }\ntimeout = "20s"', pool: str = "", origin: Origin | None = None) -> Iterator[Stage]:
    """The proxy before these backends; with `tls`, a second listener that speaks it."""
    with scratch() as directory:
        listener, port, certificate = "", None, None
        if tls:
            certificate, port = localhost(directory), free_port()
            listener = f'[[listeners]]\naddress = "127.0.0.1:{port}"\ntls = {{ certificates = [{{ cert = "{certificate.cert}", key = "{certificate.key}" }}] }}\n'
        if settings.against == "nginx":
            proxy = NginxProxy(directory, backends[0], "h2" in pool, port, certificate)
        else:
            proxy = Soe503(settings.soe503, directory, backends, route, f"{QUIET_POOL}\n{pool}", listener)
        try:
            proxy.start()
            yield Stage(settings, directory, proxy, origin, port, certificate)
        finally:
            proxy.stop()


@contextlib.contextmanager
def plain(settings: object) -> Iterator[Stage]:
    with Origin(answer) as origin, proxied(settings, [origin], origin=origin) as stage:
        yield stage


@contextlib.contextmanager
def with_tls(settings: object) -> Iterator[Stage]:
    with Origin(answer) as origin, proxied(settings, [origin], tls=True, origin=origin) as stage:
        yield stage
