"""Backends whose handshake fails."""

from ..row import Row
from ..scoring.words import CONNECT_TIMEOUT, LATE, RESET, TLS_EXPIRED, TLS_PLAIN, TRUNCATED
from ..setting import Setting
from ..stage import Stage

TLS = Setting(tls=True, health=None)
BREAKS = (RESET, TRUNCATED)


def presents(kind: str):
    """The backends restart with this certificate."""
    async def act(stage: Stage) -> None:
        for one in stage.app:
            await one.speak(stage.certificates.context(kind))
        stage.note(f"the backends present the certificate '{kind}'")
    return act


async def plain(stage: Stage) -> None:
    for one in stage.app:
        await one.speak(None)
    stage.note("the backends speak plain text")


async def silent(stage: Stage) -> None:
    for one in stage.app:
        await one.be_silent()
    stage.note("the backends accept and never answer a ClientHello")


ROWS = [
    Row("F13", "the backends' certificate has expired", TLS_EXPIRED, presents("expired"), presents("good"), setting=TLS, seen=BREAKS),
    Row("F15", "TLS to a port that speaks plain text", TLS_PLAIN, plain, presents("good"), setting=TLS, seen=BREAKS),
    Row("F17", "accepted, and the ClientHello never answered", CONNECT_TIMEOUT, silent, presents("good"), acceptable=(LATE,), setting=TLS, seen=BREAKS),
    Row("X8", "clock skew: all certificates are not yet valid", TLS_EXPIRED, presents("to-come"), presents("good"), setting=TLS, seen=BREAKS),
]
