"""The dashboard of one pool: its answers, backends, circuit, retries and limits."""

from .panels import OF, RATE, Dashboard, Panel, Query, Row, one, quantiles, worst

GREEN, YELLOW, ORANGE, RED, BLUE, GREY = "green", "yellow", "orange", "red", "blue", "text"
# From the best to the worst.
BACKENDS = {"up": GREEN, "warming": "light-green", "starting": BLUE, "draining": BLUE, "disabled": GREY, "ejected": ORANGE, "down": RED}
CIRCUIT = {"closed": GREEN, "half_open": YELLOW, "open": RED}
SOURCES = {"fixed": GREEN, "testing": YELLOW, "saturated": ORANGE, "shedding": RED}
STAGES = {"normal": GREEN, "retries_cut": YELLOW, "queue_cut": ORANGE, "shedding": RED}


def rate(metric: str, by: str, more: str = "") -> str:
    return f"sum by ({by}) (rate({metric}{{{OF}{more}}}{RATE}))"


ANSWERS = Row("Answers", [
    Panel("By status", "Finished requests. `none`: the client left before there was an answer.", one(rate("soe503_responses_total", "status"), "{{status}}"), "reqps", stacked=True),
    Panel("Failed, by cause", "5xx and answers that broke off, and failures for which something else was given.", one(rate("soe503_responses_total", "cause, origin", ', cause!=""'), "{{cause}} ({{origin}})", exemplar=True), "reqps", stacked=True),
    Panel("Saved, by what", "Requests that failed at first, by what saved them.", one(rate("soe503_prevented_total", "by"), "{{by}}"), "reqps", stacked=True),
    Panel("Time to the end of the answer", "Of requests that were answered, retries and waiting included.", quantiles(f'{OF}, result="ok"'), "s"),
    Panel("Time to a failure", "How long clients wait for a failure. Near zero where it is refused at once, near the timeout where nobody answers.", quantiles(f'{OF}, result="failed"'), "s"),
    Panel("Answers, by their time", "How many answers took how long.", one(rate("soe503_request_duration_seconds_bucket", "le", ', result="ok"'), "{{le}}"), "s", "heatmap"),
])

MEMBERS = Row("Backends", [
    Panel("States", "`ejected`: out because of its requests; `down`: its health check fails; `warming`: back, with a part of its share.", one(worst("soe503_backend_state", "backend", "state", BACKENDS), "{{backend}}"), kind="states", width=12, states=BACKENDS),
    Panel("Attempts", "Attempts a second on each backend.", one(rate("soe503_backend_requests_total", "backend"), "{{backend}}"), "reqps", width=6),
    Panel("Failed attempts", "The share of each backend's attempts that failed, whether clients noticed or not.", one(f"{rate('soe503_backend_failures_total', 'backend')} / ({rate('soe503_backend_requests_total', 'backend')} > 0)", "{{backend}}"), "percentunit", width=6, maximum=1),
    Panel("Time to the answer's head", "50 and 99 % of the recent attempts, by each proxy's own account.", one(f"max by (backend, percentile) (soe503_backend_latency_seconds{{{OF}}})", "{{backend}} p{{percentile}}"), "s"),
    Panel("In flight", "Attempts that run on each backend, and how many may.", [
        Query(f"sum by (backend) (soe503_backend_in_flight{{{OF}}})", "{{backend}}"),
        Query(f"sum by (backend) (soe503_backend_in_flight_limit{{{OF}}})", "{{backend}} limit"),
    ]),
    Panel("Ejections, by reason", "`probe_failed`: it was out and stays so. What comes again and again is a backend that crashes in a loop.", one(f"sum by (reason) (increase(soe503_ejections_total{{{OF}}}{RATE}))", "{{reason}}"), stacked=True),
    Panel("Ejections, by backend", "Failed probes included.", one(f"sum by (backend) (increase(soe503_backend_ejections_total{{{OF}}}{RATE}))", "{{backend}}"), stacked=True),
    Panel("Health checks", "By result. `not_made`: this proxy lacked a descriptor, a port or memory.", one(rate("soe503_health_checks_total", "result"), "{{result}}"), "cps"),
    Panel("Checks not believed", "1 where checks fail and requests are answered all the same, by backend, or by so many that the pool does not believe them.", [
        Query(f"max by (backend) (soe503_backend_check_overruled{{{OF}}})", "{{backend}}"),
        Query(f"max(soe503_pool_panic{{{OF}}})", "the pool"),
    ]),
    Panel("Shares of levels and zones", "The part of the traffic that backends of each priority get, in the own zone and in others.", one(f"max by (priority, zone) (soe503_tier_share{{{OF}}})", "priority {{priority}}, {{zone}} zone"), "percentunit", maximum=1),
])

