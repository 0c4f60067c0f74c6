"""What goes wrong: one row each."""

from dataclasses import dataclass

from . import faults
from .faults import Act, Times

# Three backends that take as long as this for each request, unless a scenario says otherwise.
WORK_MS = 30
RATE = 500.0
POSTS = 0.1
# Before the fault: the first second opens connections, the others are what p99 is compared with.
BEFORE, BEFORE_QUICK = 4.0, 2.0
# Where capacity matters, each of three backends has so many workers of so many milliseconds.
SLOTS, SLOT_MS = 8, 40
CAPACITY = 3 * SLOTS / (SLOT_MS / 1e3)


@dataclass(frozen=True)
class Scenario:
    name: str
    story: str
    act: Act
    # How long the fault lasts, and how long the load goes on after it, in seconds.
    fault: float = 12.0
    after: float = 3.0
    # Shorter, it would be another fault.
    whole: bool = False
    backends: int = 3
    work_ms: int = WORK_MS
    slots: int | None = None
    body_bytes: int = 1024
    rate: float = RATE
    # Another rate during the fault.
    surge: float | None = None
    # Shares of the requests as `soe503-tools load --kind` takes them.
    kinds: tuple[str, ...] = ()
    # Kinds that nobody can answer: they are counted apart.
    doomed: tuple[str, ...] = ()
    # What else clients do, as options of `soe503-tools load`.
    clients: tuple[str, ...] = ()
    # How many contestants are played side by side: as many as leave two cores room.
    together: int = 4

    def times(self, quick: bool) -> Times:
        before, fault, after = BEFORE, self.fault, self.after
        if quick:
            before, fault, after = BEFORE_QUICK, fault if self.whole else min(fault, 4.0), min(after, 2.0)
        return Times(before, before + fault, before + fault + after)


CAPPED = {"work_ms": SLOT_MS, "slots": SLOTS}
# Whatever waited for seconds is answered in one moment: with more of them, that moment would be the machine's.
BURST = {"together": 2}

ALL = [
    Scenario("killed", "one of three is killed: its connections break off, new ones are refused", faults.door(1, "killed")),
    Scenario("blackhole", "one of three accepts and reads, and never answers; its health path neither", faults.told(1, "hang", "hang")),
    Scenario("midresponse", "one of three resets after the head and half of 1 KiB; its health path too", faults.told(1, "reset-midway", "reset-midway")),
    Scenario("midresponse16k", "the same with answers of 16 KiB", faults.told(1, "reset-midway", "reset-midway"), body_bytes=16 * 1024),
    Scenario("500always", "one of three answers 500 after its work; its health path is fine", faults.told(1, "500")),
    Scenario("500some", "one of three answers 500 to 30 % of requests; its health path is fine", faults.told(1, "500", percent=30)),
    Scenario("slow", "one of three is 2 s slower; its health path is fast", faults.told(1, "late-2000")),
    Scenario("resetaccept", "one of three breaks its connections off, and resets new ones at once", faults.door(1, "resetting")),
    Scenario("resetread", "one of three resets the connection after it has read the request; its health path too", faults.told(1, "reset", "reset")),
    Scenario("twokilled", "two of three are killed", faults.door(2, "killed")),
    Scenario("rolling", "each drains (ends what it has, closes, refuses) for 2 s, one after another", faults.rolling, whole=True),
    Scenario("flapping", "one of three is killed every second and back half a second later", faults.flapping),
    Scenario("badcheck", "the health path of all three answers 404; traffic is fine", faults.told(3, "ok", "404")),
    Scenario("poison", "2 % of requests make any backend reset the connection; the others are fine", faults.told(3, "reset", only="poison"), kinds=("poison:0.02",), doomed=("poison",)),
    Scenario("dependency", "what half of the requests need is down: all three answer them 500", faults.told(3, "500", only="db"), fault=8.0, kinds=("db:0.5",), doomed=("db",)),
    Scenario("outage503", "all three answer 503 with Retry-After: 1; their health paths are fine", faults.told(3, "retry-after-1"), fault=8.0, after=7.0),
    Scenario("stall", "all three freeze for 2 s, then answer everything they hold", faults.told(3, "hold", "hold"), fault=2.0, after=9.0, **BURST),
    Scenario("longstall", "all three freeze for 5 s, longer than any deadline", faults.told(3, "hold", "hold"), fault=5.0, after=9.0, **BURST),
    Scenario("single", "the only backend restarts: killed, back after 2 s", faults.door(1, "killed"), fault=2.0, after=6.0, backends=1, **BURST),
    Scenario("overload", "twice the capacity for 8 s, half of it important", faults.nothing, fault=8.0, after=13.0, rate=300.0, surge=2 * CAPACITY, kinds=("important:0.5:u=1", "other:0.5:u=5"), **CAPPED, **BURST),
    Scenario(
        "storm", "clients that leave after 1 s and ask again at once, up to three times, at two thirds of the capacity; all three freeze for 2 s",
        faults.told(3, "hold", "hold"), fault=2.0, after=13.0, rate=400.0, clients=("--give-up-ms", "1000", "--repeats", "3"), **CAPPED, **BURST,
    ),
]
NAMES = [one.name for one in ALL]
