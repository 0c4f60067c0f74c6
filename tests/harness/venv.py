"""Packages from PyPI, in a virtual environment under target/."""

import os
import subprocess
import sys
from pathlib import Path

from . import build


def enter(name: str, requirements: Path) -> None:
    """Goes on in a Python that has these packages: installs what changed, and runs the script again there."""
    home = build.target_directory() / name / "venv"
    python, marker = home / "bin/python", home / "installed.txt"
    wanted = requirements.read_text()
    if not (marker.exists() and marker.read_text() == wanted):
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements], check=True)
        marker.write_text(wanted)
    if Path(sys.prefix).resolve() != home.resolve():
        os.execv(python, [str(python), *sys.argv])
