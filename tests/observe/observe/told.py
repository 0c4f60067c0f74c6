"""What a DogStatsD server is told, read as Datadog's reference describes it, and held against what is exposed.

https://docs.datadoghq.com/extend/dogstatsd/datagram_shell (protocol 1.1: several values in a line)
"""

import collections
import re
import socket
import threading

from harness.processes import HarnessError, wait_until

from . import datadog

# On everything, and not a label.
OURS = {"server", "soe503_version"}
RENAMED = {"soe503_host": "host", "soe503_source": "source", "tls_version": "version"}
# Each scrape, and each telling, adds to them.
MOVING = {"soe503_build_info"}
LONGEST = 1432

Series = tuple[str, frozenset[tuple[str, str]]]
PACKETS: Series = ("soe503.dogstatsd_packets.count", frozenset())


class Told:
    """A server for UDP: what it was told, added up as a server does."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.lock = threading.Lock()
        self.counts: dict[Series, float] = collections.defaultdict(float)
        self.gauges: dict[Series, float] = {}
        self.values: dict[Series, list[tuple[float, int]]] = collections.defaultdict(list)
        self.wrong: list[str] = []
        threading.Thread(target=self.run, daemon=True).start()

    def config(self) -> str:
        return f'[telemetry.dogstatsd]\naddress = "127.0.0.1:{self.port}"\ninterval = "1s"\n'

    def run(self) -> None:
        while True:
            try:
                packet = self.socket.recv(65536)
            except OSError:
                return
            with self.lock:
                if len(packet) > LONGEST:
                    self.wrong.append(f"a packet of {len(packet)} bytes")
                for line in packet.decode().split("\n"):
                    self.read(line)

    def read(self, line: str) -> None:
        found = re.fullmatch(r"([A-Za-z][A-Za-z0-9_.]*)((?::[0-9.]+)+)\|([cgd])(?:\|@([0-9.]+))?\|#([^|]+)", line)
        if not found:
            self.wrong.append(line)
            return
        name, values, kind, rate, tags = found.groups()
        pairs = [tag.split(":", 1) for tag in tags.split(",")]
        if any(len(pair) < 2 or not pair[1] for pair in pairs) or not OURS <= {name for name, _ in pairs}:
            self.wrong.append(line)
            return
        series = name, frozenset((RENAMED.get(tag, tag), value) for tag, value in pairs if tag not in OURS)
        for value in map(float, values[1:].split(":")):
            if kind == "c":
                self.counts[series] += value
            elif kind == "g":
                self.gauges[series] = value
            else:
                # As agents do: the inverse, without what is behind its point.
                self.values[series].append((value, int(1 / float(rate)) if rate else 1))

    def total(self, series: Series) -> float:
        with self.lock:
            return self.counts.get(series, 0.0)

    def now(self) -> tuple[dict, dict, dict]:
        with self.lock:
            return dict(self.counts), dict(self.gauges), {series: list(values) for series, values in self.values.items()}

    def stop(self) -> None:
        self.socket.close()


def called(name: str, kind: str) -> str:
    """As Datadog has it what the exposition calls so."""
    name = name.removesuffix("_total") + ".count" if kind == "counter" else name
    return f"soe503.process.{name[8:]}" if name.startswith("process_") else f"soe503.{name.removeprefix('soe503_')}"


def exposed(text: str) -> tuple[dict[Series, float], dict[Series, float], dict[Series, list[tuple[float, float]]]]:
    """Counters, gauges, and the buckets of histograms, as Datadog would call them."""
    types = dict(re.findall(r"(?m)^# TYPE (\S+) (\S+)$", text))
    counters, gauges, buckets = {}, {}, collections.defaultdict(list)
    for name, labels, value in re.findall(r"(?m)^([a-z0-9_]+)(?:\{(.*)\})? ([0-9.e+-]+)$", text):
        pairs = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels))
        if name in MOVING:
            pairs = {}
        edge = pairs.pop("le", None)
        tags = frozenset((label, said) for label, said in pairs.items() if said)
        if types.get(name) == "counter":
            counters[called(name, "counter"), tags] = float(value)
        elif types.get(name) == "gauge":
            gauges[called(name, "gauge"), tags] = float(value)
        elif edge is not None:
            buckets[called(name.removesuffix("_bucket"), "histogram"), tags].append((float(edge.replace("+Inf", "inf")), float(value)))
        else:
            stem, part = name.rsplit("_", 1)
            counters[f"{called(stem, 'histogram')}.{part}", tags] = float(value)
    return counters, gauges, buckets


def agree(told: Told, proxy) -> str:
    """What was told is no more than what is exposed then, and what is exposed is told soon after."""
    before, _, values_before = told.now()
    counters, gauges, buckets = exposed(proxy.metrics()[0])
    # It is among the last lines of a round. Once it is told to be more than it was, the round began after the scrape.
    scraped = counters[PACKETS]
    wait_until("another round is told", lambda: told.total(PACKETS) > scraped, 30)
    after, told_gauges, values_after = told.now()
    if told.wrong:
        raise HarnessError(f"not a line of the protocol: {told.wrong[:3]}")
    for series, value in before.items():
        if value > counters.get(series, 0) + 1e-6:
            raise HarnessError(f"{series} was told to be {value}, and is {counters.get(series)}")
    for series, value in counters.items():
        if after.get(series, 0) < value - 1e-6:
            raise HarnessError(f"{series} is {value}, and was told to be {after.get(series, 0)}")
    if missing := {name for name, _ in gauges} - {name for name, _ in told_gauges}:
        raise HarnessError(f"gauges that are not told: {sorted(missing)}")
    for series, of_series in buckets.items():
        for edge, below in of_series:
            lower, upper = (sum(count for value, count in values.get(series, []) if value < edge) for values in (values_before, values_after))
            if not lower <= below <= upper:
                raise HarnessError(f"{series}: {below} up to {edge}, and was told {lower}, then {upper}")
    known = {name for name, _ in after} | {name for name, _ in told_gauges} | {name for name, _ in values_after}
    # A counter that stands still is not told.
    still = {name for name, _ in counters} - {name for name, _ in after}
    rare = {called(name, "counter" if name.endswith("_total") else "gauge") for name in datadog.RARE}
    if missing := datadog.sent() - known - still - rare:
        raise HarnessError(f"the dashboard's metrics that are not told: {sorted(missing)}")
    return f"{len(counters)} counters, {len(gauges)} gauges, {len(buckets)} histograms"
