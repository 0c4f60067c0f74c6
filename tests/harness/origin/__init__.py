"""A backend in Python: strict framing of its own, and a record of every request that it saw."""

from .http1 import Broken, Connection, Ended, Request
from .server import Origin, Seen

__all__ = ["Broken", "Connection", "Ended", "Origin", "Request", "Seen"]
