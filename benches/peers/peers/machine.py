"""The machine while it measures: kept awake, and watched for what its host takes away."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LATENCY_WISH = Path("/dev/cpu_dma_latency")


@contextmanager
def awake() -> Iterator[bool]:
    """Keeps every core from sleeping for as long as it lasts; yields whether that worked (it needs root).

    A core that has nothing to do for a moment sleeps, and to wake it takes from microseconds to, on a
    virtual machine, as long as its host likes. That time is then in everybody's latencies, and the cost of
    waking in everybody's CPU time: noise that is larger than what is compared. The kernel lets a process
    forbid sleep by holding this file open (Documentation/power/pm_qos_interface.rst); cyclictest does the same.
    """
    try:
        held = os.open(LATENCY_WISH, os.O_WRONLY)
    except OSError:
        yield False
        return
    try:
        os.write(held, bytes(4))
        yield True
    finally:
        os.close(held)


def stolen(before: tuple[int, int], after: tuple[int, int]) -> float:
    """The share of all cores' time that the host gave to others between two readings of `times`."""
    return (after[1] - before[1]) / max(after[0] - before[0], 1)


def times() -> tuple[int, int]:
    """All cores' time since boot, and what of it was stolen, in ticks (proc(5), /proc/stat)."""
    fields = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return sum(fields), fields[7]
