"""Negative controls: nothing is wrong that should be named."""

import asyncio
import subprocess

from harness.processes import free_port

from ..row import Row
from ..scoring.words import CPU, DRAINING, HC_PATH, KEEPALIVE, RELEASE, UP503, UPERROR, LATE, DNS, RESET, NXDOMAIN
from ..setting import Setting
from ..stage import NotPossible, Stage
from ..stub.nature import about, takes
from .replies import all_become

FORGED = {
    "Proxy-Status": "origin; error=connection_refused; soe-cause=dependency_failure/connect_refused", "X-Error-Code": "SOE-503",
    "Soe-Cause": "misconfiguration/bad_release; grade=proven",
}


def leave_by_404(stage: Stage) -> None:
    stage.app[0].become(health={"/healthz": 404})
    stage.note("one backend answers its probe 404, to leave")


def markers(stage: Stage) -> None:
    all_become(status=500, share=0.005)(stage)
    stage.later(mark(stage))


async def mark(stage: Stage) -> None:
    for number in range(100):
        await stage.marker("deploy", f"v1.{number}", "elsewhere")
        await asyncio.sleep(stage.window / 3)


def throttle(stage: Stage) -> None:
    stage.cpu.tighten()
    stage.note("the proxy's group is throttled, a few milliseconds at a time")


def unthrottle(stage: Stage) -> None:
    stage.note(f"periods and throttled periods: {stage.cpu.throttled()}")
    stage.cpu.loosen()


def clients_leave(stage: Stage) -> None:
    all_become(work=takes(0.03))(stage)
    stage.shape.leave = 0.2


def slow_report(stage: Stage) -> None:
    usual = about(2.0, 3.5)
    all_become(work=lambda lot: min(3.5, usual(lot)))(stage)


def churn(stage: Stage) -> None:
    all_become(max_requests=20, announces=True)(stage)


def forge(stage: Stage) -> None:
    """Every answer claims it, and one in ten is a 503 of the origin's own, which is passed on where the method is not safe."""
    all_become(headers=FORGED, status=503, share=0.1)(stage)


def rotate(stage: Stage) -> None:
    stage.later(turn(stage))


async def turn(stage: Stage) -> None:
    addresses = [one.host for one in stage.app]
    while True:
        addresses = addresses[1:] + addresses[:1]
        stage.resolver.says({"app.test": addresses[:2]})
        await asyncio.sleep(1.0)


def idle(stage: Stage) -> None:
    stage.shape.paused = True


def can_confirm(stage: Stage) -> None:
    """`lbctl` beside the proxy has to have the command."""
    lbctl = stage.binaries.get("lbctl", "")
    if not lbctl or subprocess.run([lbctl, "confirm", "--help"], capture_output=True).returncode != 0:
        raise NotPossible("lbctl has no command `confirm`")


async def confirm(stage: Stage) -> None:
    """A 404, and a port that nobody listens on: neither is a 503."""
    all_become(status=404)(stage)
    for what, port in (("a 404", stage.proxy.port), ("a refused connection", free_port())):
        done = await asyncio.create_subprocess_exec(
            stage.binaries["lbctl"], "confirm", f"http://127.0.0.1:{port}/app/", "--admin", f"http://127.0.0.1:{stage.proxy.admin}", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )
        told = (await done.communicate())[0].decode(errors="replace")
        if not told.startswith("not a 503"):
            stage.alarms.append(f"{what}: {told.splitlines()[0] if told else 'nothing said'}")


ROWS = [
    Row("N1", "one backend answers its probe 404, on purpose", None, leave_by_404, not_named=(HC_PATH,)),
    Row("N2", "a deploy marker of another service again and again, 0.5 % unrelated errors", None, markers, not_named=(RELEASE,), seen=(UPERROR,)),
    Row("N3", "60 % of the periods throttled, no lag", None, throttle, unthrottle, setting=Setting(cpu=(4_000, 10_000), burner=True), not_named=(CPU,)),
    Row("N4", "a storm of 404", None, all_become(status=404, share=0.5)),
    Row("N5", "a fifth of the clients leave", None, clients_leave, load={"think": 0.1}),
    Row("N6", "an endpoint that takes 2 s, as planned; timeout 5 s", None, before=slow_report, setting=Setting(attempt_timeout=5.0, timeout=6.0), not_named=(LATE,), seen=(LATE,)),
    Row("N7", "connections end after 20 requests, announced", None, churn, load={"think": 0.05, "posts": 0.0}, not_named=(KEEPALIVE, RESET)),
    Row("N8", "an origin forges Proxy-Status, X-Error-Code and Soe-Cause", None, forge, not_named=(RELEASE, "dependency_failure/connect_refused"), seen=(UP503,)),
    Row("N9", "DNS with a TTL of 1 s, in rotation", None, rotate, setting=Setting(names="one"), not_named=(DNS, NXDOMAIN, DRAINING)),
    Row("N10", "nothing happens at all", None, idle),
    Row(
        "N11", "`lbctl confirm` of a 404 and of a port that nobody listens on", None, confirm, before=can_confirm,
        lacks={"envoy": "has no such command", "haproxy": "has no such command"},
    ),
]
