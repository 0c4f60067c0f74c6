"""Dashboards as Grafana reads them: JSON, of the schema of Grafana 12, with a data source to choose."""

import json

from .incident import INCIDENT
from .overview import OVERVIEW
from .panels import Dashboard, Panel, Query, Row
from .pool import POOL

DASHBOARDS = [OVERVIEW, POOL, INCIDENT]
SCHEMA = 41
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
HEIGHTS = {"stat": 4, "table": 9, "states": 8}
FULL = 24


def documents() -> dict[str, str]:
    """Each file's name, and what is in it."""
    return {f"{one.uid}.json": json.dumps(document(one), indent=2, ensure_ascii=False) + "\n" for one in DASHBOARDS}


def document(dashboard: Dashboard) -> dict:
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "description": dashboard.description,
        "tags": ["soe503"],
        "schemaVersion": SCHEMA,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "timezone": "browser",
        "links": [{"type": "dashboards", "title": "soe503", "tags": ["soe503"], "asDropdown": False, "keepTime": True, "includeVars": True, "icon": "external link"}],
        "annotations": {"list": annotations()},
        "templating": {"list": [source(), *(VARIABLES[name]() for name in dashboard.variables)]},
        "panels": laid_out(dashboard.rows),
    }


# --- what can be chosen

def source() -> dict:
    return {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "refresh": 1, "current": {}, "hide": 0}


def values(name: str, label: str, query: str, many: bool) -> dict:
    return {
        "name": name, "label": label, "type": "query", "datasource": SOURCE, "definition": query,
        "query": {"query": query, "refId": name}, "refresh": 2, "sort": 1, "hide": 0, "multi": many, "includeAll": many,
        **({"allValue": ".*"} if many else {}), "current": {"text": ["All"], "value": ["$__all"]} if many else {},
    }


VARIABLES = {
    "instance": lambda: values("instance", "Proxy", "label_values(soe503_build_info, instance)", many=True),
    "pools": lambda: values("pool", "Pool", 'label_values(soe503_backend_state{instance=~"$instance"}, pool)', many=True),
    "pool": lambda: values("pool", "Pool", 'label_values(soe503_backend_state{instance=~"$instance"}, pool)', many=False),
}

EVENTS = [
    ("Configurations", "blue", "A reload was put in force", 'changes(soe503_config_reloads_total{instance=~"$instance", result="applied"}[$__interval]) > 0', "{{instance}}"),
    ("Starts", "purple", "The process started", 'changes(process_start_time_seconds{instance=~"$instance", job="soe503"}[$__interval]) > 0', "{{instance}}"),
    ("Incidents", "red", "{{cause}}", 'max by (incident, pool, cause) (soe503_incident_active{instance=~"$instance"})', "lbctl explain {{incident}}"),
]


def annotations() -> list[dict]:
    builtin = {"builtIn": 1, "datasource": {"type": "grafana", "uid": "-- Grafana --"}, "enable": True, "hide": True, "iconColor": "rgba(0, 211, 255, 1)", "name": "Annotations & Alerts", "type": "dashboard"}
    events = [
        {"name": name, "datasource": SOURCE, "enable": True, "iconColor": colour, "expr": expr, "step": "60s", "titleFormat": title, "textFormat": text}
        for name, colour, title, expr, text in EVENTS
    ]
    return [builtin, *events]


# --- panels

def laid_out(rows: list[Row]) -> list[dict]:
    """From left to right, and below where a line is full."""
    panels, y, number = [], 0, 0
    for row in rows:
        number += 1
        panels.append({"id": number, "type": "row", "title": row.title, "collapsed": False, "gridPos": {"x": 0, "y": y, "w": FULL, "h": 1}, "panels": []})
        y, x, tallest = y + 1, 0, 0
        for panel in row.panels:
            height = HEIGHTS.get(panel.kind, 8)
            if x + panel.width > FULL:
                x, y, tallest = 0, y + tallest, 0
            number += 1
            panels.append(drawn(panel, number) | {"gridPos": {"x": x, "y": y, "w": panel.width, "h": height}})
            x, tallest = x + panel.width, max(tallest, height)
        y += tallest
    return panels


def drawn(panel: Panel, number: int) -> dict:
    shape = {"timeseries": timeseries, "stat": stat, "states": states, "heatmap": heatmap, "table": table}[panel.kind](panel)
    return {"id": number, "title": panel.title, "description": panel.description, "datasource": SOURCE, "targets": targets(panel), **shape}


def targets(panel: Panel) -> list[dict]:
    return [target(query, chr(ord("A") + at), panel.kind) for at, query in enumerate(panel.queries)]


