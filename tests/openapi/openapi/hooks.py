"""What schemathesis loads: names that exist and texts that mean something, so that not everything ends with 404 or 422."""

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


@schemathesis.hook
def map_body(_context, body):
    """Two of three texts become such that mean something."""
    if isinstance(body, dict):
        for name, known in {"text": NAMES["config"], "level": ["debug", "info,failure=off", "off"], "pools": [["app"], []]}.items():
            number = len(repr(body.get(name)))
            if name in body and isinstance(body[name], type(known[0])) and number % 3:
                body[name] = known[number % len(known)]
    return body
