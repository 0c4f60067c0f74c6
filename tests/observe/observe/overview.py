"""The dashboard for the screen on the wall: is anything wrong, and where."""

from .panels import HERE, OF, RATE, Dashboard, Panel, Query, Row, one, quantiles

REQUESTS = f'sum by (pool) (rate(soe503_responses_total{{{OF}, status!="none"}}{RATE}))'
FAILED = f'sum by (pool) (rate(soe503_responses_total{{{OF}, status="5xx"}}{RATE}))'
ALL_REQUESTS = REQUESTS.replace(" by (pool)", "", 1)
ALL_FAILED = FAILED.replace(" by (pool)", "", 1)
USABLE = f'sum by (pool) (soe503_backend_state{{{OF}, state=~"up|warming"}})'

NOW = Row("Now", [
    Panel("Proxies", "Proxies that are scraped.", one(f"count(soe503_build_info{{{HERE}}})"), kind="stat", width=3),
    Panel("Requests", "Finished requests a second, without those whose client left first.", one(ALL_REQUESTS), "reqps", "stat", 3),
    Panel("Failed", "The share of requests that was answered with a 5xx, ours or a backend's.", one(f"({ALL_FAILED} or vector(0)) / ({ALL_REQUESTS} > 0)"), "percentunit", "stat", 3, worse=(0.001, 0.01)),
    Panel("Saved", "Requests a second that failed at first and were saved: nobody noticed, but something is wrong.", one(f"sum(rate(soe503_prevented_total{{{OF}}}{RATE}))"), "reqps", "stat", 3, worse=(1, 1e9)),
    Panel("Incidents", "Incidents that go on: `lbctl incidents --open`.", one(f"sum(soe503_incidents_open{{{HERE}}}) or vector(0)"), kind="stat", width=3, worse=(1, 3)),
    Panel("Circuits open", "Pools whose requests are refused at once, as the whole pool fails: `lbctl breaker list`.", one(f'sum(soe503_circuit_state{{{OF}, state=~"open|half_open"}})'), kind="stat", width=3, worse=(1, 1)),
    Panel("Backends out", "Backends that are down or ejected: `lbctl pool status`.", one(f'sum(soe503_backend_state{{{OF}, state=~"down|ejected"}})'), kind="stat", width=3, worse=(1, 1e9)),
    Panel("Next certificate", "When the first certificate of a listener ends.", one(f"min(soe503_tls_certificate_expires_seconds{{{HERE}}}) - time()"), "s", "stat", 3),
])

TRAFFIC = Row("Requests", [
    Panel("By status", "Finished requests. `none`: the client left before there was an answer.", one(f"sum by (status) (rate(soe503_responses_total{{{OF}}}{RATE}))", "{{status}}"), "reqps", stacked=True),
    Panel("Failed, by pool", "The share of each pool's requests that was answered with a 5xx.", one(f"({FAILED} or 0 * {REQUESTS}) / ({REQUESTS} > 0)", "{{pool}}"), "percentunit"),
    Panel("Time to the end of the answer", "Of requests that were answered, retries and waiting included.", quantiles(f'{OF}, result="ok"'), "s"),
    Panel("Failed, by cause", "What failures are: the page of the causes says of each how it is proven, and what to do.", one(f'sum by (cause) (rate(soe503_responses_total{{{OF}, cause!=""}}{RATE}))', "{{cause}}", exemplar=True), "reqps", stacked=True),
    Panel("Saved, by what", "Requests that failed at first, by what saved them.", one(f"sum by (by) (rate(soe503_prevented_total{{{OF}}}{RATE})) > 0 or sum by (by) (rate(soe503_prevented_total{{{OF}, by=\"retry\"}}{RATE}))", "{{by}}"), "reqps", stacked=True),
    Panel("Attempts per request", "1 is one attempt for each request. 0 where requests are refused before a backend is asked; above 1 where attempts are repeated.", one(f"sum by (pool) (rate(soe503_attempts_total{{{OF}}}{RATE})) / ({REQUESTS} > 0)", "{{pool}}")),
])

