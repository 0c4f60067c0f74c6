"""A backend that can be killed, with all of its connections, and started again: `python backend.py PORT WORK_MS HOST`."""

import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    work = 0.0

    def do_GET(self) -> None:  # noqa: N802: the library's name
        time.sleep(self.work)
        body = b"fine\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    Answer.work = float(sys.argv[2]) / 1000
    ThreadingHTTPServer.daemon_threads = True
    ThreadingHTTPServer((sys.argv[3], int(sys.argv[1])), Answer).serve_forever()
