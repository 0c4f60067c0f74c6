"""A certificate for localhost that signs itself, made by openssl."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .processes import HarnessError


@dataclass(frozen=True)
class Certificate:
    cert: Path
    key: Path


def localhost(directory: Path) -> Certificate:
    if not shutil.which("openssl"):
        raise HarnessError("openssl is needed (Debian: apt install openssl)")
    made = Certificate(directory / "localhost.pem", directory / "localhost.key")
    done = subprocess.run([
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(made.key), "-out", str(made.cert),
    ], capture_output=True, text=True)
    if done.returncode != 0:
        raise HarnessError(f"openssl: {done.stderr.strip()}")
    return made
