"""The proxies under test: their configuration, and what can be learned from each."""

from . import envoy, haproxy, soe503
from .base import Place, Proxy

ALL: dict[str, type[Proxy]] = {"soe503": soe503.Soe503, "envoy": envoy.Envoy, "haproxy": haproxy.Haproxy}

__all__ = ["ALL", "Place", "Proxy"]
