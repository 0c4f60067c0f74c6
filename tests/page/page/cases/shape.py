"""How it looks: two themes, two widths, and what axe-core says."""

import contextlib
from collections.abc import Iterator

from playwright.sync_api import Page, expect

from harness.cases import Group, demand, equal

from ..stage import Stage, pools, stage
from .live import SOON

NAMES = ("payments-1.eu-central.internal.example.com", "payments-2.eu-central.internal.example.com", "payments-3")


@contextlib.contextmanager
def unwell(args: object) -> Iterator[Stage]:
    """Every state that there is, and an incident."""
    with stage(args) as made:
        shop = made.add("s1", "s2", "s3", "s4")
        payments = made.add(*NAMES)
        made.write(pools(shop=[one.toml for one in shop], payments=[one.toml for one in payments]))
        made.start()
        made.visit(30, "/shop")
        made.visit(15, "/payments")
        made.post("/changes", {"kind": "deploy", "service": "payments", "version": "v2.8.0", "by": "ci", "note": "rev 9f3c1e2"})
        made.post("/pools/shop/backends/s2/drain", {"reason": "a new disk, ticket OPS-2231"})
        made.post("/pools/shop/backends/s3/disable", {"reason": "it smokes"})
        made.post("/maintenance/shop/start", {"reason": "moving the database", "by": "ada"})
        made.post("/maintenance/shop/end", {})
        for name in NAMES:
            made.backends[name].kill()
        page = made.open()
        expect(page.locator("article.incident.open").first).to_be_visible(timeout=30_000)
        made.close(page)
        yield made


GROUP = Group("shape", unwell)


def overflow(page: Page) -> list[str]:
    """What sticks out on the right."""
    if page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"):
        return []
    return page.evaluate("""() => [...document.querySelectorAll('main *, header *')]
        .filter(one => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
        .map(one => `${one.tagName}.${one.className}`).slice(0, 5)""") or ["something"]


def looks(stage: Stage, *shapes: tuple[int, bool]) -> str:
    for width, dark in shapes:
        name = f"{width}-{'dark' if dark else 'light'}"
        page = stage.open(width=width, dark=dark)
        expect(page.locator("#link")).to_have_text("●live", timeout=SOON)
        equal(f"{name}: sticks out", overflow(page), [])
        equal(f"{name}: violations", stage.violations(page), [])
        stage.shot(page, name)
        stage.close(page)
    equal("complaints", stage.trouble.taken(), [])
    return "no violation, nothing sticks out"


@GROUP.case("narrow and dark, wide and light")
def extremes(stage: Stage) -> str:
    return looks(stage, (400, True), (1600, False))


@GROUP.case("other widths and themes")
def shapes(stage: Stage) -> str:
    return looks(stage, (400, False), (768, False), (768, True), (1600, True))


@GROUP.case("the other pages")
def others(stage: Stage) -> str:
    id = stage.api("/incidents")["incidents"][0]["id"]
    paths = ["/incidents", f"/incidents/{id}", "/incidents/nowhere", "/config", "/act?path=/api/v1/pools/shop/backends/s1/drain", "/done/nothing"]
    for path in paths:
        for width, dark in ((400, True), (1600, False)):
            page = stage.open(path, width=width, dark=dark)
            equal(f"{path} at {width}: sticks out", overflow(page), [])
            equal(f"{path} at {width}: violations", stage.violations(page), [])
            stage.shot(page, f"{path.split('?')[0].strip('/').replace('/', '-')}-{width}")
            stage.close(page)
    said = [line for line in stage.trouble.taken() if "404" not in line]
    equal("complaints", said, [])
    return f"{len(paths)} pages"


@GROUP.case("a dialog")
def dialog(stage: Stage) -> str:
    for width, dark in ((400, True), (1280, False)):
        page = stage.open(width=width, dark=dark)
        page.get_by_role("button", name="Drain s1").click()
        expect(page.locator("dialog[open] h1")).to_be_visible()
        equal("violations", stage.violations(page), [])
        equal("sticks out", overflow(page), [])
        stage.shot(page, f"dialog-{width}", full=False)
        stage.close(page)
    return ""


@GROUP.case("no state is told by colour alone")
def colours(stage: Stage) -> str:
    page = stage.open()
    for badge in page.locator(".badge").all():
        words = badge.inner_text().replace("\n", " ").split(" ", 1)
        demand(len(words) >= 1 and any(c.isalpha() for c in badge.inner_text()), f"a badge without a word: {words}")
    marks = page.evaluate("""() => Object.entries(Object.groupBy([...document.querySelectorAll('[data-backend] .state .badge')],
        one => one.className)).map(([name, all]) => [name, [...new Set(all.map(one => one.textContent))]])""")
    stage.close(page)
    return ", ".join(word for _, words in marks for word in words)
