"""The other side is slow, silent, dies at the worst moment, or is somebody else's."""

import os
import select
import socket
import subprocess
import sys
import threading
import time

from harness.cases import LeftOut, demand, equal
from harness.origin import Broken
from harness.processes import wait_until
from shutdown.cases import Echo
from shutdown.websocket import Chat

from . import protocol
from .cases import fresh
from .stage import GRACE, Stage, load, told

NOBODY = 65534

STRANGER = """
import socket, sys, os
os.setgroups([]); os.setgid({user}); os.setuid({user})
sock = socket.socket(socket.AF_UNIX)
sock.settimeout(10)
sock.connect({path!r})
try:
    sock.sendall(b"\\0\\0\\0\\x30" + b'{{"is":"hello","protocol":1,"version":"stranger"}}')
except BrokenPipeError:
    # Refused already: who asks is known before a word is said.
    pass
print(sock.recv(65536))
"""


@fresh("a new process that dies after it was told to accept")
def dies(stage: Stage) -> str:
    stage.begin()
    old, path = stage.process, stage.directory / "upgrade.sock"
    with load(stage) as clients:
        sock, answer, sockets = protocol.ask(path)
        equal("what it says", answer["is"], "sockets")
        equal("two workers' sockets, and the admin API's", len(sockets), 3)
        protocol.send(sock, {"is": "ready", "unused": []})
        equal("the answer", protocol.receive(sock)["is"], "go")
        # Slow is not dead: the old process must not think the sockets its own again.
        wait_until("the old process says that it waits", lambda: "has not said that it does" in old.tail(), 30)
        _, refused, _ = protocol.ask(path)
        equal("another one", (refused["is"], refused["why"]), ("refused", "another process has just taken over"))
        for one in [sock, *sockets]:
            one.close()
        wait_until("the old process notices", lambda: "this process serves on" in old.tail())
        demand(old.running(), old.tail())
        stage.upgrade()
    return told(clients)


@fresh("an old process that never says go")
def no_go(stage: Stage) -> str:
    stage.write(workers=1)
    path = stage.directory / "upgrade.sock"
    with socket.socket(socket.AF_UNIX) as entrance, socket.create_server(("127.0.0.1", stage.port)) as listener:
        entrance.bind(str(path))
        entrance.listen()
        entrance.settimeout(20)
        new = stage.launch("--upgrade")
        sock, _ = entrance.accept()
        sock.settimeout(60)
        protocol.offer(sock, [listener])
        equal("it says", protocol.receive(sock), {"is": "ready", "unused": []})
        with socket.create_connection(("127.0.0.1", stage.port), timeout=5) as client:
            client.sendall(b"GET /work HTTP/1.1\r\nHost: a\r\n\r\n")
            equal(f"exit code\n{new.tail()}", new.child.wait(30), 1)
            demand("said nothing in time" in new.tail(), new.tail())
            demand(not select.select([client], [], [], 0)[0], "it accepted without being told to")
            listener.settimeout(5)
            listener.accept()[0].close()
        equal("its last word", protocol.receive(sock)["is"], "failed")
        # It dies instead: nobody is left, and the file of the socket is no obstacle.
    equal("what is in the way", [one.name for one in stage.directory.glob("upgrade.sock*")], ["upgrade.sock"])
    stage.begin()
    return "given up after 10 s, and a stale socket is taken over"


@fresh("somebody who has no business there")
def strangers(stage: Stage) -> str:
    stage.begin()
    path = stage.directory / "upgrade.sock"
    equal("mode", oct(path.stat().st_mode & 0o777), "0o600")
    with load(stage):
        for words in [b"\xff\xff\xff\xff", b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\x02{}", b"\0\0"]:
            with socket.socket(socket.AF_UNIX) as sock:
                sock.settimeout(20)
                sock.connect(str(path))
                sock.sendall(words)
                sock.shutdown(socket.SHUT_WR)
                try:
                    equal("the answer", protocol.receive(sock)["is"], "refused")
                except Broken:
                    equal("nothing is said to", words, b"\0\0")
        stage.upgrade()
    if os.geteuid() != 0:
        raise LeftOut("another user's process takes root to start")
    # Even where the modes let it.
    stage.directory.chmod(0o755)
    path.chmod(0o666)
    done = subprocess.run([sys.executable, "-c", STRANGER.format(user=NOBODY, path=str(path))], capture_output=True, text=True, timeout=30, check=False)
    demand(f"belongs to user {NOBODY}" in done.stdout, done.stdout + done.stderr)
    return "garbage and another user are refused"


@fresh("a WebSocket that is open all the while")
def websocket(stage: Stage) -> str:
    backend = Echo()
    try:
        stage.backend = backend.url
        stage.write()
        text = stage.config.read_text()
        stage.config.write_text("\n".join(line for line in text.splitlines() if not line.startswith("health_check")))
        stage.process = stage.launch()
        wait_until("soe503 is ready", stage.ready)
        over = threading.Event()
        first, second = Chat(stage.port, over), Chat(stage.port, over)
        first.start()
        demand(first.opened.wait(10), f"not opened: {first.error}")
        old, stage.process = stage.process, stage.launch("--upgrade")
        wait_until("the old process drains", lambda: "draining" in old.tail())
        began, before = time.monotonic(), first.echoes
        second.start()
        demand(second.opened.wait(10), f"the new process does not open one: {second.error}")
        wait_until("it goes on in the old process", lambda: first.echoes >= before + 10)
        demand(old.running(), f"the old process did not wait for it: {old.tail()}")
        equal("the old one's exit code", old.child.wait(GRACE + 10), 0)
        took = time.monotonic() - began
        first.join(10)
        equal("an error", first.error, None)
        demand(first.code is not None and not first.is_alive(), "it was not cut with the old process")
        demand(took > GRACE - 2, f"cut after {took:.1f} s of {GRACE}")
        seen = second.echoes
        wait_until("the new one's goes on", lambda: second.echoes > seen)
        equal("an error", (second.error, second.code), (None, None))
        over.set()
        second.join(10)
        return f"{first.echoes} echoes in the old process, cut after {took:.1f} s; {second.echoes} in the new one"
    finally:
        backend.server.shutdown()
