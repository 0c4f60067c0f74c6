"""The table, by subject."""

from . import chunks, heads, lengths, lines, streams, upgrades

ROWS = [*lengths.ROWS, *chunks.ROWS, *heads.ROWS, *lines.ROWS, *upgrades.ROWS]
STREAMS = streams.ROWS
