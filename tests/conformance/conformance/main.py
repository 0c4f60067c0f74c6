"""The command line."""

import argparse

from harness import build, cases

from .cases import GROUPS


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests/conformance/run", description="Clients that nobody here wrote, through the real proxy.")
    cases.add_arguments(parser)
    build.add_arguments(parser)
    parser.add_argument("--against", choices=("soe503", "nginx"), default="soe503", help="the proxy under test")
    args = parser.parse_args()
    if not args.list and not args.soe503 and args.against == "soe503":
        args.soe503 = str(build.build(args, ["soe503-proxy"]) / "soe503")
    return cases.run(GROUPS, args, args)
