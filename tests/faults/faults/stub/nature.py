"""What a backend is like at the moment."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

# What becomes of a request: answered, or one of the ways not to.
MODES = ("ok", "reset", "close", "garbage", "truncate", "hang")


@dataclass
class Nature:
    """Change its fields at any time; the next request meets them."""

    mode: str = "ok"
    # Seconds of work, by lot; `share` of the requests meet `mode`, `status` and `work`.
    work: Callable[[random.Random], float] = lambda lot: 0.004 + lot.expovariate(250)
    status: int = 200
    body: bytes = b"fine\n"
    headers: dict[str, str] = field(default_factory=dict)
    share: float = 1.0
    # Works on so many at once, the others wait (None: as many as come).
    slots: int | None = None
    # Answers of a connection until it is closed; announced with `Connection: close`, or not.
    max_requests: int | None = None
    announces: bool = True
    # Seconds after which an idle connection is closed without a word.
    idle: float | None = None
    health: dict[str, int] = field(default_factory=lambda: {"/healthz": 200})
    health_body: bytes = b'{"status":"pass"}'
    health_type: str = "application/health+json"
    # A directory with little room: bodies of POSTs go there, and 507 if they do not fit.
    spool: str | None = None


def sick(**changes) -> Callable[[Nature], None]:
    """Sets these fields."""
    def become(nature: Nature) -> None:
        for name, value in changes.items():
            if not hasattr(nature, name):
                raise AttributeError(name)
            setattr(nature, name, value)
    return become


def takes(seconds: float) -> Callable[[random.Random], float]:
    return lambda _: seconds


def about(seconds: float, most: float) -> Callable[[random.Random], float]:
    """Log-normal, with this median and this p99."""
    import math
    sigma = math.log(most / seconds) / 2.326
    return lambda lot: lot.lognormvariate(math.log(seconds), sigma)
