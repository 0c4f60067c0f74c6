"""Clients that nobody here wrote, and what they must get through the proxy."""
