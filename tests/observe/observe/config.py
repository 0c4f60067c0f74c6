"""The configurations of the proxies that are watched."""

# Times of everything that would take longer than the harness are shortened; what is judged is not.
HEAD = """
[server]
name = "{name}"
workers = 1
[admin]
address = "127.0.0.1:{admin}"
[[listeners]]
address = "127.0.0.1:{port}"
trace_context = true
"""

ROUTE = """
[[routes]]
pool = "{pool}"
match = {{ path_prefix = "/{pool}" }}
timeout = "3s"
{route}
"""

POOL = """
[pools.{pool}]
backends = [{backends}]
{settings}
"""

# Everything that is off by default, so that each panel has something to show.
EVERYTHING = """
max_in_flight_per_backend = 100
[pools.calm.hedge]
enabled = true
[pools.calm.cache]
[pools.calm.throttle]
enabled = true
[pools.calm.health_check]
path = "/healthz"
"""


def backend(url: str, more: str = "") -> str:
    return f'{{ url = "{url}"{more} }}'


def proxy(name: str, admin: int, port: int, pools: list[str], more: str = "") -> str:
    return HEAD.format(name=name, admin=admin, port=port) + "".join(pools) + more


def pool(name: str, backends: list[str], settings: str = "", route: str = "") -> str:
    return ROUTE.format(pool=name, route=route) + POOL.format(pool=name, backends=", ".join(backends), settings=settings)
