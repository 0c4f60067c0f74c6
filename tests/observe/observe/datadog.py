"""Datadog: what its agent reads (its OpenMetrics check), and a dashboard of it.

The agent takes `_total` off counters and puts `.count` behind them; histograms become distributions. Names of metrics are the
proxy's own with a dot behind `soe503`.
"""

import json
import re

RATE, GAUGE, DISTRIBUTION = "rate", "gauge", "distribution"

# What the exposition calls it, and what kind it is: what the dashboard shows, and what monitors are made of.
COUNTERS = [
    "responses", "prevented", "attempts", "taken_over", "unexplained", "incidents", "shed", "queue_for_backends", "retry_budget_spent",
    "retry_budget_refused", "circuit_refused", "circuit_transitions", "waited", "hedges", "hedges_withheld", "health_checks", "ejections",
    "backend_ejections", "backend_requests", "backend_failures", "rate_limit_requests", "pool_throttled", "connections", "connections_refused",
    "tls_handshakes", "tls_resumed", "tls_handshake_failures", "config_reloads", "tls_certificate_reloads", "recorder_dropped",
    "access_log_dropped", "journal_dropped", "event_loop_late", "cpu_quota_periods", "cpu_quota_throttled_periods",
]
GAUGES = [
    "incidents_open", "incident_active", "pool_in_flight", "pool_in_flight_limit", "pool_maintenance", "pool_throttle_ratio", "queue_depth",
    "queue_oldest_seconds", "queue_for_backends_depth", "pool_overload_stage", "pool_panic", "retry_budget_available", "retries_cut",
    "circuit_state", "waiting_requests", "backend_state", "backend_check_overruled", "backend_in_flight", "backend_latency_seconds",
    "backend_utilization", "dns_failing", "connections_open", "tls_certificate_expires_seconds", "draining", "build_info", "journal_up",
    "journal_trouble", "event_loop_lag_seconds",
]
HISTOGRAMS = ["request_duration_seconds"]
PROCESS = {"process_cpu_seconds": "process.cpu_seconds", "process_resident_memory_bytes": "process.resident_memory_bytes",
           "process_open_fds": "process.open_fds", "process_max_fds": "process.max_fds", "process_start_time_seconds": "process.start_time_seconds"}

# Exposed only where there is something to tell: a quota, a limit, a name that is not resolved, …
RARE = {
    "soe503_cpu_quota_periods_total", "soe503_cpu_quota_throttled_periods_total", "soe503_dns_failing", "soe503_journal_trouble", "process_max_fds",
    "soe503_backend_in_flight_limit",
}

CONF = """# soe503 for the Datadog agent: /etc/datadog-agent/conf.d/openmetrics.d/conf.yaml
# It asks for OpenMetrics; counters come as NAME.count, durations as a distribution. The dashboard beside this file is made for it.
init_config:

instances:
  - openmetrics_endpoint: http://127.0.0.1:9503/metrics
    namespace: soe503
    # Beyond a loopback address the admin API needs a token, best that of `read_token_file`:
    # headers: {{ Authorization: "Bearer TOKEN" }}
    use_latest_spec: true
    histogram_buckets_as_distributions: true
    collect_counters_with_distributions: true
    # `version` and `server` of soe503_build_info on everything: one dashboard for many proxies.
    share_labels:
      soe503_build_info:
        labels: [version, server]
    # Datadog keeps these names for itself.
    rename_labels:
      version: soe503_version
      host: soe503_host
    metrics:
{metrics}
"""


def configuration() -> str:
    own = {f"soe503_{name}": name for name in [*COUNTERS, *GAUGES, *HISTOGRAMS]}
    lines = [f"      - {raw}: {name}" for raw, name in (own | PROCESS).items()]
    return CONF.format(metrics="\n".join(lines))


def exposed() -> dict[str, str]:
    """Each metric that the configuration names, as the exposition calls its samples or its histogram."""
    named = {}
    for name in COUNTERS:
        named[f"soe503_{name}"] = f"soe503_{name}_total"
    for name in [*GAUGES, *HISTOGRAMS]:
        named[f"soe503_{name}"] = f"soe503_{name}"
    for name in PROCESS:
        named[name] = f"{name}_total" if name == "process_cpu_seconds" else name
    return named


# --- the dashboard

