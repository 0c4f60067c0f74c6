"""What can be done, by pointer, by keyboard, without a script; and what cannot."""

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

from playwright.sync_api import Page, expect

from harness.cases import Group, demand, equal
from harness.processes import free_port, wait_until

from ..stage import Stage, pools, stage
from .live import SOON, row, three

GROUP = Group("acts", three)
SECRET = "a-token-of-twenty-four-chars"


@contextlib.contextmanager
def guarded(args: object) -> Iterator[Stage]:
    with stage(args) as made:
        secret = made.directory / "token"
        secret.write_text(SECRET)
        secret.chmod(0o600)
        backends = made.add("b1", "b2")
        made.write(pools(app=[one.toml for one in backends]), f'token_file = "{secret}"')
        made.start()
        yield made


TOKEN = Group("token", guarded)


def confirm(page: Page, button: object, reason: str | None = None, minutes: int | None = None) -> str:
    """Presses the button, fills in the dialog, sends it; what came of it."""
    button.click()
    dialog = page.locator("dialog[open]")
    expect(dialog.locator("h1")).to_contain_text("?")
    if reason:
        dialog.get_by_label("Reason").fill(reason)
    if minutes:
        dialog.get_by_label("For how many minutes").fill(str(minutes))
    dialog.locator("button.main").click()
    result = dialog.locator(".result")
    expect(result).to_be_visible()
    text = result.inner_text()
    dialog.get_by_text("Back to the overview").click()
    expect(dialog).to_have_count(0)
    return text


def becomes(stage: Stage, state: str, name: str = "b2") -> None:
    wait_until(f"{name} is {state}", lambda: stage.backend("app", name)["state"] == state)


@GROUP.case("drain and enable")
def drain(stage: Stage) -> str:
    page = stage.open()
    expect(page.locator("#link")).to_have_text("●live", timeout=SOON)
    equal("result", confirm(page, row(page, "b2").get_by_role("button", name="Drain"), "a new disk", 30), "Draining backend b2 of pool app.")
    becomes(stage, "draining")
    equal("reason", stage.backend("app", "b2")["reason"], "a new disk")
    demand(stage.backend("app", "b2")["until"], "it has an end")
    expect(row(page, "b2").locator(".badge").first).to_contain_text("draining", timeout=SOON)
    confirm(page, row(page, "b2").get_by_role("button", name="Enable"))
    becomes(stage, "up")
    equal("complaints", stage.trouble.taken(), [])
    stage.close(page)
    return ""


@GROUP.case("disable")
def disable(stage: Stage) -> str:
    page = stage.open()
    confirm(page, row(page, "b2").get_by_role("button", name="Disable"), "it smokes")
    becomes(stage, "disabled")
    expect(row(page, "b2").locator(".reason")).to_contain_text("it smokes", timeout=SOON)
    confirm(page, row(page, "b2").get_by_role("button", name="Enable"))
    becomes(stage, "up")
    equal("complaints", stage.trouble.taken(), [])
    stage.close(page)
    return ""


@GROUP.case("hold the circuit open and closed, and reset it")
def circuit(stage: Stage) -> str:
    page = stage.open()
    state = lambda: stage.api("/pools/app")["circuit"]  # noqa: E731
    bar = page.locator(".circuit")
    confirm(page, bar.get_by_role("button", name="Hold open"), "while we look")
    equal("forced", state()["forced"], "open")
    expect(bar.locator(".badge")).to_contain_text("held open", timeout=SOON)
    expect(page.locator("h1")).to_contain_text("Pool app is down", timeout=SOON)
    confirm(page, bar.get_by_role("button", name="Reset"))
    equal("forced", state()["forced"], None)
    expect(bar.locator(".badge")).to_contain_text("closed", timeout=SOON)
    confirm(page, bar.get_by_role("button", name="Hold closed"))
    equal("forced", state()["forced"], "closed")
    expect(bar.get_by_role("button", name="Reset")).to_be_visible(timeout=SOON)
    confirm(page, bar.get_by_role("button", name="Reset"))
    equal("complaints", stage.trouble.taken(), [])
    stage.close(page)
    return ""


@GROUP.case("begin and end maintenance")
def maintenance(stage: Stage) -> str:
    page = stage.open()
    confirm(page, page.get_by_role("button", name="Maintenance app"), "moving house", 10)
    plan = stage.api("/maintenance")["maintenance"][0]
    equal("plan", (plan["reason"], plan["in_force"], plan["pools"]), ("moving house", True, ["app"]))
    expect(page.locator("#maintenance li")).to_contain_text("moving house", timeout=SOON)
    confirm(page, page.locator("#maintenance").get_by_role("button", name="End"))
    expect(page.locator("#maintenance")).to_contain_text("None in force", timeout=SOON)
    demand(not any(one["in_force"] for one in stage.api("/maintenance")["maintenance"]), "it is over")
    equal("complaints", stage.trouble.taken(), [])
    stage.close(page)
    return ""


