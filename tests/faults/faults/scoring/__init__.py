"""From what was said to figures."""
