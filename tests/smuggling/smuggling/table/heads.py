"""Header fields: names, values, folds, ends of lines, Host."""

from ..rows import REFUSED, REFUSED_ALONE, Row, either, forwarded, head

GET = "GET /one HTTP/1.1"
SEEN = ("GET /one", b"")


def lines(text: bytes) -> bytes:
    """A head with this between its Host and its end."""
    return b"GET /one HTTP/1.1\r\nHost: a\r\n" + text + b"\r\n"


ROWS = [
    Row("obs-fold", lines(b"X: a\r\n b\r\n"), REFUSED),
    Row("obs-fold in the first field", b"GET /one HTTP/1.1\r\n Host: a\r\n\r\n", REFUSED),
    Row("obs-fold of Host", b"GET /one HTTP/1.1\r\nHost:\r\n a\r\n\r\n", REFUSED),
    Row("a bare CR in a value", lines(b"X: a\rb\r\n"), REFUSED),
    Row("a bare CR, then a field", lines(b"X: a\rY: b\r\n"), REFUSED),
    Row("a NUL in a value", lines(b"X: a\0b\r\n"), REFUSED),
    Row("a NUL in a name", lines(b"X\0: b\r\n"), REFUSED),
    Row("a control character in a value", lines(b"X: a\x01b\r\n"), either(SEEN)),
    Row("DEL in a value", lines(b"X: a\x7fb\r\n"), either(SEEN)),
    Row("a space before the colon", lines(b"X : b\r\n"), REFUSED),
    Row("a tab before the colon", lines(b"X\t: b\r\n"), REFUSED),
    Row("a space within a name", lines(b"X Y: b\r\n"), REFUSED),
    Row("an empty name", lines(b": b\r\n"), REFUSED),
    Row("no colon", lines(b"X\r\n"), REFUSED),
    Row("a name in UTF-8", lines("Ü: b\r\n".encode()), REFUSED),
    Row("a name with brackets", lines(b"X[]: b\r\n"), REFUSED),
    Row("a line that ends in LF", lines(b"X: a\n"), either(SEEN)),
    Row("a head in LF", b"GET /one HTTP/1.1\nHost: a\n\n", either(SEEN)),
    Row("an end in LF", b"GET /one HTTP/1.1\r\nHost: a\r\n\n", either(SEEN)),
    Row("an end in CR CR LF", b"GET /one HTTP/1.1\r\nHost: a\r\n\r\r\n\r\n", REFUSED),
    Row("a request behind LF LF", lines(b"X: a\n\n" + head("GET /two HTTP/1.1")), either(SEEN, ("GET /two", b""))),
    Row("no Host", b"GET /one HTTP/1.1\r\n\r\n", REFUSED_ALONE),
    Row("two Hosts", lines(b"Host: b\r\n"), REFUSED_ALONE),
    Row("two Hosts that agree", lines(b"Host: a\r\n"), REFUSED_ALONE),
    Row("a Host with a slash", b"GET /one HTTP/1.1\r\nHost: a/b\r\n\r\n", REFUSED_ALONE),
    Row("a Host with a user", b"GET /one HTTP/1.1\r\nHost: a@b\r\n\r\n", REFUSED_ALONE),
    Row("a Host with a space", b"GET /one HTTP/1.1\r\nHost: a b\r\n\r\n", REFUSED_ALONE),
    Row("a Host with a port that is none", b"GET /one HTTP/1.1\r\nHost: a:b\r\n\r\n", either(SEEN, closes=False)),
    Row("a head of 100 kB", lines(b"X: " + b"a" * 100_000 + b"\r\n"), REFUSED),
    Row("1,000 fields", lines(b"X: a\r\n" * 1000), REFUSED),
    Row("a value in Latin-1", lines(b"X: \xe4\r\n"), either(SEEN)),
    Row("an empty value", head(GET, "X:"), forwarded(SEEN)),
    Row("no space after the colon", head(GET, "X:a"), forwarded(SEEN)),
    Row("Connection: close", head(GET, "Connection: close"), forwarded(SEEN)),
]
