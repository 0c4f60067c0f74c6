"""Nothing there, nothing yet, and what goes wrong: each is said, and nothing looks like something that it is not."""

import contextlib
import http.client
import json
import re
import threading
from collections.abc import Callable, Iterator

from playwright.sync_api import Error, Page, Route, expect

from harness.cases import Group, demand, equal
from harness.processes import wait_until

from ..stage import Stage, pools, stage
from .acts import SECRET, TOKEN
from .live import SOON, row
from .shape import overflow

# A proxy from which nothing comes for so long is given up; the page looks every two seconds.
SILENCE = 12_000
WRONG = "not-the-token-of-this-one"
# Pages that are kept up to date at once.
STREAMS = 16
SHAPES = ((400, True), (400, False), (1600, True), (1600, False))


@contextlib.contextmanager
def quiet(args: object) -> Iterator[Stage]:
    """Nobody visits, nothing is changed, nothing fails."""
    with stage(args) as made:
        backends = made.add("b1", "b2")
        made.write(pools(app=[one.toml for one in backends]))
        made.start()
        yield made


GROUP = Group("states", quiet)


def looked_at(stage: Stage, page: Page, name: str) -> None:
    """No violation, nothing sticks out; with pictures in each shape."""
    for width, dark in SHAPES if stage.args.shots else SHAPES[:1] + SHAPES[-1:]:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="dark" if dark else "light")
        shape = f"{name} at {width}, {'dark' if dark else 'light'}"
        equal(f"{shape}: sticks out", overflow(page), [])
        equal(f"{shape}: violations", stage.violations(page), [])
        stage.shot(page, shape.replace(" ", "-").replace(",", ""), full=False)


def is_live(page: Page) -> None:
    expect(page.locator("#link")).to_have_text("●live", timeout=25_000)
    demand(not page.evaluate("document.body.classList.contains('stale')"), "what is new looks old")
    expect(page).not_to_have_title(re.compile("Not up to date"))


def is_old(page: Page, why: str, timeout: float = SOON) -> None:
    expect(page.locator("#link")).to_contain_text(why, timeout=timeout)
    expect(page.locator("#link")).to_contain_text("what is shown is as of")
    demand(page.evaluate("document.body.classList.contains('stale')"), "what is old does not look it")
    # Seen among other tabs, it does not say that all is well.
    expect(page).to_have_title(re.compile("^Not up to date · "))


def let_go(page: Page, held: list[Route]) -> None:
    page.unroute_all(behavior="ignoreErrors")
    for one in held:
        # The browser has given up some of them itself.
        with contextlib.suppress(Error):
            one.abort()


def answered(status: int, kind: str, body: str) -> Callable[[Route], None]:
    return lambda route: route.fulfill(status=status, content_type=kind, body=body)


def problem(status: int, title: str) -> Callable[[Route], None]:
    return answered(status, "application/problem+json", json.dumps({"type": "about:blank", "title": title, "status": status, "detail": "…"}))


@GROUP.case("empty: each part says that there is nothing")
def empty(stage: Stage) -> str:
    page = stage.open()
    expect(page.locator("#traffic .empty")).to_have_text("No request has come since this process started.", timeout=15_000)
    for part, says in (
        ("#summary h1", "All is well"),
        ("#incidents", "None. When requests fail of one cause in one place, it is told here"),
        ("#causes", "Nothing has failed since this process started."),
        ("#maintenance", "None in force, none planned."),
        ("#changes", "None known. Tell this proxy of yours"),
        ("#over", "No incident is over since this process started."),
    ):
        expect(page.locator(part)).to_contain_text(says)
    # A latency of which there is none is not 0 ms.
    equal("latency", row(page, "b1").locator("td.n").nth(3).inner_text().split("\n")[-1], "–")
    is_live(page)
    looked_at(stage, page, "empty")
    page.goto(f"{stage.url}/incidents")
    expect(page.locator("main")).to_contain_text("None is known.")
    looked_at(stage, page, "no incidents")
    equal("complaints", stage.trouble.taken(), [])
    stage.close(page)
    return ""


@GROUP.case("loading: what is not measured yet is no zero")
def unmeasured(stage: Stage) -> str:
    stage.process.stop(seconds=15)
    stage.start()
    page = stage.open()
    expect(page.locator("#traffic .empty")).to_contain_text("Not measured yet", timeout=1_000)
    rates = lambda: page.locator("#summary .facts dd").all_inner_texts()[:3]  # noqa: E731
    equal("rates", rates(), ["–"] * 3)
    equal("rates of the pool", page.locator(".pool .facts dd").all_inner_texts()[1:4], ["–"] * 3)
    demand("0" not in page.locator("#traffic").inner_text(), "the chart has a number")
    stage.shot(page, "unmeasured")
    expect(page.locator("#traffic .empty")).to_contain_text("No request has come", timeout=15_000)
    equal("rates once they are measured", rates(), ["0"] * 3)
    equal("complaints", stage.trouble.taken(), [])
    stage.close(page)
    return ""


