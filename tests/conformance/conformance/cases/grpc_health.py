"""Health checks by the gRPC health protocol, of a server that has it from grpcio-health-checking."""

import contextlib
from collections.abc import Iterator
from concurrent import futures

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from harness.cases import Group, LeftOut, equal
from harness.processes import wait_until

from ..stage import Stage, proxied

SERVICE = "test.Test"
STATUS = health_pb2.HealthCheckResponse.ServingStatus


class Backend:
    """A gRPC server: with the health service unless it is told to have none."""

    def __init__(self, healthy: bool = True):
        self.server = grpc.server(futures.ThreadPoolExecutor(4))
        self.health = health.HealthServicer()
        if healthy:
            health_pb2_grpc.add_HealthServicer_to_server(self.health, self.server)
            self.health.set(SERVICE, STATUS.SERVING)
        self.port = self.server.add_insecure_port("127.0.0.1:0")
        self.url = f"http://127.0.0.1:{self.port}"
        self.server.start()

    def stop(self) -> None:
        self.server.stop(0).wait()


@contextlib.contextmanager
def checked(settings: object, service: str | None = SERVICE, healthy: bool = True) -> Iterator[Stage | None]:
    if settings.against == "nginx":
        yield None
        return
    backend = Backend(healthy)
    about = f', service = "{service}"' if service else ""
    check = f'health_check = {{ type = "grpc"{about}, interval = "500ms", rise = 1, fall = 1 }}'
    try:
        with proxied(settings, [backend], pool=f'protocol = "h2"\n{check}') as made:
            made.origin = backend
            yield made
    finally:
        backend.stop()


def check(stage: Stage) -> dict:
    return stage.proxy.backend(stage.origin.url)["health_check"]


def wait(stage: Stage | None, state: str, says: str = "") -> str:
    """Waits until the check is in this state, and what went wrong contains this. Returns what did."""
    if stage is None:
        raise LeftOut("nginx has no such checks")
    seen = {}

    def holds() -> bool:
        seen.update(check(stage))
        return seen["state"] == state and says in (seen["last_error"] or "")
    wait_until(f"the check is {state} {says}", holds)
    return seen["last_error"]


GROUP = Group("gRPC health", checked)


@GROUP.case("SERVING, NOT_SERVING and back")
def there_and_back(stage: Stage) -> str:
    wait(stage, "passing")
    stage.origin.health.set(SERVICE, STATUS.NOT_SERVING)
    said = wait(stage, "failing", "NOT_SERVING")
    equal("state", stage.proxy.backend(stage.origin.url)["state"], "down")
    stage.origin.health.set(SERVICE, STATUS.SERVING)
    wait(stage, "passing")
    return said


@GROUP.case("a server that shuts down says NOT_SERVING before it leaves")
def graceful(stage: Stage) -> None:
    wait(stage, "passing")
    stage.origin.health.enter_graceful_shutdown()
    wait(stage, "failing", "NOT_SERVING")


WHOLE = Group("gRPC health, server as a whole", lambda settings: checked(settings, None))


@WHOLE.case("SERVING without a service")
def whole(stage: Stage) -> None:
    wait(stage, "passing")


STRANGE = Group("gRPC health, unknown service", lambda settings: checked(settings, "test.Nothing"))


@STRANGE.case("NOT_FOUND in words of its own")
def strange(stage: Stage) -> str:
    return wait(stage, "failing", "NOT_FOUND, the server does not know the service")


WITHOUT = Group("gRPC health, no such service", lambda settings: checked(settings, None, healthy=False))


@WITHOUT.case("UNIMPLEMENTED in words of its own")
def without(stage: Stage) -> str:
    return wait(stage, "failing", "UNIMPLEMENTED, the server does not speak the health protocol")


GROUPS = [GROUP, WHOLE, STRANGE, WITHOUT]
