"""Permissions on secrets and messages: the roles that contain each of them, as Google lists them.

https://cloud.google.com/iam/docs/roles-permissions
"""

from sandbox.resources.errors import PermissionDenied
from sandbox.resources.policies import granted
from sandbox.resources.service import Call, Service

SECRETS = {"roles/secretmanager.admin", "roles/owner"}
VERSIONS = SECRETS | {"roles/secretmanager.secretVersionManager", "roles/editor"}
PUBSUB = {"roles/pubsub.admin", "roles/pubsub.editor", "roles/owner", "roles/editor"}
ROLES = {
    "secretmanager.versions.access": SECRETS | {"roles/secretmanager.secretAccessor"},
    "secretmanager.versions.add": VERSIONS | {"roles/secretmanager.secretVersionAdder"},
    "secretmanager.versions.enable": VERSIONS,
    "secretmanager.versions.disable": VERSIONS,
    "secretmanager.versions.destroy": VERSIONS,
    "secretmanager.versions.list": VERSIONS | {"roles/secretmanager.viewer", "roles/viewer"},
    "pubsub.topics.publish": PUBSUB | {"roles/pubsub.publisher"},
    "pubsub.subscriptions.consume": PUBSUB | {"roles/pubsub.subscriber"},
}


def check_permission(service: Service, call: Call, resource: str, permission: str) -> None:
    """Raises PermissionDenied for a service account of the project without a role that has the permission.

    Any other caller is a person, who may do everything here.
    """
    account = f"/iam/v1/projects/{service.state.project}/serviceAccounts/{call.caller}"
    if not call.caller or not service.store.get(account):
        return
    if not granted(service, resource, call.caller, ROLES[permission]):
        raise PermissionDenied(
            f"Permission {permission!r} denied for resource {resource!r} (or it may not exist)."
        )