@GROUP.case("loading: a stream that does not begin")
def silent(stage: Stage) -> str:
    page = stage.open("/incidents")
    held: list[Route] = []
    page.route("**/live?*", lambda route: held.append(route))
    page.goto(stage.url)
    expect(page.locator("#link")).to_have_text("◌connecting")
    expect(page.locator("h1")).to_contain_text("All is well")
    looked_at(stage, page, "connecting")
    is_old(page, "Nothing heard", timeout=SILENCE + 5_000)
    looked_at(stage, page, "nothing heard")
    let_go(page, held)
    is_live(page)
    demand(held, "the stream is asked for")
    stage.close(page)
    stage.trouble.taken()
    return ""


@GROUP.case("loading: a question that takes its time, and one that is never answered")
def slow(stage: Stage) -> str:
    page = stage.open()
    held: list[Route] = []
    page.route("**/act?*", lambda route: held.append(route))
    page.get_by_role("button", name="Drain b1").click()
    expect(page.locator("body")).to_have_attribute("aria-busy", "true")
    wait_until("the question is asked", lambda: page.wait_for_timeout(50) or held)
    held.pop().continue_()
    expect(page.locator("dialog[open] h1")).to_contain_text("Drain backend b1")
    demand(not page.locator("body").get_attribute("aria-busy"), "busy for ever")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Drain b1").click()
    expect(page.locator("dialog[open] .trouble")).to_contain_text("no answer within 15 s", timeout=20_000)
    looked_at(stage, page, "no answer")
    equal("state", stage.backend("app", "b1")["state"], "up")
    let_go(page, held)
    stage.close(page)
    stage.trouble.taken()
    return ""


@GROUP.case("error: a stream that is refused, by reason")
def refused(stage: Stage) -> str:
    page = stage.open()
    for answer, why in (
        (problem(401, "A token or a certificate is needed"), "A token or a certificate is needed, 401"),
        (problem(429, "Too many wrong credentials"), "Too many wrong credentials, 429"),
        (answered(500, "text/plain", ""), "no reason given, 500"),
        (answered(502, "text/html", "<h1>Bad gateway</h1>"), "no reason given, 502"),
    ):
        page.route("**/live?*", answer)
        page.reload()
        is_old(page, f"Not kept up to date ({why})")
        expect(page.locator("h1")).to_contain_text("All is well")
        page.unroute("**/live?*")
        is_live(page)
    stage.close(page)
    stage.trouble.taken()
    return ""


@GROUP.case("error: more watch than may")
def crowded(stage: Stage) -> str:
    watching: list[http.client.HTTPConnection] = []

    def one_more() -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", stage.admin, timeout=10)
        connection.request("GET", "/live?from=x")
        if connection.getresponse().status == 200:
            watching.append(connection)
        return len(watching) == STREAMS

    # Pages of other cases are gone as soon as that is noticed.
    wait_until("all that may watch do", one_more)
    page = stage.open()
    is_old(page, "Not kept up to date (Too many watch, 503)")
    looked_at(stage, page, "too many watch")
    for one in watching:
        one.close()
    is_live(page)
    stage.close(page)
    stage.trouble.taken()
    return ""


@GROUP.case("error: a stream of nonsense, and nothing is missed")
def nonsense(stage: Stage) -> str:
    page = stage.open()
    is_live(page)
    for body in ("event: parts\nid: deadbeef-99\ndata: {\"parts\": [[\n\n", "event: parts\ndata: {}\n\n"):
        page.route("**/live?*", answered(200, "text/event-stream", body))
        page.reload()
        is_old(page, "What came was not understood")
        stage.post("/pools/app/backends/b1/drain", {"reason": "while nobody understood"})
        page.unroute("**/live?*")
        expect(row(page, "b1").locator(".reason")).to_contain_text("while nobody understood", timeout=25_000)
        is_live(page)
        stage.post("/pools/app/backends/b1/enable", {})
    equal("uncaught", [line for line in stage.trouble.taken() if "uncaught" in line], [])
    stage.close(page)
    return ""


