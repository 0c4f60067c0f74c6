"""A firewall that says no: ICMP "administratively prohibited" for each SYN to what it protects.

The kernel's own `prohibit` route says so once a second at most and is silent otherwise, which is another fault.
"""

import asyncio
import socket
import struct

from harness.network import ACK, SYN, ip

from .network import Network

ETH_P_IP = 0x0800
UNREACHABLE, PROHIBITED = 3, 13


class Firewall:
    """In the router R, in front of these hosts."""

    def __init__(self, network: Network, hosts: list[str]):
        self.hosts = hosts
        self.heard, self.tells = network.within("R", self.sockets)
        for host in hosts:
            ip("-n", "R", "route", "add", "blackhole", f"{host}/32")
        asyncio.get_running_loop().add_reader(self.heard.fileno(), self.look)

    @staticmethod
    def sockets() -> tuple[socket.socket, socket.socket]:
        heard = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
        heard.bind(("r0", ETH_P_IP))
        heard.setblocking(False)
        return heard, socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)

    def look(self) -> None:
        packet, where = self.heard.recvfrom(256)
        if where[2] == socket.PACKET_OUTGOING or len(packet) < 40 or packet[9] != socket.IPPROTO_TCP:
            return
        header = (packet[0] & 0x0F) * 4
        if socket.inet_ntoa(packet[16:20]) in self.hosts and packet[header + 13] & (SYN | ACK) == SYN:
            told = struct.pack("!BBHI", UNREACHABLE, PROHIBITED, 0, 0) + packet[:header + 8]
            told = told[:2] + struct.pack("!H", checksum(told)) + told[4:]
            self.tells.sendto(told, (socket.inet_ntoa(packet[12:16]), 0))

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self.heard.fileno())
        self.heard.close()
        self.tells.close()
        for host in self.hosts:
            ip("-n", "R", "route", "del", "blackhole", f"{host}/32")


def checksum(data: bytes) -> int:
    """RFC 1071."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data[:len(data) // 2 * 2])) + (data[-1] << 8 if len(data) % 2 else 0)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
