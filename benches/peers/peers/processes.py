"""Processes on one core each, and what they cost."""

import os
import socket
import subprocess
import time
from pathlib import Path

from harness.processes import HarnessError, Process

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Pinned(Process):
    """A process group that may use these cores only."""

    def __init__(self, name: str, command: list[str], directory: Path, cores: str):
        super().__init__(name, ["taskset", "-c", cores, *command], directory)

    def serving(self, port: int, tls: bool = False, path: str = "/", patience: float = 20.0) -> float:
        """Waits for the first 200 (over TLS: for a connection); returns how long that took, in seconds."""
        began = time.monotonic()
        while time.monotonic() - began < patience:
            if not self.running():
                raise HarnessError(f"{self.name} ended: {self.last_words()}")
            if answers(port, tls, path):
                return time.monotonic() - began
            time.sleep(0.0005)
        raise HarnessError(f"{self.name} does not answer: {self.last_words()}")

    def last_words(self) -> str:
        lines = [line.strip() for line in self.tail().splitlines() if line.strip()]
        return next((line for line in lines if "error" in line.lower() or "[ALERT]" in line), lines[-1] if lines else "it said nothing")

    def cpu_seconds(self) -> float:
        """User and system time of the whole tree, waited-for children included."""
        return sum(cpu_ticks(pid) for pid in tree(self.child.pid)) / TICKS_PER_SECOND

    def rss_kib(self) -> int:
        """Resident memory of the whole tree; pages that processes share count once for each."""
        return sum(resident_kib(pid) for pid in tree(self.child.pid))


def answers(port: int, tls: bool = False, path: str = "/") -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            if tls:
                return True
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n".encode())
            return connection.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def tree(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += tree(int(child))
    return found


def cpu_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(fields[index]) for index in (11, 12, 13, 14))


def resident_kib(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def output(command: list[str], cores: str | None = None, env: dict | None = None) -> str:
    """What a program that ends by itself prints."""
    pinned = ["taskset", "-c", cores, *command] if cores else command
    done = subprocess.run(pinned, capture_output=True, text=True, env=os.environ | (env or {}))
    if done.returncode != 0:
        raise HarnessError(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()[-500:]}")
    return done.stdout
