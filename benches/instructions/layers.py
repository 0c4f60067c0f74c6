"""Instructions that a request takes through the library's layers, over the bare call: `soe503-layers` under callgrind.

A run with more requests minus a run with fewer, so that start and end cancel out. One thread and no sockets: the same
binary gives the same figure within a hundredth.
"""

import re
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness.processes import HarnessError

BARE = "bare"
SUBJECTS = ("breaker", "stack", "hidden stack", "stack with a pool")
FEW, MANY = 2_000, 12_000


def over_the_bare_call(binary: str) -> dict[str, int]:
    """By subject, as `recorded.json` names it."""
    runs = [(subject, count) for subject in (BARE, *SUBJECTS) for count in (FEW, MANY)]
    with ThreadPoolExecutor(2) as pool:
        counted = dict(zip(runs, pool.map(lambda run: instructions(binary, *run), runs)))
    each = {subject: (counted[subject, MANY] - counted[subject, FEW]) / (MANY - FEW) for subject in (BARE, *SUBJECTS)}
    return {f"layers: {subject}": round(each[subject] - each[BARE]) for subject in SUBJECTS}


def instructions(binary: str, subject: str, requests: int) -> int:
    with tempfile.TemporaryDirectory(prefix="soe503-layers-") as directory:
        out = Path(directory) / "out"
        line = ["valgrind", "--tool=callgrind", "--cache-sim=no", "--branch-sim=no", f"--callgrind-out-file={out}", binary, subject, str(requests)]
        done = subprocess.run(line, capture_output=True, text=True)
        found = re.search(r"^(?:totals|summary): (\d+)", out.read_text(), re.MULTILINE) if out.exists() else None
        if done.returncode or not found:
            raise HarnessError(f"{' '.join(line)} ended with {done.returncode}\n{done.stderr[-2000:]}")
        return int(found[1])
