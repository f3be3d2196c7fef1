"""Who may do what, as far as a plan changes it, in words."""

from scripts.deploy.plan import Change, Json

# What a grant is on, by the attribute that says it; without any of them it is the project.
THINGS = {
    "bucket": "bucket",
    "service_account_id": "identity",
    "dataset_id": "dataset",
    "secret_id": "secret",
    "topic": "topic",
    "subscription": "subscription",
    "repository": "repository",
    "name": "job",
}


def lines(changes: list[Change]) -> list[str]:
    """A grant that is replaced is one that goes and one that comes."""
    gone = [f"  - {words(one.before)}" for one in changes if is_grant(one.before) and one.ends]
    come = [
        f"  + {words(one.after)}"
        for one in changes
        if is_grant(one.after) and one.done in ("create", "update", "replace")
    ]
    return sorted(gone) + sorted(come)


def is_grant(values: Json) -> bool:
    return "role" in values and "member" in values


def words(values: Json) -> str:
    """What is only known once it is there is not in a plan, and is left open."""
    role = str(values["role"]).removeprefix("roles/")
    return f"{values['member'] or 'a new identity'}: {role} on {thing(values)}"


def thing(values: Json) -> str:
    named = [(kind, values[field]) for field, kind in THINGS.items() if values.get(field)]
    if not named:
        return "the project"
    kind, name = named[0]
    only = "".join(f", {condition['title']}" for condition in values.get("condition") or [])
    return f"{kind} {str(name).rsplit('/', 1)[-1].split('@')[0]}{only}"
