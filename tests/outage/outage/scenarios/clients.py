"""Clients that misbehave: item 4. No breaker moves, no backend is blamed."""

import random
import socket
import struct
import threading
import time

from .. import judge
from harness.backends import Faulty
from ..stage import Stage
from ..verdicts import Scenario

GARBAGE = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(64)),
    b"\x00" * 64,
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nName with spaces: x\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnot a frame at all",
]
ORDER = b"POST /order HTTP/1.1\r\nHost: a\r\nContent-Length: 4096\r\n\r\n"
GET = b"GET /page HTTP/1.1\r\nHost: a\r\n\r\n"


def bad_clients(stage: Stage, scenario: Scenario) -> None:
    """clients that leave, that send garbage, that ask for what is not there, beside good ones"""
    seconds = 6.0 if stage.settings.quick else 20.0
    rate = min(stage.settings.rate, 200.0)
    backends = stage.backends([Faulty(number, stage.directory, stage.settings.tools, work_ms=20) for number in (1, 2, 3)])
    proxy = stage.proxy(backends)
    good = stage.load(proxy.port, seconds, rate)
    storms = [stage.load(proxy.port, seconds, rate / 4, ids=f"storm-{status}", path=f"/status/{status}") for status in (400, 401, 404, 422)]
    behaviours = {
        "left before the answer": lambda: misbehave(proxy.port, GET),
        "left with a reset": lambda: misbehave(proxy.port, GET, reset=True),
        "left in the middle of a body": lambda: misbehave(proxy.port, ORDER + b"x" * 1000),
        "sent garbage": lambda: misbehave(proxy.port, random.choice(GARBAGE), read=True),
    }
    counts = play(behaviours, good.started + seconds)
    results = good.results()
    storm = [one for load in storms for one in load.results()]

    judge.the_load_was_real(scenario, results, rate, seconds)
    scenario.none("good clients' requests failed", [one for one in results if one.failed], len(results))
    for what, count in counts.items():
        scenario.at_least(f"clients that {what}", count, seconds * 5)
    unanswered = [one for one in storm if one.status not in (400, 401, 404, 422) or "x-error-code" in one.lower]
    scenario.none("4xx not passed on as they are", unanswered, len(storm))
    if proxy.explains:
        nobody_is_blamed(scenario, proxy.pool())


def nobody_is_blamed(scenario: Scenario, pool: dict) -> None:
    circuit = pool["circuit"]
    scenario.add("the pool's circuit", circuit["state"], "closed, never opened", circuit["state"] == "closed" and not circuit.get("opened_at"))
    scenario.add("the pool's state", pool["state"], "ok", pool["state"] == "ok")
    for backend in pool["backends"]:
        figure = f"{backend['state']}, {backend['failures']} failures, {backend['consecutive_failures']} in a row"
        blamed = backend["state"] != "up" or backend["failures"] or backend["consecutive_failures"]
        scenario.add(f"backend {backend['name']}", figure, "up, 0 failures, 0 in a row", not blamed)


def play(behaviours: dict, until: float) -> dict[str, int]:
    counts = dict.fromkeys(behaviours, 0)

    def act(what: str) -> None:
        while time.time() < until:
            behaviours[what]()
            counts[what] += 1
            time.sleep(0.02)

    threads = [threading.Thread(target=act, args=(what,)) for what in behaviours]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return counts


def misbehave(port: int, sent: bytes, read: bool = False, reset: bool = False) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        try:
            client.sendall(sent)
            if read:
                client.shutdown(socket.SHUT_WR)
                while client.recv(4096):
                    pass
            else:
                # Long enough that the request is with a backend, shorter than its work.
                time.sleep(0.005)
        except OSError:
            pass
        if reset:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
