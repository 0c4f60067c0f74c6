"""Backends with switchable behaviour, and a resolver. Whatever they do is counted: evidence is checked against it."""

from .backend import Backend
from .nature import Nature
from .resolver import Resolver

__all__ = ["Backend", "Nature", "Resolver"]
