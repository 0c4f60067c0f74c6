"""What a panel is, and the words that most of them share."""

from dataclasses import dataclass, field

# Grafana fills these in; see `prometheus.substituted` for what they are in a test.
OF = 'instance=~"$instance", pool=~"$pool"'
HERE = 'instance=~"$instance"'
RATE = "[$__rate_interval]"


@dataclass(frozen=True)
class Query:
    expr: str
    legend: str = ""
    exemplar: bool = False
    """Whether Grafana shows traces of single requests beside it."""


@dataclass(frozen=True)
class Panel:
    title: str
    description: str
    queries: list[Query]
    unit: str = "short"
    kind: str = "timeseries"
    """`timeseries`, `stat`, `states` (a state timeline), `heatmap` or `table`."""
    width: int = 8
    stacked: bool = False
    states: dict[str, str] = field(default_factory=dict)
    """Of `states`: each state with its colour; the query's values are their numbers, from 1 on (see `worst`)."""
    worse: tuple[float, float] | None = None
    """From where on a value is yellow, and red."""
    maximum: float | None = None
    columns: dict[str, str] = field(default_factory=dict)
    """Of `table`: the unit of each column; the queries' legends are the columns."""


@dataclass(frozen=True)
class Row:
    title: str
    panels: list[Panel]


@dataclass(frozen=True)
class Dashboard:
    uid: str
    title: str
    description: str
    variables: list[str]
    rows: list[Row]


def one(expr: str, legend: str = "", **options: object) -> list[Query]:
    return [Query(expr, legend, **options)]


def quantiles(of: str, by: str = "") -> list[Query]:
    """50, 95 and 99 % of the durations that `of` selects."""
    grouped = f"le{', ' + by if by else ''}"
    named = f" {{{{{by}}}}}" if by else ""
    return [
        Query(f"histogram_quantile({q}, sum by ({grouped}) (rate(soe503_request_duration_seconds_bucket{{{of}}}{RATE})))", f"p{q * 100:g}{named}")
        for q in (0.5, 0.95, 0.99)
    ]


def worst(metric: str, by: str, label: str, states: dict[str, str], of: str = OF) -> str:
    """For each of `by` the number of the state it is in; where proxies differ, the last one in the order of `states`."""
    terms = (f'{number} * ({metric}{{{of}, {label}="{state}"}} == 1)' for number, state in enumerate(states, 1))
    return f"max by ({by}) (" + " or ".join(terms) + ")"
