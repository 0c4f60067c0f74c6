"""The command line."""

import argparse

from harness import build, cases

from . import pictures
from .cases import GROUPS, QUICK


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests/page/run", description="The dashboard in headless Chromium.")
    cases.add_arguments(parser)
    build.add_arguments(parser)
    parser.add_argument("--chromium", default="/usr/bin/chromium", metavar="FILE", help="the browser (Debian: apt install chromium)")
    parser.add_argument("--shots", metavar="DIRECTORY", help="keep a picture of each state there")
    parser.add_argument("--pictures", action="store_true", help="draw the pictures of the README, and do nothing else")
    args = parser.parse_args()
    if not args.list and not args.soe503:
        args.soe503 = str(build.build(args, ["soe503-proxy"]) / "soe503")
    if args.pictures:
        return pictures.draw(args)
    return cases.run(QUICK if args.quick else GROUPS, args, args)
