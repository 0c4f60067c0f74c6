"""curl, in every version of HTTP that it speaks."""

import os
import subprocess
from dataclasses import dataclass

from harness.cases import Group, demand, equal

from ..answers import content, sha256
from ..stage import Stage, with_tls

GROUP = Group("curl", with_tls)

PLAIN = {"1.0": ["--http1.0"], "1.1": ["--http1.1"], "h2c": ["--http2-prior-knowledge"]}
SECURE = {"1.1 over TLS": ["--http1.1"], "h2 over TLS": ["--http2"]}
VERSION = {"1.0": "1.0", "1.1": "1.1", "h2c": "2", "1.1 over TLS": "1.1", "h2 over TLS": "2"}


@dataclass
class Got:
    status: str
    version: str
    connects: int
    body: bytes
    head: str

    def field(self, name: str) -> str | None:
        found = [line.split(":", 1)[1].strip() for line in self.head.splitlines() if line.lower().startswith(f"{name.lower()}:")]
        return found[-1] if found else None


def origin(stage: Stage, way: str) -> str:
    if way in SECURE:
        return f"https://localhost:{stage.tls_port}"
    return f"http://127.0.0.1:{stage.h2c_port if way == 'h2c' else stage.port}"


def curl(stage: Stage, way: str, path: str, *words: str, stdin: bytes = b"") -> Got:
    base = origin(stage, way)
    trust = ["--cacert", str(stage.certificate.cert)] if way in SECURE else []
    body, head = stage.directory / "body", stage.directory / "head"
    body.write_bytes(b"")
    done = subprocess.run([
        "curl", "--silent", "--show-error", "--max-time", "30", "--noproxy", "*", *{**PLAIN, **SECURE}[way], *trust, "-o", str(body), "-D", str(head),
        "-w", "%{http_code} %{http_version} %{num_connects}\n", *words, base + path,
    ], input=stdin, capture_output=True, env={**os.environ, "no_proxy": "*"})
    demand(done.returncode == 0, f"curl ended with {done.returncode}: {done.stderr.decode(errors='replace').strip()}")
    status, version, connects = done.stdout.decode().split()[-3:]
    return Got(status, version, int(connects), body.read_bytes(), head.read_text(errors="replace"))


def each(name: str, ways: list[str] | None = None):
    """The same case for each way to speak."""
    def add(play):
        for way in ways or VERSION:
            GROUP.case(f"{name}, {way}")(lambda stage, way=way: play(stage, way))
        return play
    return add


@each("GET")
def get(stage: Stage, way: str) -> None:
    got = curl(stage, way, "/x")
    equal("status", got.status, "200")
    # RFC 9110 §2.5: an answer to HTTP/1.0 may say 1.1, and curl writes 1.0 as 1.
    demand(got.version == VERSION[way] or way == "1.0" and got.version in ("1", "1.1"), f"answered in HTTP/{got.version}")
    demand(got.body.startswith(b"GET /x 0 "), f"body {got.body!r}")


@each("HEAD keeps its length")
def head(stage: Stage, way: str) -> None:
    got = curl(stage, way, "/bytes/12345", "--head")
    equal("status, length", (got.status, got.field("content-length")), ("200", "12345"))


@each("204, 304")
def bodiless(stage: Stage, way: str) -> None:
    for status in ("204", "304"):
        got = curl(stage, way, f"/status/{status}")
        equal("status, body, chunks", (got.status, got.body, got.field("transfer-encoding")), (status, b"", None))


@each("20 MB up, with a length")
def upload(stage: Stage, way: str) -> None:
    big = content(20_000_000)
    got = curl(stage, way, "/up", "--data-binary", "@-", stdin=big)
    equal("what arrived", got.body, f"POST /up {len(big)} {sha256(big)}\n".encode())


@each("20 MB up, in chunks", ["1.1", "h2c", "h2 over TLS"])
def upload_chunks(stage: Stage, way: str) -> None:
    big = content(20_000_000)
    got = curl(stage, way, "/up", "-T", "-", stdin=big)
    equal("what arrived", got.body, f"PUT /up {len(big)} {sha256(big)}\n".encode())


@each("20 MB down, with a length")
def download(stage: Stage, way: str) -> None:
    equal("checksum", sha256(curl(stage, way, "/bytes/20000000").body), sha256(content(20_000_000)))


@each("20 MB down, in chunks")
def download_chunks(stage: Stage, way: str) -> None:
    got = curl(stage, way, "/chunks/20000000")
    equal("checksum", sha256(got.body), sha256(content(20_000_000)))
    demand(way != "1.0" or got.field("transfer-encoding") is None, "chunks to an HTTP/1.0 client")


@each("a body that ends with the connection")
def until_close(stage: Stage, way: str) -> None:
    equal("checksum", sha256(curl(stage, way, "/until-close").body), sha256(content(100_000)))


