"""A name server that answers, refuses, fails or is silent, as it is told."""

import asyncio
import socket
import struct
import time
from collections import Counter

from ..network import Network

NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3
A, IN = 1, 1


class Resolver(asyncio.DatagramProtocol):
    """`names`: addresses by name; `rcode`: what it says to everybody; `silent`: nothing at all."""

    def __init__(self):
        self.names: dict[str, list[str]] = {}
        self.rcode, self.silent, self.ttl = NOERROR, False, 1
        self.asked: Counter = Counter()
        self.events: list[tuple[float, str]] = []
        self.transport: asyncio.DatagramTransport | None = None

    async def open(self, network: Network, host: str) -> "Resolver":
        bound = network.listener(host, 53, socket.SOCK_DGRAM)
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, sock=bound)
        return self

    def says(self, names: dict[str, list[str]] | None = None, rcode: int = NOERROR, silent: bool = False) -> None:
        self.names = self.names if names is None else names
        self.rcode, self.silent = rcode, silent
        self.events.append((time.time(), f"rcode {rcode}, silent {silent}, {self.names}"))

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, client: tuple) -> None:
        if self.silent or len(data) < 17:
            return
        end, labels = 12, []
        while data[end]:
            labels.append(data[end + 1:end + 1 + data[end]].decode("latin-1").lower())
            end += 1 + data[end]
        kind = struct.unpack_from("!H", data, end + 1)[0]
        name, question = ".".join(labels), data[12:end + 5]
        self.asked[name] += 1
        known = name in self.names
        rcode = self.rcode or (NOERROR if known else NXDOMAIN)
        found = self.names.get(name, []) if rcode == NOERROR and kind == A else []
        flags = 0x8580 | rcode
        out = data[:2] + struct.pack("!HHHHH", flags, 1, len(found), 0, 0) + question
        for address in found:
            out += struct.pack("!HHHIH", 0xC00C, A, IN, self.ttl, 4) + bytes(map(int, address.split(".")))
        self.transport.sendto(out, client)
