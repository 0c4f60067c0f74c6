"""Proxies that Prometheus watches."""

import os
import signal
import urllib.error
import urllib.request
from pathlib import Path

from harness.processes import Process, free_port, wait_until


class Watched:
    """One process, or one after another, with a config that `write` makes from its ports."""

    def __init__(self, name: str, binary: str, directory: Path, write):
        self.name, self.port, self.admin, self.tls = name, free_port(), free_port(), free_port()
        self.config = directory / f"{name}.toml"
        self.config.write_text(write(self))
        self.process = Process(name, [binary, "run", "--config", str(self.config)], directory)

    def start(self) -> None:
        self.process.start().started("127.0.0.1", self.port)
        self.process.started("127.0.0.1", self.admin)

    def stop(self) -> None:
        self.signal(signal.SIGCONT)
        self.process.stop(15)

    def again(self) -> None:
        """Killed, and started anew."""
        self.process.kill()
        self.start()

    def signal(self, number: signal.Signals) -> None:
        if self.process.running():
            os.kill(self.process.pid, number)

    def ask(self, path: str) -> int:
        """A request; the status of its answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def metrics(self, accept: str = "*/*") -> tuple[str, str]:
        """The exposition and its content type."""
        asked = urllib.request.Request(f"http://127.0.0.1:{self.admin}/metrics", headers={"Accept": accept})
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return answer.read().decode(), answer.headers["Content-Type"]

    def value(self, series: str) -> float:
        """Of a series as it is written, or 0."""
        lines = (line.rpartition(" ") for line in self.metrics()[0].splitlines())
        return next((float(value) for name, _, value in lines if name == series), 0.0)

    def reaches(self, series: str, least: float, seconds: float = 30.0) -> None:
        wait_until(f"{series} reaches {least:g}", lambda: self.value(series) >= least, seconds)
