"""Server-sent events arrive when they are sent."""

import http.client

from harness.cases import Group, equal

from .. import answers
from ..stage import Stage, plain

GROUP = Group("server-sent events", plain)


@GROUP.case("each event before the next one is made")
def one_by_one(stage: Stage) -> None:
    client = http.client.HTTPConnection("127.0.0.1", stage.port, timeout=5)
    client.request("GET", "/events/5")
    answer = client.getresponse()
    for number in range(5):
        # The backend waits for this: an event that is held back ends in the client's timeout.
        answers.released.release()
        equal("event", (answer.readline(), answer.readline()), (f"data: {number}\n".encode(), b"\n"))
    equal("the rest", answer.read(), b"")
