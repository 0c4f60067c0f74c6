"""Upgrades under load."""
