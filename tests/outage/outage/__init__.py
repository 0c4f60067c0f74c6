"""Outages: the scenarios, and what is asked of each."""
