"""The proxy before a backend, and a file limit that ten thousand connections fit in."""

import contextlib
import resource
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.backends import Nginx
from harness.origin import Origin
from harness.proxy import Soe503

from .bodies import serve


@dataclass
class Settings:
    soe503: str
    tools: str
    quick: bool


@dataclass
class Stage:
    settings: Settings
    directory: Path
    proxy: Soe503
    limit: int = 0
    """Seconds that a slow client has, where that is what a group is about."""

    @property
    def pid(self) -> int:
        return self.proxy.process.pid


def more_files() -> int:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


@contextlib.contextmanager
def proxied(settings: Settings, backend: object, directory: Path, limits: str = "") -> Iterator[Stage]:
    backend.start()
    try:
        proxy = Soe503(settings.soe503, directory, [backend], 'timeout = "120s"\nretry = { attempts = 1 }', listener=f"[listeners.limits]\n{limits}")
        try:
            proxy.start()
            yield Stage(settings, directory, proxy)
        finally:
            proxy.stop()
    finally:
        backend.stop()


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="soe503-endurance-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextlib.contextmanager
def crowd(settings: Settings) -> Iterator[Stage]:
    """nginx, and room for the crowd."""
    more_files()
    with scratch() as directory, proxied(settings, Nginx(1, directory, work_ms=0), directory, 'max_connections = 13000\nidle_timeout = "10m"') as stage:
        yield stage


@contextlib.contextmanager
def slow(settings: Settings) -> Iterator[Stage]:
    """The time for a head is short, so that its end can be watched."""
    limit = 2 if settings.quick else 10
    with scratch() as directory, proxied(settings, Origin(serve), directory, f'header_read_timeout = "{limit}s"') as stage:
        stage.limit = limit
        yield stage


@contextlib.contextmanager
def slow_bodies(settings: Settings) -> Iterator[Stage]:
    limit = 2 if settings.quick else 10
    with scratch() as directory, proxied(settings, Origin(serve), directory, f'body_read_timeout = "{limit}s"') as stage:
        stage.limit = limit
        yield stage


@contextlib.contextmanager
def large(settings: Settings) -> Iterator[Stage]:
    """A backend that reads slowly into a small buffer."""
    origin = Origin(serve, receive_buffer=256 * 1024)
    with scratch() as directory, proxied(settings, origin, directory) as stage:
        stage.origin = origin
        yield stage
