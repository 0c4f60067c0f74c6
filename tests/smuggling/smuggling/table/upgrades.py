"""Upgrade and Expect: the two ways to make the other side wait, or stop parsing."""

from ..rows import ONE, SMUGGLED, Row, either, forwarded, head, post

GET = "GET /one HTTP/1.1"
SEEN = ("GET /one", b"")
KEY = ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13")
SETTINGS = "HTTP2-Settings: AAMAAABkAAQAAP__"
TWO = head("GET /two HTTP/1.1")

# The backends here accept no upgrade: what follows is a request to the proxy, never tunnelled bytes.
ROWS = [
    Row("Upgrade: websocket that is not accepted, a request follows", head(GET, "Connection: Upgrade", "Upgrade: websocket", *KEY) + TWO, either(SEEN, ("GET /two", b""))),
    Row("Upgrade: websocket with version 777", head(GET, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: x", "Sec-WebSocket-Version: 777") + TWO, either(SEEN, ("GET /two", b""))),
    Row("Upgrade: h2c", head(GET, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", SETTINGS) + TWO, either(SEEN, ("GET /two", b""))),
    Row("Upgrade: h2c, not named in Connection", head(GET, "Upgrade: h2c", SETTINGS) + TWO, either(SEEN, ("GET /two", b""))),
    Row("Upgrade: anything", head(GET, "Connection: Upgrade", "Upgrade: anything") + TWO, either(SEEN, ("GET /two", b""))),
    Row("Upgrade on POST with a body", post("Connection: Upgrade", "Upgrade: websocket", *KEY, f"Content-Length: {len(SMUGGLED)}", body=SMUGGLED), either((ONE, SMUGGLED))),
    Row("Upgrade with chunks", post("Connection: Upgrade", "Upgrade: websocket", *KEY, "Transfer-Encoding: chunked", body=b"5\r\nhello\r\n0\r\n\r\n"), either((ONE, b"hello"))),
    Row("Upgrade in HTTP/1.0", head("GET /one HTTP/1.0", "Connection: Upgrade, keep-alive", "Upgrade: websocket", *KEY), either(SEEN)),
    Row("Expect, and the body at once", post("Expect: 100-continue", "Content-Length: 5", body=b"hello"), forwarded((ONE, b"hello"))),
    Row("Expect, and chunks at once", post("Expect: 100-continue", "Transfer-Encoding: chunked", body=b"5\r\nhello\r\n0\r\n\r\n"), forwarded((ONE, b"hello"))),
    Row("Expect, and a body that is a request", post("Expect: 100-continue", f"Content-Length: {len(SMUGGLED)}", body=SMUGGLED), forwarded((ONE, SMUGGLED))),
    Row("Expect without a body", head(GET, "Expect: 100-continue"), forwarded(SEEN)),
    Row("Expect: something else", post("Expect: x", "Content-Length: 5", body=b"hello"), either((ONE, b"hello"), closes=False)),
    Row("Expect: y 100-continue", post("Expect: y 100-continue", "Content-Length: 5", body=b"hello"), either((ONE, b"hello"), closes=False)),
    Row("Expect in HTTP/1.0", head("POST /one HTTP/1.0", "Expect: 100-continue", "Content-Length: 5") + b"hello", forwarded((ONE, b"hello"))),
    Row("Max-Forwards: 0 on OPTIONS", head("OPTIONS /one HTTP/1.1", "Max-Forwards: 0"), either(("OPTIONS /one", b""), closes=False)),
]