CARE = Row("Circuit and retries", [
    Panel("Circuit", "`open`: requests are refused at once; probes find out when the pool is back.", one(worst("soe503_circuit_state", "instance", "state", CIRCUIT), "{{instance}}"), kind="states", width=12, states=CIRCUIT),
    Panel("Refused by the circuit", "Those that wait and ask again are counted each time.", one(rate("soe503_circuit_refused_total", "instance"), "{{instance}}"), "reqps", width=6),
    Panel("Changes of the circuit", "By the state it went to.", one(f"sum by (to) (increase(soe503_circuit_transitions_total{{{OF}}}{RATE}))", "{{to}}"), width=6),
    Panel("Riding out", "Requests that wait for the pool to come back, and what became of those that did.", [
        Query(f"sum(soe503_waiting_requests{{{OF}}})", "wait now"),
        Query(rate("soe503_waited_total", "result"), "{{result}} per second"),
    ]),
    Panel("Retry budget", "Retries that could be made now, that are made, and that were refused as the budget was empty.", [
        Query(f"sum(soe503_retry_budget_available{{{OF}}})", "available"),
        Query(rate("soe503_retry_budget_spent_total", "pool"), "spent per second"),
        Query(rate("soe503_retry_budget_refused_total", "pool"), "refused per second"),
    ]),
    Panel("Retries cut", "1 while nothing is retried: most attempts fail, or retries would keep an overload going.", one(f"max by (reason) (soe503_retries_cut{{{OF}}})", "{{reason}}"), maximum=1),
    Panel("Hedges", "Second attempts for requests that were late.", one(rate("soe503_hedges_total", "result"), "{{result}}"), "cps"),
    Panel("Hedges not made", "Requests that were late and not sent a second time, and why.", one(rate("soe503_hedges_withheld_total", "reason"), "{{reason}}"), "cps"),
    Panel("Late is", "After which time a request is sent to a second backend.", one(f"max by (instance) (soe503_hedge_delay_seconds{{{OF}}})", "{{instance}}"), "s"),
])

LOAD = Row("Load", [
    Panel("In flight", "Requests under way, and how many may be.", [
        Query(f"sum(soe503_pool_in_flight{{{OF}}})", "in flight"),
        Query(f"sum(soe503_pool_in_flight_limit{{{OF}}})", "limit"),
    ]),
    Panel("Where the limit comes from", "`fixed` is the configured one; the others are measured.", one(worst("soe503_pool_limit_source", "instance", "source", SOURCES), "{{instance}}"), kind="states", states=SOURCES),
    Panel("Overload", "How far an overload that keeps itself going is cut.", one(worst("soe503_pool_overload_stage", "instance", "stage", STAGES), "{{instance}}"), kind="states", states=STAGES),
    Panel("Waiting", "Requests that wait for their turn, by importance, and for a backend with room.", [
        Query(f"sum by (priority) (soe503_queue_depth{{{OF}}})", "{{priority}}"),
        Query(f"sum(soe503_queue_for_backends_depth{{{OF}}})", "for a backend"),
    ], stacked=True),
    Panel("Longest wait", "How long the request that waits longest has waited.", one(f"max by (instance) (soe503_queue_oldest_seconds{{{OF}}})", "{{instance}}"), "s"),
    Panel("Shed", "Requests that were turned away, by importance, and those for which no backend had room.", [
        Query(rate("soe503_shed_total", "priority"), "{{priority}}"),
        Query(rate("soe503_queue_for_backends_total", "result", ', result="refused"'), "no backend with room"),
    ], "reqps", stacked=True),
    Panel("Throttled", "The share that is held back because the backends refuse most for overload.", one(f"max by (instance) (soe503_pool_throttle_ratio{{{OF}}})", "{{instance}}"), "percentunit", maximum=1),
    Panel("Backends' own account", "How busy backends say they are (ORCA); 1 is fully.", one(f"max by (backend) (soe503_backend_utilization{{{OF}}})", "{{backend}}"), "percentunit"),
    Panel("Rate limits", "All limits of these proxies: a limit has no pool.", one(f'sum by (limit, result) (rate(soe503_rate_limit_requests_total{{instance=~"$instance"}}{RATE}))', "{{limit}} {{result}}"), "reqps"),
])

INSTEAD = Row("Instead of a failure", [
    Panel("Kept answers", "What is kept to be given instead of failures.", one(f"sum(soe503_pool_cache_bytes{{{OF}}})", "bytes"), "bytes", width=6),
    Panel("Kept answers, given and renewed", "Answers from what is kept before a backend was asked, and requests in the background that renew it.", [
        Query(rate("soe503_pool_cache_offered_total", "pool"), "given"),
        Query(rate("soe503_pool_cache_revalidations_total", "pool"), "renewed"),
    ], "reqps", width=6),
    Panel("Taken over", "Requests of other pools that this one got (`failover`).", one(rate("soe503_taken_over_total", "pool"), "{{pool}}"), "reqps", width=6),
    Panel("Maintenance", "Routes that are under planned maintenance.", one(f"max by (pool) (soe503_pool_maintenance{{{OF}}})", "{{pool}}"), width=6),
])

POOL = Dashboard(
    "soe503-pool", "soe503 pool", "One pool: answers, backends, circuit, retries, limits.", ["instance", "pool"],
    [ANSWERS, MEMBERS, CARE, LOAD, INSTEAD],
)
