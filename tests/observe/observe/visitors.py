"""Clients of the TLS listener: of two versions, some that come back, some that speak something else."""

import contextlib
import socket
import ssl
import threading


def come(port: int, over: threading.Event) -> None:
    """Twice a second, until it is over."""
    threading.Thread(target=stay, args=(port, over), daemon=True).start()


def stay(port: int, over: threading.Event) -> None:
    old, new = (context(version) for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3))
    session = None
    while not over.wait(0.5):
        with contextlib.suppress(OSError):
            session = shake(old, port, session)
            shake(new, port, None)
            with connection(port) as stream:
                stream.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                stream.recv(100)


def context(version: ssl.TLSVersion) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    made.minimum_version = made.maximum_version = version
    return made


def shake(by: ssl.SSLContext, port: int, session: ssl.SSLSession | None) -> ssl.SSLSession:
    with by.wrap_socket(connection(port), server_hostname="localhost", session=session) as stream:
        return stream.session


def connection(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=5)
