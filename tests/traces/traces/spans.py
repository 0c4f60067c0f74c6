"""What has to be true of what arrives."""

import time

from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from harness import certificates
from harness.cases import Group, demand, equal
from harness.processes import free_port

from . import golden
from .forwarder import Forwarder
from .receiver import GrpcCollector, HttpCollector
from .stage import Stage, stage

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
# A backend at which nobody has ever answered.
NOBODY = "misconfiguration/wrong_port"
ALL, NONE = "sample_ratio = 1.0", "sample_ratio = 0.0"

encoding = Group("encoding", stage)
spans = Group("spans", stage)
# By their names for people, and in the configuration.
WAYS = {"HTTP": "http/protobuf", "gRPC": "grpc"}


def error(span) -> bool:
    return span.status.code == Status.STATUS_CODE_ERROR


def has(found: dict, **wanted) -> None:
    for key, value in wanted.items():
        key = key.replace("__", ".")
        equal(key, found.get(key), value)


@encoding.case("the file of the unit test is what OpenTelemetry's library writes")
def _(_stage: Stage):
    equal("encode_tests.hex", golden.FILE.read_text(), golden.text())


def success(stage: Stage, collector, more: str = ""):
    backend = stage.backend()
    proxy = stage.proxy([backend.url], collector, traces=NONE + '\nheaders = { x-tenant = "shop" }\n' + more)
    answer = proxy.ask(**SAMPLED)
    equal("status", answer.status, 200)
    (server, about), (client, tried) = collector.store.of(answer.id, 2)
    equal("trace", server.trace_id.hex(), TRACE)
    equal("parent", server.parent_span_id.hex(), PARENT)
    equal("kinds", (server.kind, client.kind), (Span.SPAN_KIND_SERVER, Span.SPAN_KIND_CLIENT))
    equal("name", server.name, f"GET {about['http.route']}")
    demand(not error(server) and not error(client), "a success has no error")
    has(about, http__request__method="GET", url__path="/api/orders", url__scheme="http", http__response__status_code=200, server__address="127.0.0.1",
        server__port=proxy.port, network__protocol__version="1.1", soe503__pool="app", soe503__origin="upstream", soe503__attempts=1)
    has(tried, http__request__method="GET", http__response__status_code=200, server__address="127.0.0.1", server__port=backend.port,
        url__full=f"{backend.url}/api/orders")
    for absent in ("http.request.resend_count", "error.type"):
        demand(absent not in tried, f"{absent} on a first success")
    demand("user_agent.original" not in about and "error.type" not in about, "nobody asked for it")
    demand(not any("4111" in str(value) for one in (about, tried) for value in one.values()), "the query is told")
    demand(0 < client.start_time_unix_nano <= client.end_time_unix_nano <= server.end_time_unix_nano, "times are in order")
    demand(abs(server.start_time_unix_nano / 1e9 - time.time()) < 60, "and of today")
    has(collector.store.resources[0], service__name="shop-edge", deployment__environment__name="test", service__instance__id="edge-test")


def has_own_header(collector) -> None:
    headers = {name.lower(): value for name, value in collector.store.headers[0].items()}
    equal("the exporter's own header", headers.get("x-tenant"), "shop")


def play_success(name: str, make, more: str = "") -> None:
    @spans.case(f"success, over {name}")
    def _(stage: Stage):
        collector = stage.collector(make(stage))
        success(stage, collector, more)
        has_own_header(collector)


play_success("HTTP", lambda _: HttpCollector())
play_success("gRPC", lambda _: GrpcCollector())
play_success("TLS", lambda stage: HttpCollector(certificate=certificates.localhost(stage.directory)), "tls = { verify = false }")


@spans.case("a certificate that nobody trusts gets nothing")
def _(stage: Stage):
    collector, backend = stage.collector(HttpCollector(certificate=certificates.localhost(stage.directory))), stage.backend()
    proxy = stage.proxy([backend.url], collector, traces=ALL)
    proxy.ask()
    proxy.wait_for("the log says so", lambda: "does not take spans" in proxy.process.tail())
    equal("requests", collector.seen, 0)


