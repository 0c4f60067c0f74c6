"""Whether this machine lets anybody run: a thread that sleeps and looks how late it wakes up.

Where the harness itself is late by more than Soe503EventLoopLate allows, that alert is right about every proxy here.
"""

import threading
import time

EVERY, LATE = 0.025, 0.1


class Pulse:
    def __init__(self):
        self.worst, self.over = 0.0, threading.Event()

    def __enter__(self) -> "Pulse":
        threading.Thread(target=self.beat, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.over.set()

    def beat(self) -> None:
        while not self.over.is_set():
            due = time.monotonic() + EVERY
            time.sleep(EVERY)
            self.worst = max(self.worst, time.monotonic() - due)

    def excuses(self) -> set[str]:
        return {"Soe503EventLoopLate"} if self.worst > LATE else set()
