"""What happens when one process replaces another."""

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

from harness.cases import Group, LeftOut, demand, equal
from harness.processes import Process, accepts, free_port, wait_until
from shutdown.clients import KeepAlive, New

from .stage import Stage, load, staged, told

GROUPS: list[Group] = []


def fresh(name: str):
    group = Group(name, staged)

    def add(play):
        group.case("nothing is lost")(play)
        GROUPS.append(group)
        return play
    return add


@fresh("upgrades in a row, with other numbers of workers")
def row(stage: Stage) -> str:
    stage.begin()
    took = []
    with load(stage) as clients:
        for workers in ([4, 1, 3] if stage.quick else [4, 1, 3, 3, 2, 1, 4, 2, 2, 1]):
            stage.write(workers)
            took.append(stage.upgrade())
            # A queue that is left behind is lost with whoever waits in it, which a load may not happen to show.
            equal("sockets at the address, each with its queue", stage.sockets(), 2)
    return f"{len(took)} upgrades, {max(took):.2f} s at most until the new process served; {told(clients)}"


@fresh("new processes that fail")
def failing(stage: Stage) -> str:
    stage.begin()
    first = stage.process
    with load(stage):
        good = stage.config.read_text()
        stage.config.write_text(good.replace("workers = 2", "workers = 0"))
        equal("exit code with a bad config", stage.launch("--upgrade").child.wait(20), 2)

        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            stage.write(ports=[stage.port, port])
            equal("exit code with a taken address", stage.launch("--upgrade").child.wait(20), 1)
        wait_until("the old one says why", lambda: f"cannot listen on 127.0.0.1:{port}" in first.tail())

        # A backend that accepts and never answers: its first check takes its time, and in it the new process is killed.
        with socket.create_server(("127.0.0.1", 0)) as silent:
            stage.config.write_text(good.replace(stage.backend, f"http://127.0.0.1:{silent.getsockname()[1]}"))
            new = stage.launch("--upgrade")
            wait_until("it has the sockets", lambda: first.tail().count("asks for the listening sockets") == 2)
            other = stage.launch("--upgrade")
            equal(f"exit code of a second one\n{other.tail()}", other.child.wait(20), 1)
            demand("another upgrade is under way" in other.tail(), other.tail())
            killed = new.pid
            new.kill()
        wait_until("the old one notices", lambda: "the other process has gone" in first.tail())
        time.sleep(0.3)
        demand(first.running(), f"the old process ended: {first.tail()}")
        stage.config.write_text(good)
        stage.upgrade()
    equal("exit code", stage.process.stop(15), 0)
    demand(not (stage.directory / "upgrade.sock").exists(), "the Unix socket is left behind")
    demand(not accepts("127.0.0.1", stage.port), "the port is still open")
    # The one that was killed could not.
    left = {one.name for one in stage.directory.glob("upgrade.sock*")} - {f"upgrade.sock.{killed}"}
    equal("what failed starts left behind", left, set())
    return "bad config, taken address, second one at the same time, killed: the old process served on"


@fresh("other listeners, and the journal")
def listeners(stage: Stage) -> str:
    stage.begin()
    extra = free_port()
    with load(stage):
        stage.write(ports=[stage.port, extra])
        stage.upgrade()
        demand(accepts("127.0.0.1", extra), "the new address is not open")
        stage.write()
        stage.upgrade()
        demand(not accepts("127.0.0.1", extra), "the address that is gone is still open")

        def written() -> bool:
            answer = urllib.request.urlopen(f"http://127.0.0.1:{stage.admin}/metrics", timeout=5).read().decode()
            return "soe503_journal_up 1" in answer
        wait_until("the journal is the new process's", written)
    return "one more, one less"


@fresh("SIGTERM to the old process while a new one starts")
def term(stage: Stage) -> str:
    stage.begin()
    first = stage.process
    good = stage.config.read_text()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        stage.config.write_text(good.replace(stage.backend, f"http://127.0.0.1:{silent.getsockname()[1]}"))
        new = stage.launch("--upgrade")
        wait_until("it has the sockets", lambda: "asks for the listening sockets" in first.tail())
        os.kill(first.pid, signal.SIGTERM)
        equal("the old one's exit code", first.child.wait(15), 0)
        equal(f"the new one's exit code\n{new.tail()}", new.child.wait(15), 1)
    stage.config.write_text(good)
    stage.process = stage.launch()
    wait_until("a third one is ready", stage.ready)
    with load(stage):
        time.sleep(0.5)
    return "both ended, and the next one starts"


