"""A backend in Python: strict framing of its own, and a record of every request that it saw."""

from .http1 import Broken, Connection, Request
from .server import Origin, Seen

__all__ = ["Broken", "Connection", "Origin", "Request", "Seen"]
