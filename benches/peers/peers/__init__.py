"""Compares soe503 with other proxies on one machine. Python's standard library only."""
