"""Alerts, told to a real Alertmanager."""