@spans.case("a retry that succeeds has two CLIENT spans")
def _(stage: Stage):
    collector, good = stage.collector(HttpCollector()), stage.backend()
    dead = f"http://127.0.0.1:{free_port()}"
    proxy = stage.proxy([dead, good.url], collector, traces=ALL, pool="ejection = { enabled = false }\ncircuit_breaker = { enabled = false }")
    # Which of the two is asked first is chance; not twenty times.
    for _ in range(40):
        answer = proxy.ask()
        equal("status", answer.status, 200)
        found = collector.store.of(answer.id, 2)
        if len(found) > 2 or found[0][1]["soe503.attempts"] == 2:
            break
    (server, about), (first, failed), (second, saved) = collector.store.of(answer.id, 3)
    demand(not error(server) and about.get("soe503.prevented") is True, f"the request was saved: {about}")
    demand(error(first), "the first attempt failed")
    has(failed, error__type=NOBODY)
    demand("http.request.resend_count" not in failed and "http.response.status_code" not in failed, f"{failed}")
    has(saved, http__request__resend_count=1, http__response__status_code=200, server__port=good.port)
    demand(not error(second) and second.start_time_unix_nano >= first.start_time_unix_nano, "the second came after it")


def failure(stage: Stage, collector):
    proxy = stage.proxy([f"http://127.0.0.1:{free_port()}"], collector, traces=NONE, pool="circuit_breaker = { enabled = false }")
    answer = proxy.ask(traceparent=f"00-{TRACE}-{PARENT}-00")
    equal("status", answer.status, 503)
    (server, about), (client, tried), *_ = collector.store.of(answer.id, 2)
    equal("trace", server.trace_id.hex(), TRACE)
    equal("parent", server.parent_span_id.hex(), PARENT)
    equal("flags: not sampled, the parent is remote", server.flags, 0x300)
    demand(error(server) and error(client), "both are errors")
    cause = answer.headers["Soe-Cause"].split(";")[0]
    equal("cause", cause, NOBODY)
    has(about, error__type=cause, soe503__cause=cause, http__response__status_code=503, soe503__origin="generated", soe503__pool="app")
    has(tried, error__type=cause)
    has(about, http__route="*/api/")


@spans.case("a failure is there though nothing is sampled")
def _(stage: Stage):
    failure(stage, stage.collector(HttpCollector()))


# --- with a collector between that nobody here wrote

def play_forwarded(name: str, protocol: str) -> None:
    @spans.case(f"success, over {name} through rotel")
    def _(stage: Stage):
        collector = stage.collector(Forwarder(protocol, stage.directory))
        success(stage, collector)
        equal("rotel's own count of spans that came", collector.counted(), 2)

    @spans.case(f"a failure, over {name} through rotel")
    def _(stage: Stage):
        failure(stage, stage.collector(Forwarder(protocol, stage.directory)))


for way in WAYS.items():
    play_forwarded(*way)


@spans.case("a failure of an incident names it")
def _(stage: Stage):
    collector = stage.collector(HttpCollector())
    proxy = stage.proxy([f"http://127.0.0.1:{free_port()}"], collector, traces=NONE, pool="circuit_breaker = { enabled = false }")
    named = None
    deadline = time.monotonic() + 20
    while named is None and time.monotonic() < deadline:
        answer = proxy.ask()
        cause = answer.headers.get("Soe-Cause", "")
        # Until there is an incident, it is the request's own id.
        incident = cause.split('inc="')[1].split('"')[0]
        if incident != answer.id:
            named = answer, incident
        time.sleep(0.05)
    demand(named, "an incident begins")
    answer, incident = named
    (_, about), *_ = collector.store.of(answer.id, 1)
    equal("soe503.incident_id", about.get("soe503.incident_id"), incident)


