"""With which versions of the compiler, and of other crates, the library builds."""

import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

from .rustdoc import ROOT, target_directory

# `direct-minimal-versions`: what Cargo.toml says is true. `minimal-versions`: together with what the dependencies say of theirs.
MINIMAL = ["direct-minimal-versions", "minimal-versions"]


def minor(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")[:2]))


def rust_version() -> list[str]:
    """The version that is promised is the one with which everything here is built and tested; no dependency needs a later one."""
    promised = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["rust-version"]
    channel = tomllib.loads((ROOT / "rust-toolchain.toml").read_text())["toolchain"]["channel"]
    wrong = []
    if minor(promised) != minor(channel):
        wrong.append(f"{promised} is promised, and {channel} is what is tested")
    line = ["cargo", "metadata", "--format-version=1", "--locked", "--manifest-path", "crates/soe503/Cargo.toml", "--all-features"]
    told = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True)
    for package in json.loads(told.stdout)["packages"]:
        needs = package["rust_version"]
        if needs and minor(needs) > minor(promised):
            wrong.append(f"{package['name']} {package['version']} needs {needs}")
    return wrong


def run(line: list[str], cwd: Path = ROOT, **more: str) -> list[str]:
    """What it complains about, if it fails."""
    done = subprocess.run(line, cwd=cwd, env={**os.environ, **more}, capture_output=True, text=True)
    return [] if done.returncode == 0 else done.stderr.splitlines()[-40:]


def lint(packages: list[str]) -> list[str]:
    named = [word for package in packages for word in ("-p", package)]
    line = ["cargo", "clippy", "--quiet", "--locked", *named, "--lib", "--all-features", "--", "-D", "clippy::incompatible_msrv"]
    return run(line)


def minimal(how: str, packages: list[str]) -> list[str]:
    """In a copy: Cargo.lock stays as it is."""
    copy = target_directory() / "api" / how
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(parents=True)
    members = ", ".join(f'"crates/{package}"' for package in packages)
    manifest = (ROOT / "Cargo.toml").read_text()
    manifest = re.sub(r"^members = .*$", f"members = [{members}]", manifest, flags=re.MULTILINE)
    manifest = re.sub(r"^(exclude = .*|default-members = \[[^\]]*\])$", "", manifest, flags=re.MULTILINE)
    (copy / "Cargo.toml").write_text(manifest)
    shutil.copy(ROOT / "rust-toolchain.toml", copy)
    for package in packages:
        shutil.copytree(ROOT / "crates" / package, copy / "crates" / package, ignore=shutil.ignore_patterns("target"))
    # Only for the resolver: build scripts would see it.
    wrong = run(["cargo", "update", "-Z", how], cwd=copy, RUSTC_BOOTSTRAP="1")
    if wrong:
        return wrong
    named = [word for package in packages for word in ("-p", package)]
    line = ["cargo", "check", "--locked", *named, "--lib", "--all-features"]
    return run(line, cwd=copy, CARGO_TARGET_DIR=str(copy / "target"))
