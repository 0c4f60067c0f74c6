"""A network of our own: the play's namespace C, a router R, and a server's namespace S behind it.

A play runs inside `unshare -nm` already. C – R is `10.60.0.0/24`, R – S is `10.61.0.0/24`. Sockets in R and S
are made by a thread that visits the namespace; a socket stays where it was made.
"""

import contextlib
import ctypes
import os
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from harness.network import ip

CLONE_NEWNET = 0x40000000
Made = TypeVar("Made")


def unshares() -> list[str] | None:
    """The words before a command that give it a network and mounts of its own; None if nothing does."""
    for words in (["unshare", "-nm"], ["unshare", "-rnm"]):
        with contextlib.suppress(OSError):
            if subprocess.run([*words, "sh", "-c", "ip link set lo up && mount -t tmpfs none /mnt"], capture_output=True).returncode == 0:
                return words
    return None


def sysctl(name: str, value: str) -> None:
    """In the namespace of the calling thread."""
    Path("/proc/sys", name.replace(".", "/")).write_text(value)


class Network:
    """C is up from the beginning; R and S are made where a row asks for them."""

    near = [f"10.60.0.{last}" for last in (11, 12, 13)]
    far = [f"10.61.0.{last}" for last in (11, 12, 13)]
    router = "10.60.0.2"

    def __init__(self, private: bool):
        self.private = private
        if private:
            ip("link", "set", "lo", "up")

    def build(self) -> None:
        Path("/run/netns").mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "none", "/run/netns"], check=True)
        for name in ("R", "S"):
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        ip("link", "add", "c0", "type", "veth", "peer", "name", "r0", "netns", "R")
        ip("-n", "R", "link", "add", "r1", "type", "veth", "peer", "name", "s0", "netns", "S")
        ip("addr", "add", "10.60.0.1/24", "dev", "c0")
        ip("link", "set", "c0", "up")
        for address in (self.router, *self.near):
            ip("-n", "R", "addr", "add", f"{address}/24", "dev", "r0")
        ip("-n", "R", "link", "set", "r0", "up")
        ip("-n", "R", "addr", "add", "10.61.0.1/24", "dev", "r1")
        ip("-n", "R", "link", "set", "r1", "up")
        for address in ("10.61.0.2", *self.far):
            ip("-n", "S", "addr", "add", f"{address}/24", "dev", "s0")
        ip("-n", "S", "link", "set", "s0", "up")
        ip("-n", "S", "route", "add", "default", "via", "10.61.0.1")
        ip("route", "add", "10.61.0.0/24", "via", self.router)
        self.within("R", lambda: sysctl("net.ipv4.ip_forward", "1"))
        # What a router says about what it cannot reach is limited to one a second otherwise.
        with contextlib.suppress(OSError):
            self.within("R", lambda: sysctl("net.ipv4.icmp_ratelimit", "0"))

    def within(self, name: str, make: Callable[[], Made]) -> Made:
        """Calls `make` on a thread that is in that namespace."""
        found: list = []

        def visit() -> None:
            try:
                there = os.open(f"/run/netns/{name}", os.O_RDONLY)
                if ctypes.CDLL(None, use_errno=True).setns(there, CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
                os.close(there)
                found.append(make())
            except BaseException as error:  # noqa: BLE001 - it is raised again by the caller's thread
                found.append(error)

        thread = threading.Thread(target=visit)
        thread.start()
        thread.join()
        if isinstance(found[0], BaseException):
            raise found[0]
        return found[0]

    def listener(self, host: str, port: int = 0, kind: int = socket.SOCK_STREAM) -> socket.socket:
        """A bound socket, in the namespace that has this address."""
        def make() -> socket.socket:
            made = socket.socket(socket.AF_INET, kind)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind((host, port))
            made.setblocking(False)
            return made

        if host.startswith("10.60.0.") and self.private:
            return self.within("R", make)
        return self.within("S", make) if host.startswith("10.61.0.") else make()

    def use_resolver(self, directory: Path, address: str) -> None:
        """This play's processes ask there."""
        file = directory / "resolv.conf"
        file.write_text(f"nameserver {address}\noptions timeout:1 attempts:1\n")
        subprocess.run(["mount", "--bind", str(file), os.path.realpath("/etc/resolv.conf")], check=True)