def activated(stage: Stage, listener: socket.socket, *more: str) -> Process:
    """With `listener` as systemd passes it: number 3, named, for this process alone."""
    stage.started += 1
    process = Process(f"soe503-{stage.started}", [], stage.directory)
    place = stage.directory / "pass.sh"
    place.write_text('export LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=web\nexec "$@" 3<&0 </dev/null\n')
    command = ["sh", str(place), "env", *stage.environment, stage.binary, "run", "--config", str(stage.config), *more]
    with process.log.open("ab") as log:
        process.child = subprocess.Popen(command, stdin=listener.fileno(), stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    return process


@fresh("a socket of systemd's, through restarts and an upgrade")
def activation(stage: Stage) -> str:
    told_to = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    told_to.bind(str(stage.directory / "notify"))
    told_to.settimeout(10)
    stage.environment = [f"NOTIFY_SOCKET={stage.directory / 'notify'}"]
    with socket.create_server(("127.0.0.1", stage.port), backlog=1024) as listener:
        stage.write()
        stage.process = activated(stage, listener)
        wait_until("soe503 is ready", stage.ready)
        demand(f"MAINPID={stage.process.pid}" in told_to.recv(200).decode(), "systemd was not told")
        with load(stage, {KeepAlive: 4, New: 8}) as clients:
            stage.write(workers=3)
            old, stage.process = stage.process, None
            stage.process = stage.launch("--upgrade")
            equal(f"the old one's exit code\n{old.tail()}", old.child.wait(15), 0)
        words = [told_to.recv(200).decode() for _ in range(2)]
        demand(all(f"MAINPID={stage.process.pid}" in one for one in words), f"systemd was told {words}")
        equal("exit code", stage.process.stop(15), 0)
        equal("the last word", told_to.recv(200).decode().splitlines()[0], "STOPPING=1")
        with socket.create_connection(("127.0.0.1", stage.port), timeout=5) as waiting:
            waiting.sendall(b"GET /work HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            stage.process = activated(stage, listener)
            waiting.settimeout(20)
            demand(b" 200 " in waiting.recv(100), "who waited while nobody ran was not served")
            stage.process.stop(15)
        # Not ours.
        stage.write(ports=[free_port()])
        stranger = activated(stage, listener)
        equal("exit code with a socket for nobody", stranger.child.wait(20), 1)
        demand(f"127.0.0.1:{stage.port} (web)" in stranger.tail(), stranger.tail())
    return told(clients)


@fresh("the units in config/systemd")
def units(stage: Stage) -> str:
    tool = shutil.which("systemd-analyze")
    if tool is None:
        raise LeftOut("systemd-analyze is not there")
    files = []
    for unit in sorted((Path(__file__).resolve().parents[3] / "config" / "systemd").glob("soe503.*")):
        files.append(stage.directory / unit.name)
        # It looks for the program as well.
        files[-1].write_text(unit.read_text().replace("/usr/bin/soe503", stage.binary))
    equal("units", [one.name for one in files], ["soe503.service", "soe503.socket"])
    done = subprocess.run([tool, "verify", *map(str, files)], capture_output=True, text=True, timeout=60, check=False)
    equal("what systemd-analyze finds", (done.returncode, done.stdout + done.stderr), (0, ""))
    return "systemd-analyze verify finds nothing"


@fresh("systemd-socket-activate")
def by_systemd(stage: Stage) -> str:
    tool = shutil.which("systemd-socket-activate")
    if tool is None:
        raise LeftOut("it is not there")
    stage.write()
    stage.started += 1
    stage.process = Process("activate", [tool, "-l", f"127.0.0.1:{stage.port}", stage.binary, "run", "--config", str(stage.config)], stage.directory).start()
    # The first connection starts it; it must not be lost.
    wait_until("it listens", lambda: "Listening on" in stage.process.tail())
    answer = urllib.request.urlopen(f"http://127.0.0.1:{stage.port}/work", timeout=20)
    equal("the answer", (answer.status, len(answer.read())), (200, 1024))
    return "the connection that started it was served"
