"""One play: one row, one proxy, one load, one seed. A process of its own, in namespaces of its own."""

import asyncio
import json
import random
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from harness.load import quantile
from harness.processes import HarnessError

from .catalog import BY_ID
from .network import unshares
from .proxies.base import raise_files
from .proxies.soe503 import id_of
from .scoring import answers, grounding
from .stage import NotPossible, Stage

# So many answers for each audience are looked at in full: completeness and redaction.
LOOKED_AT = 20


async def act(stage: Stage, times: tuple[float, float, float]) -> dict:
    """Baseline, fault, recovery."""
    baseline, fault, recovery = times
    stage.window = fault
    snapshots: dict[str, dict] = {}
    await stage.build()
    try:
        try:
            await stage.start()
        except HarnessError as error:
            return {"refused": str(error)[-600:]}
        await asyncio.sleep(baseline)
        snapshots["begin"] = {"seconds": baseline, **await stage.snapshot()}
        begun = time.time()
        stage.note("the fault begins")
        await stage.act(stage.row.begin)
        await asyncio.sleep(fault)
        # What a script can read at the end of the fault, while it lasts.
        snapshots["end"] = {"seconds": fault, **await stage.snapshot()}
        ended = time.time()
        for task in stage.tasks:
            task.cancel()
        await stage.act(stage.row.end)
        stage.note("the fault has ended")
        await asyncio.sleep(recovery)
        await stage.clients.stop()
        await asyncio.sleep(0.2)
        return await asyncio.get_running_loop().run_in_executor(None, judged, stage, begun, ended, snapshots)
    finally:
        await stage.close()


def judged(stage: Stage, begun: float, ended: float, snapshots: dict) -> dict:
    """Everything that the scores are made of."""
    row, proxy = stage.row, stage.proxy
    outcomes = [one for one in stage.clients.outcomes if one.ended]
    window = sorted((one for one in outcomes if begun <= one.ended <= ended), key=lambda one: one.ended)
    ours = [one for one in window if one.pool == "app"]
    # A refusal for one caller is a failure to be explained, though its status is 429.
    failures = [one for one in ours if (one.failed or one.status in (429, 508)) and not one.left]
    said = proxy.says(failures, snapshots)
    found = {
        "requests": len(ours), "late_p99": quantile(stage.clients.late, 0.99), "failed": len(failures), "control_failed": sum(one.failed for one in window if one.pool == "control"),
        "before_failed": sum(one.failed for one in outcomes if one.ended < begun and one.pool == "app"),
        "after_failed": sum(one.failed for one in outcomes if one.sent > ended + 1.0 and one.pool == "app"), "begun": begun, "seconds": ended - begun,
        "said": [{"at": one.ended - begun, **asdict(two)} for one, two in zip(failures, said)],
        "prevented": None if failures else (asdict(quiet) if (quiet := proxy.about_prevented(snapshots)) else None),
        "incidents": snapshots["end"].get("incidents"), "incidents_before": snapshots["begin"].get("incidents"),
        "alarms": stage.alarms, "events": [(at - begun, what) for at, what in stage.events], "backends": [one.log() for one in stage.app],
    }
    if not proxy.explains:
        found["end"] = snapshots["end"]
        return found
    found["samples"] = samples(list(proxy.found.values()))
    found["grounding"] = grounding.of(stage, proxy.found, begun)
    looked = [one for audience in ("full", "internal", "public") for one in some([one for one in failures if one.audience == audience])]
    found["answers"] = [answers.of(one, proxy.found.get(id_of(one)), answers.secrets(stage)) for one in looked if one.headers]
    return found


def samples(records: list[dict]) -> list[dict]:
    """For whoever wonders why something was named."""
    shown = sorted(records, key=lambda record: str(record.get("at")))
    return [{"at": one.get("at"), "elapsed_ms": one.get("elapsed_ms"), "attempts": one.get("attempts"), **(one.get("diagnosis") or {})} for one in shown[:2] + shown[-2:]]


def some(failures: list) -> list:
    return failures[:: max(1, len(failures) // LOOKED_AT)]


def main(spec: dict) -> dict:
    row = BY_ID[spec["row"]]
    if row.impossible:
        return {"impossible": row.impossible}
    if why := (row.lacks or {}).get(spec["proxy"]):
        return {"lacks": why}
    raise_files()
    random.seed(spec["seed"])
    with tempfile.TemporaryDirectory(prefix="soe503-faults-") as home:
        directory = Path(home)
        directory.chmod(0o777)
        stage = Stage(row, spec["proxy"], directory, spec["binaries"], spec["seed"], spec["rate"], spec["private"])
        try:
            found = asyncio.run(act(stage, tuple(spec["times"])))
        except NotPossible as why:
            found = {"impossible": str(why)}
        except HarnessError as error:
            found = {"broken": str(error)[-800:]}
        if spec.get("keep"):
            keep(directory, Path(spec["keep"]) / f"{spec['row']}-{spec['proxy']}-{spec['rate']:g}-{spec['seed']}")
    return found


def keep(directory: Path, where: Path) -> None:
    """Configs and logs, for whoever wonders."""
    where.mkdir(parents=True, exist_ok=True)
    for file in directory.rglob("*"):
        if file.suffix in (".log", ".toml", ".json", ".cfg") and file.is_file():
            (where / file.name).write_bytes(file.read_bytes())


def command(spec: dict, out: Path) -> list[str]:
    """How a play is started as a process."""
    words = unshares() if spec["private"] else []
    here = Path(__file__).resolve().parents[1]
    code = (
        f"import sys, json; sys.dont_write_bytecode = True; sys.path[:0] = {[str(here), str(here.parent), str(here.parents[1] / 'benches/peers')]!r}; "
        "from faults.play import main; spec = json.loads(sys.argv[1]); open(sys.argv[2], 'w').write(json.dumps(main(spec)))"
    )
    return [*words, sys.executable, "-c", code, json.dumps(spec), str(out)]
