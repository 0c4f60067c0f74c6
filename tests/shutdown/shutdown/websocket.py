"""A WebSocket that is talked through all the while."""

import threading
import time

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


class Chat(threading.Thread):
    """Says something ten times a second, and notes how it ends."""

    def __init__(self, port: int, over: threading.Event):
        super().__init__(daemon=True)
        self.port, self.over = port, over
        self.echoes, self.last, self.code, self.error = 0, 0.0, None, None
        self.opened = threading.Event()

    def run(self) -> None:
        try:
            with connect(f"ws://127.0.0.1:{self.port}/chat", compression=None, open_timeout=5, close_timeout=1, proxy=None, ping_interval=None) as websocket:
                self.opened.set()
                try:
                    while not self.over.wait(0.1):
                        websocket.send("hello")
                        if websocket.recv(5) != "hello":
                            self.error = "a wrong echo"
                            return
                        self.echoes, self.last = self.echoes + 1, time.monotonic()
                except ConnectionClosed:
                    self.code = websocket.close_code
        except Exception as error:  # noqa: BLE001: whatever ends it is the finding
            self.error = f"{type(error).__name__}: {error}"
