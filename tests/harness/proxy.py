"""The proxy under test: soe503, or nginx for comparison."""

import json
import time
import urllib.error
import urllib.request
from pathlib import Path

from .processes import Process, free_port, wait_until

SERVER_NAME = "outage-test"

SOE503 = """
[server]
name = "{name}"
{server}
[admin]
address = "127.0.0.1:{admin}"
[[listeners]]
address = "127.0.0.1:{port}"
explain = "full"
{listener}
[[routes]]
pool = "app"
{route}
[pools.app]
backends = [{backends}]
{pool}
"""

NGINX = """
daemon off;
worker_processes 2;
pid {directory}/nginx.pid;
error_log {directory}/error.log warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    keepalive_requests 100000;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    upstream app {{
        {servers}
        keepalive 64;
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://app;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_connect_timeout 500ms;
            proxy_read_timeout 1s;
            proxy_next_upstream error timeout http_500 http_502 http_503 http_504;
            proxy_next_upstream_tries 3;
        }}
    }}
}}
"""


class Soe503:
    """The real binary with the smallest config, and what its admin API says."""

    explains = True

    def __init__(self, binary: str, directory: Path, backends: list, route: str = "", pool: str = "", listener: str = "", server: str = ""):
        self.port, self.admin = free_port(), free_port()
        config = directory / "soe503.toml"
        config.write_text(SOE503.format(
            name=SERVER_NAME, admin=self.admin, port=self.port, route=route, pool=pool, listener=listener, server=server,
            backends=", ".join(f'"{backend.url}"' for backend in backends),
        ))
        self.process = Process("soe503", [binary, "run", "--config", str(config)], directory)

    def start(self) -> None:
        self.process.start()
        self.process.started("127.0.0.1", self.port)
        wait_until("soe503 is ready", lambda: self.status("/readyz") == 200)

    def status(self, path: str) -> int | None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}{path}", timeout=2) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    def pool(self) -> dict:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/api/v1/pools", timeout=5) as answer:
            return next(pool for pool in json.load(answer)["pools"] if pool["name"] == "app")

    def backend(self, url: str) -> dict:
        address = url.removeprefix("http://")
        return next(one for one in self.pool()["backends"] if address in (one["address"], one["name"]))

    def stop(self) -> None:
        code = self.process.stop(seconds=15)
        if code != 0:
            print(f"    note: soe503 ended with {code}\n{self.process.tail()}")


class NginxProxy:
    """nginx in front of the same backends: what the same outage looks like elsewhere."""

    explains = False

    def __init__(self, directory: Path, backends: list):
        self.port = free_port()
        home = directory / "nginx-proxy"
        home.mkdir()
        home.chmod(0o777)
        config = home / "nginx.conf"
        config.write_text(NGINX.format(
            directory=home, port=self.port,
            servers="\n        ".join(f"server {backend.host}:{backend.port};" for backend in backends),
        ))
        self.process = Process("nginx-proxy", ["nginx", "-p", str(home), "-e", str(home / "error.log"), "-c", str(config)], directory)

    def start(self) -> None:
        self.process.start().started("127.0.0.1", self.port)

    def stop(self) -> None:
        self.process.stop()


class Watch:
    """Waits for moments that are counted from the load's start."""

    def __init__(self, started: float):
        self.started = started

    def at(self, seconds: float) -> None:
        time.sleep(max(0.0, self.started + seconds - time.time()))
