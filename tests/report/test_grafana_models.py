"""Grafana's own models know every field, every type of panel and every data source of the dashboard.

The models are generated from the schemas of Grafana. They drop what they do not know, so what was written again must
be equal to the file.
"""

import copy
import json
import typing
from enum import Enum

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.cog.runtime import Runtime, UnknownDataquery
from grafana_foundation_sdk.models.dashboard import Dashboard, RowPanel

from tests.report.test_grafana import DASHBOARD

register_default_plugins()
SIMPLE = (str, int, float, bool)


def find_errors(dashboard):
    """Sentences about what is unknown to Grafana."""
    model = Dashboard.from_json(copy.deepcopy(dashboard))
    errors = [*compare(dashboard, json.loads(JSONEncoder().encode(model)), ""), *check_values(model, "")]
    for panel in model.panels or []:
        assert not isinstance(panel, RowPanel)
        if panel.type_val not in Runtime().panelcfg_variants:
            errors.append(f"{panel.title}: no panel is of type {panel.type_val}")
        if not panel.targets or any(isinstance(query, UnknownDataquery) for query in panel.targets):
            errors.append(f"{panel.title}: no data source is of type {panel.datasource}")
    return errors


def compare(before, after, path):
    """What is lost or changed in `after`; it may have more, as defaults are written."""
    if isinstance(before, dict):
        for name, value in before.items():
            if name not in after:
                yield f"{path}.{name}: unknown field"
            else:
                yield from compare(value, after[name], f"{path}.{name}")
    elif isinstance(before, list):
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from compare(old, new, f"{path}[{number}]")
    elif before != after:
        yield f"{path}: {before!r} became {after!r}"


def check_values(value, path):
    """Simple values of another type than their annotation, of every model below `value`."""
    if isinstance(value, list):
        for number, each in enumerate(value):
            yield from check_values(each, f"{path}[{number}]")
    if not type(value).__module__.startswith("grafana_foundation_sdk.models") or isinstance(value, Enum):
        return
    for name, hint in typing.get_type_hints(type(value)).items():
        child = getattr(value, name)
        kinds = [
            kind
            for kind in (typing.get_args(hint) or (hint,))
            if isinstance(kind, type) and kind is not type(None)
        ]
        if isinstance(child, SIMPLE) and kinds and not fits(child, kinds):
            yield f"{path}.{name}: {child!r} is not of {kinds}"
        yield from check_values(child, f"{path}.{name}")


def fits(value, kinds):
    if any(isinstance(value, kind) and isinstance(value, bool) == (kind is bool) for kind in kinds):
        return True
    # Enumerations are read as they are: one without this value would show nothing.
    return any(issubclass(kind, Enum) and value in [each.value for each in kind] for kind in kinds) or (
        float in kinds and type(value) is int
    )


def test_grafana_knows_every_part_of_the_dashboard():
    assert find_errors(DASHBOARD) == []


@pytest.mark.parametrize(
    ("path", "name", "value", "error"),
    [
        (("panels", 0), "titel", "x", "unknown field"),
        (("panels", 0), "type", "timeserie", "no panel is of type timeserie"),
        (("panels", 0, "datasource"), "type", "promtheus", "no data source is of type"),
        (("panels", 0, "targets", 0), "exprs", "up", "unknown field"),
        (("panels", 0, "fieldConfig", "defaults"), "units", "s", "unknown field"),
        (("panels", 0, "gridPos"), "w", "6", "'6' is not of"),
        (("panels", -1, "targets", 0), "rawSQL", "SELECT 1", "unknown field"),
        (("templating", "list", 0), "type", "data source", "is not of"),
        ((), "timezones", "utc", "unknown field"),
    ],
)
def test_a_mistake_in_the_dashboard_is_an_error(path, name, value, error):
    changed = copy.deepcopy(DASHBOARD)
    part = changed
    for step in path:
        part = part[step]
    part[name] = value
    errors = find_errors(changed)
    assert len([each for each in errors if error in each]) == 1, errors
