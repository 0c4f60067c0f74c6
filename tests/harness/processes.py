"""Processes that are started, awaited by an event, and ended by their own id."""

import contextlib
import os
import random
import shlex
import signal
import socket
import subprocess
import time
from pathlib import Path


class HarnessError(Exception):
    """The harness itself cannot go on; says nothing about the proxy."""


# Below the range from which the kernel takes the local ports of outgoing connections. Above it, a
# dead backend's port may be taken by somebody's connection, or even be connected to by itself.
PORTS = range(10_000, 32_000)
handed_out: set[int] = set()


def free_port() -> int:
    while True:
        port = random.choice(PORTS)
        with socket.socket() as probe:
            with contextlib.suppress(OSError):
                if port not in handed_out:
                    probe.bind(("127.0.0.1", port))
                    handed_out.add(port)
                    return port


def wait_until(what: str, condition, seconds: float = 20.0) -> float:
    """Waits for `condition()` to be true; returns the unix time at which it was."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if condition():
            return time.time()
        time.sleep(0.005)
    raise HarnessError(f"{what}: not within {seconds:g} s")


def accepts(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=0.5):
            return True
    except OSError:
        return False


def member(stat: Path) -> int | None:
    """The process group of a process that is not a zombie."""
    with contextlib.suppress(OSError):
        state, _, group, *_ = stat.read_text().rpartition(")")[2].split()
        return None if state in "ZX" else int(group)
    return None


class Process:
    """One process group, with its output in a file."""

    def __init__(self, name: str, command: list[str], directory: Path):
        self.name, self.command = name, command
        self.log = directory / f"{name}.log"
        self.child: subprocess.Popen | None = None

    def start(self) -> "Process":
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    @property
    def pid(self) -> int:
        if self.child is None:
            raise HarnessError(f"{self.name} was not started")
        return self.child.pid

    def running(self) -> bool:
        return self.child is not None and self.child.poll() is None

    def started(self, host: str, port: int) -> float:
        """Waits until it accepts connections; returns the unix time of that."""
        def ready() -> bool:
            if not self.running():
                raise HarnessError(f"{self.name} ended: {shlex.join(self.command)}\n{self.tail()}")
            return accepts(host, port)
        return wait_until(f"{self.name} accepts connections", ready)

    def signal_group(self, number: signal.Signals) -> None:
        if self.running():
            os.killpg(self.child.pid, number)

    def kill(self) -> float:
        """SIGKILL to the whole group; returns the unix time at which it was gone.

        The kernel closes what a killed process had open from the newest to the oldest: its
        connections break, and its listening socket closes last.
        """
        group = self.child.pid
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
        self.child.wait()
        return wait_until(f"{self.name} is gone", lambda: not self.group_lives(group))

    def kill_slowly(self, pause: float) -> float:
        """The same, but the leader, stopped, keeps the listening socket for `pause` seconds after
        all others have died: as if the kernel were interrupted between the two closes."""
        group = self.child.pid
        os.kill(group, signal.SIGSTOP)
        for stat in Path("/proc").glob("[0-9]*/stat"):
            process = int(stat.parent.name)
            if process != group and member(stat) == group:
                os.kill(process, signal.SIGKILL)
        time.sleep(pause)
        return self.kill()

    @staticmethod
    def group_lives(group: int) -> bool:
        """Zombies that nobody has reaped yet hold no sockets and do not count."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, 0)
            return any(member(stat) == group for stat in Path("/proc").glob("[0-9]*/stat"))
        return False

    def stop(self, seconds: float = 10.0) -> int | None:
        """SIGTERM, then SIGKILL if that does not help; returns the exit code."""
        if self.child is None:
            return None
        self.signal_group(signal.SIGTERM)
        try:
            return self.child.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-3000:] if self.log.exists() else ""