@GROUP.case("error: a page that cannot be loaded again")
def again(stage: Stage) -> str:
    page = stage.open()
    is_live(page)
    page.evaluate("window.same = true")
    for answer in (answered(500, "text/html", "<main>broken</main>"), answered(200, "text/html", "<main>somebody else's</main>"), lambda route: route.abort()):
        # A page of another process is loaded again by the script.
        page.route(f"{stage.url}/", answer)
        stage.process.stop(seconds=15)
        stage.start()
        is_old(page, "The page could not be loaded again", timeout=30_000)
        expect(page.locator("h1")).to_contain_text("All is well")
        page.unroute(f"{stage.url}/")
        is_live(page)
    demand(page.evaluate("window.same"), "the page was left")
    equal("uncaught", [line for line in stage.trouble.taken() if "uncaught" in line], [])
    stage.close(page)
    return ""


@GROUP.case("error: pages of what is not there")
def nowhere(stage: Stage) -> str:
    for path, says in (
        ("/pools/nowhere", "There is no path called"),
        ("/incidents/nowhere", "Unknown incident"),
        ("/act", "No such act"),
        ("/act?path=/api/v1/pools/app/backends/b1/explode", "No such act"),
        ("/done/nowhere", "Not known any more"),
    ):
        page = stage.open(path)
        expect(page.locator("main")).to_contain_text(says)
        expect(page.locator("nav a")).to_have_count(3)
        looked_at(stage, page, f"nowhere{path.split('?')[0].replace('/', '-')}")
        stage.close(page)
    equal("complaints", [line for line in stage.trouble.taken() if "404" not in line], [])
    return ""


@GROUP.case("error: acts that are refused or not answered")
def acts(stage: Stage) -> str:
    page = stage.open("/act?path=/api/v1/pools/nowhere/backends/b1/drain")
    page.locator("button.main").click()
    expect(page.locator(".result")).to_contain_text('There is no pool called "nowhere"')
    page.goto(stage.url)
    is_live(page)
    for answer, why in ((answered(502, "text/plain", "no"), "502, and no page"), (lambda route: route.abort(), "did not answer as expected")):
        page.get_by_role("button", name="Drain b1").click()
        page.route("**/act", answer)
        page.locator("dialog[open] button.main").click()
        expect(page.locator("dialog[open] .trouble")).to_contain_text(why)
        looked_at(stage, page, f"act {why[:3]}")
        page.unroute("**/act")
        page.locator("dialog[open] [data-close]").click()
        expect(page.locator("dialog[open]")).to_have_count(0)
    # A form that has lain open since before a restart.
    page.get_by_role("button", name="Drain b1").click()
    expect(page.locator("dialog[open] h1")).to_contain_text("?")
    stage.process.stop(seconds=15)
    stage.start()
    page.locator("dialog[open] button.main").click()
    expect(page.locator("dialog[open] .result")).to_contain_text("it was restarted since")
    equal("state", stage.backend("app", "b1")["state"], "up")
    stage.close(page)
    equal("uncaught", [line for line in stage.trouble.taken() if "uncaught" in line], [])
    return ""


@TOKEN.case("who is not let in reads why")
def door(stage: Stage) -> str:
    page = stage.open(http_credentials={"username": "ada", "password": WRONG})
    expect(page.locator("h1")).to_contain_text("A token or a certificate is needed")
    looked_at(stage, page, "401")
    ended = threading.Event()
    guessing = [threading.Thread(target=guess, args=(stage.admin, ended), daemon=True) for _ in range(3)]
    for one in guessing:
        one.start()
    try:
        wait_until("guesses are refused", lambda: page.goto(stage.url).status == 429, seconds=60)
    finally:
        ended.set()
    expect(page.locator("h1")).to_contain_text("Too many wrong credentials")
    looked_at(stage, page, "429")
    for one in guessing:
        one.join()
    stage.close(page)
    said = [line for line in stage.trouble.taken() if "401" not in line and "429" not in line]
    equal("complaints", said, [])
    return ""


def guess(port: int, ended: threading.Event) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    while not ended.is_set():
        connection.request("GET", "/api/v1/pools", headers={"Authorization": f"Bearer {WRONG}"})
        connection.getresponse().read()
    connection.close()


@TOKEN.case("an act that is refused at the door is told in its dialog")
def reader(stage: Stage) -> str:
    page = stage.open(http_credentials={"username": "ada", "password": SECRET})
    page.get_by_role("button", name="Disable b1").click()
    page.route("**/act", lambda route: route.continue_(headers=route.request.headers | {"authorization": f"Bearer {WRONG}"}))
    page.locator("dialog[open] button.main").click()
    expect(page.locator("dialog[open] h1")).to_contain_text("A token or a certificate is needed")
    looked_at(stage, page, "act at the door")
    stage.close(page)
    stage.trouble.taken()
    return ""
