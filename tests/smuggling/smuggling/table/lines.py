"""Request lines: targets, methods, versions, empty lines before them."""

from ..rows import REFUSED, REFUSED_ALONE, SMUGGLED, Row, either, forwarded, head

SEEN = ("GET /one", b"")


def line(text: bytes) -> bytes:
    return text + b"\r\nHost: a\r\n\r\n"


ROWS = [
    Row("absolute-form", line(b"GET http://a/one HTTP/1.1"), forwarded(SEEN)),
    Row("absolute-form of another host", line(b"GET http://b/one HTTP/1.1"), either(SEEN, closes=False)),
    Row("absolute-form with a user", line(b"GET http://u@a/one HTTP/1.1"), either(SEEN, closes=False)),
    Row("absolute-form with another scheme", line(b"GET ftp://a/one HTTP/1.1"), either(SEEN, closes=False)),
    Row("authority-form for GET", line(b"GET a:80 HTTP/1.1"), REFUSED_ALONE),
    Row("CONNECT, then a request as tunnelled bytes", line(b"CONNECT a:80 HTTP/1.1") + SMUGGLED, REFUSED),
    Row("asterisk-form for GET", line(b"GET * HTTP/1.1"), REFUSED_ALONE),
    Row("an empty target", line(b"GET  HTTP/1.1"), REFUSED),
    Row("a target without a slash", line(b"GET one HTTP/1.1"), REFUSED_ALONE),
    Row("a target with a space", line(b"GET /one two HTTP/1.1"), REFUSED),
    Row("a target with a tab", line(b"GET /one\ttwo HTTP/1.1"), REFUSED),
    Row("a target with a NUL", line(b"GET /one\0 HTTP/1.1"), REFUSED),
    Row("a target with a bare CR", line(b"GET /one\rX HTTP/1.1"), REFUSED),
    Row("a target with an encoded line break", line(b"GET /one%0d%0aX:%20y HTTP/1.1"), either(("GET /one%0d%0aX:%20y", b""), closes=False)),
    Row("a target with a fragment", line(b"GET /one#two HTTP/1.1"), either(SEEN, closes=False)),
    Row("a target of 100 kB", line(b"GET /" + b"a" * 100_000 + b" HTTP/1.1"), REFUSED),
    Row("two spaces before the target", line(b"GET  /one HTTP/1.1"), REFUSED),
    Row("a tab instead of a space", line(b"GET\t/one HTTP/1.1"), REFUSED),
    Row("a space at the end", line(b"GET /one HTTP/1.1 "), REFUSED),
    Row("a space at the start", line(b" GET /one HTTP/1.1"), REFUSED),
    Row("an empty line first", b"\r\n" + line(b"GET /one HTTP/1.1"), either(SEEN)),
    Row("bare LFs first", b"\n\n" + line(b"GET /one HTTP/1.1"), either(SEEN)),
    Row("1,000 empty lines first", b"\r\n" * 1000 + line(b"GET /one HTTP/1.1"), either(SEEN)),
    Row("a method with junk", line(b"G(E)T /one HTTP/1.1"), REFUSED),
    Row("a method with a colon", line(b"GET: /one HTTP/1.1"), REFUSED),
    Row("a method nobody knows", head("BREW /one HTTP/1.1"), either(("BREW /one", b""), closes=False)),
    Row("a method of 100,000 letters", line(b"G" * 100_000 + b" /one HTTP/1.1"), REFUSED),
    Row("HTTP/0.9", b"GET /one\r\n", REFUSED),
    Row("HTTP/1.2", line(b"GET /one HTTP/1.2"), either(SEEN)),
    Row("HTTP/2.0 without its preface", line(b"GET /one HTTP/2.0"), REFUSED),
    Row("HTTP/01.1", line(b"GET /one HTTP/01.1"), REFUSED),
    Row("HTTP/1.1 in lower case", line(b"GET /one http/1.1"), REFUSED),
    Row("HTTP/1.0, a request follows", line(b"GET /one HTTP/1.0"), forwarded(SEEN)),
    Row("HTTP/1.0 with keep-alive, a request follows", head("GET /one HTTP/1.0", "Connection: keep-alive"), forwarded(SEEN)),
    Row("HTTP/1.0 with a length", head("POST /one HTTP/1.0", "Content-Length: 5") + b"hello", forwarded(("POST /one", b"hello"))),
]
