"""IAM: the project's service accounts and its own roles."""

from sandbox.resources.ids import unique
from sandbox.resources.kind import By, Kind
from sandbox.resources.schema import Schema
from sandbox.resources.service import Service
from sandbox.resources.store import Json


def account(service: Service, name: str) -> Json:
    """What Google adds to a new service account; its unique id is a number of 21 digits."""
    email = name.rsplit("/", 1)[-1]
    number = unique(name)
    return {
        "projectId": service.state.project,
        "email": email,
        "uniqueId": number,
        "oauth2ClientId": number,
    }


SERVICE_ACCOUNTS = Kind(
    "projects/{project}/serviceAccounts",
    Schema("displayName description", "projectId email uniqueId oauth2ClientId disabled etag"),
    By("body", "accountId", "serviceAccount"),
    update=By("body", "updateMask", "serviceAccount"),
    update_needs_mask=True,
    segment="{id}@{project}.iam.gserviceaccount.com",
    id_pattern="[a-z][a-z0-9-]{4,28}[a-z0-9]",
    made=account,
    etag=True,
    actions={"disable": {"disabled": True}, "enable": {"disabled": False}},
    iam="POST",
)

ROLES = Kind(
    "projects/{project}/roles",
    Schema("title description includedPermissions[] stage", "deleted etag"),
    By("body", "roleId", "role"),
    id_pattern=r"[a-zA-Z0-9_.]{3,64}",
    etag=True,
    # A deleted role keeps its id for weeks: create refuses it, undelete brings it back.
    actions={"undelete": {"deleted": False}},
    tombstone={"deleted": True},
)
