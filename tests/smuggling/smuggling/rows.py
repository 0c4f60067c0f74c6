"""What a row of the table is."""

from dataclasses import dataclass

CANARY = "GET /canary"
AFTER = "GET /after"
STOLEN = "/stolen"
"""In the target of every request that must never be one."""


@dataclass(frozen=True)
class Wanted:
    """What the backend may see of a row, canaries left out: `(line, body)` of each request."""

    requests: tuple[tuple[str, bytes], ...] = ()
    refused: bool = False
    """The proxy may answer 4xx or 5xx itself, or close, and the backend sees no whole request."""
    forwarded: bool = False
    """The proxy may pass exactly `requests` on."""
    closes: bool = True
    """A refused request ends the connection: what follows it is not read as a request."""


REFUSED = Wanted(refused=True)
REFUSED_ALONE = Wanted(refused=True, closes=False)
"""Refused for something that leaves no doubt where the request ends: the next one may be served."""


def forwarded(*requests: tuple[str, bytes]) -> Wanted:
    return Wanted(requests, forwarded=True)


def either(*requests: tuple[str, bytes], closes: bool = True) -> Wanted:
    """Both are safe: what counts is that proxy and backend agree."""
    return Wanted(requests, refused=True, forwarded=True, closes=closes)


@dataclass(frozen=True)
class Row:
    name: str
    raw: bytes
    wanted: Wanted
    canary: bool = True
    """Whether a further request follows in the same write."""


@dataclass(frozen=True)
class Stream:
    """An HTTP/2 row: fields as they go into HPACK, and DATA."""

    name: str
    fields: tuple[tuple[bytes, bytes], ...]
    data: bytes | None
    wanted: Wanted


def head(line: str, *fields: str) -> bytes:
    """A head with a good Host."""
    return "\r\n".join([line, "Host: a", *fields, "", ""]).encode("latin-1")


def post(*fields: str, body: bytes = b"", target: str = "/one") -> bytes:
    return head(f"POST {target} HTTP/1.1", *fields) + body


ONE = "POST /one"
SMUGGLED = b"GET /stolen HTTP/1.1\r\nHost: a\r\n\r\n"
