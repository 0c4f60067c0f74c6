"""What rustdoc knows about a crate, as JSON."""

import json
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
WRAPPER = Path(__file__).resolve().parents[1] / "rustdoc"
# That of the toolchain in rust-toolchain.toml. Another one may mean something else by the same words: look at
# rustdoc-types' changelog before this is raised.
FORMAT = 57
JSON = ["-Z", "unstable-options", "--output-format", "json"]


def target_directory() -> Path:
    line = ["cargo", "metadata", "--format-version=1", "--no-deps"]
    told = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True)
    return Path(json.loads(told.stdout)["target_directory"])


def read(package: str) -> dict:
    """With all features: what is behind one is promised as well."""
    line = ["cargo", "rustdoc", "--quiet", "--locked", "-p", package, "--lib", "--all-features", "--", *JSON]
    subprocess.run(line, cwd=ROOT, env={**os.environ, "RUSTDOC": str(WRAPPER)}, check=True)
    crate = json.loads((target_directory() / "doc" / f"{package.replace('-', '_')}.json").read_text())
    if crate["format_version"] != FORMAT:
        raise SystemExit(f"rustdoc writes format {crate['format_version']}, and this reads {FORMAT}")
    return crate