@spans.case("an open circuit: no CLIENT span")
def _(stage: Stage):
    collector = stage.collector(HttpCollector())
    proxy = stage.proxy([f"http://127.0.0.1:{free_port()}"], collector, traces=ALL, pool='circuit_breaker = { consecutive_failures = 2, open_for = "60s", max_open_for = "60s" }\nride_out = "0s"')
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        answer = proxy.ask()
        if answer.headers.get("Soe-Cause", "").startswith("circuit_open/"):
            break
    demand(answer.headers["Soe-Cause"].startswith("circuit_open/"), f"the circuit opens: {answer.headers['Soe-Cause']}")
    found = collector.store.of(answer.id, 1)
    time.sleep(0.3)
    equal("spans", len(collector.store.of(answer.id, 1)), 1)
    (server, about), *_ = found
    cause = answer.headers["Soe-Cause"].split(";")[0]
    has(about, error__type=cause, soe503__cause=cause)
    demand(error(server), "it failed")


@spans.case("a backend's own 500 that is passed on")
def _(stage: Stage):
    collector, backend = stage.collector(HttpCollector()), stage.backend()
    backend.behave("500", "ok")
    proxy = stage.proxy([backend.url], collector, traces=NONE)
    answer = proxy.ask()
    equal("status", answer.status, 500)
    (server, about), (client, tried), *_ = collector.store.of(answer.id, 2)
    demand(error(server) and error(client), "both are errors")
    has(about, soe503__origin="upstream", http__response__status_code=500)
    demand(about.get("error.type") == about.get("soe503.cause") != None, f"{about}")  # noqa: E711
    has(tried, http__response__status_code=500)


@spans.case("4xx is no error, and not recorded unless it is sampled")
def _(stage: Stage):
    collector, backend = stage.collector(HttpCollector()), stage.backend()
    proxy = stage.proxy([backend.url], collector, traces=NONE)
    lost, known = proxy.ask("/elsewhere"), proxy.ask("/elsewhere", **SAMPLED)
    equal("status", (lost.status, known.status), (404, 404))
    (server, about), *_ = collector.store.of(known.id, 1)
    demand(not error(server) and "error.type" not in about and "http.route" not in about, f"{about}")
    demand(not collector.store.knows(lost.id), "nobody asked for it")


@spans.case("B3 in, B3 and traceparent out")
def _(stage: Stage):
    collector, backend = stage.collector(HttpCollector()), stage.backend()
    proxy = stage.proxy([backend.url], collector, traces=NONE + '\nextract = ["b3", "b3multi"]\ninject = ["b3", "tracecontext"]')
    for headers in (
        {"b3": f"{TRACE}-{PARENT}-1"},
        {"b3": f"{TRACE}-{PARENT}-d"},
        {"X_B3_TraceId": TRACE, "X_B3_SpanId": PARENT, "X_B3_Sampled": "1"},
    ):
        answer = proxy.ask(**headers)
        (server, _), _ = collector.store.of(answer.id, 2)
        equal("trace and parent", (server.trace_id.hex(), server.parent_span_id.hex()), (TRACE, PARENT))
    refused = proxy.ask(b3="0")
    proxy.ask(b3=f"{TRACE}-{PARENT}-1")
    demand(not collector.store.knows(refused.id), "who says no is not sampled")


@spans.case("a share of the traces, by chance")
def _(stage: Stage):
    collector, backend = stage.collector(HttpCollector()), stage.backend()
    proxy = stage.proxy([backend.url], collector, traces="sample_ratio = 0.2")
    count = 300 if stage.settings.quick else 1500
    for _ in range(count):
        proxy.ask()
    last = proxy.ask(**SAMPLED)
    collector.store.of(last.id, 2)
    servers = sum(span.kind == Span.SPAN_KIND_SERVER for span, _ in collector.store.spans) - 1
    demand(0.1 * count < servers < 0.3 * count, f"{servers} of {count}")
    return f"{servers} of {count}"
