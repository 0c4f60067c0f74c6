"""What can be wrong with a proxy itself, each in a process of its own."""

import resource
import signal
import subprocess
import time
from dataclasses import dataclass, field
from typing import Callable

from harness.processes import HarnessError, wait_until

from .stage import Stage


@dataclass(frozen=True)
class ProcessFault:
    name: str
    must: set[str]
    play: Callable[[Stage], None]
    """Sets the process up, and brings the fault about."""
    may: set[str] = field(default_factory=set)
    long: bool = False
    """Takes too long for CI."""


def certificate(stage: Stage, name: str, days: int):
    cert, key = stage.directory / f"{name}.pem", stage.directory / f"{name}.key"
    done = subprocess.run([
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", str(days),
        "-subj", "/CN=shop.example", "-addext", "subjectAltName=DNS:shop.example", "-keyout", str(key), "-out", str(cert),
    ], capture_output=True, text=True)
    if done.returncode != 0:
        raise HarnessError(f"openssl: {done.stderr.strip()}")
    return cert, key


def listener(cert, key) -> str:
    return f'[[listeners]]\naddress = "127.0.0.1:TLS"\n[listeners.tls]\ncertificates = [{{ cert = "{cert}", key = "{key}" }}]\n'


def expires(stage: Stage) -> None:
    stage.small("expires", listener(*certificate(stage, "expires", 3)))


def spoilt(stage: Stage) -> None:
    cert, key = certificate(stage, "spoilt", 90)
    proxy = stage.small("spoilt", listener(cert, key))
    stage.watch()
    scraped_once(stage, "spoilt", "soe503_tls_certificate_reloads_total")
    cert.write_text("no certificate\n")
    proxy.reaches('soe503_tls_certificate_reloads_total{result="refused"}', 1)


def refused(stage: Stage) -> None:
    proxy = stage.small("refused")
    stage.watch()
    scraped_once(stage, "refused", "soe503_config_reloads_total")
    proxy.config.write_text(proxy.config.read_text() + "\nnonsense = 1\n")
    proxy.signal(signal.SIGHUP)
    proxy.reaches('soe503_config_reloads_total{result="refused"}', 1)


def journal(stage: Stage) -> None:
    foreign = stage.directory / "notes.txt"
    foreign.write_text("not a journal\n" * 1000)
    stage.small("journal", f'[journal]\npath = "{foreign}"\n')


def descriptors(stage: Stage) -> None:
    proxy = stage.small("descriptors")
    used = int(proxy.value("process_open_fds"))
    _, hard = resource.prlimit(proxy.process.pid, resource.RLIMIT_NOFILE)
    # A scrape needs a connection and a file.
    resource.prlimit(proxy.process.pid, resource.RLIMIT_NOFILE, (max(used + 3, int(used / 0.92)), hard))


def unresolved(stage: Stage) -> None:
    from . import config
    route = [config.pool("of-unresolved", [config.backend("http://nowhere.invalid:80")])]
    stage.add("unresolved", lambda proxy: config.proxy("unresolved", proxy.admin, proxy.port, route))


def restarts(stage: Stage) -> None:
    proxy = stage.small("restarts")
    stage.watch()
    for _ in range(4):
        began = proxy.value("process_start_time_seconds")
        wait_until("it was scraped", lambda: stage.prometheus.query(f'process_start_time_seconds{{instance="restarts"}} > {began - 0.5}'))
        proxy.again()


def stands_still(stage: Stage) -> None:
    proxy = stage.small("stands-still")
    stage.watch()
    proxy.signal(signal.SIGSTOP)
    # Longer than `for` of Soe503Down, in these times.
    wait_until("Soe503Down", lambda: any(one["labels"]["alertname"] == "Soe503Down" and one["labels"]["instance"] == "stands-still" for one in stage.prometheus.firing()), 30)
    stage.early.add(stage.prometheus.firing())
    proxy.signal(signal.SIGCONT)


def scraped_once(stage: Stage, name: str, series: str) -> None:
    """So that what is counted next is an increase."""
    wait_until("it was scraped", lambda: len(stage.prometheus.over(f'{series}{{instance="{name}"}}', time.time() - 5, time.time())) > 0)
    time.sleep(1)


PROCESSES = [
    ProcessFault("expires", {"Soe503CertificateExpires"}, expires),
    ProcessFault("spoilt", {"Soe503CertificateRefused"}, spoilt),
    ProcessFault("refused", {"Soe503ConfigRefused"}, refused),
    ProcessFault("journal", {"Soe503JournalFails"}, journal),
    ProcessFault("descriptors", {"Soe503DescriptorsRunOut"}, descriptors),
    ProcessFault("unresolved", {"Soe503NameNotResolved", "Soe503PoolDown"}, unresolved, {"Soe503Incident"}),
    ProcessFault("stands-still", {"Soe503Down", "Soe503EventLoopLate"}, stands_still),
    ProcessFault("restarts", {"Soe503Restarts"}, restarts, {"Soe503Down"}, long=True),
]
