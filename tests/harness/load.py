"""Load at a fixed rate, and the results of each single request."""

import json
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .processes import HarnessError


@dataclass(frozen=True)
class Result:
    """What became of one request. Times are unix seconds."""

    id: str
    method: str
    sent: float
    ended: float
    latency_ms: float
    lag_ms: float
    status: int | None
    error: str | None
    attempts: int | None
    headers: list
    body: str | None
    kind: str | None = None
    tries: int = 1

    @property
    def failed(self) -> bool:
        return self.error is not None or self.status is None or self.status >= 400

    @cached_property
    def lower(self) -> dict[str, str]:
        """Headers by lower-case name; repeated ones joined."""
        joined: dict[str, str] = {}
        for name, value in self.headers:
            joined[name] = f"{joined[name]}, {value}" if name in joined else value
        return joined

    @cached_property
    def problem(self) -> dict:
        """The problem document, or an empty one."""
        try:
            document = json.loads(self.body or "")
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}

    @property
    def bytes_had_gone_out(self) -> bool:
        """The answer's own account (soe503 at `explain = "full"`): the last attempt had handed bytes to a socket."""
        attempts = self.problem.get("attempts")
        if not isinstance(attempts, list) or not attempts:
            return False
        return (attempts[-1].get("bytes_sent") or 0) > 0

    def __str__(self) -> str:
        return f"{self.method} {self.id}: {self.status or self.error} {self.lower.get('soe-cause', '')}"


class Load:
    """A running load generator."""

    def __init__(self, binary: str, port: int, out: Path, rate: float, seconds: float, posts: float = 0.1, ids: str = "load", path: str | None = None, options: list[str] | None = None, prefix: list[str] | None = None):
        """`options`: more of the binary's own; `prefix`: the words before it."""
        self.out = out
        command = [
            *(prefix or []), binary, "load", "--target", f"127.0.0.1:{port}", "--rate", str(rate), "--seconds", str(seconds),
            "--post-share", str(posts), "--ids", ids, "--out", str(out), *(options or []),
        ]
        if path:
            command += ["--path", path]
        self.child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self.child.stdout.readline()
        if not line.startswith("started "):
            raise HarnessError(f"the load generator did not start: {line}")
        self.started = float(line.split()[1])

    def ended(self) -> None:
        """Waits for the end."""
        self.child.stdout.read()
        if self.child.wait() != 0:
            raise HarnessError("the load generator failed")

    def results(self) -> list[Result]:
        """Waits for the end."""
        self.ended()
        with self.out.open() as lines:
            return sorted((self.result(json.loads(line)) for line in lines), key=lambda result: result.sent)

    def result(self, line: dict) -> Result:
        sent = self.started + line["at_ms"] / 1e3
        return Result(
            id=line["id"], method=line["method"], sent=sent, ended=sent + line["latency_us"] / 1e6,
            latency_ms=line["latency_us"] / 1e3, lag_ms=line["lag_us"] / 1e3,
            status=line["status"], error=line["error"], attempts=line["attempts"],
            headers=line.get("headers", []), body=line.get("body"), kind=line.get("kind"), tries=line["tries"],
        )

    def stop(self) -> None:
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()


def quantile(values, q: float) -> float:
    ordered = sorted(values)
    return ordered[round((len(ordered) - 1) * q)] if ordered else float("nan")