SCOPE = "$server,$pool"
PROCESSES = "$server"


def count(name: str, by: str = "", scope: str = SCOPE, more: str = "") -> str:
    return f"sum:soe503.{name}.count{{{scope}{more}}}{group(by)}.as_rate()"


def gauge(name: str, by: str = "", how: str = "max", scope: str = SCOPE, more: str = "") -> str:
    return f"{how}:soe503.{name}{{{scope}{more}}}{group(by)}"


def group(by: str) -> str:
    return f" by {{{by}}}" if by else ""


def requests(queries: list[str], formula: str | None = None, kind: str = "timeseries", look: str = "line") -> list[dict]:
    named = [{"data_source": "metrics", "name": f"q{at}", "query": query, **({"aggregator": "last"} if kind == "scalar" else {})} for at, query in enumerate(queries)]
    formulas = [{"formula": formula}] if formula else [{"formula": query["name"]} for query in named]
    shown = {"response_format": kind, "queries": named, "formulas": formulas}
    if kind == "timeseries":
        shown |= {"display_type": look, "style": {"palette": "dog_classic", "line_type": "solid", "line_width": "normal"}}
    return [shown]


def series(title: str, queries: list[str], formula: str | None = None, look: str = "line") -> dict:
    return {"definition": {"type": "timeseries", "title": title, "show_legend": True, "legend_layout": "auto", "legend_columns": ["avg", "max", "value"], "requests": requests(queries, formula, look=look)}}


def number(title: str, query: list[str], formula: str | None = None, unit: str = "", precision: int = 2) -> dict:
    return {"definition": {"type": "query_value", "title": title, "autoscale": True, "precision": precision, "custom_unit": unit, "requests": requests(query, formula, "scalar")}}


def widgets(title: str, inside: list[dict]) -> dict:
    return {"definition": {"type": "group", "title": title, "layout_type": "ordered", "widgets": inside}}


