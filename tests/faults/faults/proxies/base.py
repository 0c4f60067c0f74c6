"""What all proxies have in common."""

import json
import resource
import shutil
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from harness.processes import Process, free_port

from ..load import Outcome, Target
from ..setting import Setting


@dataclass
class Place:
    """Where a proxy runs. `app` and `control`: (name, host, port) of the backends."""

    directory: Path
    setting: Setting
    binaries: dict[str, str]
    app: list[tuple[str, str, int]]
    control: list[tuple[str, str, int]]
    ca: Path | None = None
    # Names that its pool is known by; none of them may leak.
    prefix: list[str] = field(default_factory=list)


@dataclass
class Said:
    """What a proxy says of one failed request: identifiers of causes."""

    printed: str | None
    joined: str | None = None
    grade: str | None = None
    # Other causes in the same answer: the root, what contributes.
    others: tuple[str, ...] = ()
    # The code as it was printed.
    code: str = ""
    scope: str | None = None


class Proxy:
    """Starts, tells, and stops."""

    name = ""
    # Only for soe503.
    explains = False

    def __init__(self, place: Place):
        self.place, self.setting = place, place.setting
        self.port, self.admin = free_port(), free_port()
        self.directory = place.directory / self.name
        self.directory.mkdir()
        self.directory.chmod(0o777)
        self.process: Process | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def prepare(self) -> None:
        """Writes the configuration."""

    def targets(self) -> list[Target]:
        return [Target(self.port)]

    def start(self) -> None:
        self.prepare()
        self.process = Process(self.name, [*self.limits(), *self.command()], self.place.directory)
        self.process.start()
        self.process.started("127.0.0.1", self.port)

    def limits(self) -> list[str]:
        files = self.setting.files
        return ["prlimit", f"--nofile={files}:{files}", "--"] if files and shutil.which("prlimit") else []

    def stop(self) -> None:
        if self.process:
            self.process.stop(seconds=3)

    def get(self, path: str, port: int | None = None) -> tuple[int | None, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port or self.admin}{path}", timeout=3) as answer:
                return answer.status, answer.read().decode(errors="replace")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")
        except OSError:
            return None, ""

    def json(self, path: str) -> dict | None:
        status, text = self.get(path)
        try:
            return json.loads(text) if status == 200 else None
        except ValueError:
            return None

    # --- what is learned ------------------------------------------------------------------------

    def snapshot(self) -> dict:
        """States of backends and counters, as far as a script can read them."""
        return {}

    def says(self, failures: list[Outcome], snapshots: dict[str, dict]) -> list[Said]:
        """About each failed request, after the play."""
        raise NotImplementedError

    def about_prevented(self, snapshots: dict[str, dict]) -> Said | None:
        """What it says though nothing failed."""
        return None


def raise_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))




# Codes that only say that something else happened before; and how many lines of the log a script looks back.
STATES, BACK = ("circuit_open/all_ejected", "misconfiguration/no_endpoints"), 200


def joined_with_the_past(said: list[Said]) -> list[Said]:
    """"Nobody is left" is explained by what most requests failed with before, as far as the log has any.

    So is a request that is not in the log at all. A router seems to answer at once where others have waited for
    the address before: then nobody prohibits anything.
    """
    for number, one in enumerate(said):
        recently = {before.joined for before in said[max(0, number - BACK):number]}
        if one.joined == "misconfiguration/firewall_reject" and "dependency_failure/host_unreachable" in recently:
            one.joined = "dependency_failure/host_unreachable"
        if one.joined in STATES[:1] or one.joined is None:
            votes = [before.joined for before in said[max(0, number - BACK):number] if before.joined and before.joined not in STATES]
            if votes:
                one.joined = max(set(votes), key=votes.count)
    return said