def target(query: Query, ref: str, kind: str) -> dict:
    told = {"refId": ref, "datasource": SOURCE, "editorMode": "code", "expr": query.expr, "exemplar": query.exemplar}
    if kind == "table":
        return told | {"format": "table", "instant": True, "range": False}
    if kind == "heatmap":
        return told | {"format": "heatmap", "range": True, "legendFormat": query.legend}
    return told | {"range": True, "legendFormat": query.legend or "__auto"}


def thresholds(panel: Panel) -> dict:
    steps = [{"color": "green", "value": None}]
    if panel.worse:
        yellow, red = panel.worse
        steps += [{"color": "yellow", "value": yellow}, {"color": "red", "value": red}]
    return {"mode": "absolute", "steps": steps}


def field_defaults(panel: Panel) -> dict:
    return {"unit": panel.unit, "thresholds": thresholds(panel), **({"max": panel.maximum} if panel.maximum is not None else {})}


def timeseries(panel: Panel) -> dict:
    stacking = {"mode": "normal" if panel.stacked else "none", "group": "A"}
    custom = {
        "drawStyle": "line", "lineInterpolation": "linear", "lineWidth": 1, "fillOpacity": 30 if panel.stacked else 8, "showPoints": "never",
        "spanNulls": False, "stacking": stacking, "thresholdsStyle": {"mode": "dashed" if panel.worse else "off"}, "axisSoftMin": 0,
    }
    return {
        "type": "timeseries",
        "fieldConfig": {"defaults": field_defaults(panel) | {"min": 0, "color": {"mode": "palette-classic"}, "custom": custom}, "overrides": failures_are_red(panel)},
        "options": {
            "legend": {"displayMode": "table", "placement": "bottom", "showLegend": True, "calcs": ["lastNotNull", "max"], "sortBy": "Last *", "sortDesc": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
    }


def failures_are_red(panel: Panel) -> list[dict]:
    if panel.queries[0].legend != "{{status}}":
        return []
    colours = {"2xx": "green", "3xx": "blue", "4xx": "yellow", "5xx": "red", "none": "text"}
    return [
        {"matcher": {"id": "byName", "options": name}, "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": colour}}]}
        for name, colour in colours.items()
    ]


def stat(panel: Panel) -> dict:
    return {
        "type": "stat",
        "fieldConfig": {"defaults": field_defaults(panel) | {"color": {"mode": "thresholds"}}, "overrides": []},
        "options": {"colorMode": "value", "graphMode": "area", "justifyMode": "auto", "textMode": "value", "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}},
    }


def states(panel: Panel) -> dict:
    words = {str(number): {"text": state, "color": colour, "index": number} for number, (state, colour) in enumerate(panel.states.items(), 1)}
    return {
        "type": "state-timeline",
        "fieldConfig": {"defaults": {"mappings": [{"type": "value", "options": words}], "color": {"mode": "thresholds"}, "thresholds": {"mode": "absolute", "steps": [{"color": "text", "value": None}]}, "custom": {"fillOpacity": 80, "lineWidth": 0}}, "overrides": []},
        "options": {"mergeValues": True, "showValue": "auto", "rowHeight": 0.85, "legend": {"showLegend": False, "displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "single"}},
    }


def heatmap(panel: Panel) -> dict:
    return {
        "type": "heatmap",
        "fieldConfig": {"defaults": {"custom": {"scaleDistribution": {"type": "linear"}}}, "overrides": []},
        "options": {
            "calculate": False, "cellGap": 1, "color": {"mode": "scheme", "scheme": "Oranges", "steps": 64, "exponent": 0.5},
            "yAxis": {"unit": panel.unit, "axisPlacement": "left"}, "cellValues": {"unit": "reqps"}, "rowsFrame": {"layout": "auto"},
            "tooltip": {"mode": "single", "yHistogram": True}, "legend": {"show": True}, "filterValues": {"le": 1e-9},
        },
    }


def table(panel: Panel) -> dict:
    names = {f"Value #{chr(ord('A') + at)}" if len(panel.queries) > 1 else "Value": query.legend for at, query in enumerate(panel.queries)}
    units = [{"matcher": {"id": "byName", "options": name}, "properties": [{"id": "unit", "value": unit}]} for name, unit in panel.columns.items()]
    link = {"title": "The pool", "url": "/d/soe503-pool?var-pool=${__data.fields.pool}&${datasource:queryparam}&${instance:queryparam}&${__url_time_range}"}
    units.append({"matcher": {"id": "byName", "options": "pool"}, "properties": [{"id": "links", "value": [link]}]})
    return {
        "type": "table",
        "fieldConfig": {"defaults": {"custom": {"align": "auto", "filterable": True}}, "overrides": units},
        "options": {"showHeader": True, "cellHeight": "sm", "footer": {"show": False}},
        "transformations": [
            {"id": "merge", "options": {}},
            {"id": "organize", "options": {"excludeByName": {"Time": True}, "renameByName": names}},
        ],
    }
