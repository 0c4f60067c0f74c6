"""Either side of an upgrade, as a program that is not soe503 speaks it: a length of four bytes, and JSON."""

import json
import socket
import struct
from pathlib import Path

from harness.origin import Broken


def send(sock: socket.socket, message: dict) -> None:
    text = json.dumps(message).encode()
    sock.sendall(struct.pack(">I", len(text)) + text)


def receive(sock: socket.socket) -> dict:
    (length,) = struct.unpack(">I", exactly(sock, 4))
    return json.loads(exactly(sock, length))


def exactly(sock: socket.socket, length: int) -> bytes:
    got = b""
    while len(got) < length:
        piece = sock.recv(length - len(got))
        if not piece:
            raise Broken("it ended")
        got += piece
    return got


def ask(path: Path) -> tuple[socket.socket, dict, list[socket.socket]]:
    """As a new process: the connection, what the old one says, and the sockets that come with it."""
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(20)
    sock.connect(str(path))
    send(sock, {"is": "hello", "protocol": 1, "version": "test"})
    answer, sockets = receive(sock), []
    for _ in answer.get("sockets", []):
        _, numbers, _, _ = socket.recv_fds(sock, 1, 1)
        sockets += [socket.socket(fileno=number) for number in numbers]
    return sock, answer, sockets


def offer(sock: socket.socket, listeners: list[socket.socket]) -> dict:
    """As an old process: gives these, and returns what the new one said first."""
    hello = receive(sock)
    places = [{"address": "%s:%d" % one.getsockname(), "for_good": False} for one in listeners]
    send(sock, {"is": "sockets", "version": "test", "sockets": places})
    for one in listeners:
        socket.send_fds(sock, [b"s"], [one.fileno()])
    return hello
