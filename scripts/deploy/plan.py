"""What a plan would do. Read from `terraform show -json`, format 1.2:
https://developer.hashicorp.com/terraform/internals/json-format"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.deploy.errors import Protected, WrongPlan

Json = dict[str, Any]
VERBS = {"create": "create", "update": "update", "delete": "destroy", "forget": "forget"}
SHOWN = 5


@dataclass(frozen=True)
class Change:
    """done: create, update, replace, destroy, forget, import or move; before, after: {} is not there.

    forcing: the attributes for which it is replaced; hidden: those whose values are nobody's business.
    """

    done: str
    address: str
    kind: str
    before: Json = field(default_factory=dict)
    after: Json = field(default_factory=dict)
    forcing: tuple[str, ...] = ()
    hidden: frozenset[str] = frozenset()

    @property
    def ends(self) -> bool:
        return self.done in ("replace", "destroy")

    @property
    def is_protected(self) -> bool:
        """Whether the provider will refuse to destroy it, which it says only when others are gone already."""
        return (
            self.before.get("deletion_policy") == "PREVENT" or self.before.get("deletion_protection") is True
        )


@dataclass(frozen=True)
class Plan:
    """path: its file; env: what it was made for; applyable: whether there is anything to do."""

    path: Path
    env: str
    applyable: bool
    changes: list[Change]
    outputs: list[str]

    @classmethod
    def read(cls, path: Path, shown: Json) -> "Plan":
        found = [change(one) for one in shown.get("resource_changes", [])]
        outputs = shown.get("output_changes", {}).items()
        return cls(
            path,
            str(shown.get("variables", {}).get("env", {}).get("value", "")),
            bool(shown.get("applyable", True)),
            [one for one in found if one.done],
            sorted(name for name, output in outputs if output["actions"] != ["no-op"]),
        )

    def check_env(self, env: str) -> None:
        """A plan knows its own backend and workspace: applied, it goes there whatever was asked for."""
        if self.env != env:
            raise WrongPlan(f"{self.path} is a plan of {self.env or 'something else'}, not of {env}")

    def check_protection(self) -> None:
        """Protected names what the provider would refuse to destroy halfway through."""
        ended = [one.address for one in self.changes if one.ends and one.is_protected]
        if ended:
            more = f" and {len(ended) - SHOWN} more" if ended[SHOWN:] else ""
            raise Protected(
                f"{self.env} is protected, and this plan ends {len(ended)} of its resources: "
                f"{', '.join(ended[:SHOWN])}{more}. Nothing was destroyed. Whoever means it sets "
                f"`protected = false` in environments/{self.env}.tfvars, applies that, and then this."
            )


def change(one: Json) -> Change:
    told = one["change"]
    sensitive = [told.get("before_sensitive") or {}, told.get("after_sensitive") or {}]
    return Change(
        verb(one),
        one["address"],
        one.get("type", ""),
        told["before"] or {},
        told["after"] or {},
        tuple(sorted({str(path[0]) for path in told.get("replace_paths", []) if path})),
        frozenset(name for each in sensitive if isinstance(each, dict) for name in each),
    )


def verb(one: Json) -> str:
    """ "" for what is only read or left alone."""
    actions = one["change"]["actions"]
    if set(actions) == {"create", "delete"}:
        return "replace"
    if actions == ["no-op"]:
        return "import" if one["change"].get("importing") else "move" if one.get("previous_address") else ""
    return VERBS.get(actions[0], "")
