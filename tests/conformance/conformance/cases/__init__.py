"""The groups of cases."""

from . import curl, events, floods, grpc_calls, nghttp, raw, tricks, websocket

GROUPS = [curl.GROUP, raw.GROUP, events.GROUP, nghttp.GROUP, grpc_calls.GROUP, grpc_calls.OWN, websocket.GROUP, tricks.GROUP, floods.GROUP]
