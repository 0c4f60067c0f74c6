"""What changes is seen, without anybody loading anything."""

import contextlib
import signal
import time
import urllib.parse
from collections.abc import Iterator

from playwright.sync_api import Page, expect

from harness.cases import Group, demand, equal

from ..stage import Stage, pools, stage

SOON = 8_000


@contextlib.contextmanager
def three(args: object) -> Iterator[Stage]:
    with stage(args) as made:
        backends = made.add("b1", "b2", "b3")
        made.write(pools(app=[one.toml for one in backends]))
        made.start()
        made.visit(40, "/app")
        yield made


GROUP = Group("live", three)


def row(page: Page, name: str):  # noqa: ANN201: a locator
    return page.locator("tr[data-backend]", has=page.locator("th .name", has_text=name))


@GROUP.case("the first page loads without a complaint")
def loads(stage: Stage) -> str:
    asked: list[str] = []
    began = time.monotonic()
    page = stage.open()
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    expect(page.locator("#link")).to_have_text("●live", timeout=SOON)
    took = time.monotonic() - began
    expect(page.locator("h1")).to_contain_text("All is well")
    elsewhere = [url for url in asked if urllib.parse.urlsplit(url).netloc != f"127.0.0.1:{stage.admin}"]
    equal("requests to elsewhere", elsewhere, [])
    demand(any(url.endswith("/style.css") for url in asked), "the style sheet is asked for")
    equal("complaints", stage.trouble.taken(), [])
    stage.shot(page, "well")
    stage.close(page)
    return f"{took * 1000:.0f} ms for two loads"


@GROUP.case("numbers and charts move")
def moves(stage: Stage) -> str:
    page = stage.open()
    bars = page.locator("#traffic .plot path.answered")
    expect(bars).to_have_attribute("d", lambda_moving(), timeout=15_000)
    before = row(page, "b1").locator("td.n").nth(1).inner_text()
    page.wait_for_function("before => document.querySelector('#b0-0 td:nth-of-type(3)').innerText !== before", arg=before)
    page.locator("#traffic summary").click()
    demand(page.locator("#traffic table tbody tr").count() >= 1, "the chart as a table")
    # It stays open while the chart is replaced.
    shown = page.locator("#traffic .plot path.answered").get_attribute("d")
    page.wait_for_function("shown => document.querySelector('#traffic path.answered').getAttribute('d') !== shown", arg=shown)
    demand(page.locator("#traffic details").evaluate("one => one.open"), "the table is closed by an update")
    equal("complaints", stage.trouble.taken(), [])
    stage.close(page)
    return ""


def lambda_moving():  # noqa: ANN201: a pattern
    import re
    return re.compile("M179 ")


@GROUP.case("a killed backend shows within seconds")
def killed(stage: Stage) -> str:
    page = stage.open()
    expect(page.locator("#link")).to_have_text("●live", timeout=SOON)
    page.evaluate("window.same = true")
    began = time.monotonic()
    stage.backends["b2"].kill()
    badge = row(page, "b2").locator(".state .badge")
    expect(badge).to_contain_text("ejected", timeout=SOON)
    took = time.monotonic() - began
    expect(row(page, "b2").locator(".reason")).to_contain_text("refused", timeout=SOON)
    expect(page.locator("h1")).to_contain_text("Pool app is degraded")
    expect(page.locator("#news")).to_contain_text("b2", timeout=SOON)
    demand(page.evaluate("window.same"), "the page was loaded again")
    stage.shot(page, "degraded")
    stage.backends["b2"].start()
    expect(page.locator("h1")).to_contain_text("All is well", timeout=30_000)
    equal("complaints", stage.trouble.taken(), [])
    stage.close(page)
    return f"ejected on the page after {took:.1f} s"


