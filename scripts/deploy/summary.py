"""A plan as a person reads it: a line for each resource, the grants on their own, and a sum."""

import json
from collections import Counter
from typing import Any

from scripts.deploy import grants
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
DONE = {
    "create": "created",
    "update": "changed",
    "replace": "replaced",
    "destroy": "destroyed",
    "forget": "forgotten",
    "import": "imported",
    "move": "moved",
}
# What is gone with these does not come back when Terraform makes them again.
DATA = {
    "google_bigquery_dataset": "its tables",
    "google_bigquery_table": "its rows",
    "google_dataform_repository": "its commits",
    "google_secret_manager_secret": "its versions",
    "google_storage_bucket": "its files",
}
RED, PLAIN = "\033[31m", "\033[0m"
LONGEST = 40  # characters of a value that is shown


def lines(plan: Plan, *, colour: bool = False) -> list[str]:
    told = [line(one, colour) for one in plan.changes]
    changed = grants.lines(plan.changes)
    if changed:
        told += ["grants", *changed]
    if plan.outputs:
        told += [f"outputs: {', '.join(plan.outputs)}"]
    return [*told, total(Counter(one.done for one in plan.changes))]


def line(one: Change, colour: bool) -> str:
    text = f"{SIGNS[one.done]:>3} {one.address}{why(one)}"
    if not one.ends or one.kind not in DATA:
        return text
    text += f"  {DATA[one.kind]} are lost"
    return f"{RED}{text}{PLAIN}" if colour else text


def why(one: Change) -> str:
    """The attributes that differ: those that force the replacement, or all of an update."""
    names: list[str] = list(one.forcing) if one.done == "replace" else []
    if one.done == "update":
        known = one.before.keys() | one.after.keys()
        names = sorted(name for name in known if one.before.get(name) != one.after.get(name))
    told = [difference(one, name) for name in names]
    return f"  ({', '.join(told)})" if told else ""


def difference(one: Change, name: str) -> str:
    """With both values where they are short, and no secrets."""
    if name in one.hidden or name not in one.after:
        return name
    before, after = spoken(one.before.get(name)), spoken(one.after[name])
    return f"{name}: {before} → {after}" if before and after else name


def spoken(value: Any) -> str:
    """ "" for what is no short value."""
    text = "" if isinstance(value, dict | list) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else ""


def total(counts: Counter[str]) -> str:
    told = ", ".join(f"{counts[done]} {DONE[done]}" for done in SIGNS if counts[done])
    return f"Would be {told}." if told else "Nothing would be changed."
