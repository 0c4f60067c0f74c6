"""What every scenario needs: a directory, binaries, lengths, and everything stopped at the end."""

import contextlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

from harness.load import Load
from harness.network import ConnectCounter
from harness.proxy import NginxProxy, Soe503

# How long a quick run watches the return from an outage: longer than a circuit may stay open.
RETURN = 7.5


@dataclass(frozen=True)
class Lengths:
    """When a fault begins and ends, and how long the load lasts: seconds from its start."""

    begin: float
    end: float
    total: float


@dataclass(frozen=True)
class Settings:
    soe503: str
    tools: str
    """`soe503-tools`: backends and load."""
    against: str
    rate: float
    quick: bool
    network: bool
    """Namespaces and packet sockets may be used."""
    keep: Path | None

    def lengths(self, begin: float, end: float, total: float) -> Lengths:
        """These in a full run, a few seconds in a quick one, with as much time for the return."""
        return Lengths(2.0, 5.0, 5.0 + min(total - end, RETURN)) if self.quick else Lengths(begin, end, total)


class Stage(contextlib.ExitStack):
    """One scenario's surroundings."""

    def __init__(self, settings: Settings, name: str):
        super().__init__()
        self.settings = settings
        if settings.keep:
            self.directory = settings.keep / name
            self.directory.mkdir(parents=True)
        else:
            self.directory = Path(self.enter_context(tempfile.TemporaryDirectory(prefix=f"soe503-{name}-")))
        # Servers that were started by root drop to a user who must get here.
        self.directory.chmod(0o755)
        self.connects = ConnectCounter(settings.network)
        self.callback(self.connects.close)

    def backends(self, backends: list) -> list:
        for backend in backends:
            self.callback(backend.stop)
            backend.start()
        return backends

    def proxy(self, backends: list, route: str = "", pool: str = ""):
        if self.settings.against == "nginx":
            proxy = NginxProxy(self.directory, backends)
        else:
            proxy = Soe503(self.settings.soe503, self.directory, backends, route, pool)
        self.callback(proxy.stop)
        proxy.start()
        return proxy

    def load(self, port: int, seconds: float, rate: float | None = None, posts: float = 0.1, ids: str = "load", path: str | None = None) -> Load:
        load = Load(self.settings.tools, port, self.directory / f"{ids}.jsonl", rate or self.settings.rate, seconds, posts, ids, path)
        self.callback(load.stop)
        return load
