"""Memory, idle and per idle connection, and the time from start to the first answer."""

import resource
import socket
import time

from harness.processes import HarnessError

from .contestants import Contestant, Running
from .stage import Stage, reason

# Connections from one source address; there are 28,000 local ports for each by default.
PER_ADDRESS = 5000
# The proxies are configured for 12,288 connections, and some want two files for each.
ENOUGH_FILES = 40_000
# What a process has open beside connections of clients.
SPARE_FILES = 1_000
REQUEST = b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n"


def raise_file_limit(wanted: int) -> int:
    """For this process and all that it starts; returns how many connections there may be."""
    files = max(ENOUGH_FILES, 3 * wanted)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, files), max(hard, files)))
    except (ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return min(wanted, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - SPARE_FILES)


def compare(stage: Stage, contestants: list[Contestant], rounds: int, connections: int) -> dict[str, dict]:
    rivals = [one for one in contestants if not one.floor]
    results: dict[str, dict] = {one.name: {"rounds": []} for one in rivals}
    for number in range(rounds):
        for contestant in rivals:
            if "unsupported" not in results[contestant.name]:
                try:
                    results[contestant.name]["rounds"].append(once(stage, contestant, connections))
                except (HarnessError, OSError) as error:
                    results[contestant.name] = {"unsupported": reason(error)}
        print(f"  size {number + 1}/{rounds}", flush=True)
    return results


def once(stage: Stage, contestant: Contestant, connections: int) -> dict[str, float]:
    one = Running(contestant, stage.place(contestant, "h1"), stage.proxy_core)
    try:
        began = time.monotonic()
        one.start()
        start_ms = (time.monotonic() - began) * 1e3
        idle = settled(one)
        open_ones = [idle_connection(one.port, number) for number in range(connections)]
        full = settled(one)
        for connection in open_ones:
            connection.close()
    finally:
        one.stop()
    return {"start_ms": start_ms, "idle_kib": idle, "connection_kib": (full - idle) / connections, "connections": connections}


def settled(one: Running) -> int:
    time.sleep(1)
    return one.rss_kib()


def idle_connection(port: int, number: int) -> socket.socket:
    """A connection that has had one answer and now waits for nothing."""
    connection = socket.socket()
    connection.settimeout(10)
    # Choosing the port is left to connect(): it may then be one that is in use towards another address.
    connection.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
    connection.bind((f"127.0.2.{1 + number // PER_ADDRESS}", 0))
    connection.connect(("127.0.0.1", port))
    connection.sendall(REQUEST)
    answer = b""
    while len(answer) < 1024:
        received = connection.recv(65536)
        if not received:
            raise HarnessError(f"connection {number} was closed")
        answer += received
    return connection
