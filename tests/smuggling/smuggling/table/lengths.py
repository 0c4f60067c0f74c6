"""Content-Length, Transfer-Encoding, and both."""

from ..rows import ONE, REFUSED, SMUGGLED, Row, either, forwarded, head, post

CHUNKED = "Transfer-Encoding: chunked"
ENDED = b"0\r\n\r\n"


def hidden(coding: str) -> bytes:
    """TE.TE: whoever does not see this coding as chunked takes the length, and a request is left over."""
    return post(f"Content-Length: {len(ENDED + SMUGGLED)}", coding, body=ENDED + SMUGGLED)


def coded(*fields: str) -> bytes:
    return post(*fields, body=ENDED)


ROWS = [
    Row("a plain length", post("Content-Length: 5", body=b"hello"), forwarded((ONE, b"hello"))),
    Row("plain chunks", post(CHUNKED, body=b"5\r\nhello\r\n0\r\n\r\n"), forwarded((ONE, b"hello"))),
    Row("no body", head("GET /one HTTP/1.1"), forwarded(("GET /one", b""))),
    Row("two requests in one write", head("GET /one HTTP/1.1") + head("GET /two HTTP/1.1"), forwarded(("GET /one", b""), ("GET /two", b""))),
    Row("CL.TE", post("Content-Length: 6", CHUNKED, body=b"0\r\n\r\nG"), REFUSED),
    Row("CL.TE with a whole request", post(f"Content-Length: {len(ENDED + SMUGGLED)}", CHUNKED, body=ENDED + SMUGGLED), REFUSED),
    Row("TE.CL", post(CHUNKED, "Content-Length: 4", body=b"21\r\n" + SMUGGLED + b"\r\n0\r\n\r\n"), REFUSED),
    Row("TE and CL that agree", post(CHUNKED, "Content-Length: 15", body=b"5\r\nhello\r\n0\r\n\r\n"), REFUSED),
    Row("TE and CL: 0", post(CHUNKED, "Content-Length: 0", body=ENDED), REFUSED),
    Row("CL.0: a GET with a body that is a request", head("GET /one HTTP/1.1", f"Content-Length: {len(SMUGGLED)}") + SMUGGLED, either(("GET /one", SMUGGLED))),
    Row("CL.0: a POST with a body that is a request", post(f"Content-Length: {len(SMUGGLED)}", body=SMUGGLED), forwarded((ONE, SMUGGLED))),
    Row("0.CL: no length, bytes follow", post(body=b"hello\r\n\r\n"), either((ONE, b""))),
    Row("Content-Length: 0, a request follows", post("Content-Length: 0", body=head("GET /two HTTP/1.1")), forwarded((ONE, b""), ("GET /two", b""))),
    Row("two lengths that differ", post("Content-Length: 5", f"Content-Length: {5 + len(SMUGGLED)}", body=b"hello" + SMUGGLED), REFUSED),
    Row("two lengths that agree", post("Content-Length: 5", "Content-Length: 5", body=b"hello"), REFUSED),
    Row("two lengths in one field", post("Content-Length: 5, 5", body=b"hello"), REFUSED),
    Row("two different lengths in one field", post("Content-Length: 5, 6", body=b"hello"), REFUSED),
    Row("a length with a plus", post("Content-Length: +5", body=b"hello"), REFUSED),
    Row("a negative length", post("Content-Length: -1", body=b"hello"), REFUSED),
    Row("a length with a space inside", post("Content-Length: 1 5", body=b"hello"), REFUSED),
    Row("a hexadecimal length", post("Content-Length: 0x5", body=b"hello"), REFUSED),
    Row("a length with a fraction", post("Content-Length: 5.0", body=b"hello"), REFUSED),
    Row("an empty length", post("Content-Length: ", body=b""), REFUSED),
    Row("a length of 2^64 + 5", post("Content-Length: 18446744073709551621", body=b"hello"), REFUSED),
    Row("a length with leading zeros", post("Content-Length: 005", body=b"hello"), either((ONE, b"hello"))),
    Row("a length with a vertical tab", post("Content-Length: \x0b5", body=b"hello"), REFUSED),
    Row("a length with white space around it", post("Content-Length: \t 5 \t", body=b"hello"), either((ONE, b"hello"))),
    Row("a length in Content_Length", post("Content_Length: 33", body=b""), either((ONE, b""))),
    Row("TE: xchunked", coded("Transfer-Encoding: xchunked"), REFUSED),
    Row("TE: identity", coded("Transfer-Encoding: identity"), REFUSED),
    Row("TE: chunked, identity", coded("Transfer-Encoding: chunked, identity"), REFUSED),
    Row("TE: gzip, chunked", coded("Transfer-Encoding: gzip, chunked"), REFUSED),
    Row("TE: chunked, chunked", coded("Transfer-Encoding: chunked, chunked"), REFUSED),
    Row("TE twice", coded(CHUNKED, CHUNKED), REFUSED),
    Row("TE: chunked, then TE: identity", coded(CHUNKED, "Transfer-Encoding: identity"), REFUSED),
    Row("TE: an empty value", coded("Transfer-Encoding: "), REFUSED),
    Row("TE: \"chunked\" in quotes", coded("Transfer-Encoding: \"chunked\""), REFUSED),
    Row("TE: chunked with a parameter", coded("Transfer-Encoding: chunked;q=1"), REFUSED),
    Row("TE: CHUNKED", coded("Transfer-Encoding: CHUNKED"), either((ONE, b""))),
    Row("TE.TE: a space before the colon", hidden("Transfer-Encoding : chunked"), REFUSED),
    Row("TE.TE: a tab before the value", hidden("Transfer-Encoding:\tchunked"), REFUSED),
    Row("TE.TE: a vertical tab before the value", hidden("Transfer-Encoding:\x0bchunked"), REFUSED),
    Row("TE.TE: a line break before the value", hidden("Transfer-Encoding:\r\n chunked"), REFUSED),
    Row("TE.TE: a space before the name", hidden(" Transfer-Encoding: chunked"), REFUSED),
    Row("TE.TE: a bare LF before the name", hidden("X: x\nTransfer-Encoding: chunked"), REFUSED),
    Row("TE.TE: a bare CR before the name", hidden("X: x\rTransfer-Encoding: chunked"), REFUSED),
    Row("TE.TE: a NUL after the value", hidden("Transfer-Encoding: chunked\0"), REFUSED),
    Row("TE.TE: a byte of 0xff before the value", hidden("Transfer-Encoding: \xffchunked"), REFUSED),
    Row("TE.TE: xchunked beside a length", hidden("Transfer-Encoding: xchunked"), REFUSED),
    Row("TE in HTTP/1.0", head("POST /one HTTP/1.0", CHUNKED, "Connection: keep-alive") + ENDED + SMUGGLED, REFUSED),
    Row("TE and CL in HTTP/1.0", head("POST /one HTTP/1.0", CHUNKED, "Content-Length: 5", "Connection: keep-alive") + ENDED + SMUGGLED, REFUSED),
    Row("TE named in Connection", post("Connection: Transfer-Encoding", CHUNKED, body=b"5\r\nhello\r\n0\r\n\r\n"), either((ONE, b"hello"))),
    Row("CL named in Connection", post("Connection: Content-Length", f"Content-Length: {len(SMUGGLED)}", body=SMUGGLED), either((ONE, SMUGGLED))),
    Row("Host named in Connection", head("GET /one HTTP/1.1", "Connection: Host"), either(("GET /one", b""))),
]
