"""What a comparison stands on: backends, certificates, and the contestants that are up."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copy

from harness.processes import HarnessError, free_port, wait_until, accepts

from .contestants import CONFIGS, Contestant, Place, Running
from .processes import Pinned
from .tools import Tools
from .workloads import Client

BACKENDS = 3


@dataclass
class Stage:
    """Lives as long as the run."""

    directory: Path
    tools: Tools
    proxy_core: str
    load_core: str
    h1: list[int] = field(default_factory=list)
    h2: list[int] = field(default_factory=list)
    started: int = 0

    def open(self) -> "Stage":
        make_certificate(self.tools, self.directory)
        copy(CONFIGS / "openssl.cnf", self.directory)
        self.h1, self.h2 = ([free_port() for _ in range(BACKENDS)] for _ in range(2))
        words = [f"--h1=127.0.0.1:{port}" for port in self.h1] + [f"--h2=127.0.0.1:{port}" for port in self.h2]
        self.backends = Pinned("backends", [self.tools["soe503-tools"], "backend", *words], self.directory, self.load_core)
        self.backends.start()
        for port in [*self.h1, *self.h2]:
            wait_until("the backends listen", lambda: accepts("127.0.0.1", port))
        self.client = Client(self.tools, self.load_core, self.directory)
        return self

    def close(self) -> None:
        self.backends.stop()

    def place(self, contestant: Contestant, part: str) -> Place:
        self.started += 1
        home = self.directory / f"{self.started}-{contestant.name}-{part}"
        return Place(home, part, self.h2 if part == "grpc" else self.h1, self.directory, self.tools)

    @contextmanager
    def up(self, contestants: list[Contestant], part: str) -> Iterator[tuple[list[Running], dict[str, str]]]:
        """Starts them; yields those that run, and why the others do not."""
        running, refused = [], {}
        try:
            for contestant in contestants:
                if part not in contestant.parts:
                    continue
                one = Running(contestant, self.place(contestant, part), self.proxy_core)
                try:
                    one.start()
                    running.append(one)
                except HarnessError as error:
                    one.stop()
                    refused[one.name] = reason(error)
            yield running, refused
        finally:
            for one in running:
                one.stop()


def reason(error: Exception) -> str:
    """One line of what went wrong."""
    return " ".join(str(error).split())[:160]


def make_certificate(tools: Tools, directory: Path) -> None:
    """A self-signed one: ECDSA P-256, as most are today."""
    key, cert = directory / "key.pem", directory / "cert.pem"
    command = [
        tools["openssl"], "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "7",
        "-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1,DNS:bench", "-addext", "basicConstraints=critical,CA:FALSE",
        "-keyout", str(key), "-out", str(cert),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise HarnessError(f"openssl: {done.stderr[-500:]}")
    (directory / "both.pem").write_text(cert.read_text() + key.read_text())
    for path in (key, cert, directory / "both.pem"):
        path.chmod(0o644)


def write_json(path: Path, document: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n")
