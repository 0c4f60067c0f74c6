"""The dashboard for somebody who was called: what fails, since when, and what changed."""

from .panels import HERE, OF, RATE, Dashboard, Panel, Query, Row, one, worst
from .pool import BACKENDS, CIRCUIT

# A cause is counted from its first incident on, of which `increase` knows nothing: what was not there an hour ago counts whole.
INCIDENTS = f"soe503_incidents_total{{{HERE}}}"
OPENED = f"sum by (cause) (({INCIDENTS} unless {INCIDENTS} offset 1h) or increase({INCIDENTS}[1h]))"

WHAT = Row("What is wrong", [
    Panel("Incidents that go on", "Type `lbctl explain` and the incident: cause, evidence, fix, how to verify.", [Query(f"max by (incident, pool, cause, instance) (soe503_incident_active{{{HERE}}})", "Open")], kind="table", width=16, columns={"Open": "bool_yes_no"}),
    Panel("Failed", "The share of requests that was answered with a 5xx.", one(f'(sum(rate(soe503_responses_total{{{OF}, status="5xx"}}{RATE})) or vector(0)) / (sum(rate(soe503_responses_total{{{OF}, status!="none"}}{RATE})) > 0)'), "percentunit", "stat", 4, worse=(0.001, 0.01)),
    Panel("Unexplained", "Failures in the last hour that nothing known explains. Each is a gap in the diagnosis: please report it.", one(f"sum(increase(soe503_unexplained_total{{{OF}}}[1h]))"), kind="stat", width=4, worse=(1, 10)),
    Panel("Incidents, by cause", "Open ones, by the cause that leads.", one(f"sum by (cause) (soe503_incidents_open{{{HERE}}})", "{{cause}}"), stacked=True),
    Panel("Incidents, opened", "How many were opened, by the cause that led then.", one(OPENED, "{{cause}}")),
    Panel("Diagnoses", "What finding out costs, for each failure: below 20 µs it costs nobody anything.", one(f"sum by (instance) (rate(soe503_diagnosis_seconds_total{{{HERE}}}{RATE})) / (sum by (instance) (rate(soe503_diagnoses_total{{{HERE}}}{RATE})) > 0)", "{{instance}}"), "s"),
])

WHERE = Row("Where, and since when", [
    Panel("Failures, by pool and cause", "Dots are single requests: their ids are good for `lbctl explain`, their traces for your tracing.", one(f'sum by (pool, cause) (rate(soe503_responses_total{{{OF}, cause!=""}}{RATE}))', "{{pool}}: {{cause}}", exemplar=True), "reqps", width=12, stacked=True),
    Panel("Failures, by origin", "`generated`: this proxy had no answer to give; `upstream`: a backend's own 5xx, passed on.", one(f'sum by (pool, origin, status) (rate(soe503_responses_total{{{OF}, status="5xx"}}{RATE}))', "{{pool}}: {{origin}} {{status}}"), "reqps", width=12),
    Panel("Backends", "Those that fail first are where it began.", one(worst("soe503_backend_state", "pool, backend", "state", BACKENDS), "{{pool}} {{backend}}"), kind="states", width=12, states=BACKENDS),
    Panel("Circuits", "`open`: the whole pool failed.", one(worst("soe503_circuit_state", "pool", "state", CIRCUIT), "{{pool}}"), kind="states", width=12, states=CIRCUIT),
    Panel("Failed attempts, by backend", "The share of attempts that failed. One backend alone: look at it. All alike: what they share, or the requests.", one(f"sum by (pool, backend) (rate(soe503_backend_failures_total{{{OF}}}{RATE})) / (sum by (pool, backend) (rate(soe503_backend_requests_total{{{OF}}}{RATE})) > 0)", "{{pool}} {{backend}}"), "percentunit", maximum=1),
    Panel("Time to the head, by backend", "99 % of the recent attempts took no longer.", one(f'max by (pool, backend) (soe503_backend_latency_seconds{{{OF}, percentile="99"}})', "{{pool}} {{backend}}"), "s"),
    Panel("Saved, by what", "What would have failed as well.", one(f"sum by (pool, by) (rate(soe503_prevented_total{{{OF}}}{RATE}))", "{{pool}}: {{by}}"), "reqps", stacked=True),
])

WHY = Row("What else was going on", [
    Panel("Requests", "A rush, or the lack of one.", one(f"sum by (pool) (rate(soe503_responses_total{{{OF}}}{RATE}))", "{{pool}}"), "reqps"),
    Panel("Shed and refused", "What did not get as far as a backend.", [
        Query(f"sum by (pool) (rate(soe503_shed_total{{{OF}}}{RATE}))", "{{pool}}: shed"),
        Query(f"sum by (pool) (rate(soe503_circuit_refused_total{{{OF}}}{RATE}))", "{{pool}}: circuit"),
        Query(f"sum by (pool) (rate(soe503_retry_budget_refused_total{{{OF}}}{RATE}))", "{{pool}}: retry budget"),
    ], "reqps"),
    Panel("Event loops late", "This proxy's own time: beyond 50 ms it is part of the trouble.", one(f"max by (instance) (soe503_event_loop_lag_seconds{{{HERE}}})", "{{instance}}"), "s", worse=(0.05, 0.1)),
    Panel("Descriptors", "Open file descriptors, and the limit.", [
        Query(f'process_open_fds{{{HERE}, job="soe503"}}', "{{instance}} open"),
        Query(f'process_max_fds{{{HERE}, job="soe503"}}', "{{instance}} limit"),
    ]),
    Panel("Journal", "1 while it can be written; entries that were lost.", [
        Query(f"soe503_journal_up{{{HERE}}}", "{{instance}} up"),
        Query(f"rate(soe503_journal_dropped_total{{{HERE}}}{RATE})", "{{instance}} lost per second"),
    ]),
    Panel("Records lost", "Failures that cannot be explained any more, as they came too fast.", one(f"rate(soe503_recorder_dropped_total{{{HERE}}}{RATE})", "{{instance}}"), "cps"),
])

INCIDENT = Dashboard(
    "soe503-incident", "soe503 incident", "What fails, where, since when, and what changed.", ["instance", "pools"],
    [WHAT, WHERE, WHY],
)
