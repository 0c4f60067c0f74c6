"""Faults of the proxy itself: each has a process of its own."""

import resource
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field

from harness.cases import LeftOut
from harness.cgroup import CpuGroup
from harness.processes import HarnessError, wait_until

from . import config
from .stage import Stage
from .watched import Watched


def nothing(_stage: Stage, _proxy: Watched) -> None:
    """The fault is there from the start."""


@dataclass(frozen=True)
class ProcessFault:
    name: str
    must: set[str]
    set_up: Callable[[Stage], Watched]
    """Starts the process. `LeftOut` where that cannot be done."""
    begin: Callable[[Stage, Watched], None] = nothing
    """Brings the fault about, when Prometheus has seen the process without it."""
    may: set[str] = field(default_factory=set)
    alone: tuple[str, ...] = ()
    """Metrics that nothing else here moves."""
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


# --- there from the start

def expires(stage: Stage) -> Watched:
    return stage.small("expires", listener(*certificate(stage, "expires", 3)))


def journal(stage: Stage) -> Watched:
    foreign = stage.directory / "notes.txt"
    foreign.write_text("not a journal\n" * 1000)
    return stage.small("journal", f'[journal]\npath = "{foreign}"\n')


def unresolved(stage: Stage) -> Watched:
    return lone(stage, "unresolved", "http://nowhere.invalid:80")


def lone(stage: Stage, name: str, url: str) -> Watched:
    """A proxy with one backend, elsewhere."""
    pool = config.pool(f"of-{name}", [config.backend(url)])
    return stage.add(name, lambda proxy: config.proxy(name, proxy.admin, proxy.port, [pool]))


# --- brought about

def spoilt(stage: Stage) -> Watched:
    return stage.small("spoilt", listener(*certificate(stage, "spoilt", 90)))


def is_spoilt(stage: Stage, proxy: Watched) -> None:
    (stage.directory / "spoilt.pem").write_text("no certificate\n")
    proxy.reaches('soe503_tls_certificate_reloads_total{result="refused"}', 1)


def refused(_stage: Stage, proxy: Watched) -> None:
    proxy.config.write_text(proxy.config.read_text() + "\nnonsense = 1\n")
    proxy.signal(signal.SIGHUP)
    proxy.reaches('soe503_config_reloads_total{result="refused"}', 1)


def descriptors(_stage: Stage, proxy: Watched) -> None:
    used = int(proxy.value("process_open_fds"))
    _, hard = resource.prlimit(proxy.process.pid, resource.RLIMIT_NOFILE)
    # A scrape needs a connection and a file.
    resource.prlimit(proxy.process.pid, resource.RLIMIT_NOFILE, (max(used + 3, int(used / 0.92)), hard))


def records_lost(stage: Stage) -> Watched:
    """The disk of its access log is full."""
    return stage.small("records-lost", '[access_log]\npath = "/dev/full"\n')


def are_lost(stage: Stage, proxy: Watched) -> None:
    stage.load("of-records-lost", 10, "records-lost")
    proxy.reaches("soe503_access_log_dropped_total", 1)


def unexplained(stage: Stage) -> Watched:
    """An address of one link, without the link: the kernel refuses it with an error (EINVAL) that nothing known explains. Once something does,
    another failure is needed here."""
    return lone(stage, "unexplained", "http://[fe80::1]:80")


def is_unexplained(_stage: Stage, proxy: Watched) -> None:
    proxy.ask("/of-unexplained/x")
    proxy.reaches('soe503_unexplained_total{pool="of-unexplained"}', 1)


# A quota of a tenth of a core, in periods so short that what is stopped in each is hardly late.
QUOTA, PERIOD = 2_000, 20_000


def throttled(stage: Stage) -> Watched:
    group = CpuGroup.make(QUOTA, PERIOD)
    if not group:
        raise LeftOut("needs a CPU cgroup that may be written to")
    # Before the proxy is there, so that it is gone when the group is removed.
    stage.stack.callback(group.close)
    try:
        group.prefer()
        group.tighten()
    except OSError as error:
        raise LeftOut(f"needs the CPU controller for its cgroup: {error}") from error
    stage.cpu = group
    return stage.small("throttled")


def is_throttled(stage: Stage, proxy: Watched) -> None:
    stage.cpu.take(proxy.process.pid, burner=True)
    wait_until("it is stopped", lambda: stage.cpu.throttled()[1] > 0)


def starts_once(stage: Stage, proxy: Watched) -> None:
    """That is no fault: nobody has to be told."""
    proxy.again()


def restarts(stage: Stage, proxy: Watched) -> None:
    for _ in range(4):
        began = proxy.value("process_start_time_seconds")
        stage.prometheus.shows("it was scraped", f"process_start_time_seconds > {began - 0.5}", {proxy.name})
        proxy.again()


def stands_still(stage: Stage, proxy: Watched) -> None:
    proxy.signal(signal.SIGSTOP)
    # Longer than `for` of Soe503Down, in these times.
    wait_until("Soe503Down", lambda: any(one["labels"]["alertname"] == "Soe503Down" and one["labels"]["instance"] == "stands-still" for one in stage.prometheus.firing()), 30)
    stage.early.add(stage.prometheus.firing())
    proxy.signal(signal.SIGCONT)


def small(name: str) -> Callable[[Stage], Watched]:
    return lambda stage: stage.small(name)


# Those that take longest to be told first.
PROCESSES = [
    ProcessFault("records-lost", {"Soe503RecordsLost"}, records_lost, are_lost),
    ProcessFault("expires", {"Soe503CertificateExpires"}, expires),
    ProcessFault("throttled", {"Soe503CpuThrottled"}, throttled, is_throttled, {"Soe503EventLoopLate", "Soe503Incident", "Soe503Down"}, ("soe503_cpu_quota_",)),
    ProcessFault("journal", {"Soe503JournalFails"}, journal),
    ProcessFault("descriptors", {"Soe503DescriptorsRunOut"}, small("descriptors"), descriptors),
    ProcessFault("unresolved", {"Soe503NameNotResolved", "Soe503PoolDown"}, unresolved, may={"Soe503Incident"}),
    ProcessFault("spoilt", {"Soe503CertificateRefused"}, spoilt, is_spoilt),
    ProcessFault("refused", {"Soe503ConfigRefused"}, small("refused"), refused),
    ProcessFault("unexplained", {"Soe503Unexplained"}, unexplained, is_unexplained, {"Soe503Incident", "Soe503BudgetBurnsFast"}),
    ProcessFault("starts-once", set(), small("starts-once"), starts_once),
    ProcessFault("stands-still", {"Soe503Down", "Soe503EventLoopLate"}, small("stands-still"), stands_still),
    ProcessFault("restarts", {"Soe503Restarts"}, small("restarts"), restarts, {"Soe503Down"}, long=True),
]
