"""The command line, and the verdict."""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import build

from .scene import OPERATOR, READER, Scene

HERE = Path(__file__).resolve().parent
SEED = 503
QUICK, ALL = 15, 200


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests/openapi/run", description="Is the OpenAPI document of the admin API true?")
    build.add_arguments(parser)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} examples of each operation instead of {ALL}")
    parser.add_argument("--examples", type=int, help="so many examples of each operation")
    parser.add_argument("--seed", type=int, help="the same examples again")
    args = parser.parse_args()
    if not args.soe503:
        args.soe503 = str(build.build(args, ["soe503-proxy"]) / "soe503")
    with tempfile.TemporaryDirectory() as directory:
        scene = Scene(args.soe503, Path(directory))
        scene.start()
        try:
            return verdict(scene, args, Path(directory))
        finally:
            scene.stop()


def verdict(scene: Scene, args: argparse.Namespace, directory: Path) -> int:
    failed = schemathesis(scene, args, directory) != 0
    for name, holds in [
        ("a reader looks everywhere and acts nowhere", lambda: reader_looks_and_does_not_act(scene)),
        ("the proxy is ready", lambda: scene.is_ready()),
        ("the log has no error", lambda: no_errors(scene.log())),
        ("no token is in the log", lambda: OPERATOR not in scene.log() and READER not in scene.log()),
    ]:
        good = holds()
        failed |= not good
        print(f"{'ok    ' if good else 'FAILED'} {name}")
    if failed:
        print(scene.log()[-4000:], file=sys.stderr)
    return int(failed)


def schemathesis(scene: Scene, args: argparse.Namespace, directory: Path) -> int:
    config = HERE / "schemathesis.toml"
    examples = args.examples or (QUICK if args.quick else ALL)
    command = [
        str(Path(sys.executable).parent / "st"), "--config-file", str(config), "run", scene.url("/api/v1/openapi.json"),
        "--checks", "all", "--max-examples", str(examples), "--continue-on-failure", "--request-timeout", "20",
        "--generation-database", "none", "--no-color", "-H", f"Authorization: Bearer {OPERATOR}",
    ]
    # CI sees the same examples each time: what is found by luck is for the long form.
    seed = args.seed if args.seed is not None or not args.quick else SEED
    if seed is not None:
        command += ["--seed", str(seed)]
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "openapi.hooks", "PYTHONPATH": str(HERE.parent), "SOE503_NAMES": json.dumps(scene.names()),
    }
    return subprocess.run(command, env=environment, cwd=directory).returncode


def reader_looks_and_does_not_act(scene: Scene) -> bool:
    """Each operation with the reader's token, and with none: its description says what that is worth."""
    good = True
    for path, operations in scene.document()["paths"].items():
        for method, operation in operations.items():
            filled = re.sub(r"\{(\w+)\}", lambda name: scene.a(name[1]), path)
            body = {} if method == "post" else None
            with_token = scene.ask(method, filled, READER, body)
            without = scene.ask(method, filled, None, body)
            expected = ({403}, {401}) if method == "post" else ({200, 404}, {401} if operation["security"] else {200})
            if with_token not in expected[0] or without not in expected[1]:
                print(f"{method} {filled}: reader {with_token}, nobody {without}")
                good = False
    return good


def no_errors(log: str) -> bool:
    """None but those that are asked for: a target of alerts that does not exist, say."""
    lines = [line for line in log.splitlines() if re.match(r"\S+ +ERROR ", line) or "panicked" in line]
    for line in lines[:10]:
        print(f"    {line}")
    return not lines
