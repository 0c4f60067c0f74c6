"""Health checks by the gRPC health protocol, of a server that has it from grpcio-health-checking."""

import contextlib
from collections.abc import Callable, Iterator
from concurrent import futures

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from harness.cases import Group, LeftOut, demand, equal
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
def checked(settings: object, service: str = SERVICE, healthy: bool = True) -> Iterator[Stage | None]:
    if settings.against == "nginx":
        yield None
        return
    backend = Backend(healthy)
    check = f'health_check = {{ type = "grpc", service = "{service}", interval = "50ms", rise = 1, fall = 1 }}'
    try:
        with proxied(settings, [backend], pool=f'protocol = "h2"\n{check}') as made:
            made.origin = backend
            yield made
    finally:
        backend.stop()


def check(stage: Stage) -> dict:
    return stage.proxy.backend(stage.origin.url)["health_check"]


def wait(stage: Stage | None, what: str, holds: Callable[[dict], bool]) -> dict:
    if stage is None:
        raise LeftOut("nginx has no such checks")
    wait_until(what, lambda: holds(check(stage)))
    return check(stage)


GROUP = Group("gRPC health", checked)


@GROUP.case("SERVING, NOT_SERVING and back")
def there_and_back(stage: Stage) -> str:
    wait(stage, "the check passes", lambda seen: seen["state"] == "passing")
    stage.origin.health.set(SERVICE, STATUS.NOT_SERVING)
    seen = wait(stage, "the check fails", lambda seen: seen["state"] == "failing")
    demand("NOT_SERVING" in seen["last_error"], seen["last_error"])
    stage.origin.health.set(SERVICE, STATUS.SERVING)
    wait(stage, "the check passes again", lambda seen: seen["state"] == "passing" and seen["last_error"] is None)
    return seen["last_error"]


@GROUP.case("a server that shuts down says NOT_SERVING before it leaves")
def graceful(stage: Stage) -> None:
    wait(stage, "the check passes", lambda seen: seen["state"] == "passing")
    stage.origin.health.enter_graceful_shutdown()
    seen = wait(stage, "the check fails", lambda seen: seen["state"] == "failing")
    demand("NOT_SERVING" in seen["last_error"], seen["last_error"])
    equal("state", stage.proxy.backend(stage.origin.url)["state"], "down")


WHOLE = Group("gRPC health, server as a whole", lambda settings: checked(settings, ""))


@WHOLE.case("SERVING without a service")
def whole(stage: Stage) -> None:
    wait(stage, "the check passes", lambda seen: seen["state"] == "passing")


STRANGE = Group("gRPC health, unknown service", lambda settings: checked(settings, "test.Nothing"))


@STRANGE.case("NOT_FOUND in words of its own")
def strange(stage: Stage) -> str:
    seen = wait(stage, "the check fails", lambda seen: seen["last_error"] is not None)
    demand("NOT_FOUND, the server does not know the service" in seen["last_error"], seen["last_error"])
    return seen["last_error"]


WITHOUT = Group("gRPC health, no such service", lambda settings: checked(settings, "", healthy=False))


@WITHOUT.case("UNIMPLEMENTED in words of its own")
def without(stage: Stage) -> str:
    seen = wait(stage, "the check fails", lambda seen: seen["last_error"] is not None)
    demand("UNIMPLEMENTED, the server does not speak" in seen["last_error"], seen["last_error"])
    return seen["last_error"]


GROUPS = [GROUP, WHOLE, STRANGE, WITHOUT]
