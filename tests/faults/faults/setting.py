"""What a row needs of the proxy's configuration, in words that each proxy translates into its own."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Setting:
    """Seconds, and numbers of requests."""

    # Where the backends are: loopback, near (in the router's namespace), far (behind it).
    where: str = "loopback"
    backends: int = 3
    tls: bool = False
    # The backends' names: none, each (one for each), one (one for all, at several addresses).
    names: str = "none"
    health: str | None = "/healthz"
    interval: float = 1.0
    connect_timeout: float = 0.5
    attempt_timeout: float = 1.5
    timeout: float = 4.0
    attempts: int = 3
    idle_timeout: float = 4.0
    # Our own limit, how many may wait for it, how long.
    max_in_flight: int | None = None
    max_waiting: int | None = None
    max_wait: float | None = None
    # Requests per second for each `X-Client-Key`.
    key_limit: int | None = None
    maintenance: bool = False
    empty: bool = False
    missing_pool: bool = False
    # The backends are proxies.
    proxies: bool = False
    # The backend is a second soe503, with the stubs behind it.
    inner: bool = False
    # The backend is the proxy itself.
    loop: bool = False
    # Of the proxy's process: open files; local ports; CPU quota and period in microseconds, and who else uses it up.
    files: int | None = None
    ports: str | None = None
    cpu: tuple[int, int] | None = None
    burner: bool = False
    # Lines for soe503 alone: where it has a key that is the point of the row.
    soe503_pool: str = ""
    needs: tuple[str, ...] = field(default=())

    @property
    def network(self) -> bool:
        """Needs more than loopback."""
        return self.where != "loopback" or self.names != "none"
