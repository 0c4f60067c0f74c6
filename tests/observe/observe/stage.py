"""All that runs: backends, proxies, load, and Prometheus over them."""

import contextlib
import threading
from pathlib import Path

from harness.backends import Faulty
from harness.certificates import localhost
from harness.cgroup import CpuGroup
from harness.load import Load
from harness.origin import Origin

from . import config, scaled
from .faults import POOLS, PoolFault
from .prometheus import Prometheus
from .told import Told
from .watched import Watched

RULES = Path(__file__).resolve().parents[3] / "config/prometheus/soe503.rules.yml"
MAIN = "main"
WRONG = "/status/500"


def reports(origin: Origin, connection, request, record) -> bool:
    """An answer of a backend that says how busy it is (ORCA)."""
    origin.read(connection, request, record)
    connection.socket.sendall(b"HTTP/1.1 200 OK\r\nEndpoint-Load-Metrics: TEXT cpu_utilization=0.3,application_utilization=0.3\r\nContent-Length: 2\r\n\r\nok")
    return True


class Stage:
    """`seconds` is how long faults last at most."""

    def __init__(self, directory: Path, binaries: dict[str, str], seconds: float):
        self.directory, self.binaries, self.seconds = directory, binaries, seconds
        self.stack = contextlib.ExitStack()
        self.backends: dict[str, list[Faulty]] = {}
        self.proxies: dict[str, Watched] = {}
        self.over = threading.Event()
        self.loads: list[Load] = []
        self.cpu: CpuGroup | None = None
        self.early = None
        """What fires while faults are still being brought about."""

    def __enter__(self) -> "Stage":
        try:
            self.set_up()
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.over.set()
        self.stack.close()

    def set_up(self) -> None:
        origin = self.stack.enter_context(Origin(reports))
        number = 0
        for fault in POOLS:
            for _ in range(fault.backends):
                number += 1
                backend = Faulty(number, self.directory, self.binaries["soe503-tools"], fault.work_ms)
                self.stack.callback(backend.stop)
                backend.start()
                self.backends.setdefault(fault.pool, []).append(backend)
        self.certificate = localhost(self.directory)
        self.told = Told()
        self.stack.callback(self.told.stop)
        self.add(MAIN, lambda proxy: self.main_config(proxy, origin.url))
        rules = self.directory / "scaled.rules.yml"
        scaled.rules(RULES, rules)
        self.prometheus = Prometheus(self.directory, rules)
        self.stack.callback(self.prometheus.stop)
        self.prometheus.start()
        self.watch()

    def main_config(self, proxy: Watched, reporting: str) -> str:
        pools = []
        for fault in POOLS:
            zones = [', zone = "a"', ', zone = "b"', ""] if fault.pool == "calm" else [""] * fault.backends
            backends = [config.backend(one.url, zone) for one, zone in zip(self.backends[fault.pool], zones)]
            settings = config.EVERYTHING if fault.pool == "calm" else fault.settings
            pools.append(config.pool(fault.pool, backends, settings, fault.route))
        pools.append(config.pool("reporting", [config.backend(reporting)], "[pools.reporting.load_reports]\n"))
        more = f"""
{self.told.config()}
[rate_limits.few]
requests = 5
by = "everyone"
[journal]
path = "{self.directory}/journal.redb"
[[listeners]]
address = "127.0.0.1:{proxy.tls}"
[listeners.tls]
certificates = [{{ cert = "{self.certificate.cert}", key = "{self.certificate.key}" }}]
"""
        # Paths under this one are answered with the status that they name.
        more += "".join(config.ROUTE.format(pool=fault.pool, route="").replace(f'"/{fault.pool}"', f'"{WRONG}"') for fault in POOLS if fault.wrong)
        return config.proxy(proxy.name, proxy.admin, proxy.port, pools, more).replace("workers = 1", 'workers = 1\nzone = "a"')

    def small(self, name: str, more: str = "") -> Watched:
        """A proxy for a fault of its own, with a backend that is fine."""
        backends = [config.backend(self.backends["calm"][0].url)]
        return self.add(name, lambda proxy: config.proxy(name, proxy.admin, proxy.port, [config.pool(f"of-{name}", backends)], more.replace("TLS", str(proxy.tls))))

    def add(self, name: str, write) -> Watched:
        proxy = Watched(name, self.binaries["soe503"], self.directory, write)
        self.stack.callback(proxy.stop)
        proxy.start()
        self.proxies[name] = proxy
        return proxy

    def watch(self) -> None:
        self.prometheus.scrape({name: proxy.admin for name, proxy in self.proxies.items()})

    def load(self, name: str, rate: float, proxy: str = MAIN, path: str | None = None, options: tuple[str, ...] = ()) -> None:
        """Requests for one pool, as long as the stage stands."""
        out = self.directory / f"{name}.results"
        load = Load(
            self.binaries["soe503-tools"], self.proxies[proxy].port, out, rate, self.seconds, posts=0.0, path=path or f"/{name}/x", ids=name, options=list(options),
        )
        self.loads.append(load)
        self.stack.callback(load.stop)

    def rest(self) -> None:
        """No more requests, and nobody who uses up a quota."""
        for load in self.loads:
            load.stop()
        if self.cpu:
            self.cpu.rest()

    def begin(self, fault: PoolFault) -> None:
        backends = self.backends[fault.pool]
        fault.begin(backends)
        if fault.wrong:
            self.load(f"{fault.pool}-wrong", fault.wrong, path=WRONG, options=("--arrivals", "constant"))
        if fault.keep:
            threading.Thread(target=self.keep, args=(fault, backends), daemon=True).start()

    def keep(self, fault: PoolFault, backends: list[Faulty]) -> None:
        while not self.over.wait(0.25):
            with contextlib.suppress(OSError):
                fault.keep(backends)
