"""The rules with all their times divided, so that what takes an hour in earnest takes a minute here."""

import re
from pathlib import Path

FACTOR = 60
# In milliseconds: three scrapes. On a busy machine one of them may be missed, and that is no fault.
LEAST = 3000
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def rules(source: Path, to: Path) -> None:
    """Ranges, and how long a condition must hold. Thresholds stay, and so do days until a certificate ends."""
    text = source.read_text()
    text = re.sub(r"\[(\d+)([smhd])\]", lambda found: f"[{shorter(found)}]", text)
    text = re.sub(r"(?m)^(\s+for: )(\d+)([smhd])$", lambda found: f"{found[1]}{shorter(found, 2)}", text)
    to.write_text(text)


def shorter(found: re.Match, first: int = 1) -> str:
    milliseconds = int(found[first]) * UNITS[found[first + 1]] * 1000 // FACTOR
    return f"{max(milliseconds, LEAST)}ms"
