"""Collectors that misbehave: no effect on requests, bounded memory, a visible counter."""

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor

import grpc

from harness.cases import Group, Missed, demand, equal
from harness.processes import HarnessError, wait_until

from .receiver import Dead, Deaf, GrpcCollector, GrpcGarbage, HttpCollector, pause
from .spans import ALL, WAYS
from .stage import Stage, stage

collectors = Group("collectors", stage)

# The path and a header of requests: a trace of one is so large that a few hundred would be seen in the process' memory.
LONG = f"/api/{'orders/' * 1000}", {"User_Agent": "curl/8 " * 1000}
# KiB by which memory may grow after the first requests: caches of the allocator fill by and by.
GROWTH = 3072


def busy(stage: Stage, collector, **more):
    """Requests while `collector` misbehaves: all are served, at the pace of requests, and memory stays. Returns the proxy."""
    backend = stage.backend()
    proxy = stage.proxy([backend.url], collector, traces=ALL + "\nuser_agent = true\nqueue_size = 32\nbatch_size = 16", **more)
    count = 400 if stage.settings.quick else 3000
    times, early, (path, headers) = [], None, LONG
    with contextlib.closing(proxy.client()) as client:
        for number in range(count):
            if number == count // 4:
                early = proxy.resident()
            began = time.monotonic()
            equal("status", proxy.ask(path, client, **headers).status, 200)
            times.append(time.monotonic() - began)
    grown = proxy.resident() - early
    # Whoever waited for the collector would wait as long as it does, each time; a slow machine is slow now and then.
    late = sum(took > 0.5 for took in times)
    demand(late <= count // 50 and max(times) < 10, f"{late} of {count} requests took more than 0.5 s, the slowest {max(times):.2f} s")
    demand(grown < GROWTH, f"memory: {grown} KiB more")
    return proxy, f"{grown} KiB more"


def complained_once(proxy) -> None:
    told = lambda: proxy.process.tail().count("does not take spans")
    # Requests may be done before the first spans are on their way.
    wait_until("a complaint in the log", lambda: told() > 0)
    # Time for a second one, which must not come.
    time.sleep(1)
    equal("complaints in the log", told(), 1)


def ends_in_time(proxy) -> None:
    began = time.monotonic()
    equal("exit code", proxy.process.stop(15), 0)
    demand(time.monotonic() - began < 8, "it waits for the collector")


# --- each over HTTP and gRPC, at the same time

def played(name: str, make, judge) -> None:
    """`make` makes a collector of a protocol; `judge` looks at the proxy that was busy with it."""
    @collectors.case(name)
    def _(stage: Stage):
        def one(way: str) -> str:
            try:
                proxy, note = busy(stage, stage.collector(make(WAYS[way])))
                judge(proxy)
            except (HarnessError, Missed) as error:
                raise Missed(f"over {way}: {error}") from error
            return f"{way}: {note}"
        with ThreadPoolExecutor() as pool:
            return ", ".join(pool.map(one, WAYS))


def dead(proxy) -> None:
    demand(proxy.dropped("queue_full") > 0, "the queue is full")
    complained_once(proxy)
    ends_in_time(proxy)


def deaf(proxy) -> None:
    demand(proxy.dropped("queue_full") > 0, "the queue is full")
    ends_in_time(proxy)


def slow(proxy) -> None:
    proxy.wait_for("some arrive", lambda: proxy.exported() > 0)
    demand(proxy.dropped("queue_full") > 0, "the queue is full")
    demand(proxy.process.tail().count("does not take spans") == 0, "slow is not wrong")


def is_not_asked_again(proxy) -> None:
    demand(proxy.dropped("queue_full") > 0, "the queue is full")
    complained_once(proxy)


def refuses(proxy) -> None:
    proxy.wait_for("they are refused", lambda: proxy.dropped("refused") > 0)
    complained_once(proxy)


def loses(proxy) -> None:
    # The page is larger than any answer of a collector: it breaks off, and is tried again.
    proxy.wait_for("they are lost", lambda: sum(proxy.dropped(why) for why in ("refused", "queue_full", "unanswered")) > 0)
    complained_once(proxy)


NO_HTTP = b"\x15\x03\x01 this is not the protocol you are looking for\r\n\r\n"
NO_PROTOBUF = b"\xff\xfe\xfd<html>"
PAGE = (200, {"Content-Type": "text/html"}, b"<html>" + b"x" * 200_000)


def slowly(protocol: str):
    return GrpcCollector(pause(1.0)) if protocol == "grpc" else HttpCollector(pause(1.0))


def garbage(protocol: str):
    return GrpcGarbage(NO_PROTOBUF) if protocol == "grpc" else HttpCollector(lambda _: (200, {"Content-Type": "application/x-protobuf"}, NO_PROTOBUF))


played("dead: spans are lost and counted, and it ends in time", Dead, dead)
played("deaf: accepts and never answers", lambda protocol: Deaf(protocol), deaf)
played("slow: one second for each answer", slowly, slow)
played("no HTTP at all", lambda protocol: Deaf(protocol, NO_HTTP), is_not_asked_again)
played("protobuf that is none", garbage, refuses)
# Over gRPC it is a server of another version of HTTP.
played("a web server that answers everything with a page", lambda protocol: HttpCollector(lambda _: PAGE, protocol=protocol), loses)


# --- what one answer means

@collectors.case("400 is final, 503 with Retry-After is not")
def _(stage: Stage):
    times = []

    def script(number: int):
        times.append(time.monotonic())
        return {1: (400, {}, b""), 2: (503, {"Retry-After": "2"}, b"")}.get(number)

    collector, backend = stage.collector(HttpCollector(script)), stage.backend()
    proxy = stage.proxy([backend.url], collector, traces=ALL)
    proxy.ask()
    proxy.wait_for("the first is refused", lambda: proxy.dropped("refused") == 2)
    answer = proxy.ask()
    collector.store.of(answer.id, 2)
    demand(len(times) == 3 and times[2] - times[1] >= 1.9, f"{len(times)} requests, {times[2] - times[1]:.2f} s later")
    proxy.wait_for("they are counted", lambda: proxy.exported() == 2)


@collectors.case("UNAVAILABLE over gRPC is tried again, INVALID_ARGUMENT is final")
def _(stage: Stage):
    script = {1: grpc.StatusCode.INVALID_ARGUMENT, 2: grpc.StatusCode.UNAVAILABLE}.get
    collector, backend = stage.collector(GrpcCollector(script)), stage.backend()
    proxy = stage.proxy([backend.url], collector, traces=ALL)
    proxy.ask()
    proxy.wait_for("the first is refused", lambda: proxy.dropped("refused") == 2)
    answer = proxy.ask()
    collector.store.of(answer.id, 2)
    equal("calls", collector.seen, 3)


@collectors.case("it comes back, and spans arrive again")
def _(stage: Stage):
    gone = (503, {}, b"")
    state = {"up": False}
    collector, backend = stage.collector(HttpCollector(lambda _: None if state["up"] else gone)), stage.backend()
    proxy = stage.proxy([backend.url], collector, traces=ALL)
    first = proxy.ask()
    proxy.wait_for("it was asked", lambda: collector.seen > 0)
    state["up"] = True
    collector.store.of(first.id, 2)
    last = proxy.ask()
    collector.store.of(last.id, 2)
