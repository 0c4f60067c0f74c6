"""Parses the tags of collected answers with http-sfv; run by `run`."""

import json
import sys
from datetime import datetime

import http_sfv


def joined(headers: list, name: str) -> bytes:
    return ", ".join(value for key, value in headers if key.lower() == name).encode()


def check(answer: dict) -> str:
    hops = http_sfv.List()
    hops.parse(joined(answer["headers"], "proxy-status"))
    assert hops, "no Proxy-Status"
    member = hops[-1]
    assert str(member.value) == "outage-test", f"Proxy-Status of {member.value}"
    if not answer["ours"]:
        assert "error" not in member.params, "an error of ours on a backend's answer"
        return "passed on"
    assert isinstance(member.params["error"], http_sfv.Token), "error is no token"
    cause = http_sfv.Item()
    cause.parse(joined(answer["headers"], "soe-cause"))
    assert isinstance(cause.value, http_sfv.Token) and str(cause.value).count("/") == 1, f"cause {cause.value!r}"
    assert str(cause.params["grade"]) in ("proven", "inferred", "suspected"), "grade"
    assert isinstance(cause.params["at"], datetime), "at is no date"
    if str(cause.value).startswith("circuit_open/"):
        assert isinstance(cause.params["root"], http_sfv.Token), "an open circuit without a root"
    if answer["status"] == 429:
        rate_limit(answer)
    return str(cause.value)


def rate_limit(answer: dict) -> None:
    policy, left = http_sfv.List(), http_sfv.List()
    policy.parse(joined(answer["headers"], "ratelimit-policy"))
    left.parse(joined(answer["headers"], "ratelimit"))
    assert [member.value for member in policy] == [member.value for member in left] == ["one"], "policies"
    assert (policy[0].params["q"], policy[0].params["w"], left[0].params["r"]) == (1, 3600, 0), "quota"
    assert int(joined(answer["headers"], "retry-after")) >= left[0].params["t"] > 0, "Retry-After"


def main() -> int:
    with open(sys.argv[1]) as file:
        answers = json.load(file)
    seen: dict[str, int] = {}
    failed = 0
    for answer in answers:
        try:
            what = check(answer)
            seen[what] = seen.get(what, 0) + 1
        except (AssertionError, KeyError, ValueError) as error:
            failed += 1
            print(f"{answer['fault']}, {answer['status']}: {type(error).__name__}: {error}\n  {answer['headers']}")
    if not any(what.startswith("circuit_open/") for what in seen):
        failed += 1
        print("no answer of an open circuit among them")
    if "overload/rate_limited" not in seen:
        failed += 1
        print("no answer of a rate limit among them")
    print(f"http-sfv: {len(answers) - failed} of {len(answers)} answers parse: " + ", ".join(f"{what} {count}" for what, count in sorted(seen.items())))
    return 1 if failed else 0


sys.exit(main())
