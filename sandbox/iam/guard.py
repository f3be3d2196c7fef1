"""The check of a request, before a service sees it."""

from dataclasses import dataclass
from urllib.parse import unquote

from sandbox.discovery.documents import Method
from sandbox.iam.access import Access
from sandbox.iam.denials import denial
from sandbox.iam.methods import Requirement, requirements
from sandbox.iam.permissions import EXISTING
from sandbox.resources.errors import Unimplemented
from sandbox.resources.store import Json
from sandbox.state import PROJECT_NUMBER, State

# Files of Drive have permissions of their own; Cloud Storage checks its calls itself, as a batch has many.
OTHERS = {"drive.v3", "sheets.v4", "storage.v1"}
SET_PROJECT_POLICY = "cloudresourcemanager.projects.setIamPolicy"


@dataclass(frozen=True)
class Guard:
    access: Access

    def check(self, api: str, method: Method, resource: str, caller: str, body: Json) -> None:
        """Raises a GoogleError with status 403 for the first permission that the caller lacks.

        api: the path of the API, as "run/v2"; resource: as in the path, percent-encoded.
        """
        if not self.access.enforced(caller):
            return
        name = normalized(self.access.state, resource)
        changed = self.changed_roles(body) if method.id == SET_PROJECT_POLICY else None
        for required in requirements(method, name, body):
            self.check_one(api, method, required, caller, changed)

    def check_one(
        self, api: str, method: Method, required: Requirement, caller: str, changed: frozenset[str] | None
    ) -> None:
        # Neither allowed nor denied: a gap of the tables must not look like a decision of Google.
        if required.permission not in EXISTING:
            raise Unimplemented(
                f"The sandbox does not know which permission {method.id} requires: "
                f"{required.permission} is not in sandbox/iam/permissions.py."
            )
        # The policy of a service account is in IAM, also when another API requires actAs.
        api = "iam/v1" if required.permission.startswith("iam.serviceAccounts.") else api
        if not self.access.allowed(caller, required.permission, f"{api}/{required.resource}", changed):
            raise denial(required.permission, required.resource)

    def changed_roles(self, body: Json) -> frozenset[str]:
        """The roles whose members differ between the project's policy and the new one."""
        project = self.access.state.project
        old = self.access.store.get(f"/cloudresourcemanager/v1/projects/{project}:policy") or {}
        before, after = grants(old), grants(body.get("policy", {}))
        return frozenset(role for role, *_ in before ^ after)


def grants(policy: Json) -> set[tuple[str, ...]]:
    return {
        # With its condition: a change of only the condition changes the grant too.
        (binding["role"], member, str(binding.get("condition")))
        for binding in policy.get("bindings", [])
        for member in binding.get("members", [])
    }


def normalized(state: State, resource: str) -> str:
    """With the project's id, whichever form was sent."""
    parts = [unquote(part) for part in resource.split("/")]
    # `-` in projects/-/serviceAccounts/<e-mail> is the project of the account.
    if parts[:1] == ["projects"] and len(parts) > 1 and parts[1] in (PROJECT_NUMBER, "-"):
        parts[1] = state.project
    return "/".join(parts)
