"""The batch of `encode_tests.rs`, as OpenTelemetry's own Python library writes it.

`tests/traces/run --write` makes the file that the Rust test compares with; without it, the file is checked.
"""

import tomllib

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from harness.build import ROOT

FILE = ROOT / "crates/soe503-proxy/src/traces/encode_tests.hex"
SCHEMA = "https://opentelemetry.io/schemas/1.44.0"
SECOND = 1_000_000_000
NOON = 1_795_780_800 * SECOND


def attributes(to, **values) -> None:
    for key, value in values.items():
        pair = to.add(key=key.replace("__", "."))
        kind = {bool: "bool_value", int: "int_value", str: "string_value"}[type(value)]
        setattr(pair.value, kind, value)


def expected() -> bytes:
    version = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add(schema_url=SCHEMA)
    attributes(resource.resource.attributes, service__name="shop-edge", deployment__environment__name="prod")
    scope = resource.scope_spans.add(schema_url=SCHEMA)
    scope.scope.name, scope.scope.version = "soe503", version
    trace = bytes.fromhex("4bf92f3577b34da6a3ce929d0e0e4736")
    server = scope.spans.add(
        trace_id=trace, span_id=bytes.fromhex("0000000000000011"), parent_span_id=bytes.fromhex("00f067aa0ba902b7"),
        trace_state="congo=t61rcWkgMzE", name="GET shop.example/api", kind=Span.SPAN_KIND_SERVER,
        start_time_unix_nano=NOON, end_time_unix_nano=NOON + 300_000_000, flags=0x301,
        status=Status(code=Status.STATUS_CODE_ERROR),
    )
    attributes(
        server.attributes, http__request__method="GET", url__scheme="https", url__path="/api/orders", http__route="shop.example/api",
        server__address="shop.example", server__port=8443, network__protocol__name="http", network__protocol__version="2",
        http__response__status_code=503, user_agent__original="curl/8", error__type="dependency_failure/connect_refused",
        soe503__cause="dependency_failure/connect_refused", soe503__root_cause="overload/pool_saturated",
        soe503__incident_id="01JD", soe503__pool="app", soe503__attempts=2, soe503__request_id="r-1", soe503__origin="generated",
    )
    first = scope.spans.add(
        trace_id=trace, span_id=bytes.fromhex("0000000000000021"), parent_span_id=bytes.fromhex("0000000000000011"),
        trace_state="congo=t61rcWkgMzE", name="GET", kind=Span.SPAN_KIND_CLIENT,
        start_time_unix_nano=NOON + 1_000_000, end_time_unix_nano=NOON + 101_000_000, flags=0x101,
        status=Status(code=Status.STATUS_CODE_ERROR),
    )
    attributes(
        first.attributes, http__request__method="GET", server__address="app.internal", server__port=8081,
        url__full="https://app.internal:8081/api/orders", network__peer__address="10.0.0.7", network__peer__port=8081,
        http__response__status_code=500, error__type="dependency_failure/upstream_error",
    )
    second = scope.spans.add(
        trace_id=trace, span_id=bytes.fromhex("0000000000000022"), parent_span_id=bytes.fromhex("0000000000000011"),
        trace_state="congo=t61rcWkgMzE", name="GET", kind=Span.SPAN_KIND_CLIENT,
        start_time_unix_nano=NOON + 200_000_000, end_time_unix_nano=NOON + 201_000_000, flags=0x101,
        status=Status(code=Status.STATUS_CODE_ERROR),
    )
    attributes(
        second.attributes, http__request__method="GET", server__address="::1", server__port=8082,
        url__full="http://[::1]:8082/api/orders", network__peer__address="::1", network__peer__port=8082,
        http__request__resend_count=1, error__type="dependency_failure/connect_refused", soe503__backend="six", soe503__hedge=True,
    )
    return request.SerializeToString(deterministic=True)


def text() -> str:
    digits = expected().hex()
    return "".join(f"{digits[at:at + 120]}\n" for at in range(0, len(digits), 120))