@GROUP.case("reload the configuration, a good one and a bad one")
def reload(stage: Stage) -> str:
    page = stage.open("/config")
    expect(page.locator("pre")).to_contain_text("[[listeners]]")
    button = page.get_by_role("button", name="Reload")
    demand("in force" in confirm(page, button), "reloaded")
    good = stage.config.read_text()
    stage.config.write_text(good + "\n[pools.app]\nnonsense = 1\n")
    text = confirm(page, button)
    demand("nonsense" in text or "app" in text, f"the report names what is wrong: {text}")
    stage.config.write_text(good)
    stage.close(page)
    said = [line for line in stage.trouble.taken() if "409" not in line]
    equal("complaints", said, [])
    return text.splitlines()[0]


@GROUP.case("by keyboard alone")
def keyboard(stage: Stage) -> str:
    page = stage.open()
    expect(page.locator("#link")).to_have_text("●live", timeout=SOON)
    page.keyboard.press("Tab")
    equal("the first stop", page.evaluate("document.activeElement.textContent"), "Skip to the content")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    demand(outline != "none", "the focus can be seen")
    page.keyboard.press("Enter")
    equal("after the skip", page.evaluate("document.activeElement.id"), "main")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Drain b3":
            break
    equal("the button", page.evaluate("document.activeElement.textContent"), "Drain b3")
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open]")).to_be_visible()
    equal("in the dialog", page.evaluate("document.activeElement.name"), "reason")
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    equal("back", page.evaluate("document.activeElement.textContent"), "Drain b3")
    # Updates of its row do not take the focus away.
    page.wait_for_timeout(2_500)
    equal("still", page.evaluate("document.activeElement.textContent"), "Drain b3")
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open]")).to_be_visible()
    page.keyboard.type("by hand")
    page.keyboard.press("Enter")
    expect(page.locator("dialog .result")).to_contain_text("Draining")
    page.keyboard.press("Escape")
    becomes(stage, "draining", "b3")
    stage.post("/pools/app/backends/b3/enable", {})
    equal("complaints", stage.trouble.taken(), [])
    stage.close(page)
    return ""


@GROUP.case("without a script")
def without(stage: Stage) -> str:
    page = stage.open(java_script_enabled=False)
    equal("the first words", page.locator("h1").inner_text().split("\n")[-1].strip("✓ "), "All is well")
    row(page, "b2").get_by_role("button", name="Drain").click()
    expect(page.locator("h1")).to_contain_text("Drain backend b2 of pool app?")
    page.get_by_label("Reason").fill("no script")
    page.locator("button.main").click()
    expect(page.locator(".result")).to_contain_text("Draining backend b2 of pool app.")
    becomes(stage, "draining")
    page.reload()
    page.get_by_text("Back to the overview").click()
    row(page, "b2").get_by_role("button", name="Enable").click()
    page.locator("button.main").click()
    becomes(stage, "up")
    stage.close(page)
    return ""


FORGED = """<!doctype html><form id="f" method="post" action="http://127.0.0.1:{admin}/act">
<input name="path" value="/api/v1/pools/app/backends/b1/drain"><input name="token" value="0.0"></form><script>f.submit()</script>"""


@GROUP.case("a page of another origin can do nothing")
def forged(stage: Stage) -> str:
    body = FORGED.format(admin=stage.admin).encode()

    class Evil(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802: the library's name
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", free_port()), Evil)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = stage.open()
    with page.expect_response(lambda answer: answer.url.endswith("/act")) as answer:
        page.goto(f"http://127.0.0.1:{server.server_port}/")
    equal("status", answer.value.status, 403)
    equal("state", stage.backend("app", "b1")["state"], "up")
    server.shutdown()
    stage.trouble.taken()
    stage.close(page)
    return ""


@TOKEN.case("a browser asks for the token, and everything works with it")
def asked(stage: Stage) -> str:
    equal("without", stage.status("/"), 401)
    page = stage.open(http_credentials={"username": "ada", "password": SECRET})
    expect(page.locator("#link")).to_have_text("●live", timeout=SOON)
    equal("result", confirm(page, row(page, "b2").get_by_role("button", name="Drain")), "Draining backend b2 of pool app.")
    expect(row(page, "b2").locator(".badge").first).to_contain_text("draining", timeout=SOON)
    stage.close(page)
    wrong = stage.open(http_credentials={"username": "ada", "password": "another"})
    demand("All is well" not in wrong.content(), "a wrong token shows nothing")
    stage.close(wrong)
    stage.trouble.taken()
    return ""
