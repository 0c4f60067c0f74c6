"""Chunked bodies: sizes, extensions, ends of lines, trailers."""

from ..rows import ONE, REFUSED, SMUGGLED, Row, either, forwarded, post


def chunks(body: bytes) -> bytes:
    return post("Transfer-Encoding: chunked", body=body)


HELLO = (ONE, b"hello")
END = b"0\r\n\r\n"

ROWS = [
    Row("chunks: an extension", chunks(b"5;a=b\r\nhello\r\n" + END), either(HELLO)),
    Row("chunks: a quoted extension", chunks(b'5;a="b;c"\r\nhello\r\n' + END), either(HELLO)),
    Row("chunks: an extension of 100 kB", chunks(b"5;a=" + b"b" * 100_000 + b"\r\nhello\r\n" + END), REFUSED),
    Row("chunks: 20,000 extensions, one for each byte", chunks(b"1;aaaaaaaaaaaaaaaa\r\nx\r\n" * 20_000 + END), REFUSED),
    Row("chunks: a line break within an extension (EXT.TERM)", chunks(b"5;a\nhello\r\n" + END), REFUSED),
    Row("chunks: a request behind a bare LF in an extension", chunks(b"2;\nxx\r\n21\r\n" + SMUGGLED + b"\r\n" + END), REFUSED),
    Row("chunks: a bare CR within an extension", chunks(b"5;a\rb\r\nhello\r\n" + END), REFUSED),
    Row("chunks: a NUL within an extension", chunks(b"5;a\0b\r\nhello\r\n" + END), REFUSED),
    Row("chunks: a size that ends in LF (TERM.EXT)", chunks(b"5\nhello\r\n" + END), REFUSED),
    Row("chunks: a size that ends in CR", chunks(b"5\rhello\r\n" + END), REFUSED),
    Row("chunks: data that ends in LF", chunks(b"5\r\nhello\n" + END), REFUSED),
    Row("chunks: data that ends in two other bytes", chunks(b"5\r\nhelloXX" + END), REFUSED),
    Row("chunks: data longer than its size (SPILL)", chunks(b"5\r\nhelloworld\r\n" + END), REFUSED),
    Row("chunks: all in LF", chunks(b"5\nhello\n0\n\n"), REFUSED),
    Row("chunks: a last chunk that ends in LF", chunks(b"5\r\nhello\r\n0\n\r\n"), REFUSED),
    Row("chunks: an end in LF", chunks(b"5\r\nhello\r\n0\r\n\n"), either(HELLO)),
    Row("chunks: a size of 2^64 + 5", chunks(b"10000000000000005\r\nhello\r\n" + END), REFUSED),
    Row("chunks: a size of 2^32 + 5", chunks(b"100000005\r\nhello\r\n" + END), REFUSED, canary=False),
    Row("chunks: a size of sixteen f", chunks(b"ffffffffffffffff\r\nhello\r\n" + END), REFUSED, canary=False),
    Row("chunks: a size with 0x", chunks(b"0x5\r\nhello\r\n" + END), REFUSED),
    Row("chunks: a size with a plus", chunks(b"+5\r\nhello\r\n" + END), REFUSED),
    Row("chunks: a negative size", chunks(b"-5\r\nhello\r\n" + END), REFUSED),
    Row("chunks: a size with an underscore", chunks(b"0_5\r\nhello\r\n" + END), REFUSED),
    Row("chunks: a space before the size", chunks(b" 5\r\nhello\r\n" + END), REFUSED),
    Row("chunks: a space after the size", chunks(b"5 \r\nhello\r\n" + END), either(HELLO)),
    Row("chunks: a size with leading zeros", chunks(b"0000005\r\nhello\r\n00\r\n\r\n"), either(HELLO)),
    Row("chunks: 10,000 leading zeros", chunks(b"0" * 10_000 + b"5\r\nhello\r\n" + END), REFUSED),
    Row("chunks: an empty size", chunks(b"\r\nhello\r\n" + END), REFUSED),
    Row("chunks: a size that is no number", chunks(b"five\r\nhello\r\n" + END), REFUSED),
    Row("chunks: upper-case size", chunks(b"A\r\nhellohello\r\n" + END), forwarded((ONE, b"hellohello"))),
    Row("trailers: a harmless one", chunks(b"5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n"), forwarded(HELLO)),
    Row("trailers: Content-Length", chunks(b"5\r\nhello\r\n0\r\nContent-Length: 50\r\n\r\n"), either(HELLO)),
    Row("trailers: Transfer-Encoding", chunks(b"5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n"), either(HELLO)),
    Row("trailers: Host", chunks(b"5\r\nhello\r\n0\r\nHost: b\r\n\r\n"), either(HELLO)),
    Row("trailers: no name", chunks(b"5\r\nhello\r\n0\r\n: x\r\n\r\n"), REFUSED),
    Row("trailers: a line that is a request", chunks(b"5\r\nhello\r\n0\r\n" + SMUGGLED), REFUSED),
    Row("trailers: a bare LF", chunks(b"5\r\nhello\r\n0\r\nX: x\nY: y\r\n\r\n"), either(HELLO)),
    Row("trailers: obs-fold", chunks(b"5\r\nhello\r\n0\r\nX: x\r\n y\r\n\r\n"), REFUSED),
    Row("trailers: 1 MB of them", chunks(b"5\r\nhello\r\n0\r\n" + b"X: 1234567890\r\n" * 70_000 + b"\r\n"), REFUSED),
]
