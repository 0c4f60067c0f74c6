"""HAProxy with all that it can tell: termination states, connection errors, checks, statistics."""

import csv
import io
import json
import re
import socket

from ..load import Outcome
from ..scoring.haproxy import joined, prevented, printed
from .base import Proxy, Said, joined_with_the_past

LOG = (
    '{"id":"%[capture.req.hdr(0)]","status":%ST,"ts":"%ts","backend":"%b","server":"%s","error":"%[bc_err_str,json(utf8s)]","tls":"%[ssl_bc_err_str,json(utf8s)]",'
    '"Tw":%Tw,"Tc":%Tc,"Tr":%Tr,"Ta":%Ta,"retries":"%rc","queue":"%sq/%bq"}'
)
CONFIG = """
global
    nbthread 1
    no strict-limits
    log stdout format raw local0
    stats socket {directory}/stats.sock mode 600 level admin
defaults
    mode http
    log global
    option httplog
    option log-health-checks
    timeout connect {connect}ms
    timeout client 1h
    timeout server {server}ms
    timeout queue {queue}ms
    timeout http-request 30s
    timeout http-keep-alive 1h
    option redispatch 1
    retries {retries}
    retry-on {retry_on}
{resolvers}
frontend front
    bind 127.0.0.1:{port}
    capture request header x-load-id len 32
    log-format {log}
    http-request disable-l7-retry unless METH_GET
{rules}
    use_backend control if {{ path_beg /control }}
    {unchecked}
    {use}
backend app
    balance leastconn
{check}
{servers}
{fallback}
backend control
    balance leastconn
{control}
"""
# As in benches/resilience: if all are down by their checks, then perhaps it is the checks.
FALLBACK = """
backend unchecked
    balance leastconn
{servers}
"""
RESOLVERS = """
resolvers net
    parse-resolv-conf
    hold valid 1s
    hold other 1h
    hold refused 1h
    hold timeout 1h
    hold nx 1h
    timeout resolve 1s
    timeout retry 1s
"""


class Haproxy(Proxy):
    name = "haproxy"

    def prepare(self) -> None:
        setting, place = self.setting, self.place
        limit = f" maxconn {max(1, setting.max_in_flight // max(1, setting.backends))}" if setting.max_in_flight else ""
        rules = []
        if setting.key_limit:
            rules += [
                "    stick-table type string len 32 size 100k expire 10s store http_req_rate(1s)", "    http-request track-sc0 req.hdr(x-client-key)",
                f"    http-request deny deny_status 429 if {{ sc_http_req_rate(0) gt {setting.key_limit} }}",
            ]
        if setting.maintenance:
            rules.append("    http-request return status 503 content-type text/plain string maintenance if { path_beg /app }")
        self.config = self.directory / "haproxy.cfg"
        self.config.write_text(CONFIG.format(
            directory=self.directory, port=self.port, connect=round(setting.connect_timeout * 1000), server=round(setting.attempt_timeout * 1000),
            queue=round((setting.max_wait or 0.2) * 1000), retries=setting.attempts - 1, log=f"'{LOG}'", rules="\n".join(rules),
            retry_on="conn-failure empty-response junk-response response-timeout 500 502 503 504",
            resolvers=RESOLVERS if setting.names != "none" else "",
            use="use_backend missing-%[req.hdr(host),lower]" if setting.missing_pool else "default_backend app",
            check=f"    option httpchk GET {setting.health}" if setting.health else "",
            unchecked="use_backend unchecked if { nbsrv(app) eq 0 }" if self.falls_back else "",
            fallback=FALLBACK.format(servers="\n".join(self.servers(limit, checked=False))) if self.falls_back else "",
            servers="\n".join(self.servers(limit)), control=self.members(place.control, " check inter 1s"),
        ))

    @property
    def falls_back(self) -> bool:
        return bool(self.setting.health) and not self.setting.missing_pool and not self.setting.empty

    def servers(self, limit: str, checked: bool = True) -> list[str]:
        setting = self.setting
        if setting.empty:
            return []
        check = f" check inter {round(setting.interval * 1000)}ms fall 3 rise 2 observe layer7 error-limit 5 on-error mark-down" if setting.health and checked else ""
        tls = f" ssl verify required ca-file {self.place.ca} sni str(app.test) verifyhost app.test check-sni app.test" if setting.tls else ""
        resolve = " resolvers net resolve-prefer ipv4 init-addr last,libc,none" if setting.names != "none" else ""
        if setting.names == "one":
            _, host, port = self.place.app[0]
            return [f"    server-template app {2 * setting.backends} {host}:{port}{resolve}{check}{limit}"]
        members = [("self", "127.0.0.1", self.port)] if setting.loop else self.place.app
        return [self.members(members, f"{resolve}{tls}{check}{limit}")]

    @staticmethod
    def members(members: list, options: str) -> str:
        return "\n".join(f"    server {name} {host}:{port}{options}" for name, host, port in members)

    def command(self) -> list[str]:
        return [self.place.binaries["haproxy"], "-db", "-f", str(self.config)]

    def ask(self, command: str) -> str:
        try:
            with socket.socket(socket.AF_UNIX) as admin:
                admin.settimeout(2)
                admin.connect(f"{self.directory}/stats.sock")
                admin.sendall(command.encode() + b"\n")
                return b"".join(iter(lambda: admin.recv(65536), b"")).decode(errors="replace")
        except OSError:
            return ""

    def snapshot(self) -> dict:
        table = list(csv.DictReader(io.StringIO(self.ask("show stat").removeprefix("# "))))
        keep = ("svname", "status", "check_status", "check_code", "last_chk", "last_agt", "econ", "eresp", "wretr", "qcur", "qmax", "scur", "smax", "chkfail", "rtime", "ctime", "hrsp_5xx", "rate")
        return {"app": [{key: one.get(key) for key in keep} for one in table if one.get("pxname") == "app"]}

    def says(self, failures: list[Outcome], snapshots: dict[str, dict]) -> list[Said]:
        log = {}
        for line in self.process.log.read_text(errors="replace").splitlines() if self.process else []:
            if match := re.search(r"\{\"id\":.*\}", line):
                try:
                    found = json.loads(match[0])
                except ValueError:
                    continue
                log[found["id"]] = found
        before, after = snapshots.get("begin", {}), snapshots.get("end", {})
        return joined_with_the_past([self.of(log.get(one.id) or {}, one, before, after) for one in failures])

    def of(self, line: dict, one: Outcome, before: dict, after: dict) -> Said:
        code = f"{line.get('ts', '?')} {line.get('server', '')} {line.get('error') or ''} {line.get('tls') or ''}".strip()
        return Said(printed(line, one.status), joined(line, one, before, after), code=code)

    def about_prevented(self, snapshots: dict[str, dict]) -> Said | None:
        cause = prevented(snapshots.get("end", {}))
        return Said(None, cause, code="statistics") if cause else None
