"""The dashboard, as people meet it."""
