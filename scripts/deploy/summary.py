"""What a plan would do, a line for each resource. Read from `terraform show -json`, format 1.2:
https://developer.hashicorp.com/terraform/internals/json-format"""

from collections import Counter
from typing import Any

SIGNS = {"create": "+", "update": "~", "replace": "-/+", "destroy": "-", "forget": "."}
DONE = {
    "create": "created",
    "update": "changed",
    "replace": "replaced",
    "destroy": "destroyed",
    "forget": "forgotten",
}


def changes(plan: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """(what is done, resource change) for all that is not left as it is."""
    found = [(verb(one["change"]["actions"]), one) for one in plan.get("resource_changes", [])]
    return [(done, one) for done, one in found if done]


def verb(actions: list[str]) -> str:
    """ "" for what is only read or left alone."""
    if set(actions) == {"create", "delete"}:
        return "replace"
    return {"create": "create", "update": "update", "delete": "destroy", "forget": "forget"}.get(
        actions[0], ""
    )


def lines(plan: dict[str, Any]) -> list[str]:
    found = changes(plan)
    told = [f"{SIGNS[done]:>3} {one['address']}{why(done, one['change'])}" for done, one in found]
    return [*told, total(Counter(done for done, _ in found))]


def why(done: str, change: dict[str, Any]) -> str:
    """The attributes that differ: those that force the replacement, or all of an update."""
    if done == "replace":
        names = sorted({str(path[0]) for path in change.get("replace_paths", []) if path})
    elif done == "update":
        before, after = change["before"], change["after"]
        names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    else:
        names = []
    return f"  ({', '.join(names)})" if names else ""


def total(counts: Counter[str]) -> str:
    told = ", ".join(f"{counts[done]} {DONE[done]}" for done in SIGNS if counts[done])
    return f"Would be {told}." if told else "Nothing would be changed."
