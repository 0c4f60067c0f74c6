"""A receiver that takes what Slack's incoming webhooks take, and refuses what Slack would."""

import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Slack's own limits: https://docs.slack.dev/reference/block-kit/blocks
MOST_BLOCKS, LONGEST_HEADER, LONGEST_TEXT = 50, 150, 3000


@dataclass(frozen=True)
class Message:
    at: float
    header: str
    text: str
    """All of its text, to look for words."""


class Slack:
    def __init__(self):
        self.messages: list[Message] = []
        self.refused: list[str] = []
        slack = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                wrong = slack.take(body)
                answer = (wrong or "ok").encode()
                self.send_response(400 if wrong else 200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/services/T0/B0/example"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, body: bytes) -> str | None:
        """Why it is refused, if it is."""
        try:
            blocks = json.loads(body)["blocks"]
            header = next(one["text"]["text"] for one in blocks if one["type"] == "header")
            texts = [text["text"] for one in blocks for text in [one.get("text"), *one.get("fields", [])] if text]
        except (ValueError, KeyError, TypeError, StopIteration) as error:
            self.refused.append(f"invalid_payload: {error!r}")
            return self.refused[-1]
        if len(blocks) > MOST_BLOCKS or len(header) > LONGEST_HEADER or any(len(text) > LONGEST_TEXT for text in texts):
            self.refused.append("invalid_blocks: too long")
            return self.refused[-1]
        self.messages.append(Message(time.time(), header, json.dumps(blocks)))
        return None

    def stop(self) -> None:
        self.server.shutdown()
