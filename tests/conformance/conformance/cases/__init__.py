"""The groups of cases."""

from . import curl, events, floods, grpc_calls, grpc_health, nghttp, raw, tricks, websocket

GROUPS = [curl.GROUP, raw.GROUP, events.GROUP, nghttp.GROUP, grpc_calls.GROUP, grpc_calls.OWN, *grpc_health.GROUPS, websocket.GROUP, tricks.GROUP, floods.GROUP]
