"""An Alertmanager of our own: it tells a receiver and the proxy's admin API, at once."""

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from harness.processes import HarnessError, Process, free_port, wait_until

CONFIG = """
global: {{ resolve_timeout: 5m }}
route:
  receiver: both
  group_by: [incident, alertname]
  group_wait: 100ms
  group_interval: 200ms
  repeat_interval: 1h
receivers:
  - name: both
    webhook_configs:
      - {{ url: "{receiver}", send_resolved: true }}
      - {{ url: "{changes}", send_resolved: true }}
"""


def program(*names: str) -> str:
    for name in names:
        if found := shutil.which(name):
            return found
    raise HarnessError(f"{names[0]} is needed (Debian: apt install prometheus-alertmanager)")


class Alertmanager:
    def __init__(self, directory: Path, receiver: str, changes: str):
        self.port = free_port()
        self.config = directory / "alertmanager.yml"
        self.config.write_text(CONFIG.format(receiver=receiver, changes=changes))
        self.process = Process("alertmanager", [
            program("prometheus-alertmanager", "alertmanager"), f"--config.file={self.config}", f"--storage.path={directory / 'alertmanager'}",
            f"--web.listen-address=127.0.0.1:{self.port}", "--cluster.listen-address=",
        ], directory)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.process.start().started("127.0.0.1", self.port)
        wait_until("alertmanager is ready", self.ready)

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def stop(self) -> None:
        self.process.stop()

    def alerts(self) -> list[dict]:
        """Those that are active."""
        with urllib.request.urlopen(f"{self.url}/api/v2/alerts?active=true", timeout=5) as answer:
            return [one for one in json.load(answer) if one["labels"]["alertname"] == "Soe503Incident"]

    def add(self, **labels: str) -> None:
        """What somebody else tells it."""
        words = [f"{name}={value}" for name, value in labels.items()]
        amtool("alert", "add", f"--alertmanager.url={self.url}", *words)


def amtool(*words: str) -> str:
    done = subprocess.run([program("amtool"), *words], capture_output=True, text=True, timeout=30)
    if done.returncode != 0:
        raise HarnessError(f"amtool {' '.join(words)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def stays(what: str, seconds: float, condition) -> None:
    """`condition` holds all the time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not condition():
            raise HarnessError(f"{what}: no longer")
        time.sleep(0.1)
