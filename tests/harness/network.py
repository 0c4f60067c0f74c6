"""What only a network can do: swallow packets, and count attempts to connect."""

import contextlib
import os
import shutil
import socket
import struct
import subprocess
import threading
from collections import Counter

from .processes import HarnessError

IPPROTO_TCP = 6
ETH_P_ALL = 3
SYN, ACK = 0x02, 0x10


def may_change_the_network() -> bool:
    """Namespaces and packet sockets need root (or the two capabilities)."""
    if os.geteuid() != 0 or not shutil.which("ip"):
        return False
    name = f"soe503-{os.getpid()}-try"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode != 0:
        return False
    subprocess.run(["ip", "netns", "del", name], capture_output=True)
    return True


def ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True)
    if done.returncode != 0:
        raise HarnessError(f"ip {' '.join(words)}: {done.stderr.strip()}")


class Namespace:
    """A network namespace behind a virtual cable, which can swallow everything it would answer.

    An established connection then hangs and a new one is never accepted: what a backend looks like
    whose host lost its network.
    """

    def __init__(self):
        pid = os.getpid()
        self.name, self.near, self.far = f"soe503-{pid}", f"s{pid}a", f"s{pid}b"
        self.gateway, self.address = "10.203.77.1", "10.203.77.2"
        self.prefix = ["ip", "netns", "exec", self.name]

    def __enter__(self) -> "Namespace":
        ip("netns", "add", self.name)
        try:
            ip("link", "add", self.near, "type", "veth", "peer", "name", self.far, "netns", self.name)
            ip("addr", "add", f"{self.gateway}/30", "dev", self.near)
            ip("link", "set", self.near, "up")
            ip("-n", self.name, "addr", "add", f"{self.address}/30", "dev", self.far)
            ip("-n", self.name, "link", "set", self.far, "up")
            ip("-n", self.name, "link", "set", "lo", "up")
        except HarnessError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        # The cable goes with the namespace that holds one of its ends.
        subprocess.run(["ip", "netns", "del", self.name], capture_output=True)
        subprocess.run(["ip", "link", "del", self.near], capture_output=True)

    def swallow(self) -> None:
        ip("-n", self.name, "route", "add", "blackhole", f"{self.gateway}/32")

    def answer(self) -> None:
        ip("-n", self.name, "route", "del", "blackhole", f"{self.gateway}/32")


class FullBacklog:
    """Without root: a listener whose queue is full, so that the kernel drops every SYN."""

    def __init__(self):
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(0)
        self.host, self.port = self.listener.getsockname()
        self.fillers: list[socket.socket] = []
        for _ in range(16):
            filler = socket.socket()
            filler.settimeout(0.3)
            self.fillers.append(filler)
            try:
                filler.connect((self.host, self.port))
            except TimeoutError:
                return
        raise HarnessError("a listen queue of length 0 does not fill up here")

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def close(self) -> None:
        for one in [*self.fillers, self.listener]:
            one.close()


class ConnectCounter:
    """Counts attempts to connect, per port, on the loopback interface: SYN packets without ACK.

    Nobody else can: a dead backend keeps no log. Without root it counts nothing and says so.
    """

    def __init__(self, allowed: bool):
        self.counts: Counter[int] = Counter()
        self.sniffer = None
        if allowed:
            self.sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
            self.sniffer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
            self.sniffer.bind(("lo", 0))
            self.sniffer.settimeout(0.2)
            threading.Thread(target=self.listen, daemon=True).start()

    def listen(self) -> None:
        while True:
            try:
                packet, where = self.sniffer.recvfrom(128)
            except TimeoutError:
                continue
            except OSError:
                return
            # Each loopback packet is seen on its way out and on its way in: count the way in.
            if where[2] == socket.PACKET_OUTGOING or len(packet) < 40 or packet[0] >> 4 != 4 or packet[9] != IPPROTO_TCP:
                continue
            header = (packet[0] & 0x0F) * 4
            port = struct.unpack_from("!H", packet, header + 2)[0]
            if packet[header + 13] & (SYN | ACK) == SYN:
                self.counts[port] += 1

    def of(self, port: int) -> int | None:
        return self.counts[port] if self.sniffer else None

    def close(self) -> None:
        if self.sniffer:
            with contextlib.suppress(OSError):
                self.sniffer.close()
