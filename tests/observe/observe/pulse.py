"""Whether this machine lets anybody run: a thread that sleeps and looks how late it wakes up.

Where the harness itself is late, others were as well, and longer: what a proxy says about its own time is true then. The lag is told
for up to a minute, which is not scaled, so one moment is enough for the alert here.
"""

import threading
import time

EVERY, LATE = 0.025, 0.02


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

    def excuses_alert(self, labels: dict[str, str]) -> bool:
        """That alert, or an incident of the proxy's own for the same reason."""
        incident = labels["alertname"] == "Soe503Incident" and labels.get("category") == "resource_exhaustion" and "pool" not in labels
        return self.worst > LATE and (incident or labels["alertname"] in self.excuses())
