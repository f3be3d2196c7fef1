"""The changes of a Terraform plan, read from `terraform show -json`, format 1.2.

https://developer.hashicorp.com/terraform/internals/json-format
"""

from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from scripts.deploy.differences import Marks
from scripts.deploy.errors import InvalidSetting, Protected, WrongPlan

Json = dict[str, Any]
ACTIONS = {"create": "create", "update": "update", "delete": "destroy", "forget": "forget"}
MAX_LISTED = 5


@dataclass(frozen=True)
class Change:
    """action: create, update, replace, destroy, forget, import or move. before, after: {} if absent.

    forcing: attributes that cause a replacement. marks: of values that are not shown.
    """

    action: str
    address: str
    kind: str
    before: Json = field(default_factory=dict)
    after: Json = field(default_factory=dict)
    forcing: tuple[str, ...] = ()
    marks: Marks = Marks(None, None, None)

    @property
    def is_destructive(self) -> bool:
        return self.action in ("replace", "destroy")

    @property
    def is_protected(self) -> bool:
        """Whether the provider will refuse to destroy it - halfway through, after it destroyed others."""
        return (
            self.before.get("deletion_policy") == "PREVENT" or self.before.get("deletion_protection") is True
        )


@dataclass(frozen=True)
class Plan:
    """`path` is the plan's file, `env` its environment; `applyable`: whether it changes anything."""

    path: Path
    env: str
    applyable: bool
    changes: list[Change]
    outputs: list[str]
    time_zone: str = "Etc/UTC"

    @classmethod
    def parse(cls, path: Path, document: Json) -> "Plan":
        """From the JSON of `terraform show`. Resources without a change are left out."""
        changes = [parse_change(entry) for entry in document.get("resource_changes", [])]
        outputs = document.get("output_changes", {}).items()
        variables = {name: variable.get("value") for name, variable in document.get("variables", {}).items()}
        schedules = variables.get("schedules") or {}
        return cls(
            path,
            str(variables.get("env") or ""),
            bool(document.get("applyable", True)),
            [change for change in changes if change.action],
            sorted(name for name, output in outputs if output["actions"] != ["no-op"]),
            schedules.get("time_zone") or "Etc/UTC",
        )

    @property
    def destroyed(self) -> list[Change]:
        return [change for change in self.changes if change.is_destructive]

    def check_env(self, env: str) -> None:
        """WrongPlan for another environment: a plan is applied to its own backend, whatever `--env` is."""
        if self.env != env:
            raise WrongPlan(
                f"{self.path} is a plan of {self.env or 'an unknown environment'}, not of {env}; nothing was changed. "
                f"Make one of {env}: python -m scripts.deploy plan --env {env} --out FILE"
            )

    def check_time_zone(self) -> None:
        """InvalidSetting for a misspelt zone, which Cloud Scheduler would reject halfway through an apply."""
        # The provider does not check it at plan time.
        zones = available_timezones()
        if self.time_zone not in zones:
            similar = get_close_matches(self.time_zone, zones, MAX_LISTED)
            raise InvalidSetting(
                f"unknown time zone {self.time_zone!r} in environments/{self.env}.tfvars "
                f"(schedules.time_zone); similar: {', '.join(similar) or 'Etc/UTC'}"
            )

    def check_protection(self) -> None:
        """Protected if it destroys protected data. Checked before the apply, so nothing is half destroyed."""
        refused = [change.address for change in self.destroyed if change.is_protected]
        if refused:
            more = f" and {len(refused) - MAX_LISTED} more" if refused[MAX_LISTED:] else ""
            raise Protected(
                f"{self.env} is protected, and this plan destroys {len(refused)} resources that contain "
                f"data: {', '.join(refused[:MAX_LISTED])}{more}. Nothing was destroyed. To do it on purpose, "
                f"set `protected = false` in environments/{self.env}.tfvars, apply that, and then this plan."
            )

    def is_part_of(self, other: "Plan") -> bool:
        """Whether every change was already in `other`."""
        # By address and action: values may differ, as some are known only after the first part.
        confirmed = {(change.address, change.action) for change in other.changes}
        return all((change.address, change.action) in confirmed for change in self.changes)


def parse_change(entry: Json) -> Change:
    change = entry["change"]
    return Change(
        parse_action(entry),
        entry["address"],
        entry.get("type", ""),
        change["before"] or {},
        change["after"] or {},
        tuple(sorted({str(path[0]) for path in change.get("replace_paths", []) if path})),
        Marks(*(change.get(name) for name in ("before_sensitive", "after_sensitive", "after_unknown"))),
    )


def parse_action(entry: Json) -> str:
    """The action; "" if the resource is only read or not changed."""
    actions = entry["change"]["actions"]
    # In both orders: create_before_destroy reverses them.
    if set(actions) == {"create", "delete"}:
        return "replace"
    if actions == ["no-op"]:
        if entry["change"].get("importing"):
            return "import"
        # A resource that only got another address is not changed, but a person should see it.
        return "move" if entry.get("previous_address") else ""
    return ACTIONS.get(actions[0], "")