def dashboard() -> str:
    failed = count("responses", "pool", more=",status:5xx")
    all_of = count("responses", "pool")
    groups = [
        widgets("Now", [
            number("Requests per second", [count("responses")]),
            number("Failed", [count("responses", more=",status:5xx"), count("responses")], "100 * default_zero(q0) / q1", "%"),
            number("Saved per second", [count("prevented")]),
            number("Incidents", [gauge("incidents_open", how="sum", scope=PROCESSES)], precision=0),
            number("Circuits open", [gauge("circuit_state", how="sum", more=",state:open")], precision=0),
            number("Backends out", [gauge("backend_state", how="sum", more=",state:ejected"), gauge("backend_state", how="sum", more=",state:down")], "q0 + q1", precision=0),
        ]),
        widgets("Requests", [
            series("By status", [count("responses", "status")], look="bars"),
            series("Failed, by pool (%)", [failed, all_of], "100 * default_zero(q0) / q1"),
            series("Failed, by cause", [count("responses", "cause", more=",status:5xx")], look="bars"),
            series("Saved, by what", [count("prevented", "by")], look="bars"),
            series("Time to the end of the answer (s)", [f"p{q}:soe503.request_duration_seconds{{{SCOPE},result:ok}}" for q in (50, 95, 99)]),
            series("Incidents that go on: lbctl explain ID", [gauge("incident_active", "pool,cause,incident")], look="bars"),
        ]),
        widgets("Backends", [
            series("Attempts", [count("backend_requests", "pool,backend")]),
            series("Failed attempts (%)", [count("backend_failures", "pool,backend"), count("backend_requests", "pool,backend")], "100 * default_zero(q0) / q1"),
            series("Out", [gauge("backend_state", "pool,backend,state", more=",state:ejected"), gauge("backend_state", "pool,backend,state", more=",state:down")], look="bars"),
            series("Ejections, by reason", [count("ejections", "pool,reason")], look="bars"),
            series("Time to the head, 99 % (s)", [gauge("backend_latency_seconds", "pool,backend", more=",percentile:99")]),
            series("Health checks", [count("health_checks", "pool,result")]),
        ]),
        widgets("Circuit, retries, load", [
            series("Circuit open", [gauge("circuit_state", "pool", more=",state:open")], look="bars"),
            series("Refused by the circuit", [count("circuit_refused", "pool")]),
            series("Retry budget: spent and refused", [count("retry_budget_spent", "pool"), count("retry_budget_refused", "pool")]),
            series("In flight, and the limit", [gauge("pool_in_flight", "pool", how="sum"), gauge("pool_in_flight_limit", "pool", how="sum")]),
            series("Waiting", [gauge("queue_depth", "pool,priority", how="sum")]),
            series("Shed", [count("shed", "pool,priority")], look="bars"),
        ]),
        widgets("Proxies", [
            series("CPU (cores)", [f"sum:soe503.process.cpu_seconds.count{{{PROCESSES}}} by {{server}}.as_rate()"]),
            series("Memory (bytes)", [gauge("process.resident_memory_bytes", "server", scope=PROCESSES)]),
            series("Descriptors (%)", [gauge("process.open_fds", "server", scope=PROCESSES), gauge("process.max_fds", "server", scope=PROCESSES)], "100 * q0 / q1"),
            series("Event loops late (s)", [gauge("event_loop_lag_seconds", "server,loop", scope=PROCESSES)]),
            series("Throttled (%)", [count("cpu_quota_throttled_periods", "server", PROCESSES), count("cpu_quota_periods", "server", PROCESSES)], "100 * default_zero(q0) / q1"),
            series("Connections", [gauge("connections_open", "server", how="sum", scope=PROCESSES)]),
        ]),
    ]
    whole = {
        "title": "soe503",
        "description": "Requests, what fails and why, what is saved, backends, circuits and the proxies themselves. Made for conf.yaml beside it.",
        "layout_type": "ordered",
        "reflow_type": "auto",
        "template_variables": [
            {"name": name, "prefix": name, "available_values": [], "default": "*"} for name in ("server", "pool")
        ],
        "widgets": groups,
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def shown() -> set[str]:
    """The metrics that the dashboard's queries name, as the agent sends them."""
    return set(re.findall(r"soe503\.[a-z_.0-9]*[a-z_0-9](?=\{)", dashboard()))


def sent() -> set[str]:
    """What the agent sends with this configuration."""
    return set(exposed_as())


QUERY = re.compile(r"(sum|max|min|avg|p\d+):(soe503\.[a-z_.0-9]+)\{([^}]*)\}(?: by \{([^}]*)\})?(\.as_rate\(\))?")


def translated() -> list[tuple[str, str, list[str]]]:
    """What the dashboard asks for, as Prometheus is asked for the same: titles, queries, and labels to group by."""
    return [
        (f"{widget['title']} ({query['name']})", *promql(query["query"]))
        for group in json.loads(dashboard())["widgets"] for widget in (one["definition"] for one in group["definition"]["widgets"])
        for request in widget["requests"] for query in request["queries"]
    ]


def promql(query: str) -> tuple[str, list[str]]:
    how, metric, scope, by, rated = QUERY.fullmatch(query).groups()
    name = exposed_as()[metric]
    # The template variables are `*` at first. What Datadog calls the server is the instance here.
    filters = [part.split(":", 1) for part in scope.split(",") if not part.startswith("$")]
    of = ", ".join(f'{label}="{value}"' for label, value in filters)
    labels = ["instance" if label == "server" else label for label in (by or "").split(",") if label]
    if how.startswith("p"):
        return f"histogram_quantile({int(how[1:]) / 100}, sum by ({', '.join([*labels, 'le'])}) (rate({name}_bucket{{{of}}}[$__rate_interval])))", labels
    if bool(rated) != metric.endswith(".count"):
        raise ValueError(f"{query}: counters are shown as rates, and nothing else is")
    series = f"rate({name}{{{of}}}[$__rate_interval])" if rated else f"{name}{{{of}}}"
    return f"{how} by ({', '.join(labels)}) ({series})", labels


def exposed_as() -> dict[str, str]:
    """What the agent sends, and its name in the exposition."""
    counters = {f"soe503.{name}.count": f"soe503_{name}_total" for name in COUNTERS}
    others = {f"soe503.{name}": f"soe503_{name}" for name in [*GAUGES, *HISTOGRAMS]}
    process = {f"soe503.{name}" + (".count" if raw == "process_cpu_seconds" else ""): exposed()[raw] for raw, name in PROCESS.items()}
    return counters | others | process


def documents() -> dict[str, str]:
    return {"conf.yaml": configuration(), "dashboard.json": dashboard()}
