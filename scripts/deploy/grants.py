"""IAM grants that a plan adds and removes, as sentences."""

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


def format_grants(changes: list[Change]) -> list[str]:
    """One line per grant; a replaced grant is one removed and one added."""
    removed = [f"  - {describe_grant(change.before)}" for change in changes if removes_grant(change)]
    added = [
        f"  + {describe_grant(change.after)}"
        for change in changes
        if is_grant(change.after) and change.action in ("create", "update", "replace")
    ]
    return sorted(removed) + sorted(added)


def removes_grant(change: Change) -> bool:
    return is_grant(change.before) and change.is_destructive


def is_grant(values: Json) -> bool:
    return "role" in values and "member" in values


def describe_grant(values: Json) -> str:
    """Members that Terraform will only know after creating them are shown as "a new identity"."""
    role = str(values["role"]).removeprefix("roles/")
    return f"{values['member'] or 'a new identity'}: {role} on {describe_resource(values)}"


def describe_resource(values: Json) -> str:
    present = [(kind, values[field]) for field, kind in RESOURCE_KINDS.items() if values.get(field)]
    if not present:
        return "the project"
    kind, name = present[0]
    conditions = "".join(f", {condition['title']}" for condition in values.get("condition") or [])
    return f"{kind} {str(name).rsplit('/', 1)[-1].split('@')[0]}{conditions}"
