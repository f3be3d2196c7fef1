"""Whether an identity has a permission on a resource."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from sandbox.iam import roles
from sandbox.iam.conditions import Context, holds
from sandbox.iam.policies import STORAGE, bindings, split
from sandbox.resources.store import Json, Store
from sandbox.state import State

GROUPS = "/sandbox/iam/groups"
DELETED = "/sandbox/iam/deleted"
BASIC = {"projectOwner": "roles/owner", "projectEditor": "roles/editor", "projectViewer": "roles/viewer"}
EVERYONE = ("allUsers", "allAuthenticatedUsers")


@dataclass(frozen=True)
class Access:
    state: State
    store: Store

    def allowed(
        self, email: str, permission: str, resource: str, changed_roles: frozenset[str] | None = None
    ) -> bool:
        """Whether a policy of the resource, or above it, grants the permission to the identity."""
        if not self.enforced(email):
            return True
        context = Context(full_name(resource), changed_roles=changed_roles)
        return any(
            self.applies(binding, email, context)
            for binding in bindings(self.state, self.store, resource)
            if self.contains(binding["role"], permission)
        )

    def enforced(self, email: str) -> bool:
        """False for the owner of the project, and for a service account that was never created.

        Google issues no token for such an account. Here it stands for the owner: commands and tests use the
        sandbox before, or without, a service account of their own.
        """
        if not email.endswith(f"@{self.state.project}.iam.gserviceaccount.com"):
            return bool(email)
        account = f"/iam/v1/projects/{self.state.project}/serviceAccounts/{email}"
        # A deleted account is recorded: without that its token would have the rights of the owner.
        return any(self.store.get(key) is not None for key in (account, f"{DELETED}/{email}"))

    def contains(self, role: str, permission: str) -> bool:
        """Whether a predefined or custom role has the permission."""
        if role.startswith("roles/"):
            return roles.contains(role, permission)
        custom = self.store.get(f"/iam/v1/{role}") or {}
        return not custom.get("deleted") and permission in custom.get("includedPermissions", [])

    def applies(self, binding: Json, email: str, context: Context) -> bool:
        if not any(self.is_member(email, member) for member in binding["members"]):
            return False
        condition = binding.get("condition")
        return not condition or holds(condition["expression"], context)

    def is_member(self, email: str, member: str) -> bool:
        kind, _, value = member.partition(":")
        if member in EVERYONE:
            return True
        if kind in BASIC:
            return self.has_basic_role(email, BASIC[kind])
        if kind == "group":
            return email == value or email in (self.store.get(f"{GROUPS}/{value}") or {}).get("members", [])
        if kind == "domain":
            return email.endswith(f"@{value}")
        return kind in ("user", "serviceAccount") and email == value

    def has_basic_role(self, email: str, role: str) -> bool:
        policy = self.store.get(f"/cloudresourcemanager/v1/projects/{self.state.project}:policy") or {}
        return any(
            # `plain`: a member projectOwner in the project's own policy would be resolved by itself, without end.
            binding["role"] == role and any(self.is_member(email, member) for member in plain(binding))
            for binding in policy.get("bindings", [])
        )


def plain(binding: Json) -> Iterator[str]:
    """Members of a project's policy; projectOwner and the like exist in policies of buckets only."""
    return (member for member in binding["members"] if member.split(":")[0] not in BASIC)


def full_name(resource: str) -> str:
    """`resource.name` of a condition, in the form that modules/landing uses; other resources: their names.

    Google's page on it (iam/docs/conditions-resource-attributes) was not readable.
    """
    api, name = split(resource)
    if api != STORAGE or not name.startswith("b/"):
        return name
    _, bucket, *rest = name.split("/", 3)
    objects = f"/objects/{unquote(rest[1])}" if len(rest) > 1 else ""
    return f"projects/_/buckets/{bucket}{objects}"
