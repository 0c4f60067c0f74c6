"""A CPU cgroup for the proxy alone; version 1 and 2."""

import contextlib
import os
import subprocess
from pathlib import Path

V1, V2 = Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup")


class CpuGroup:
    """`quota` of `period` microseconds of CPU time."""

    def __init__(self, home: Path):
        self.home = home
        self.burner: subprocess.Popen | None = None

    @classmethod
    def make(cls, quota: int, period: int) -> "CpuGroup | None":
        """None where that is not allowed."""
        name = f"soe503-tests-{os.getpid()}"
        with contextlib.suppress(OSError):
            if V1.is_dir():
                home = V1 / name
                home.mkdir()
                (home / "cpu.cfs_period_us").write_text(str(period))
            else:
                home = V2 / name
                home.mkdir()
            made = cls(home)
            made.quota, made.period = quota, period
            return made
        return None

    def take(self, pid: int, burner: bool) -> None:
        """The process belongs to it from now on; a burner beside it uses the quota up."""
        (self.home / "cgroup.procs").write_text(str(pid))
        if burner:
            self.burner = subprocess.Popen(["sh", "-c", f"echo $$ > {self.home}/cgroup.procs; while :; do :; done"])

    def prefer(self) -> None:
        """It comes before all others on the machine, so that nothing but its quota stops it."""
        for name, most in (("cpu.shares", 262_144), ("cpu.weight", 10_000)):
            if (self.home / name).exists():
                (self.home / name).write_text(str(most))

    def tighten(self) -> None:
        if (self.home / "cpu.cfs_quota_us").exists():
            (self.home / "cpu.cfs_quota_us").write_text(str(self.quota))
        else:
            (self.home / "cpu.max").write_text(f"{self.quota} {self.period}")

    def loosen(self) -> None:
        if (self.home / "cpu.cfs_quota_us").exists():
            (self.home / "cpu.cfs_quota_us").write_text("-1")
        else:
            (self.home / "cpu.max").write_text("max")

    def throttled(self) -> tuple[int, int]:
        """Periods, and those of them that were throttled."""
        found = dict(line.split() for line in (self.home / "cpu.stat").read_text().splitlines())
        return int(found.get("nr_periods", 0)), int(found.get("nr_throttled", 0))

    def rest(self) -> None:
        """Nobody burns any more."""
        if self.burner:
            self.burner.kill()
            self.burner.wait()

    def close(self) -> None:
        self.rest()
        with contextlib.suppress(OSError):
            self.home.rmdir()
