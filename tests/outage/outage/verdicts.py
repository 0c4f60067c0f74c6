"""Figures beside their targets."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

# Units of what a clock measured.
TIMES = (" s", " ms")


@dataclass
class Verdict:
    what: str
    figure: str
    target: str
    good: bool | None
    """None: a figure without a target."""
    timed: bool = False
    """A busy machine alone may have missed it."""


@dataclass
class Scenario:
    name: str
    story: str
    verdicts: list[Verdict] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    busy: bool = False
    """The load generator itself was late: what was measured in time says nothing."""

    def at_most(self, what: str, figure: float, limit: float, unit: str = "", digits: int = 0) -> None:
        self.add(what, f"{figure:.{digits}f}{unit}", f"≤ {limit:g}{unit}", figure <= limit, timed=unit in TIMES)

    def at_least(self, what: str, figure: float, limit: float, unit: str = "", digits: int = 0) -> None:
        self.add(what, f"{figure:.{digits}f}{unit}", f"≥ {limit:g}{unit}", figure >= limit)

    def none(self, what: str, found: list, of: int | None = None) -> None:
        """Nothing like this may be found; the first few are shown."""
        figure = str(len(found)) if of is None else f"{len(found)} of {of}"
        self.add(what, figure, "0", not found)
        self.notes += [f"{what}: {one}" for one in found[:3]]

    def add(self, what: str, figure: str, target: str, good: bool, timed: bool = False) -> None:
        self.verdicts.append(Verdict(what, figure, target, bool(good), timed))

    def figure(self, what: str, figure: str, remark: str = "") -> None:
        self.verdicts.append(Verdict(what, figure, remark, None))

    @property
    def failed(self) -> list[Verdict]:
        return [verdict for verdict in self.verdicts if verdict.good is False]

    @property
    def says_nothing(self) -> bool:
        """The machine was busy, and nothing is missed but times. What is counted counts on any machine."""
        return self.busy and all(verdict.timed for verdict in self.failed)

    def show(self) -> None:
        print(f"\n{self.name}: {self.story}")
        width = max(len(verdict.what) for verdict in self.verdicts)
        for verdict in self.verdicts:
            mark = {True: "ok", False: "NO", None: "  "}[verdict.good]
            print(f"  {mark}  {verdict.what:<{width}}  {verdict.figure:>22}  {verdict.target}")
        for note in self.notes:
            print(f"      {note}")
        print(flush=True)


def write(scenarios: list[Scenario], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    document = [{"name": one.name, "story": one.story, "notes": one.notes, "verdicts": [asdict(verdict) for verdict in one.verdicts]} for one in scenarios]
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
