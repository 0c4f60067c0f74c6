"""SIGTERM under load: not one request fails."""
