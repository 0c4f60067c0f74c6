"""HTTP/2 on the way to HTTP/1: what a field may hold there and must not become here."""

from ..rows import ONE, REFUSED_ALONE, SMUGGLED, Stream, Wanted, either, forwarded

PSEUDO = ((b":method", b"POST"), (b":scheme", b"http"), (b":authority", b"a"), (b":path", b"/one"))
HELLO = forwarded((ONE, b"hello"))


def fields(*more: tuple[bytes, bytes], **instead: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """The usual pseudo-headers, some replaced by name, and these fields."""
    return tuple((name, instead.get(name[1:].decode(), value)) for name, value in PSEUDO) + more


def refused(name: str, *more: tuple[bytes, bytes], data: bytes | None = b"hello", **instead: bytes) -> Stream:
    return Stream(f"h2: {name}", fields(*more, **instead), data, REFUSED_ALONE)


def row(name: str, wanted: Wanted, *more: tuple[bytes, bytes], data: bytes | None = b"hello", **instead: bytes) -> Stream:
    return Stream(f"h2: {name}", fields(*more, **instead), data, wanted)


ROWS = [
    row("a plain POST", HELLO),
    row("a plain GET", forwarded(("GET /one", b"")), data=None, method=b"GET"),
    row("the right length", HELLO, (b"content-length", b"5")),
    row("DATA that is a request", forwarded((ONE, SMUGGLED)), data=SMUGGLED),
    row("a GET with DATA that is a request", either(("GET /one", SMUGGLED), closes=False), data=SMUGGLED, method=b"GET"),
    refused("a length that is too short", (b"content-length", b"1")),
    refused("a length that is too long", (b"content-length", b"50")),
    refused("a length of 0 with DATA that is a request", (b"content-length", b"0"), data=SMUGGLED),
    refused("a length and no DATA", (b"content-length", b"5"), data=None),
    refused("two lengths", (b"content-length", b"5"), (b"content-length", b"6")),
    refused("a length with a plus", (b"content-length", b"+5")),
    refused("a list of lengths", (b"content-length", b"5, 5")),
    refused("Transfer-Encoding", (b"transfer-encoding", b"chunked"), data=b"0\r\n\r\n" + SMUGGLED),
    refused("Transfer-Encoding: identity", (b"transfer-encoding", b"identity")),
    refused("Connection", (b"connection", b"close")),
    refused("Upgrade", (b"upgrade", b"h2c")),
    refused("Keep-Alive", (b"keep-alive", b"timeout=5")),
    refused("Proxy-Connection", (b"proxy-connection", b"keep-alive")),
    refused("TE: gzip", (b"te", b"gzip")),
    row("TE: trailers", HELLO, (b"te", b"trailers")),
    refused("a line break in a value", (b"x", b"a\r\ntransfer-encoding: chunked")),
    refused("a request in a value", (b"x", b"a\r\n\r\n" + SMUGGLED)),
    refused("an LF in a value", (b"x", b"a\nb: c")),
    refused("a CR in a value", (b"x", b"a\rb")),
    refused("a NUL in a value", (b"x", b"a\0b")),
    row("a space around a value", either((ONE, b"hello"), closes=False), (b"x", b" a ")),
    refused("a line break in a name", (b"x: a\r\ny", b"b")),
    refused("a colon in a name", (b"x:y", b"b")),
    refused("a space in a name", (b"x y", b"b")),
    refused("an upper-case name", (b"X-Upper", b"b")),
    refused("an empty name", (b"", b"b")),
    refused("a line break in :path", path=b"/one HTTP/1.1\r\nX: y\r\n\r\n"),
    refused("a space in :path", path=b"/one HTTP/1.1"),
    refused("an empty :path", path=b""),
    refused("a :path without a slash", path=b"one"),
    row("an absolute :path", Wanted((), refused=True, closes=False), path=b"http://b/one"),
    refused("a line break in :method", method=b"GET /stolen HTTP/1.1\r\nHost: a\r\n\r\nPOST"),
    refused("a space in :method", method=b"GET /stolen"),
    refused("an empty :method", method=b""),
    refused("a line break in :authority", authority=b"a\r\nx: y"),
    refused("a space in :authority", authority=b"a b"),
    refused("a user in :authority", authority=b"u@a"),
    refused("a slash in :authority", authority=b"a/b"),
    refused("a line break in :scheme", scheme=b"http\r\nx: y"),
    refused("Host that differs from :authority", (b"host", b"b")),
    refused("two Hosts", (b"host", b"a"), (b"host", b"b")),
    refused("a second :path", (b":path", b"/stolen")),
    refused("a pseudo-header that nobody knows", (b":x", b"y")),
    Stream("h2: a pseudo-header after a field", ((b":method", b"POST"), (b":scheme", b"http"), (b":authority", b"a"), (b"x", b"y"), (b":path", b"/one")), b"hello", REFUSED_ALONE),
    Stream("h2: no :path", PSEUDO[:3], b"hello", REFUSED_ALONE),
    Stream("h2: no :method", PSEUDO[1:], b"hello", REFUSED_ALONE),
    Stream("h2: no :scheme", (PSEUDO[0], *PSEUDO[2:]), b"hello", REFUSED_ALONE),
    row("CONNECT", Wanted((), refused=True, closes=False), method=b"CONNECT"),
]
