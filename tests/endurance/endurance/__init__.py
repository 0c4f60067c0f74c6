"""Many connections, slow connections, large bodies."""
