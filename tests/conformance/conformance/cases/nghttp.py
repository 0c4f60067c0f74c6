"""nghttp and h2load."""

import re
import shutil
import subprocess

from harness.cases import Group, LeftOut, demand, equal

from ..stage import Stage, with_tls

GROUP = Group("nghttp2", with_tls)


def tool(name: str, *words: str) -> str:
    if not shutil.which(name):
        raise LeftOut(f"{name} is not there (Debian: apt install nghttp2-client)")
    done = subprocess.run([name, *words], capture_output=True, text=True, errors="replace", timeout=60)
    demand(done.returncode == 0, f"{name} ended with {done.returncode}: {done.stderr[-200:]}")
    return done.stdout


def urls(stage: Stage) -> dict[str, str]:
    return {"h2c": f"http://127.0.0.1:{stage.h2c_port}", "TLS": f"https://localhost:{stage.tls_port}"}


def each(name: str):
    def add(play):
        for way in ("h2c", "TLS"):
            GROUP.case(f"{name}, {way}")(lambda stage, way=way: play(stage, urls(stage)[way]))
        return play
    return add


@each("nghttp gets a page")
def page(stage: Stage, url: str) -> None:
    out = tool("nghttp", "--stat", f"{url}/bytes/70000")
    demand(re.search(r"\b200\b.*/bytes/70000", out), out[-300:])


@each("nghttp posts in padded frames, with a trailer")
def padded(stage: Stage, url: str) -> None:
    data = stage.directory / "data"
    data.write_bytes(b"x" * 100_000)
    out = tool("nghttp", "--padding=200", "--trailer=x-sum: 12", f"--data={data}", f"{url}/up")
    demand(out.startswith("POST /up 100000 "), out[:80])


@each("nghttp with a header table of size 0 and a window of 2^16 - 1")
def small(stage: Stage, url: str) -> None:
    out = tool("nghttp", "--header-table-size=0", "--window-bits=16", "--connection-window-bits=16", "--stat", f"{url}/bytes/500000")
    demand(re.search(r"\b200\b.*/bytes/500000", out), out[-300:])


@each("h2load: 5,000 requests, 50 streams on each of 4 connections")
def load(stage: Stage, url: str) -> str:
    number = 1000 if stage.settings.quick else 5000
    out = tool("h2load", "-n", str(number), "-c", "4", "-m", "50", f"{url}/x")
    found = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored", out)
    demand(found, out[-300:])
    equal("succeeded, failed, errored", found.groups(), (str(number), "0", "0"))
    return re.search(r"finished in .*", out).group()
