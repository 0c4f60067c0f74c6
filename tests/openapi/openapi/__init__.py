"""The admin API, as its document describes it."""
