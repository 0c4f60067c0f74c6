"""Did proxy and backend agree?"""

from harness.cases import Missed, demand, shorten

from .backends import Seen
from .client import Answer
from .rows import AFTER, CANARY, STOLEN, Wanted


def judge(wanted: Wanted, answers: list[Answer], after: list[Answer], seen: list[Seen]) -> str:
    """Returns what happened in a word, or raises what went wrong."""
    demand(len(after) == 1 and after[0].status == 200 and after[0].origin, f"the next connection's canary got {shorten(after)}")
    demand(after[0].body.startswith(AFTER.encode()), f"the next connection's canary got the answer to {after[0].body!r}")
    for one in seen:
        demand(one.broken is None, f"the backend could not make sense of {shorten(one.line)}: {one.broken}")
        # It may be part of a body, never of a request line.
        demand(STOLEN not in one.line, f"smuggled: {shorten(one.line)}")
    whole = [(one.line, one.body) for one in seen if one.complete and one.line != AFTER]
    demand(sum(one.line == AFTER for one in seen) == 1, "the backend did not see the next connection's canary once")

    passed = [one for one in answers if one.origin]
    lines = [one.body.decode("latin-1").rpartition(" ")[0] for one in passed]
    demand(lines == [line for line, _ in whole], f"answers passed on to {shorten(lines)}, requests that the backend saw {shorten([line for line, _ in whole])}")

    requests = [request for request in whole if request[0] != CANARY]
    refused = next((one.status for one in answers if not one.origin), None)
    if not requests:
        demand(wanted.refused, f"not forwarded, answered {refused}")
        demand(not any(one.status < 400 for one in answers if not one.origin), f"refused with {refused}")
        demand(not wanted.closes or not whole, "refused, but what followed was served")
        return f"refused {refused or 'without an answer'}"
    demand(wanted.forwarded, f"forwarded as {shorten(requests)}")
    if tuple(requests) != wanted.requests[:len(requests)]:
        raise Missed(f"forwarded as {shorten(requests)} instead of {shorten(wanted.requests)}")
    # A connection may end after any answer, but a pipelined request that is not served is not a failure of framing.
    demand(len(requests) == len(wanted.requests) or wanted.refused, f"only {len(requests)} of {len(wanted.requests)} were forwarded")
    return "forwarded"
