"""What a process costs, from /proc."""

import os
import threading
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def rss_mib(pid: int) -> float:
    """Resident memory of a process, in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Usage:
    """Between `with` and its end: the highest resident memory (looked at 20 times a second) and the CPU time."""

    def __init__(self, pid: int):
        self.pid, self.peak, self.cpu, self.seconds = pid, 0.0, 0.0, 0.0
        self.over = threading.Event()

    def __enter__(self) -> "Usage":
        self.before, self.cpu_before, self.began = rss_mib(self.pid), cpu_seconds(self.pid), time.monotonic()
        self.peak = self.before
        self.watcher = threading.Thread(target=self.watch, daemon=True)
        self.watcher.start()
        return self

    def watch(self) -> None:
        while not self.over.wait(0.05):
            self.look()

    def look(self) -> None:
        try:
            self.peak = max(self.peak, rss_mib(self.pid))
        except OSError:
            self.over.set()

    def __exit__(self, *_) -> None:
        self.look()
        self.over.set()
        self.watcher.join()
        self.seconds = time.monotonic() - self.began
        try:
            self.cpu = cpu_seconds(self.pid) - self.cpu_before
        except OSError:
            self.cpu = float("nan")

    @property
    def growth(self) -> float:
        return self.peak - self.before

    def __str__(self) -> str:
        return f"RSS {self.before:.1f} → {self.peak:.1f} MiB, CPU {self.cpu:.2f} s in {self.seconds:.1f} s"
