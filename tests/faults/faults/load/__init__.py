"""Clients: some that wait for each answer, and a stream that waits for nothing."""

from .clients import Clients, Shape
from .exchange import Outcome, Target

__all__ = ["Clients", "Outcome", "Shape", "Target"]
