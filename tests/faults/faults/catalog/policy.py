"""Configuration and checks that are wrong."""

from ..row import Row
from ..scoring.words import HC_REJECTED, NO_ENDPOINTS, UNKNOWN_POOL
from ..setting import Setting
from ..stage import Stage
from .replies import all_become


def reject_probes(stage: Stage) -> None:
    all_become(health={"/healthz": 401}, health_body=b'{"error":"token required"}')(stage)
    stage.note("the health path wants a token")


def accept_probes(stage: Stage) -> None:
    all_become(health={"/healthz": 200}, health_body=b'{"status":"pass"}')(stage)


ROWS = [
    Row("F41", "the probe gets 401, traffic is fine", HC_REJECTED, reject_probes, accept_probes, seen=()),
    Row("F43a", "the pool's list is empty", NO_ENDPOINTS, setting=Setting(empty=True, health=None), seen=()),
    Row("F43b", "the route names a pool that is not there", UNKNOWN_POOL, setting=Setting(missing_pool=True), seen=()),
]
