"""All cases, and those of CI."""

from harness.cases import Group

from . import acts, live, many, shape, states

GROUPS = [live.GROUP, acts.GROUP, shape.GROUP, states.GROUP, many.GROUP, acts.TOKEN]


def short(group: Group, *names: str) -> Group:
    kept = [case for case in group.cases if case.name in names]
    assert len(kept) == len(names), f"{group.name} has not all of {names}"
    return Group(group.name, group.stage, kept)


QUICK = [
    short(live.GROUP, "the first page loads without a complaint", "a killed backend shows within seconds"),
    short(acts.GROUP, "by keyboard alone"),
    short(shape.GROUP, "narrow and dark, wide and light"),
    short(states.GROUP, "error: pages of what is not there"),
]
