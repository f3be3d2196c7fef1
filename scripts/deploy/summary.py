"""A plan as text: one line per resource with the values that change, the grants, and a total."""

import json
from collections import Counter
from typing import Any

from scripts.deploy.differences import ABSENT, HIDDEN, walk
from scripts.deploy.grants import format_grants
from scripts.deploy.plan import Change, Plan

SIGNS = {
    "create": "+",
    "update": "~",
    "replace": "-/+",
    "destroy": "-",
    "forget": ".",
    "import": "<",
    "move": ">",
}
PAST_TENSE = {
    "create": "created",
    "update": "changed",
    "replace": "replaced",
    "destroy": "destroyed",
    "forget": "forgotten",
    "import": "imported",
    "move": "moved",
}
# What is lost with these does not come back when Terraform creates them again.
LOST_DATA = {
    "google_bigquery_dataset": "its tables",
    "google_bigquery_table": "its rows",
    "google_dataform_repository": "its commits",
    "google_secret_manager_secret": "its versions",
    "google_storage_bucket": "its files",
}
RED, PLAIN = "\033[31m", "\033[0m"
MAX_VALUE_LENGTH = 40  # characters
MAX_PATHS = 12  # changed values that are shown of one resource


def format_plan(plan: Plan, *, colour: bool = False) -> list[str]:
    lines = [format_change(change, colour) for change in plan.changes]
    if grants := format_grants(plan.changes):
        lines += ["grants", *grants]
    if plan.outputs:
        lines += [f"outputs: {', '.join(plan.outputs)}"]
    return [*lines, format_total(Counter(change.action for change in plan.changes))]


def format_change(change: Change, colour: bool) -> str:
    text = f"{SIGNS[change.action]:>3} {change.address}{format_differences(change)}"
    if not change.is_destructive or change.kind not in LOST_DATA:
        return text
    text += f"  {LOST_DATA[change.kind]} are lost"
    return f"{RED}{text}{PLAIN}" if colour else text


def format_differences(change: Change) -> str:
    """The attributes that force a replacement, or every value that an update changes."""
    names: list[str] = list(change.forcing) if change.action == "replace" else []
    if change.action == "update":
        all_names = change.before.keys() | change.after.keys()
        names = sorted(name for name in all_names if change.before.get(name) != change.after.get(name))
    parts = [part for name in names for part in differences(change, name)]
    if len(parts) > MAX_PATHS:
        parts = [*parts[:MAX_PATHS], f"and {len(parts) - MAX_PATHS} more"]
    return f"  ({', '.join(parts)})" if parts else ""


def differences(change: Change, name: str) -> list[str]:
    """`path: before → after` for each value inside attribute `name` that differs. Secrets only by name."""
    before, after = change.before.get(name, ABSENT), change.after.get(name, ABSENT)
    pairs = walk(name, before, after, change.marks.child(name))
    return [format_difference(path, before, after) for path, before, after in pairs] or [name]


def format_difference(path: str, before: Any, after: Any) -> str:
    """Both values where they are short, otherwise the path only."""
    if before is HIDDEN:
        return path
    if before is ABSENT and isinstance(after, dict | list):
        return f"{path}: added"
    if after is ABSENT or (after is None and isinstance(before, dict | list)):
        return f"{path}: removed"
    texts = [format_value(value) for value in (before, after)]
    return f"{path}: {' → '.join(texts)}" if all(texts) else path


def format_value(value: Any) -> str:
    """JSON of a short value, without quotes around plain words; "" for a long one."""
    if value is ABSENT:
        return "null"
    text = "" if isinstance(value, dict | list) else json.dumps(value, ensure_ascii=False)
    # A cut value would hide the place where two long ones differ.
    return text if len(text) <= MAX_VALUE_LENGTH else ""


def format_total(counts: Counter[str]) -> str:
    parts = ", ".join(f"{counts[action]} {PAST_TENSE[action]}" for action in SIGNS if counts[action])
    return f"Would be {parts}." if parts else "Nothing would be changed."
