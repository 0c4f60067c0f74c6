"""What clients see of faults behind soe503 and behind other proxies. Python's standard library only."""
