"""soe503: its configuration, its answers, its admin API."""

import json
import re
import time
import urllib.request

from harness.processes import free_port

from ..load import Outcome, Target
from .base import Proxy, Said

SERVER_NAME = "edge-under-test"
# Distinctive, so that a leak is found.
POOL, CONTROL = "pool-quince", "pool-medlar"
# Failures whose records are fetched, besides the last: the journal is not asked for thousands.
RECORDS = 60


def seconds(value: float) -> str:
    return f'"{round(value * 1000)}ms"'


class Soe503(Proxy):
    name = "soe503"
    explains = True

    def targets(self) -> list[Target]:
        return [Target(self.port, "full"), Target(self.internal, "internal"), Target(self.public, "public")]

    def prepare(self) -> None:
        self.internal, self.public = free_port(), free_port()
        listeners = zip((self.port, self.internal, self.public), ("full", "internal", "public"))
        self.config = self.directory / "soe503.toml"
        self.config.write_text("\n".join([
            f'[server]\nname = "{SERVER_NAME}"\nworkers = 1\n[admin]\naddress = "127.0.0.1:{self.admin}"',
            *(f'[[listeners]]\naddress = "127.0.0.1:{port}"\nexplain = "{explain}"\nlimits = {{ max_hops = 5 }}' for port, explain in listeners),
            self.routes(), self.pool(), self.control(), self.extras(),
        ]))

    def routes(self) -> str:
        setting = self.setting
        pool = "pool-nowhere" if setting.missing_pool else POOL
        limits = 'rate_limits = ["per-key"]\n' if setting.key_limit else ""
        return (
            f'[[routes]]\nmatch = {{ path_prefix = "/app" }}\npool = "{pool}"\ntimeout = {seconds(setting.timeout)}\n{limits}'
            f"retry = {{ attempts = {setting.attempts}, attempt_timeout = {seconds(setting.attempt_timeout)} }}\n"
            f'[[routes]]\nmatch = {{ path_prefix = "/control" }}\npool = "{CONTROL}"\n'
        )

    def pool(self) -> str:
        setting, place = self.setting, self.place
        if setting.missing_pool:
            return ""
        scheme = "https" if setting.tls else "http"
        app = [(POOL, "127.0.0.1", self.port)] if setting.loop else place.app
        urls = [] if setting.empty else list(dict.fromkeys(f'"{scheme}://{host}:{port}"' for _, host, port in app))
        lines = [
            f"[pools.{POOL}]", f"backends = [{', '.join(urls)}]", f"connect_timeout = {seconds(setting.connect_timeout)}",
            f"idle_timeout = {seconds(setting.idle_timeout)}",
        ]
        if setting.max_in_flight:
            lines.append(f"max_in_flight = {setting.max_in_flight}")
        if setting.proxies:
            lines.append("proxy = true")
        if setting.names != "none":
            lines.append('dns_refresh = "1s"')
        lines.append(setting.soe503_pool)
        if setting.tls:
            lines.append(f'[pools.{POOL}.tls]\nca = "{place.ca}"\nserver_name = "app.test"')
        if setting.health:
            lines.append(f'[pools.{POOL}.health_check]\npath = "{setting.health}"\ninterval = {seconds(setting.interval)}')
        if setting.max_waiting is not None or setting.max_wait is not None:
            lines.append(f"[pools.{POOL}.queue]")
            lines += [f"max_waiting = {setting.max_waiting}"] if setting.max_waiting is not None else []
            lines += [f"max_wait = {seconds(setting.max_wait)}"] if setting.max_wait is not None else []
        return "\n".join(lines)

    def control(self) -> str:
        urls = ", ".join(f'"http://{host}:{port}"' for _, host, port in self.place.control)
        return f'[pools.{CONTROL}]\nbackends = [{urls}]\n[pools.{CONTROL}.health_check]\npath = "/healthz"\n'

    def extras(self) -> str:
        parts = []
        if self.setting.key_limit:
            parts.append(f'[rate_limits.per-key]\nrequests = {self.setting.key_limit}\nby = "header:x-client-key"')
        if self.setting.maintenance:
            parts.append(f'[[maintenance]]\npools = ["{POOL}"]\nstart = "2020-01-01T00:00:00Z"\nend = "2099-01-01T00:00:00Z"\nreason = "The database moves"')
        return "\n".join(parts)

    def command(self) -> list[str]:
        return [self.place.binaries["soe503"], "run", "--config", str(self.config)]

    # --- what is learned ------------------------------------------------------------------------

    def change(self, kind: str, service: str, version: str) -> bool:
        """A change marker; False where there are none."""
        body = json.dumps({"kind": kind, "service": service, "version": version, "summary": version}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.admin}/api/v1/changes", data=body, headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=3) as answer:
                return answer.status < 300
        except OSError:
            return False

    def snapshot(self) -> dict:
        return {"at": time.time(), "pools": (self.json("/api/v1/pools") or {}).get("pools"), "incidents": self.incidents(), "failing": self.failing()}

    def failing(self) -> list[str]:
        """Causes that metrics call failing at the moment, such as that of a name."""
        return re.findall(r'^soe503_\w*failing\{[^}]*cause="([^"]+)"[^}]*\} [1-9]', self.get("/metrics")[1], re.MULTILINE)

    def incidents(self) -> list[dict] | None:
        """None where the proxy has no such thing."""
        found = self.json("/api/v1/incidents")
        return None if found is None else found.get("incidents", [])

    def records(self, failures: list[Outcome]) -> dict[str, dict]:
        """Records of failures by their request ids: of a sample, the last among them, and of all that nothing else tells of."""
        wanted = failures[:: max(1, len(failures) // RECORDS)] + failures[-1:] + [one for one in failures if "soe-cause" not in one.lower]
        ids = {id_of(one) for one in wanted}
        return {id: found for id in ids if (found := self.json(f"/api/v1/failures/{id}"))}

    def says(self, failures: list[Outcome], snapshots: dict[str, dict]) -> list[Said]:
        self.found = self.records(failures)
        return [self.of(one) for one in failures]

    def of(self, one: Outcome) -> Said:
        cause, parameters = tag(one.lower.get("soe-cause", ""))
        problem, record = one.problem, self.found.get(id_of(one), {})
        diagnosis = record.get("diagnosis") or {}
        if cause is None:
            # A backend's own failure is passed on untagged; the record of it is what the proxy says.
            cause = diagnosis.get("cause")
        root = parameters.get("root") or diagnosis.get("root") or problem.get("root")
        root = root.get("cause") if isinstance(root, dict) else root
        others = [root, *(problem.get("contributing") or []), *(diagnosis.get("contributing") or [])]
        scope = (problem.get("scope") or diagnosis.get("scope") or {}).get("level")
        return Said(
            printed=cause, joined=effective(cause, root), grade=parameters.get("grade") or diagnosis.get("grade"),
            others=tuple(dict.fromkeys(one for one in others if one)), code=cause or f"untagged {one.status or one.error}", scope=scope,
        )

    def about_prevented(self, snapshots: dict[str, dict]) -> Said | None:
        """An incident that began with the fault, else what the states of backends and checks are put down to, else what is found about
        the pool."""
        begun = snapshots.get("begin", {}).get("at", 0)
        for incident in reversed(snapshots.get("end", {}).get("incidents") or []):
            if POOL in json.dumps(incident) or since(incident) >= begun - 1:
                cause, root = incident.get("cause"), incident.get("root")
                return Said(cause, effective(cause, root), incident.get("grade"), (root,) if root else (), cause or "")
        pool = next((pool for pool in snapshots.get("end", {}).get("pools") or [] if pool["name"] == POOL), None)
        for backend in (pool or {}).get("backends", []):
            cause = backend.get("cause") or (backend.get("health_check") or {}).get("cause")
            if cause:
                return Said(cause, cause, None, (), f"backend: {cause}")
        for finding in (pool or {}).get("findings", []):
            return Said(finding["cause"], finding["cause"], finding["grade"], (), f"finding: {finding['cause']}")
        for cause in snapshots.get("end", {}).get("failing") or []:
            return Said(cause, cause, None, (), f"metric: {cause}")
        return None


def id_of(one: Outcome) -> str:
    """An answer that is passed on does not repeat the client's."""
    return one.lower.get("x-request-id") or one.request_id


def since(incident: dict) -> float:
    from datetime import datetime
    try:
        return datetime.fromisoformat(str(incident.get("opened_at", "")).replace("Z", "+00:00")).timestamp()
    except ValueError:
        return 0.0


def effective(cause: str | None, root: str | None) -> str | None:
    """Rule R17: an open circuit is explained by what opened it."""
    return root if root and cause and cause.startswith("circuit_open/") else cause


def tag(value: str) -> tuple[str | None, dict[str, str]]:
    """`category/cause; name=value; …`."""
    cause, *rest = [part.strip() for part in value.split(";")]
    pairs = (part.partition("=") for part in rest if part)
    return cause or None, {name: found.strip('"') for name, _, found in pairs}
