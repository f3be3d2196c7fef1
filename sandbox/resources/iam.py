"""IAM: the project's service accounts and custom roles.

https://cloud.google.com/iam/docs/reference/rest
"""

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


SERVICE_ACCOUNTS = ResourceType(
    "projects/{project}/serviceAccounts",
    Schema("iam.v1", "ServiceAccount"),
    IdLocation("body", "accountId", "serviceAccount"),
    update=IdLocation("body", "updateMask", "serviceAccount"),
    update_needs_mask=True,
    segment="{id}@{project}.iam.gserviceaccount.com",
    id_pattern="[a-z][a-z0-9-]{4,28}[a-z0-9]",
    initial=initial_account,
    etag=True,
)

ROLES = ResourceType(
    "projects/{project}/roles",
    Schema("iam.v1", "Role", output="deleted"),
    IdLocation("body", "roleId", "role"),
    id_pattern=r"[a-zA-Z0-9_.]{3,64}",
    etag=True,
    # A deleted role keeps its id for weeks: create refuses it, undelete restores it.
    actions={"undelete": {"deleted": False}},
    soft_delete={"deleted": True},
)