POOLS = Row("Pools", [
    Panel("Pools", "One line for each pool. A pool's name leads to its dashboard.", [
        Query(REQUESTS, "Requests"),
        Query(f"({FAILED} or 0 * {REQUESTS}) / ({REQUESTS} > 0)", "Failed"),
        Query(f"histogram_quantile(0.99, sum by (pool, le) (rate(soe503_request_duration_seconds_bucket{{{OF}, result=\"ok\"}}{RATE})))", "p99"),
        Query(USABLE, "Usable"),
        Query(f"sum by (pool) (soe503_backend_state{{{OF}}})", "Backends"),
        Query(f'max by (pool) (soe503_circuit_state{{{OF}, state=~"open|half_open"}})', "Circuit open"),
        Query(f"sum by (pool) (soe503_pool_in_flight{{{OF}}})", "In flight"),
    ], kind="table", width=24, columns={"Requests": "reqps", "Failed": "percentunit", "p99": "s", "Usable": "short", "Backends": "short", "Circuit open": "bool_yes_no", "In flight": "short"}),
])

PROCESS = Row("Proxies", [
    Panel("CPU", "Cores in use.", one(f'rate(process_cpu_seconds_total{{{HERE}, job="soe503"}}{RATE})', "{{instance}}")),
    Panel("Throttled", "The share of periods in which the CPU quota of the container was used up. 0 also where there is no quota.", one(f"rate(soe503_cpu_quota_throttled_periods_total{{{HERE}}}{RATE}) / (rate(soe503_cpu_quota_periods_total{{{HERE}}}{RATE}) > 0) or 0 * soe503_build_info{{{HERE}}}", "{{instance}}"), "percentunit", maximum=1),
    Panel("Event loops late", "The longest by which a timer of a thread was late, in the last minute. Beyond 50 ms requests feel it.", one(f"soe503_event_loop_lag_seconds{{{HERE}}}", "{{instance}} {{loop}}"), "s", worse=(0.05, 0.1)),
    Panel("Memory", "Resident memory.", one(f'process_resident_memory_bytes{{{HERE}, job="soe503"}}', "{{instance}}"), "bytes"),
    Panel("File descriptors", "The share of the soft limit that is open.", one(f'process_open_fds{{{HERE}, job="soe503"}} / process_max_fds{{{HERE}, job="soe503"}}', "{{instance}}"), "percentunit", worse=(0.7, 0.85), maximum=1),
    Panel("Client connections", "Connections that are open, and how many are accepted a second.", [
        Query(f"sum by (instance) (soe503_connections_open{{{HERE}}})", "{{instance}} open"),
        Query(f"sum by (instance) (rate(soe503_connections_total{{{HERE}}}{RATE}))", "{{instance}} new per second"),
    ]),
    Panel("TLS handshakes", "Handshakes with clients a second; resumed ones cost a fraction.", [
        Query(f"sum by (version) (rate(soe503_tls_handshakes_total{{{HERE}}}{RATE}))", "TLS {{version}}"),
        Query(f"sum(rate(soe503_tls_resumed_total{{{HERE}}}{RATE}))", "resumed"),
        Query(f"sum by (reason) (rate(soe503_tls_handshake_failures_total{{{HERE}}}{RATE}))", "failed: {{reason}}"),
    ], "cps"),
    Panel("Connections refused", "Closed before their first request.", one(f"sum by (reason) (rate(soe503_connections_refused_total{{{HERE}}}{RATE}))", "{{reason}}"), "cps"),
    Panel("Reloads", "Configurations and certificates that were put in force or refused.", [
        Query(f"sum by (result) (increase(soe503_config_reloads_total{{{HERE}}}{RATE}))", "configuration {{result}}"),
        Query(f"sum by (result) (increase(soe503_tls_certificate_reloads_total{{{HERE}}}{RATE}))", "certificate {{result}}"),
    ]),
])

OVERVIEW = Dashboard(
    "soe503-overview", "soe503 overview", "All proxies and pools: is anything wrong, and where.", ["instance", "pools"],
    [NOW, TRAFFIC, POOLS, PROCESS],
)
