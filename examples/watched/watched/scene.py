"""What runs: three backends, the proxy, and everything that watches it. Each has a free port of this machine's loopback."""

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from harness.backends import Faulty
from harness.build import ROOT
from harness.load import Load
from harness.processes import HarnessError, Process, free_port, wait_until

from .slack import Slack

CONFIG = """\
[server]
name = "shop"
[admin]
address = "127.0.0.1:{admin}"
[access_log]
path = "{directory}/access.log"

[[listeners]]
address = "127.0.0.1:{port}"
explain = "full"
trace_context = true
[[routes]]
pool = "cart"
timeout = "2s"
[pools.cart]
backends = [{backends}]
health_check = {{ path = "/healthz", interval = "1s" }}
ride_out = "200ms"

[incidents]
close_after = "5s"
external_url = "http://127.0.0.1:{admin}"
[alerts.team]
kind = "slack"
url = "{slack}"
[alerts.am]
kind = "alertmanager"
url = "http://127.0.0.1:{alertmanager}"
"""

ALERTMANAGER = """
route: { receiver: nobody, group_by: [incident, alertname], group_wait: 1s, group_interval: 1s }
receivers: [{ name: nobody }]
"""
# Debian calls its programs so, and their makers without the first word.
PROGRAMS = {"prometheus": ["prometheus"], "alertmanager": ["prometheus-alertmanager", "alertmanager"]}


def program(name: str) -> str:
    for one in PROGRAMS[name]:
        if found := shutil.which(one):
            return found
    raise HarnessError(f"{name} is needed: apt install prometheus prometheus-alertmanager")


class Scene:
    def __init__(self, binaries: Path, directory: Path):
        self.binaries, self.directory = binaries, directory
        self.slack = Slack()
        self.port, self.admin, self.prometheus, self.alertmanager = (free_port() for _ in range(4))
        self.backends = [Faulty(number, directory, str(binaries / "soe503-tools"), work_ms=5) for number in (1, 2, 3)]
        self.config = directory / "shop.toml"
        self.config.write_text(CONFIG.format(
            admin=self.admin, port=self.port, slack=self.slack.url, alertmanager=self.alertmanager, directory=directory,
            backends=", ".join(f'"{one.url}"' for one in self.backends),
        ))
        self.processes = [
            Process("prometheus", self.prometheus_command(), directory),
            Process("alertmanager", self.alertmanager_command(), directory),
            Process("soe503", [str(binaries / "soe503"), "run", "--config", str(self.config)], directory),
        ]
        self.load: Load | None = None

    def prometheus_command(self) -> list[str]:
        """With the configuration and the rules of `config/prometheus` as they are, but for addresses, and how often it looks."""
        shipped = ROOT / "config" / "prometheus"
        text = (shipped / "prometheus.yml").read_text()
        for name, value in [("127.0.0.1:9503", f"127.0.0.1:{self.admin}"), ("15s", "1s"), ("- soe503.rules.yml", f"- {shipped / 'soe503.rules.yml'}")]:
            if name not in text:
                raise HarnessError(f"config/prometheus/prometheus.yml has no {name} any more")
            text = text.replace(name, value)
        text += f"\nalerting: {{ alertmanagers: [{{ static_configs: [{{ targets: ['127.0.0.1:{self.alertmanager}'] }}] }}] }}\n"
        config = self.directory / "prometheus.yml"
        config.write_text(text)
        return [
            program("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={self.directory / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{self.prometheus}", "--enable-feature=exemplar-storage",
        ]

    def alertmanager_command(self) -> list[str]:
        config = self.directory / "alertmanager.yml"
        config.write_text(ALERTMANAGER)
        return [
            program("alertmanager"), f"--config.file={config}", f"--storage.path={self.directory / 'alertmanager'}",
            f"--web.listen-address=127.0.0.1:{self.alertmanager}", "--cluster.listen-address=",
        ]

    def __enter__(self) -> "Scene":
        try:
            for backend in self.backends:
                backend.start()
            for process in self.processes:
                process.start()
            for path in [f"{self.prometheus}/-/ready", f"{self.alertmanager}/-/ready", f"{self.admin}/readyz"]:
                wait_until(f"{path} answers", lambda path=path: self.answers(f"http://127.0.0.1:{path}"), 60)
            wait_until("prometheus has scraped", lambda: self.query("soe503_build_info"), 60)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        if self.load:
            self.load.stop()
        for process in reversed(self.processes):
            process.stop()
        for backend in self.backends:
            backend.stop()
        self.slack.stop()

    def visitors(self, seconds: float) -> None:
        self.load = Load(str(self.binaries / "soe503-tools"), self.port, self.directory / "load.jsonl", 50, seconds, ids="visitor", path="/cart")

    def door(self, name: str) -> None:
        for backend in self.backends:
            backend.door(name)

    # --- what is asked

    def ask(self) -> tuple[int, dict[str, str], str]:
        """A visitor's request: status, fields, body."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/cart", timeout=10) as answer:
                return answer.status, dict(answer.headers), answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read().decode()

    def answers(self, url: str) -> bool:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def get(self, port: int, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.read().decode()

    def prometheus_api(self, path: str, **parameters: str) -> dict | list:
        return json.loads(self.get(self.prometheus, f"/api/v1/{path}?{urllib.parse.urlencode(parameters)}"))["data"]

    def query(self, expr: str) -> list[dict]:
        return self.prometheus_api("query", query=expr)["result"]

    def lbctl(self, *words: str) -> str:
        command = [str(self.binaries / "lbctl"), "--admin", f"http://127.0.0.1:{self.admin}", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
        if done.returncode not in (0, 1):
            raise HarnessError(f"lbctl {' '.join(words)}: {done.stderr}")
        return done.stdout

    def failed(self, cause: str) -> str | None:
        """The first request that the access log has with this cause."""
        lines = map(json.loads, (self.directory / "access.log").read_text().splitlines())
        return next((line["request_id"] for line in lines if line["cause"] == cause), None)

    def lately(self) -> dict[str, str]:
        """The last five minutes, as Prometheus is asked for them."""
        now = time.time()
        return {"start": str(now - 300), "end": str(now)}
