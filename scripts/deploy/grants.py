"""IAM grants that a plan adds and removes, as sentences.

Three kinds of resources contain grants: *_iam_member has one; a dataset has a list in `access`; *_iam_policy
has the policy as JSON in `policy_data`.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from scripts.deploy.plan import Change, Json

# The kind of resource that a grant is on, by the attribute with its name; without any of them, the project.
RESOURCE_KINDS = {
    "bucket": "bucket",
    "service_account_id": "identity",
    "dataset_id": "dataset",
    "secret_id": "secret",
    "topic": "topic",
    "subscription": "subscription",
    "repository": "repository",
    "name": "job",
}
DATASET_MEMBERS = {
    "user_by_email": "serviceAccount:",
    "group_by_email": "group:",
    "special_group": "",
    "domain": "domain:",
    "iam_member": "",
}
DATASET_ROLES = {
    "OWNER": "bigquery.dataOwner",
    "WRITER": "bigquery.dataEditor",
    "READER": "bigquery.dataViewer",
}


@dataclass(frozen=True, order=True)
class Grant:
    """`role` is without roles/. `conditions` are their titles, each after a comma."""

    member: str
    role: str
    resource: str
    conditions: str = ""

    def __str__(self) -> str:
        return f"{self.member}: {self.role} on {self.resource}{self.conditions}"


def format_grants(changes: list[Change]) -> list[str]:
    """One line per grant that changes; a replaced grant is one removed and one added."""
    removed: list[Grant] = []
    added: list[Grant] = []
    for change in changes:
        before, after = set(read_grants(change.before)), set(read_grants(change.after))
        if change.is_destructive:
            removed += before
            added += after if change.action == "replace" else ()
        # A policy is replaced as a whole; only the grants that differ are of interest.
        elif change.action in ("create", "update"):
            removed += before - after
            added += after - before
    return [f"  - {grant}" for grant in sorted(removed)] + [f"  + {grant}" for grant in sorted(added)]


def read_grants(values: Json) -> Iterator[Grant]:
    """The grants of a resource; a member that is unknown before the apply is "a new identity"."""
    resource = describe_resource(values)
    if "role" in values and "member" in values:
        yield Grant(
            values["member"] or "a new identity", short_role(values["role"]), resource, describe(values)
        )
    if values.get("policy_data"):
        for binding in json.loads(values["policy_data"]).get("bindings", []):
            conditions = describe({"condition": [binding["condition"]] if "condition" in binding else []})
            for member in binding["members"]:
                yield Grant(member, short_role(binding["role"]), resource, conditions)
    # A table has the attribute dataset_id as well, but no access list.
    if "dataset_id" in values and "table_id" not in values:
        for entry in values.get("access") or []:
            yield read_dataset_access(entry, resource)


def read_dataset_access(entry: Json, resource: str) -> Grant:
    """A dataset names a member by the kind of its account, or the dataset whose views may read it."""
    for authorized in entry.get("dataset") or []:
        name = authorized["dataset"][0]["dataset_id"]
        return Grant(f"{', '.join(authorized['target_types']).lower()} of dataset {name}", "read", resource)
    members = [prefix + entry[field] for field, prefix in DATASET_MEMBERS.items() if entry.get(field)]
    role = short_role(str(entry.get("role", "")))
    return Grant(members[0] if members else "a new identity", DATASET_ROLES.get(role, role), resource)


def short_role(role: str) -> str:
    return role.removeprefix("roles/")


def describe_resource(values: Json) -> str:
    if values.get("table_id"):
        return f"table {values['dataset_id']}.{values['table_id']}"
    present = [(kind, values[field]) for field, kind in RESOURCE_KINDS.items() if values.get(field)]
    if not present:
        return "the project"
    # The first of RESOURCE_KINDS, because nearly every resource has a `name` too.
    kind, name = present[0]
    return f"{kind} {str(name).rsplit('/', 1)[-1].split('@')[0]}"


def describe(values: Json) -> str:
    return "".join(f", {condition['title']}" for condition in values.get("condition") or [])
