"""The command line."""

import argparse

from harness import build, cases

from . import golden
from .collectors import collectors
from .spans import encoding, spans

GROUPS = [encoding, spans, collectors]


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests/traces/run", description="Traces, decoded by OpenTelemetry's own code.")
    cases.add_arguments(parser)
    build.add_arguments(parser)
    parser.add_argument("--tools", metavar="FILE", help="an existing soe503-tools; nothing is built then")
    parser.add_argument("--write", action="store_true", help="write the file that the unit test of the encoding compares with")
    args = parser.parse_args()
    if args.write:
        golden.FILE.write_text(golden.text())
        return 0
    if not args.list and not (args.soe503 and args.tools):
        binaries = build.build(args, ["soe503-proxy"])
        args.soe503, args.tools = args.soe503 or str(binaries / "soe503"), str(binaries / "soe503-tools")
    return cases.run(GROUPS, args, args)
