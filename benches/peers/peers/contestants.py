"""The proxies that are compared: how each is configured and started."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.processes import free_port

from .processes import Pinned
from .tools import Tools

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
# What a proxy can be asked to speak. One listener each, so that nothing else is paid for.
PARTS = ("h1", "h2", "tls", "grpc")


@dataclass
class Place:
    """Where a proxy runs: its files, its port, its backends, and the one protocol it listens for."""

    directory: Path
    part: str
    backends: list[int]
    certificate: Path
    tools: Tools
    # Where the files come from that `config` fills.
    configs: Path = CONFIGS

    def __post_init__(self):
        self.port, self.admin = free_port(), free_port()
        self.directory.mkdir(parents=True)
        self.directory.chmod(0o777)

    def values(self) -> dict[str, str]:
        values = {
            "port": str(self.port), "listen": f"127.0.0.1:{self.port}", "admin": str(self.admin), "dir": str(self.directory),
            "cert": str(self.certificate / "cert.pem"), "key": str(self.certificate / "key.pem"), "pem": str(self.certificate / "both.pem"),
        }
        for number, port in enumerate(self.backends, start=1):
            values |= {f"backend{number}": f"127.0.0.1:{port}", f"port{number}": str(port)}
        return values

    def config(self, name: str) -> str:
        """Writes a file of `configs` as it is for this place; returns its path."""
        path = self.directory / name
        path.write_text(fill(only_for(self.part, (self.configs / name).read_text()), self.values()))
        return str(path)

    def addresses(self) -> list[str]:
        return [f"127.0.0.1:{port}" for port in self.backends]


@dataclass(frozen=True)
class Contestant:
    """A proxy, or something in the place of one."""

    name: str
    # The command line; `None` stands for no proxy at all.
    command: Callable[[Place], list[str]] | None
    parts: tuple[str, ...] = PARTS
    # A floor shows what cannot be avoided; it is no rival.
    floor: bool = False
    # Workloads that it cannot carry.
    lacks: tuple[str, ...] = ()


def only_for(part: str, text: str) -> str:
    """Keeps the lines between `#if PART` (or `#ifnot PART`) and `#endif` if that is the part."""
    kept, keep = [], True
    for line in text.splitlines():
        match line.split():
            case ["#if", wanted]:
                keep = wanted == part
            case ["#ifnot", unwanted]:
                keep = unwanted != part
            case ["#endif"]:
                keep = True
            case _ if keep:
                kept.append(line)
    return "\n".join(kept) + "\n"


def fill(text: str, values: dict[str, str]) -> str:
    """Replaces `@name@`; configuration languages use braces for themselves."""
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text


# --- the command lines --------------------------------------------------------------------------


def soe503(place: Place) -> list[str]:
    return [place.tools["soe503"], "run", "--config", place.config("soe503.toml")]


def nginx(place: Place) -> list[str]:
    return [place.tools["nginx"], "-p", str(place.directory), "-e", str(place.directory / "error.log"), "-c", place.config("nginx.conf")]


def haproxy(place: Place) -> list[str]:
    return [place.tools["haproxy"], "-db", "-f", place.config("haproxy.cfg")]


def envoy(place: Place) -> list[str]:
    return [place.tools["envoy"], "--concurrency", "1", "--disable-hot-restart", "--log-level", "error", "-c", place.config("envoy.yaml")]


def traefik(place: Place) -> list[str]:
    place.config("traefik-routes.yaml")
    return ["env", "GOMAXPROCS=1", place.tools["traefik"], f"--configFile={place.config('traefik.yaml')}"]


def caddy(place: Place) -> list[str]:
    home = [f"XDG_DATA_HOME={place.directory}", f"XDG_CONFIG_HOME={place.directory}"]
    return ["env", "GOMAXPROCS=1", *home, place.tools["caddy"], "run", "--adapter", "caddyfile", "--config", place.config("Caddyfile")]


def pingora(place: Place) -> list[str]:
    values = place.values()
    listen = ["--listen", values["listen"]]
    if place.part == "tls":
        listen = ["--listen-tls", values["listen"], "--cert", values["cert"], "--key", values["key"]]
    upstream = ["--h2-upstream"] if place.part == "grpc" else []
    return [place.tools["pingora"], *listen, *upstream, *(f"--backend={address}" for address in place.addresses())]


def relay(place: Place) -> list[str]:
    return [place.tools["soe503-tools"], "relay", "--listen", place.values()["listen"], *(f"--backend={address}" for address in place.addresses())]


def bare(place: Place) -> list[str]:
    return [*relay(place), "--parse"]


def command(line: str) -> Callable[[Place], list[str]]:
    """Any command line, with the placeholders of the config files in it."""
    return lambda place: [fill(word, place.values()) for word in shlex.split(line)]


ALL = [
    Contestant("soe503", soe503),
    Contestant("nginx", nginx),
    Contestant("haproxy", haproxy),
    Contestant("envoy", envoy),
    Contestant("traefik", traefik),
    Contestant("caddy", caddy),
    Contestant("pingora", pingora),
    Contestant("bare", bare, ("h1",), floor=True, lacks=("ws",)),
    Contestant("relay", relay, ("h1", "grpc"), floor=True),
    Contestant("direct", None, ("h1", "grpc"), floor=True),
]
NAMES = [one.name for one in ALL]


class Running:
    """A contestant that was started, or the reason why it could not be."""

    def __init__(self, contestant: Contestant, place: Place, cores: str):
        self.contestant, self.place = contestant, place
        self.process: Pinned | None = None
        self.port = place.backends[0]
        if contestant.command:
            self.port = place.port
            self.process = Pinned(contestant.name, contestant.command(place), place.directory, cores)

    @property
    def name(self) -> str:
        return self.contestant.name

    def start(self) -> float:
        """Returns the seconds from the start to the first answer."""
        if not self.process:
            return 0.0
        self.process.start()
        # A listener that speaks something else than plain HTTP/1.1 is probed by the load itself.
        return self.process.serving(self.port, tls=self.place.part != "h1")

    def cpu_seconds(self) -> float:
        return self.process.cpu_seconds() if self.process else 0.0

    def rss_kib(self) -> int:
        return self.process.rss_kib() if self.process else 0

    def stop(self) -> None:
        if self.process:
            self.process.stop()
