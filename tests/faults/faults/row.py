"""A fault, a control or a pair: what is done, and what should be said about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .setting import Setting

if TYPE_CHECKING:
    from .stage import Stage

Act = Callable[["Stage"], Awaitable[None] | None]


def nothing(_: "Stage") -> None:
    """No injection at this point."""


@dataclass(frozen=True)
class Row:
    """`expected` is None for a control. What the proxy is told never depends on it."""

    id: str
    title: str
    expected: str | None
    begin: Act = nothing
    end: Act = nothing
    # Before the proxy starts: the fault is there from the beginning.
    before: Act = nothing
    acceptable: tuple[str, ...] = ()
    # Of a pair: both must appear.
    second: str | None = None
    scope: str = "pool"
    setting: Setting = Setting()
    # What can truly be observed while it lasts, besides `expected`: evidence that claims anything else is ungrounded.
    seen: tuple[str, ...] = ()
    # Score what the answer names itself, not the root behind it.
    itself: bool = False
    # The load's own shape, as changes of `Shape` from the beginning.
    load: dict | None = None
    # Of a control: causes that must not be named; all, if there are none.
    not_named: tuple[str, ...] = ()
    # Fixes that make it worse, or that are no use.
    harmful: tuple[str, ...] = ()
    # Why it cannot be played anywhere by this harness.
    impossible: str | None = None
    # Proxies that have nothing like it, and why.
    lacks: dict | None = None

    @property
    def kind(self) -> str:
        return {"F": "fault", "X": "further", "U": "later", "N": "control", "P": "pair"}[self.id[0]]

    @property
    def label(self) -> str:
        return self.expected or "no incident"
