"""Every fault, control and pair, one row each."""

from ..row import Row
from . import connect, controls, further, later, load, names, pairs, policy, replies, tls

ORDER = [connect, names, tls, replies, load, policy, further, later, controls, pairs]


def number(row: Row) -> tuple[int, int, str]:
    return "FXUNP".index(row.id[0]), int("".join(letter for letter in row.id if letter.isdigit())), row.id


ROWS: list[Row] = sorted((row for part in ORDER for row in part.ROWS), key=number)
BY_ID = {row.id: row for row in ROWS}
# Short, on loopback, and the same on any machine: for CI.
QUICK = ["F01", "F13", "F15", "F23", "F31", "F39", "N4", "N7"]

__all__ = ["BY_ID", "QUICK", "ROWS"]
