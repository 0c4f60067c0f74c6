"""What one play has: a network, backends, a resolver, a proxy, clients; and what a row may do with them."""

import asyncio
import subprocess
import time
from pathlib import Path

from harness.cgroup import CpuGroup
from harness.processes import Process, free_port

from .certificates import Certificates
from .load import Clients, Shape
from .network import Network
from .proxies import ALL, Place
from .row import Row
from .stub import Backend, Nature, Resolver


class NotPossible(Exception):
    """This machine cannot do it; says nothing about a proxy."""


class Stage:
    """`app` are the backends that a row does things to, `control` those of the other pool."""

    def __init__(self, row: Row, proxy: str, directory: Path, binaries: dict[str, str], seed: int, rate: float, private: bool):
        self.row, self.setting, self.seed, self.rate, self.directory = row, row.setting, seed, rate, directory
        self.binaries, self.network = binaries, Network(private)
        self.proxy_name, self.window = proxy, 10.0
        self.app: list[Backend] = []
        self.control: list[Backend] = []
        self.resolver: Resolver | None = None
        self.certificates: Certificates | None = None
        self.cpu: CpuGroup | None = None
        self.inner: Process | None = None
        self.kept: list = []
        # What a row itself finds wrong.
        self.alarms: list[str] = []
        self.mounted: list[Path] = []
        self.tasks: list[asyncio.Task] = []
        self.events: list[tuple[float, str]] = []

    def note(self, what: str) -> None:
        self.events.append((time.time(), what))

    def later(self, work) -> None:
        """A part of an injection that goes on; it ends with the fault's window."""
        self.tasks.append(asyncio.ensure_future(work))

    # --- setting up -----------------------------------------------------------------------------

    async def build(self) -> None:
        setting = self.setting
        if not self.network.private and (setting.network or setting.ports or setting.cpu):
            raise NotPossible("needs namespaces: root, or unprivileged user namespaces")
        if setting.network:
            self.network.build()
        if setting.tls:
            self.certificates = Certificates(self.directory / "certificates")
        if setting.cpu:
            self.cpu = CpuGroup.make(*setting.cpu)
            if not self.cpu:
                raise NotPossible("needs a CPU cgroup that may be written to")
        self.app = [await self.backend(f"quince-{number + 1}", host, port) for number, (host, port) in enumerate(self.places())]
        self.control = [await self.backend(f"medlar-{number + 1}", "127.0.0.1", free_port(), plain=True) for number in range(3)]
        if setting.names != "none":
            self.resolver = await Resolver().open(self.network, self.network.router)
            self.resolver.says(self.names())
            self.network.use_resolver(self.directory, self.network.router)
        await self.act(self.row.before)
        self.members_told = self.members()
        self.proxy = ALL[self.proxy_name](Place(
            self.directory, setting, self.binaries, self.members_told, [(one.name, one.host, one.port) for one in self.control],
            self.certificates.ca if self.certificates else None,
        ))

    def places(self) -> list[tuple[str, int]]:
        setting = self.setting
        if setting.names == "one":
            port = free_port()
            return [(f"127.0.0.{21 + number}", port) for number in range(setting.backends)]
        hosts = {"near": self.network.near, "far": self.network.far}.get(setting.where) or ["127.0.0.1"] * setting.backends
        return [(host, free_port()) for host in hosts[:setting.backends]]

    async def backend(self, name: str, host: str, port: int, plain: bool = False) -> Backend:
        context = self.certificates.context("good") if self.certificates and not plain else None
        made = Backend(name, self.network, host, port, self.seed, Nature(), context)
        await made.open()
        return made

    def names(self) -> dict[str, list[str]]:
        if self.setting.names == "one":
            return {"app.test": [one.host for one in self.app]}
        return {f"{one.name}.app.test": [one.host] for one in self.app}

    def members(self) -> list[tuple[str, str, int]]:
        """As the proxy is told."""
        if self.setting.inner:
            return [("inner", "127.0.0.1", self.start_inner())]
        if self.setting.names == "one":
            return [("app", "app.test", self.app[0].port)]
        if self.setting.names == "each":
            return [(one.name, f"{one.name}.app.test", one.port) for one in self.app]
        return [(one.name, one.host, one.port) for one in self.app]

    def start_inner(self) -> int:
        """A second soe503, with the stubs behind it."""
        port, admin = free_port(), free_port()
        config = self.directory / "inner.toml"
        urls = ", ".join(f'"http://{one.address}"' for one in self.app)
        config.write_text(
            f'[server]\nname = "orders-mesh"\nworkers = 1\n[admin]\naddress = "127.0.0.1:{admin}"\n[[listeners]]\naddress = "127.0.0.1:{port}"\nexplain = "internal"\n'
            f'[[routes]]\npool = "orders"\n[pools.orders]\nbackends = [{urls}]\n[pools.orders.health_check]\npath = "/healthz"\n'
        )
        self.inner = Process("inner", [self.binaries["soe503"], "run", "--config", str(config)], self.directory)
        self.inner.start()
        return port

    async def start(self) -> None:
        """The proxy, then the clients. The stubs answer meanwhile."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self.proxy.start)
        if self.cpu:
            self.cpu.take(self.proxy.process.pid, self.setting.burner)
        shape = Shape(**{"rate": self.rate, **(self.row.load or {})})
        self.clients = Clients(self.proxy.targets(), shape, self.seed)
        self.clients.start()

    @property
    def shape(self) -> Shape:
        return self.clients.shape

    async def act(self, act) -> None:
        done = act(self)
        if asyncio.iscoroutine(done):
            await done

    async def snapshot(self) -> dict:
        return await asyncio.get_running_loop().run_in_executor(None, self.proxy.snapshot)

    async def marker(self, kind: str, version: str, service: str = "pool-quince") -> None:
        """A change marker, where the proxy takes some."""
        if self.proxy.explains:
            taken = await asyncio.get_running_loop().run_in_executor(None, self.proxy.change, kind, service, version)
            self.note(f"marker {kind} {version}: {'taken' if taken else 'not taken'}")

    def spool(self, size: str = "64k") -> str:
        """A directory with little room."""
        made = self.directory / "spool"
        made.mkdir(exist_ok=True)
        if not self.network.private or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(made)], capture_output=True).returncode:
            raise NotPossible("needs a mount of its own")
        self.mounted.append(made)
        return str(made)

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        loop = asyncio.get_running_loop()
        if hasattr(self, "clients"):
            await self.clients.stop()
        if hasattr(self, "proxy"):
            await loop.run_in_executor(None, self.proxy.stop)
        if self.inner:
            await loop.run_in_executor(None, self.inner.stop, 3)
        for one in (*self.app, *self.control):
            one.stop()
        if self.cpu:
            self.cpu.close()
        for one in self.mounted:
            subprocess.run(["umount", "-l", str(one)], capture_output=True)
