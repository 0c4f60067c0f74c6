"""What the scripts in tests/ share: processes, backends, networks, the proxy, load. Python's standard library only."""
