"""A Prometheus of our own: it scrapes each second, and is asked over its HTTP API."""

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from harness.processes import HarnessError, Process, free_port, wait_until

CONFIG = """
global: {{ scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }}
rule_files: ["{rules}"]
scrape_configs:
  - job_name: soe503
    file_sd_configs: [{{ files: ["{targets}"], refresh_interval: 1s }}]
"""

# What Grafana fills in.
FILLED = {"$__rate_interval": "10s", "$__interval": "5s", "$__range": "60s", "$instance": ".*", "$pool": ".*", "${instance}": ".*", "${pool}": ".*"}


class Prometheus:
    def __init__(self, directory: Path, rules: Path):
        if not shutil.which("prometheus"):
            raise HarnessError("prometheus is needed (Debian: apt install prometheus)")
        self.port, self.targets = free_port(), directory / "targets.json"
        self.targets.write_text("[]")
        config = directory / "prometheus.yml"
        config.write_text(CONFIG.format(rules=rules, targets=self.targets))
        self.process = Process("prometheus", [
            "prometheus", f"--config.file={config}", f"--storage.tsdb.path={directory / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{self.port}", "--enable-feature=exemplar-storage",
        ], directory)

    def start(self) -> None:
        self.process.start().started("127.0.0.1", self.port)
        wait_until("prometheus is ready", lambda: self.get("/-/ready") is not None)

    def stop(self) -> None:
        self.process.stop()

    def scrape(self, targets: dict[str, int]) -> None:
        """From now on these: names, which become `instance`, and ports."""
        told = [{"targets": [f"127.0.0.1:{port}"], "labels": {"instance": name}} for name, port in targets.items()]
        new = self.targets.with_suffix(".new")
        new.write_text(json.dumps(told))
        new.rename(self.targets)
        wait_until("prometheus scrapes all", lambda: self.healthy() >= set(targets), 60)

    def healthy(self) -> set[str]:
        return {one["labels"]["instance"] for one in self.api("targets?state=active")["activeTargets"] if one["health"] == "up"}

    def get(self, path: str) -> bytes | None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            if error.code == 503:
                # It is not ready yet.
                return None
            raise HarnessError(f"prometheus on {path}: {error.read().decode(errors='replace')}") from error
        except OSError:
            return None

    def api(self, path: str, **parameters: object) -> dict | list:
        query = urllib.parse.urlencode(parameters)
        answer = self.get(f"/api/v1/{path}{'?' + query if query else ''}")
        if answer is None:
            raise HarnessError(f"prometheus does not answer\n{self.process.tail()}")
        return json.loads(answer)["data"]

    def query(self, expr: str) -> list[dict]:
        return self.api("query", query=expr)["result"]

    def shows(self, what: str, expr: str, instances: set[str], seconds: float = 30.0) -> None:
        """Waits until `expr` has data of all `instances`."""
        def there() -> bool:
            # A scrape comes once a second; asking is work for everybody.
            time.sleep(0.1)
            return {one["metric"].get("instance") for one in self.query(expr)} >= instances
        wait_until(what, there, seconds)

    def over(self, expr: str, start: float, end: float) -> list[dict]:
        return self.api("query_range", query=expr, start=start, end=end, step="1s")["result"]

    def firing(self) -> list[dict]:
        """The labels and annotations of the alerts that fire."""
        return [one for one in self.api("alerts")["alerts"] if one["state"] == "firing"]


def filled(expr: str) -> str:
    for name, value in FILLED.items():
        expr = expr.replace(name, value)
    if "$" in expr:
        raise HarnessError(f"a variable is not known here: {expr}")
    return expr


def promtool(*words: str, text: str | None = None) -> str:
    done = subprocess.run(["promtool", *words], input=text, capture_output=True, text=True)
    if done.returncode != 0:
        raise HarnessError(f"promtool {' '.join(words)}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr
