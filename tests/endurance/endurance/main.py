"""The command line."""

import argparse

from harness import build, cases

from . import crowd, large, slow
from .stage import Settings


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests/endurance/run", description="Many connections, slow ones, and large bodies.")
    cases.add_arguments(parser)
    build.add_arguments(parser)
    args = parser.parse_args()
    settings = None
    if not args.list:
        built = build.build(args, ["soe503-tests"] if args.soe503 else ["soe503-tests", "soe503-proxy"])
        settings = Settings(args.soe503 or str(built / "soe503"), str(built / "soe503-tools"), args.quick)
    return cases.run([crowd.GROUP, slow.GROUP, slow.BODIES, large.GROUP], args, settings)
