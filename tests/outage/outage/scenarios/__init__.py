"""All scenarios, by name, in the order of a full run."""

from .clients import bad_clients
from .faults import (
    all_blackholed, all_failing, all_hung, all_resetting,
    one_blackholed, one_failing, one_hung, one_resetting,
)
from .killed import killed_all, killed_at_work, killed_one, killed_slowly

ALL = {
    "killed-one": killed_one,
    "killed-at-work": killed_at_work,
    "killed-all": killed_all,
    "killed-slowly": killed_slowly,
    "hung-one": one_hung,
    "blackholed-one": one_blackholed,
    "resetting-one": one_resetting,
    "failing-one": one_failing,
    "hung-all": all_hung,
    "blackholed-all": all_blackholed,
    "resetting-all": all_resetting,
    "failing-all": all_failing,
    "bad-clients": bad_clients,
}
