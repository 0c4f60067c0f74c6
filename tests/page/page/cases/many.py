"""A thousand backends."""

import contextlib
import http.client
import time
from collections.abc import Iterator

from playwright.sync_api import expect

from harness.cases import Group, LeftOut, demand, equal

from ..stage import Stage, pools, stage
from .shape import overflow

COUNT = 1_000


@contextlib.contextmanager
def thousand(args: object) -> Iterator[Stage]:
    with stage(args) as made:
        there = made.add("b1", work_ms=0, host="0.0.0.0")[0]
        # All of 127/8 is this machine: one process is a thousand backends, but for those that nobody listens for.
        urls = [f'{{ url = "http://127.0.{at // 250}.{at % 250 + 1}:{there.port}", name = "node-{at:04}" }}' for at in range(COUNT)]
        made.write(pools(app=urls))
        made.start()
        made.visit(100, "/app")
        yield made


GROUP = Group("many", thousand)


@GROUP.case("a thousand rows, found by a word")
def found(stage: Stage) -> str:
    began = time.monotonic()
    page = stage.open()
    expect(page.locator("#link")).to_have_text("●live", timeout=15_000)
    took = time.monotonic() - began
    equal("rows", page.locator("[data-backend]").count(), COUNT)
    demand(not page.locator("#p0-all").evaluate("one => one.open"), "they are folded")
    equal("sticks out", overflow(page), [])
    stage.shot(page, "thousand")
    page.keyboard.press("/")
    equal("the box", page.evaluate("document.activeElement.id"), "filter")
    began = time.monotonic()
    page.keyboard.type("node-0777")
    expect(page.locator("#found")).to_have_text(f"1 of {COUNT}")
    sifted = time.monotonic() - began
    expect(page.locator("[data-backend]:visible")).to_have_count(1)
    equal("violations", stage.violations(page), [])
    stage.shot(page, "thousand-filtered", full=False)
    page.locator("#filter").fill("node-0777 node-0778")
    expect(page.locator("#found")).to_have_text(f"0 of {COUNT}")
    page.keyboard.press("Escape")
    expect(page.locator("#found")).to_have_text("")
    demand(not page.locator("#p0-all").evaluate("one => one.open"), "they are folded again")
    stage.close(page)
    equal("complaints", stage.trouble.taken(), [])
    return f"live after {took:.1f} s, nine letters sifted in {sifted * 1000:.0f} ms"


@GROUP.case("updates are bounded")
def bounded(stage: Stage) -> str:
    page = stage.open()
    live = page.locator("body").get_attribute("data-live")
    stage.close(page)
    connection = http.client.HTTPConnection("127.0.0.1", stage.admin, timeout=10)
    connection.request("GET", f"/live?from={live}")
    answer = connection.getresponse()
    seconds, sizes, size, began = 12, [], 0, time.monotonic()
    while time.monotonic() - began < seconds:
        line = answer.readline()
        size += len(line)
        if line == b"\n":
            sizes.append(size)
            size = 0
    connection.close()
    demand(len(sizes) >= 2, "events come")
    demand(len(sizes) <= seconds + 3, f"at most one a second: {len(sizes)} in {seconds} s")
    demand(max(sizes) < 128 * 1024, f"the largest event has {max(sizes)} bytes")
    return f"{len(sizes)} events in {seconds} s, at most {max(sizes) // 1024} KiB, {sum(sizes) / seconds / 1024:.0f} KiB/s"


@GROUP.case("what the page costs the proxy")
def costs(stage: Stage) -> str:
    def processor() -> float:
        with open(f"/proc/{stage.process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def over(seconds: float) -> float:
        before = processor()
        time.sleep(seconds)
        return (processor() - before) / seconds

    alone = over(6)
    page = stage.open()
    expect(page.locator("#link")).to_have_text("●live", timeout=15_000)
    watched = over(6)
    stage.close(page)
    if alone == 0:
        raise LeftOut("the clock of the kernel is too coarse")
    demand(watched - alone < 0.25, f"a quarter of a core: {watched - alone:.3f}")
    return f"{alone * 100:.1f} % of a core alone, {watched * 100:.1f} % while one watches"
