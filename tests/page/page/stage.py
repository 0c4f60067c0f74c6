"""What a case finds: a proxy with backends and visitors, and a browser that notes what goes wrong in it."""

import argparse
import contextlib
import http.client
import json
import logging
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

from harness import build
from harness.processes import HarnessError, Process, free_port, wait_until

AXE = "axe-core@4.14.1"

CONFIG = """
[server]
name = "edge-eu1"
workers = 1
[admin]
address = "127.0.0.1:{admin}"
{more_admin}
[incidents]
close_after = "5s"
[[listeners]]
address = "127.0.0.1:{port}"
{routes}
"""


class Backend:
    """A process of its own."""

    def __init__(self, name: str, directory: Path, work_ms: int = 5, host: str = "127.0.0.1"):
        self.name, self.port = name, free_port()
        here = Path(__file__).parent / "backend.py"
        self.process = Process(name, [sys.executable, str(here), str(self.port), str(work_ms), host], directory)

    @property
    def toml(self) -> str:
        return f'{{ url = "http://127.0.0.1:{self.port}", name = "{self.name}" }}'

    def start(self) -> None:
        self.process.start().started("127.0.0.1", self.port)

    def kill(self) -> None:
        self.process.kill()

    def stop(self) -> None:
        if self.process.running():
            self.process.kill()


class Visitors:
    """So many requests a second, whatever becomes of them."""

    def __init__(self, port: int, per_second: float, path: str = "/"):
        self.port, self.pause, self.path = port, 1 / per_second, path
        self.sent = 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.come, daemon=True)
        self.thread.start()

    def come(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        while not self.ended.wait(self.pause):
            self.sent += 1
            try:
                connection.request("GET", self.path)
                connection.getresponse().read()
            except (OSError, http.client.HTTPException):
                connection.close()

    def leave(self) -> None:
        self.ended.set()
        self.thread.join()


@dataclass
class Trouble:
    """What a page has complained about."""

    lines: list[str] = field(default_factory=list)

    def of(self, page: Page) -> None:
        page.on("console", lambda said: self.lines.append(f"{said.type}: {said.text}") if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.lines.append(f"uncaught: {error}"))
        page.on("requestfailed", self.failed)

    def failed(self, asked: Request) -> None:
        # What a browser breaks off itself because it goes elsewhere is no complaint; streams have cases of their own.
        if asked.failure != "net::ERR_ABORTED" and "/live" not in asked.url:
            self.lines.append(f"failed: {asked.url} {asked.failure}")

    def taken(self) -> list[str]:
        lines, self.lines = self.lines, []
        return lines


class Stage:
    """A proxy with `pools`: the backends of each, by the pool's name."""

    def __init__(self, args: argparse.Namespace, directory: Path, browser: Browser, axe: str):
        self.args, self.directory, self.browser, self.axe = args, directory, browser, axe
        self.port, self.admin = free_port(), free_port()
        self.backends: dict[str, Backend] = {}
        self.visitors: list[Visitors] = []
        self.trouble = Trouble()
        self.contexts: list[BrowserContext] = []
        self.config = directory / "soe503.toml"
        self.process = Process("soe503", [args.soe503, "run", "--config", str(self.config)], directory)

    def add(self, *names: str, **how: object) -> list[Backend]:
        made = [Backend(name, self.directory, **how) for name in names]
        for one in made:
            one.start()
            self.backends[one.name] = one
        return made

    def write(self, routes: str, more_admin: str = "") -> None:
        self.config.write_text(CONFIG.format(admin=self.admin, port=self.port, routes=routes, more_admin=more_admin))

    def start(self) -> None:
        self.process.start().started("127.0.0.1", self.admin)
        wait_until("soe503 is ready", lambda: self.status("/readyz") in (200, 503))

    def visit(self, per_second: float, path: str = "/") -> Visitors:
        self.visitors.append(Visitors(self.port, per_second, path))
        return self.visitors[-1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.admin}"

    def status(self, path: str) -> int | None:
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    def api(self, path: str) -> dict:
        with urllib.request.urlopen(f"{self.url}/api/v1{path}", timeout=10) as answer:
            return json.load(answer)

    def post(self, path: str, body: dict) -> dict:
        asked = urllib.request.Request(f"{self.url}/api/v1{path}", method="POST", data=json.dumps(body).encode())
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return json.load(answer)

    def backend(self, pool: str, name: str) -> dict:
        return next(one for one in self.api(f"/pools/{pool}")["backends"] if one["name"] == name)

    def open(self, path: str = "/", width: int = 1280, height: int = 900, dark: bool = False, **more: object) -> Page:
        """A page in a browser of its own, whose complaints are noted."""
        context = self.browser.new_context(viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", **more)
        self.contexts.append(context)
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=self.url)
        page = context.new_page()
        page.set_default_timeout(20_000)
        self.trouble.of(page)
        page.goto(self.url + path)
        return page

    def close(self, page: Page) -> None:
        self.contexts.remove(page.context)
        page.context.close()

    def shot(self, page: Page, name: str, full: bool = True) -> None:
        if self.args.shots:
            Path(self.args.shots).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=f"{self.args.shots}/{name}.png", full_page=full)

    def violations(self, page: Page) -> list[str]:
        """What axe-core finds, each with the first element concerned."""
        page.evaluate(self.axe)
        found = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")["violations"]
        return [f"{one['id']} ({one['impact']}): {one['nodes'][0]['html'][:160]} {one['nodes'][0].get('failureSummary', '')[:200]}" for one in found]

    def end(self) -> None:
        for visitors in self.visitors:
            visitors.leave()
        for context in self.contexts:
            context.close()
        self.process.stop(seconds=15)
        for backend in self.backends.values():
            backend.stop()


def axe_source() -> str:
    """axe-core, from npm, under target/."""
    home = build.target_directory() / "page"
    script = home / "node_modules/axe-core/axe.min.js"
    version = AXE.rpartition("@")[2]
    package = home / "node_modules/axe-core/package.json"
    if not (package.exists() and json.loads(package.read_text())["version"] == version):
        if not shutil.which("npm"):
            raise HarnessError("npm is needed for axe-core (Debian: apt install npm)")
        home.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--no-save", "--prefix", home, AXE], check=True)
    return script.read_text()


@contextlib.contextmanager
def stage(args: argparse.Namespace) -> Iterator[Stage]:
    if not Path(args.chromium).exists():
        raise HarnessError(f"there is no browser at {args.chromium} (Debian: apt install chromium)")
    # A page that is closed while a case holds back what it has asked for is no news.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="soe503-page-") as directory, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=args.chromium, args=["--no-sandbox", "--disable-gpu"])
        made = Stage(args, Path(directory), browser, axe_source())
        try:
            yield made
        finally:
            made.end()
            browser.close()


def pools(**named: list[str]) -> str:
    """Routes and pools: the backends of each as TOML.

    They are asked in turn, so that each is. By latency one that hesitated once is not asked for up to a minute, and what
    becomes of it meanwhile is not seen.
    """
    text = ""
    for name in named:
        text += f'[[routes]]\nmatch = {{ path_prefix = "/{name}" }}\npool = "{name}"\n'
    for name, backends in named.items():
        text += f'[pools.{name}]\nbalance = "round_robin"\nbackends = [{", ".join(backends)}]\n'
    return text


def settle(seconds: float) -> None:
    """Lets time pass where that is what is looked at."""
    time.sleep(seconds)
