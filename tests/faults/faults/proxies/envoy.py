"""Envoy with all that it can tell: details, transport reasons, Proxy-Status, checks' events, statistics."""

import json
from pathlib import Path

from harness.processes import wait_until

from ..load import Outcome
from ..scoring.envoy import joined, prevented, printed
from .base import Proxy, Said, joined_with_the_past

TYPE = "type.googleapis.com/envoy"
FIELDS = {
    "id": "%REQ(X-LOAD-ID)%", "status": "%RESPONSE_CODE%", "flags": "%RESPONSE_FLAGS%", "details": "%RESPONSE_CODE_DETAILS%",
    "transport": "%UPSTREAM_TRANSPORT_FAILURE_REASON%", "host": "%UPSTREAM_HOST%", "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
    "duration": "%DURATION%", "termination": "%CONNECTION_TERMINATION_DETAILS%", "cluster": "%UPSTREAM_CLUSTER%",
    "received": "%RESPONSE_DURATION%", "retry_after": "%RESP(RETRY-AFTER)%",
}


def duration(value: float) -> str:
    return f"{value:g}s"


class Envoy(Proxy):
    name = "envoy"

    def prepare(self) -> None:
        self.log = self.directory / "access.json"
        self.config = self.directory / "envoy.json"
        self.config.write_text(json.dumps({
            "admin": {"address": address("127.0.0.1", self.admin)},
            "static_resources": {"listeners": [self.listener()], "clusters": [*self.app(), self.cluster("control", self.place.control)]},
        }))

    def command(self) -> list[str]:
        return [self.place.binaries["envoy"], "--concurrency", "1", "--disable-hot-restart", "--log-level", "warning", "-c", str(self.config)]

    def start(self) -> None:
        super().start()
        wait_until("Envoy is ready", lambda: self.get("/ready")[0] == 200)

    def listener(self) -> dict:
        setting = self.setting
        retry = {
            "retry_on": "5xx,reset,connect-failure,refused-stream", "num_retries": setting.attempts - 1, "per_try_timeout": duration(setting.attempt_timeout),
            "retry_host_predicate": [{"name": "envoy.retry_host_predicates.previous_hosts", "typed_config": {"@type": f"{TYPE}.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"}}],
            "host_selection_retry_max_attempts": 5, "retry_back_off": {"base_interval": "0.025s", "max_interval": "0.25s"},
        }
        safe = {"cluster": "missing" if setting.missing_pool else "app", "timeout": duration(setting.timeout)}
        get = {"prefix": "/app", "headers": [{"name": ":method", "string_match": {"exact": "GET"}}]}
        routes = [
            {"match": get, "route": {**safe, "retry_policy": retry}},
            {"match": {"prefix": "/app"}, "route": {**safe, "retry_policy": {**retry, "retry_on": "connect-failure,refused-stream,reset-before-request"}}},
            {"match": {"prefix": "/control"}, "route": {"cluster": "control"}},
        ]
        if setting.maintenance:
            routes.insert(0, {"match": {"prefix": "/app"}, "direct_response": {"status": 503, "body": {"inline_string": "maintenance"}}})
        filters = [{"name": "envoy.filters.http.router", "typed_config": {"@type": f"{TYPE}.extensions.filters.http.router.v3.Router"}}]
        if setting.key_limit:
            filters.insert(0, self.rate_limit())
        manager = {
            "@type": f"{TYPE}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", "stat_prefix": "front", "codec_type": "HTTP1",
            "access_log": [{"name": "file", "typed_config": {"@type": f"{TYPE}.extensions.access_loggers.file.v3.FileAccessLog", "path": str(self.log), "log_format": {"json_format": FIELDS}}}],
            "proxy_status_config": {"literal_proxy_name": "envoy"},
            "route_config": {"validate_clusters": False, "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}]}, "http_filters": filters,
        }
        return {"name": "front", "address": address("127.0.0.1", self.port), "filter_chains": [{"filters": [{"name": "hcm", "typed_config": manager}]}]}

    def rate_limit(self) -> dict:
        bucket = {"max_tokens": self.setting.key_limit * 10, "tokens_per_fill": self.setting.key_limit * 10, "fill_interval": "1s"}
        always = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
        return {"name": "envoy.filters.http.local_ratelimit", "typed_config": {
            "@type": f"{TYPE}.extensions.filters.http.local_ratelimit.v3.LocalRateLimit", "stat_prefix": "limit", "token_bucket": bucket, "filter_enabled": always, "filter_enforced": always,
        }}

    def app(self) -> list[dict]:
        setting = self.setting
        members = [("self", "127.0.0.1", self.port)] if setting.loop else self.place.app
        cluster = self.cluster("app", [] if setting.empty else list({(host, port): (name, host, port) for name, host, port in members}.values()), setting.names != "none")
        cluster["outlier_detection"] = {"consecutive_5xx": 5, "interval": "1s", "base_ejection_time": "5s", "max_ejection_percent": 67}
        if setting.health:
            cluster["health_checks"] = [{
                "timeout": "1s", "interval": duration(setting.interval), "no_traffic_interval": duration(setting.interval), "unhealthy_threshold": 3, "healthy_threshold": 2,
                "http_health_check": {"path": setting.health}, "always_log_health_check_failures": True,
                "event_logger": [{"name": "envoy.health_check.event_sink.file", "typed_config": {"@type": f"{TYPE}.extensions.health_check.event_sinks.file.v3.HealthCheckEventFileSink", "event_log_path": str(self.directory / "checks.json")}}],
            }]
        # Its default of three retries at a time would be what is named.
        cluster["circuit_breakers"] = {"thresholds": [{"max_connections": 10000, "max_pending_requests": 10000, "max_requests": 10000, "max_retries": 10000}]}
        if setting.max_in_flight:
            cluster["circuit_breakers"] = {"thresholds": [{"max_connections": setting.max_in_flight, "max_pending_requests": setting.max_waiting or 1, "max_requests": setting.max_in_flight, "max_retries": 10000}]}
        if setting.tls:
            cluster["transport_socket"] = {"name": "envoy.transport_sockets.tls", "typed_config": {
                "@type": f"{TYPE}.extensions.transport_sockets.tls.v3.UpstreamTlsContext", "sni": "app.test",
                "common_tls_context": {"validation_context": {"trusted_ca": {"filename": str(self.place.ca)}, "match_typed_subject_alt_names": [{"san_type": "DNS", "matcher": {"exact": "app.test"}}]}},
            }}
        return [cluster]

    def cluster(self, name: str, members: list, names: bool = False) -> dict:
        endpoints = [{"endpoint": {"address": address(host, port)}} for _, host, port in members]
        made = {
            "name": name, "type": "STRICT_DNS" if names else "STATIC", "connect_timeout": duration(self.setting.connect_timeout), "lb_policy": "LEAST_REQUEST",
            # As in benches/resilience: if none is left, all of them are asked, which fails for the true reason.
            "common_lb_config": {"healthy_panic_threshold": {"value": 30}},
            "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]},
        }
        if names:
            made |= {"dns_refresh_rate": "1s", "dns_lookup_family": "V4_ONLY", "dns_failure_refresh_rate": {"base_interval": "1s", "max_interval": "1s"}}
        return made

    def snapshot(self) -> dict:
        _, clusters = self.get("/clusters?format=json")
        _, stats = self.get("/stats?format=json&filter=cluster.app")
        try:
            hosts = next((one.get("host_statuses", []) for one in json.loads(clusters)["cluster_statuses"] if one["name"] == "app"), [])
            numbers = {one["name"].removeprefix("cluster.app."): one["value"] for one in json.loads(stats)["stats"] if "value" in one}
        except (ValueError, KeyError):
            return {}
        return {"hosts": hosts, "stats": numbers, "checks": lines(self.directory / "checks.json")[-20:]}

    def says(self, failures: list[Outcome], snapshots: dict[str, dict]) -> list[Said]:
        log = {one.get("id"): one for one in lines(self.log)}
        before, after = snapshots.get("begin", {}), snapshots.get("end", {})
        return joined_with_the_past([self.of(log.get(one.id) or {}, one, before, after) for one in failures])

    def of(self, line: dict, one: Outcome, before: dict, after: dict) -> Said:
        flags = line.get("flags") or "-"
        return Said(printed(flags, one.status), joined(line, one, before, after), code=f"{flags} {line.get('details')} {line.get('transport') or ''}".strip())

    def about_prevented(self, snapshots: dict[str, dict]) -> Said | None:
        cause = prevented(snapshots.get("begin", {}), snapshots.get("end", {}))
        return Said(None, cause, code="statistics and check log") if cause else None


def address(host: str, port: int) -> dict:
    return {"socket_address": {"address": host, "port_value": port}}


def lines(path: Path) -> list[dict]:
    found = []
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found