@GROUP.case("an incident opens with evidence and a fix that can be copied")
def incident(stage: Stage) -> str:
    page = stage.open()
    for name in ("b1", "b2", "b3"):
        stage.backends[name].kill()
    article = page.locator("article.incident.open").first
    expect(article).to_be_visible(timeout=30_000)
    expect(article.locator(".line code").first).to_contain_text("dependency_failure/connect_refused")
    expect(article.get_by_role("heading", name="Fix now")).to_be_visible()
    demand(page.locator("section.pool").bounding_box()["y"] < 900, "the pools are on the first screen")
    expect(article.get_by_role("heading", name="Evidence")).to_be_hidden()
    article.locator("details > summary").click()
    expect(article.get_by_role("heading", name="Evidence")).to_be_visible()
    expect(article.locator(".timeline li").first).to_be_visible()
    expect(page.locator("h1")).to_contain_text("Pool app is down", timeout=SOON)
    expect(page.locator("#causes .legend")).to_contain_text("dependency_failure/connect_refused", timeout=15_000)
    stage.shot(page, "down")
    command = article.locator(".command").first
    text = command.locator("code").inner_text()
    command.locator("button").click()
    page.wait_for_function("async text => (await navigator.clipboard.readText()) === text", arg=text)
    article.locator("h3 a").click()
    expect(page.locator("article.incident")).to_contain_text("Timeline")
    demand(page.locator(".timeline li").count() >= 2, "a timeline")
    equal("violations", stage.violations(page), [])
    stage.shot(page, "incident")
    page.go_back()
    for name in ("b1", "b2", "b3"):
        stage.backends[name].start()
    expect(page.locator("h1")).to_contain_text("All is well", timeout=60_000)
    expect(page.locator("#over li").first).to_contain_text("closed", timeout=60_000)
    equal("complaints", stage.trouble.taken(), [])
    stage.close(page)
    return text


@GROUP.case("the proxy goes and comes back")
def restarts(stage: Stage) -> str:
    page = stage.open()
    expect(page.locator("#link")).to_have_text("●live", timeout=SOON)
    stage.process.stop(seconds=15)
    try:
        expect(page.locator("#link")).to_contain_text("trying again", timeout=SOON)
        demand(page.evaluate("document.body.classList.contains('stale')"), "what is shown is old and looks it")
        equal("violations", stage.violations(page), [])
        stage.shot(page, "disconnected", full=False)
        stage.trouble.taken()
    finally:
        stage.start()
    began = time.monotonic()
    expect(page.locator("#link")).to_have_text("●live", timeout=30_000)
    took = time.monotonic() - began
    demand(not page.evaluate("document.body.classList.contains('stale')"), "and no more when it is back")
    stage.backends["b3"].kill()
    expect(row(page, "b3").locator(".state .badge")).to_contain_text("ejected", timeout=SOON)
    stage.backends["b3"].start()
    expect(page.locator("h1")).to_contain_text("All is well", timeout=30_000)
    # A browser says itself that a stream broke off; nothing else may complain.
    said = [line for line in stage.trouble.taken() if "/live" not in line and "ERR_" not in line]
    equal("complaints", said, [])
    stage.close(page)
    return f"live again after {took:.1f} s"


@GROUP.case("a proxy that stands still is noticed")
def silent(stage: Stage) -> str:
    page = stage.open()
    expect(page.locator("#link")).to_have_text("●live", timeout=SOON)
    began = time.monotonic()
    stage.process.signal_group(signal.SIGSTOP)
    try:
        expect(page.locator("#link")).to_contain_text("Nothing heard", timeout=20_000)
    finally:
        stage.process.signal_group(signal.SIGCONT)
    took = time.monotonic() - began
    expect(page.locator("#link")).to_have_text("●live", timeout=30_000)
    stage.trouble.taken()
    stage.close(page)
    return f"after {took:.1f} s"


@GROUP.case("hostile words are words")
def hostile(stage: Stage) -> str:
    word = "<img src=/x onerror=\"window.hacked=1\"><script>window.hacked=1</script>"
    page = stage.open()
    expect(page.locator("#link")).to_have_text("●live", timeout=SOON)
    stage.post("/changes", {"kind": "deploy", "service": word, "everything": True, "by": word, "note": word})
    stage.post("/pools/app/backends/b1/drain", {"reason": word})
    expect(page.locator("#changes li").first).to_contain_text("<img src=/x", timeout=SOON)
    expect(row(page, "b1").locator(".reason")).to_contain_text("<img src=/x", timeout=SOON)
    page.reload()
    demand(page.evaluate("window.hacked === undefined"), "a word ran")
    equal("pictures", page.locator("main img").count(), 0)
    stage.post("/pools/app/backends/b1/enable", {})
    equal("complaints", stage.trouble.taken(), [])
    stage.close(page)
    return ""
