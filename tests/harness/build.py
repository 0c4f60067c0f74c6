"""Builds the binaries under test, and says where cargo puts them."""

import argparse
import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def target_directory() -> Path:
    metadata = subprocess.run(["cargo", "metadata", "--format-version=1", "--no-deps"], cwd=ROOT, capture_output=True, text=True, check=True)
    return Path(json.loads(metadata.stdout)["target_directory"])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--profile", default="ci", help="cargo profile of the binaries (default ci: release without LTO)")
    parser.add_argument("--soe503", metavar="FILE", help="an existing binary; the proxy is not built then")


def build(args: argparse.Namespace, packages: list[str]) -> Path:
    """Returns the directory of the binaries."""
    # With the proxy always the same packages: what others need decides about features, and all would be built again.
    if "soe503-proxy" in packages:
        packages = ["soe503-proxy", "lbctl", "soe503-tests"]
    wanted = [word for package in packages for word in ("-p", package)]
    subprocess.run(["cargo", "build", "--quiet", "--profile", args.profile, "--bins", *wanted], cwd=ROOT, check=True)
    return target_directory() / ("debug" if args.profile == "dev" else args.profile)
