"""Faults that are known, and what proxies say about them. Python's standard library only."""
