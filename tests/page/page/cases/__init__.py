"""All cases, and those of CI."""

from harness.cases import Group

from . import acts, live, many, shape

GROUPS = [live.GROUP, acts.GROUP, shape.GROUP, many.GROUP, acts.TOKEN]


def short(group: Group, *names: str) -> Group:
    kept = [case for case in group.cases if case.name in names]
    assert len(kept) == len(names), f"{group.name} has not all of {names}"
    return Group(group.name, group.stage, kept)


QUICK = [
    short(live.GROUP, "the first page loads without a complaint", "a killed backend shows within seconds", "the proxy goes and comes back"),
    short(acts.GROUP, "drain and enable", "without a script"),
    short(shape.GROUP, "narrow and wide, dark and light"),
    short(many.GROUP, "a thousand rows, found by a word"),
]
