"""IAM policies of buckets: stored with an etag; rejected if the etag is outdated or a member does not exist.

https://cloud.google.com/storage/docs/json_api/v1/buckets/setIamPolicy
"""

from collections.abc import Callable

from starlette.responses import JSONResponse, Response

from sandbox.iam.policies import STORAGE
from sandbox.resources.errors import GoogleError
from sandbox.resources.policies import Policies, check_bindings, members, next_etag
from sandbox.resources.service import Service
from sandbox.resources.store import Store
from sandbox.storage import permissions
from sandbox.storage.call import Call, Json
from sandbox.storage.errors import BadRequest, PreconditionFailed
from sandbox.storage.objects import Storage
from sandbox.storage.preconditions import REFUSED


def default(project: str) -> Json:
    """A new bucket belongs to its project."""
    # https://cloud.google.com/storage/docs/access-control/iam#convenience-values
    owners = [f"projectEditor:{project}", f"projectOwner:{project}"]
    return {
        "etag": "CAE=",
        "version": 1,
        "bindings": [
            {"role": "roles/storage.legacyBucketOwner", "members": owners},
            {"role": "roles/storage.legacyBucketReader", "members": [f"projectViewer:{project}"]},
        ],
    }


def get(storage: Storage, call: Call) -> Response:
    _, policy = storage.bucket_and_policy(call.names[0])
    return answer(call.names[0], policy)


def put(storage: Storage, call: Call) -> Response:
    resource, old = storage.bucket_and_policy(call.names[0])
    sent = call.json()
    if sent.get("etag", old["etag"]) != old["etag"]:
        raise PreconditionFailed(REFUSED)
    refuse(lambda: check_bindings(sent))
    bindings = [binding for binding in sent.get("bindings", []) if binding.get("members")]
    new = {"etag": next_etag(old["etag"]), "version": sent.get("version", 1), "bindings": bindings}
    service = Service(storage.state, Store(storage.state.root), "")
    # Only new members: one that was deleted since may stay in a policy.
    refuse(lambda: Policies(service, "").check_members(members(new) - members(old)))
    with storage.catalogue.change():
        storage.catalogue.put_bucket(resource, new)
    return answer(call.names[0], new)


def test(storage: Storage, call: Call) -> Response:
    """The permissions that the caller has, of those in the query."""
    storage.bucket(call.names[0])
    email, resource = permissions.caller(call), f"{STORAGE}/b/{call.names[0]}"
    requested = [
        name for name in call.query.getlist("permissions") if storage.access.allowed(email, name, resource)
    ]
    return JSONResponse({"kind": "storage#testIamPermissionsResponse", "permissions": requested})


def answer(bucket: str, policy: Json) -> Response:
    return JSONResponse({"kind": "storage#policy", "resourceId": f"projects/_/buckets/{bucket}", **policy})


def refuse(check: Callable[[], None]) -> None:
    """Convert a rejection by a check of the other services into an error of this one."""
    try:
        check()
    except GoogleError as error:
        raise BadRequest(str(error)) from error
