"""A copy of the crate whose tests are two programs instead of fifty: linking them again for each mutant would take most of the time."""

import re
import shutil
import subprocess
from pathlib import Path

from harness.build import ROOT

CRATE = "soe503-core"
# Threads under loom are another build; tests/breakers stands beside the crates here.
LEFT_OUT = "loom"


def make(tree: Path) -> Path:
    for name in (CRATE, "tests", "soe503"):
        shutil.rmtree(tree / name, ignore_errors=True)
    tree.mkdir(parents=True, exist_ok=True)
    shutil.copytree(ROOT / "crates" / CRATE, tree / CRATE, ignore=shutil.ignore_patterns("target"))
    shutil.copytree(ROOT / "tests/breakers", tree / "tests/breakers", ignore=shutil.ignore_patterns("target"))
    # Pages that tests read.
    shutil.copytree(ROOT / "crates/soe503/docs", tree / "soe503/docs")
    for name in ("Cargo.lock", "rust-toolchain.toml"):
        shutil.copy(ROOT / name, tree)
    workspace(tree)
    one_program(tree / CRATE)
    return tree


def workspace(tree: Path) -> None:
    text = (ROOT / "Cargo.toml").read_text()
    text = re.sub(r"^members = .*$", f'members = ["{CRATE}"]', text, flags=re.MULTILINE)
    text = re.sub(r"^exclude = .*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"^default-members = \[[^\]]*\]$", "", text, flags=re.MULTILINE)
    (tree / "Cargo.toml").write_text(text)


def one_program(crate: Path) -> None:
    """`tests/all.rs` takes each test program in as a module; what they say of `crate` and of snapshots follows."""
    tests = crate / "tests"
    modules = {file: file.stem for file in sorted(tests.glob("*.rs")) if LEFT_OUT not in file.stem}
    modules |= {file: f"{file.parent.name}_tests" for file in sorted(tests.glob("*/main.rs"))}
    lines = ["//! All of them."]
    for file, module in modules.items():
        lines += [f'#[path = "{file.relative_to(tests)}"]', f"mod {module};"]
        if file.name == "main.rs":
            inside(file.parent, module)
        else:
            file.write_text(file.read_text().replace("../../../tests/", "../../tests/"))
    (tests / "all.rs").write_text("\n".join(lines) + "\n")
    manifest = crate / "Cargo.toml"
    manifest.write_text(
        manifest.read_text().replace("[package]", "[package]\nautotests = false", 1) + '\n[[test]]\nname = "all"\npath = "tests/all.rs"\n'
    )


def inside(folder: Path, module: str) -> None:
    for file in folder.rglob("*.rs"):
        file.write_text(re.sub(r"\bcrate::", f"crate::{module}::", file.read_text()))
    for file in folder.rglob("*.snap"):
        file.rename(file.with_name(f"all__{module}__{file.name.split('__', 1)[1]}"))


def chosen(tree: Path, args) -> list[str]:
    """The words by which cargo-mutants knows which."""
    if args.changed:
        diff = subprocess.run(
            ["git", "diff", args.changed, "--relative=crates", "--", f"crates/{CRATE}/src"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        (tree / "changed.diff").write_text(diff.stdout)
        return ["--in-diff", str(tree / "changed.diff")]
    if args.only:
        globs = [glob for part in args.only for glob in (f"{CRATE}/src/{part}/**", f"{CRATE}/src/{part}*.rs")]
        return [word for glob in globs for word in ("--file", glob)]
    return ["--shard", args.shard, "--sharding", "round-robin"]
