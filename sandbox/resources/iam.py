"""IAM: the project's service accounts and custom roles.

https://cloud.google.com/iam/docs/reference/rest
"""

from sandbox.iam.access import DELETED
from sandbox.iam.permissions import EXISTING
from sandbox.resources.errors import InvalidArgument
from sandbox.resources.ids import numeric_id
from sandbox.resources.resource_type import IdLocation, ResourceType
from sandbox.resources.schema import Schema
from sandbox.resources.service import Service
from sandbox.resources.store import Json


def initial_account(service: Service, name: str) -> Json:
    number = numeric_id(name)
    return {
        "projectId": service.state.project,
        "email": name.rsplit("/", 1)[-1],
        "uniqueId": number,
        "oauth2ClientId": number,
    }


def remember_deleted(service: Service, event: str, before: Json, after: Json) -> None:
    """A deleted account keeps its tokens for a while, and has no rights."""
    if event == "delete":
        service.store.put(f"{DELETED}/{before['email']}", {})


def check_permissions(service: Service, role: Json) -> None:
    """In the words of https://github.com/terraform-google-modules/terraform-google-iam/issues/158."""
    for permission in role.get("includedPermissions", []):
        if permission not in EXISTING:
            raise InvalidArgument(f"Permission {permission} is not valid.")


SERVICE_ACCOUNTS = ResourceType(
    "projects/{project}/serviceAccounts",
    Schema("iam.v1", "ServiceAccount"),
    IdLocation("body", "accountId", "serviceAccount"),
    update=IdLocation("body", "updateMask", "serviceAccount"),
    update_needs_mask=True,
    segment="{id}@{project}.iam.gserviceaccount.com",
    id_pattern="[a-z][a-z0-9-]{4,28}[a-z0-9]",
    initial=initial_account,
    on_change=remember_deleted,
    etag=True,
)

ROLES = ResourceType(
    "projects/{project}/roles",
    Schema("iam.v1", "Role", output="deleted"),
    IdLocation("body", "roleId", "role"),
    id_pattern=r"[a-zA-Z0-9_.]{3,64}",
    etag=True,
    check=check_permissions,
    # A deleted role keeps its id for weeks: create refuses it, undelete restores it.
    actions={"undelete": {"deleted": False}},
    soft_delete={"deleted": True},
)
