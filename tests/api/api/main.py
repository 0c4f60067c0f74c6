"""The command line."""

import argparse
import difflib
from pathlib import Path

from . import rustdoc, versions
from .surface import Surface

HERE = Path(__file__).resolve().parents[1]
PACKAGES = ["soe503-core", "soe503-api", "soe503"]

STANDARD = {"std", "core", "alloc"}
# Whose types may stand in the public API of soe503: a new major version of one of these is one of ours. Where a list
# follows, only in what begins with one of its paths.
ALLOWED = {
    "soe503_core": None,
    "bytes": None,
    "http": None,
    "http_body": None,
    "tower_layer": None,
    "tower_service": None,
    # Its clock is the one that timers run on.
    "tokio": ["pub fn soe503::clock::"],
}


def snapshot(package: str, surface: Surface, write: bool) -> list[str]:
    """What is different from what was written down."""
    file = HERE / f"{package}.txt"
    lines = sorted(surface.lines)
    if write:
        file.write_text("".join(f"{line}\n" for line in lines))
    known = file.read_text().splitlines() if file.exists() else []
    return list(difflib.unified_diff(known, lines, f"{file.name}, as written down", "as it is", n=0, lineterm=""))


def strangers(surface: Surface) -> list[str]:
    """Lines that name a crate that they should not."""
    found = []
    for crate, lines in sorted(surface.foreign.items()):
        if crate in STANDARD:
            continue
        places = ALLOWED.get(crate, [])
        if places is not None:
            found += [f"{crate}: {line}" for line in sorted(lines) if not line.startswith(tuple(places))]
    return found


def main(about: str) -> int:
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="without the lowest versions of dependencies")
    parser.add_argument("--write", action="store_true", help="put the public API into the files beside this one")
    options = parser.parse_args()
    failed = 0

    def judge(what: str, wrong: list[str], advice: str) -> None:
        nonlocal failed
        print(f"{'FAILED' if wrong else 'ok    '} {what}", flush=True)
        if wrong:
            failed += 1
            print("\n".join(f"    {line}" for line in wrong), f"  {advice}", sep="\n", flush=True)

    for package in PACKAGES:
        surface = Surface(rustdoc.read(package))
        wrong = snapshot(package, surface, options.write)
        judge(f"public API of {package}: {len(surface.lines)} lines", wrong, "If that is meant: tests/api/run --write, and a line in CHANGELOG.md.")
        if package == "soe503":
            judge("types of other crates in it", strangers(surface), "Hide them, or allow the crate in tests/api/api/main.py.")
    judge("rust-version", versions.rust_version(), "See rust-toolchain.toml and [workspace.package].")
    judge("nothing younger than rust-version is used", versions.lint(PACKAGES), "Another way, or a higher rust-version.")
    if not options.quick:
        for how in versions.MINIMAL:
            judge(f"builds with {how}", versions.minimal(how, PACKAGES), "Raise the lower bound in Cargo.toml.")
    print(f"{failed} failed")
    return 1 if failed else 0
