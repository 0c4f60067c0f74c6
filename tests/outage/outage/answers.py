"""Is a failing answer tagged and explained the way it is promised?"""

import re

from harness.load import Result
from harness.proxy import SERVER_NAME

CODES = {502: "SOE-502", 503: "SOE-503", 504: "SOE-504"}
CAUSE = re.compile(r"[a-z_]+/[a-z0-9_]+")
TAG = re.compile(r'([a-z_]+/[a-z0-9_]+)((?:; ?[a-z_*][a-z0-9_.*-]*(?:=(?:"[^"]*"|@-?\d+|[^;"]+))?)*)')
MEMBERS = ("type", "title", "status", "detail", "code", "category", "cause", "grade", "retryable")


def tag_of(result: Result) -> tuple[str | None, dict[str, str]]:
    """The cause and the parameters of `Soe-Cause`."""
    match = TAG.fullmatch(result.lower.get("soe-cause", ""))
    if not match:
        return None, {}
    pairs = (part.strip().partition("=") for part in match[2].split(";") if part.strip())
    return match[1], {name: value.strip('"') for name, _, value in pairs}


def named(result: Result) -> list[str]:
    """The cause an answer names, and the one behind it, if it names one."""
    cause, parameters = tag_of(result)
    return list(dict.fromkeys(one for one in (cause, parameters.get("root"), root_of(result.problem)) if one))


def cause_and_root(result: Result) -> set[str]:
    """The same, in no order."""
    return set(named(result))


def root_of(problem: dict) -> str | None:
    root = problem.get("root")
    return root.get("cause") if isinstance(root, dict) else root


def faults_of(result: Result) -> list[str]:
    """What is wrong with a tagged failure; empty if it is all there."""
    wrong = []

    def check(good: bool, what: str) -> None:
        if not good:
            wrong.append(what)

    headers, problem = result.lower, result.problem
    if result.error:
        return [result.error]
    cause, parameters = tag_of(result)
    check(headers.get("x-error-code") == CODES.get(result.status), f"X-Error-Code {headers.get('x-error-code')} with {result.status}")
    check(cause is not None, f"Soe-Cause {headers.get('soe-cause')!r}")
    for name in ("grade", "at"):
        check(name in parameters, f"Soe-Cause without {name}")
    check(SERVER_NAME in headers.get("proxy-status", "") and "error=" in headers.get("proxy-status", ""), f"Proxy-Status {headers.get('proxy-status')!r}")
    retryable = problem.get("retryable")
    if retryable is not False:
        check(headers.get("retry-after", "").isdigit() and int(headers["retry-after"]) >= 1, f"Retry-After {headers.get('retry-after')!r} though retryable")
    check(bool(headers.get("x-request-id")), "no X-Request-Id")
    check(headers.get("cache-control") == "no-store", f"Cache-Control {headers.get('cache-control')!r}")
    check("dur=" in headers.get("server-timing", ""), f"Server-Timing {headers.get('server-timing')!r}")
    check(headers.get("soe-attempts", "").isdigit(), f"Soe-Attempts {headers.get('soe-attempts')!r}")
    check(headers.get("content-type", "").startswith("application/problem+json"), f"Content-Type {headers.get('content-type')!r}")
    for member in MEMBERS:
        check(member in problem, f"problem without {member}")
    check(problem.get("status") == result.status, f"problem status {problem.get('status')}")
    check(problem.get("cause") == cause, f"problem cause {problem.get('cause')} but tag {cause}")
    check(problem.get("category") == (cause or "").partition("/")[0], f"category {problem.get('category')}")
    check(str(problem.get("type", "")).endswith(f"/causes/{cause}"), f"type {problem.get('type')!r}")
    return wrong
