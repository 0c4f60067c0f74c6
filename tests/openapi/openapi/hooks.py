"""What schemathesis loads: names that exist, so that not everything ends with 404."""

import json
import os

import schemathesis

NAMES = json.loads(os.environ["SOE503_NAMES"])


@schemathesis.hook
def map_path_parameters(_context, parameters):
    """Two of three names become those of something that there is."""
    for name, known in NAMES.items():
        value = (parameters or {}).get(name)
        if isinstance(value, str):
            number = sum(value.encode("utf-8", "replace"))
            if number % 3:
                parameters[name] = known[number % len(known)]
    return parameters
