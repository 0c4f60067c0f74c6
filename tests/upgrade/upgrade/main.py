"""The command line."""

import argparse

from harness import build, cases

from . import others  # noqa: F401: its cases are in the list with that
from .cases import GROUPS


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests/upgrade/run", description="Upgrades under load, and sockets that systemd passes.")
    cases.add_arguments(parser)
    build.add_arguments(parser)
    args = parser.parse_args()
    if not args.list and not args.soe503:
        args.soe503 = str(build.build(args, ["soe503-proxy"]) / "soe503")
    return cases.run(GROUPS, args, args)
