"""A proxy that has something to tell of everything: pools, failures, an incident, limits, targets, maintenance."""

import http.server
import json
import threading
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from harness.processes import Process, free_port, wait_until

OPERATOR, READER = "the-operator-of-this-run", "a-reader-and-no-more"

CONFIG = """
[server]
name = "openapi-test"
[admin]
address = "127.0.0.1:{admin}"
token_file = "operator"
read_token_file = "reader"
[journal]
path = "journal.redb"
[changes]
max_per_minute = 6000
[alerts.chat]
kind = "webhook"
url = "http://127.0.0.1:{good}/hook"
[rate_limits.each]
requests = 1000000
per = "1s"
[[listeners]]
address = "127.0.0.1:{port}"
explain = "full"
[[routes]]
pool = "broken"
match = {{ path_prefix = "/broken" }}
[[routes]]
pool = "app"
rate_limits = ["each"]
[pools.app]
backends = [{{ name = "one", url = "http://127.0.0.1:{good}" }}, {{ name = "two", url = "http://127.0.0.2:{good}" }}]
cache = {{}}
health_check = {{ path = "/" }}
[pools.broken]
backends = [{{ name = "gone", url = "http://127.0.0.1:{gone}" }}]
"""


class Answers(http.server.BaseHTTPRequestHandler):
    """A backend, and a receiver of alerts."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(200)
        self.send_header("content-length", "3")
        self.end_headers()
        self.wfile.write(b"ok\n")

    do_POST = do_GET

    def log_message(self, *_args) -> None:
        pass


class Scene:
    """The proxy, and what stands around it."""

    def __init__(self, binary: str, directory: Path):
        self.directory, self.port, self.admin, gone = directory, free_port(), free_port(), free_port()
        self.backend = http.server.ThreadingHTTPServer(("0.0.0.0", 0), Answers)
        config = CONFIG.format(admin=self.admin, port=self.port, good=self.backend.server_address[1], gone=gone)
        for name, text in [("soe503.toml", config), ("operator", OPERATOR), ("reader", READER)]:
            (directory / name).write_text(text)
        self.process = Process("soe503", [binary, "run", "--config", str(directory / "soe503.toml")], directory)
        self.request_id = ""

    def start(self) -> None:
        threading.Thread(target=self.backend.serve_forever, daemon=True).start()
        self.process.start().started("127.0.0.1", self.admin)
        wait_until("soe503 is ready", self.is_ready)
        for _ in range(40):
            self.request_id = self.fail()
        wait_until("there is an incident", lambda: self.look("/api/v1/incidents")["incidents"])

    def stop(self) -> None:
        self.process.stop()
        self.backend.shutdown()

    def fail(self) -> str:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/broken/", timeout=10)
        except urllib.error.HTTPError as error:
            return error.headers["x-request-id"]
        raise AssertionError("it should have failed")

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.admin}{path}"

    def ask(self, method: str, path: str, token: str | None, body: dict | None = None) -> int:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url(path), data=data, headers=headers, method=method.upper())
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def look(self, path: str) -> dict:
        request = urllib.request.Request(self.url(path), headers={"authorization": f"Bearer {OPERATOR}"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def document(self) -> dict:
        return self.look("/api/v1/openapi.json")

    def names(self) -> dict[str, list[str]]:
        """What there is, for each name in a path."""
        incidents = [one["id"] for one in self.look("/api/v1/incidents")["incidents"]]
        return {
            "pool": ["app", "broken"], "backend": ["one", "two", "gone"], "request_id": [self.request_id], "id": incidents,
            "target": ["app", "broken", "chat"], "config": [(self.directory / "soe503.toml").read_text()],
        }

    def a(self, name: str) -> str:
        """One of them."""
        others = {"action": "drain", "source": "argocd"}
        return urllib.parse.quote(others.get(name) or self.names()[name][0], safe="")

    def is_ready(self) -> bool:
        return self.ask("get", "/readyz", None) == 200

    def log(self) -> str:
        return self.process.log.read_text(errors="replace")