@each("a backend of HTTP/1.0")
def old_backend(stage: Stage, way: str) -> None:
    got = curl(stage, way, "/http10")
    equal("body", got.body, b"old\n")
    demand(way in ("1.0",) or "HTTP/1.0" not in got.head, "the backend's version became the client's")


@each("Expect: 100-continue, and the backend says 100", ["1.1", "1.1 over TLS"])
def expect(stage: Stage, way: str) -> None:
    got = curl(stage, way, "/up", "-H", "Expect: 100-continue", "--expect100-timeout", "15", "--data-binary", "@-", stdin=content(2_000_000))
    demand(" 100 " in got.head, "no 100 reached curl")
    equal("what arrived", got.body, f"POST /up 2000000 {sha256(content(2_000_000))}\n".encode())


@each("Expect: 100-continue, and a final status", ["1.1", "1.1 over TLS"])
def expect_final(stage: Stage, way: str) -> None:
    got = curl(stage, way, "/final", "-H", "Expect: 100-continue", "--expect100-timeout", "15", "--data-binary", "@-", stdin=content(2_000_000))
    equal("status", got.status, "417")


@each("trailers of an answer", ["1.1", "h2c", "h2 over TLS"])
def trailers(stage: Stage, way: str) -> None:
    got = curl(stage, way, "/trailers", "-H", "TE: trailers")
    equal("body, trailer", (got.body, got.field("x-sum")), (b"hello", "12"))


@each("103 Early Hints do no harm")
def hints(stage: Stage, way: str) -> None:
    got = curl(stage, way, "/hints")
    equal("status", got.status, "200")


@each("103 Early Hints are shown before the answer", ["1.1", "1.1 over TLS", "h2c", "h2 over TLS"])
def hints_shown(stage: Stage, way: str) -> None:
    heads = [line.strip() for line in curl(stage, way, "/hints").head.splitlines() if line.startswith(("HTTP/", "link"))]
    first, last = ("HTTP/2 103", "HTTP/2 200") if VERSION[way] == "2" else ("HTTP/1.1 103 Early Hints", "HTTP/1.1 200 OK")
    equal("heads", heads, [first, "link: </a.css>; rel=preload", last])


@each("no 103 for HTTP/1.0", ["1.0"])
def hints_hidden(stage: Stage, way: str) -> None:
    demand(" 103" not in curl(stage, way, "/hints").head, "a 103")


# Not over h2c: curl 7.88 breaks its own second request there, with any server.
@each("one connection for three requests", ["1.1", "1.1 over TLS", "h2 over TLS"])
def keepalive(stage: Stage, way: str) -> None:
    base = origin(stage, way)
    got = curl(stage, way, "/3", f"{base}/1", f"{base}/2")
    equal("status, connections that the last one needed", (got.status, got.connects), ("200", 0))


@GROUP.case("Upgrade: h2c is answered in HTTP/1.1")
def h2c_upgrade(stage: Stage) -> None:
    base = f"http://127.0.0.1:{stage.port}"
    done = subprocess.run(["curl", "-s", "-m", "10", "--noproxy", "*", "--http2", "-i", f"{base}/x"], capture_output=True, text=True)
    demand(done.stdout.startswith("HTTP/1.1 200"), done.stdout[:80])
    demand("X-Got-HTTP2-Settings" not in done.stdout and "x-got-http2-settings" not in done.stdout.lower(), "HTTP2-Settings were passed on")


@GROUP.case("absolute-form, as to a forward proxy")
def absolute(stage: Stage) -> None:
    done = subprocess.run(["curl", "-s", "-m", "10", "--proxy", f"http://127.0.0.1:{stage.port}", "http://shop.example/x?y=z"], capture_output=True, text=True)
    demand(done.stdout.startswith("GET /x?y=z "), done.stdout[:80])


@GROUP.case("OPTIONS *")
def asterisk(stage: Stage) -> None:
    got = curl(stage, "1.1", "/", "-X", "OPTIONS", "--request-target", "*")
    demand(got.status in ("200", "204", "400", "404", "405", "501"), got.status)


@GROUP.case("ALPN offers h2 and http/1.1")
def alpn(stage: Stage) -> None:
    equal("version without ALPN", curl(stage, "1.1 over TLS", "/x", "--no-alpn").version, "1.1")
    equal("version with ALPN", curl(stage, "h2 over TLS", "/x").version, "2")


@GROUP.case("TLS 1.2 and TLS 1.3")
def versions(stage: Stage) -> None:
    for words in (["--tlsv1.2", "--tls-max", "1.2"], ["--tlsv1.3"]):
        equal("status", curl(stage, "1.1 over TLS", "/x", *words).status, "200")
