"""The permissions of each call: https://cloud.google.com/storage/docs/access-control/iam-json.

`move` and the footnotes of that page were not readable: that an overwritten object requires storage.objects.delete
and a move storage.objects.move is unverified.
"""

from collections.abc import Iterator
from urllib.parse import quote

from sandbox.iam.denials import storage_message
from sandbox.iam.identities import caller_of
from sandbox.iam.policies import STORAGE
from sandbox.storage.call import Call
from sandbox.storage.errors import Forbidden
from sandbox.storage.objects import Storage
from sandbox.storage.uploads import metadata_of

LIST = "storage.objects.list"
GET, CREATE, DELETE = "storage.objects.get", "storage.objects.create", "storage.objects.delete"
BUCKET = "/storage/v1/b/*"
OBJECT = f"{BUCKET}/o/*"
# By path and HTTP method: permissions on the bucket or the object of the path. An upload in progress is known
# by its address, and testPermissions and anywhereCaches require none here.
REQUIRED: dict[tuple[str, str], tuple[str, ...]] = {
    ("/storage/v1/b", "GET"): ("storage.buckets.list",),
    ("/storage/v1/b", "POST"): ("storage.buckets.create",),
    (BUCKET, "GET"): ("storage.buckets.get",),
    (BUCKET, "PATCH"): ("storage.buckets.update",),
    (BUCKET, "PUT"): ("storage.buckets.update",),
    (BUCKET, "DELETE"): ("storage.buckets.delete",),
    (f"{BUCKET}/iam", "GET"): ("storage.buckets.getIamPolicy",),
    (f"{BUCKET}/iam", "PUT"): ("storage.buckets.setIamPolicy",),
    (f"{BUCKET}/anywhereCaches", "GET"): ("storage.anywhereCaches.list",),
    (f"{BUCKET}/storageLayout", "GET"): (LIST,),
    (f"{BUCKET}/o", "GET"): (LIST,),
    (OBJECT, "GET"): (GET,),
    (OBJECT, "PATCH"): (GET, "storage.objects.update"),
    (OBJECT, "PUT"): ("storage.objects.update",),
    (OBJECT, "DELETE"): (DELETE,),
    (f"/download{OBJECT}", "GET"): (GET,),
    (f"{OBJECT}/copyTo/b/*/o/*", "POST"): (GET,),
    (f"{OBJECT}/rewriteTo/b/*/o/*", "POST"): (GET,),
    (f"{OBJECT}/moveTo/o/*", "POST"): ("storage.objects.move",),
}


def check(storage: Storage, pattern: str, call: Call) -> None:
    """Raises Forbidden for the first permission that the caller lacks."""
    email = caller(call)
    if not storage.access.enforced(email):
        return
    for permission, resource in [*on_path(pattern, call), *on_target(storage, pattern, call)]:
        if not storage.access.allowed(email, permission, f"{STORAGE}/{resource}"):
            raise Forbidden(storage_message(email, permission, resource))
    hide_absence(storage, pattern, call, email)


def caller(call: Call) -> str:
    return caller_of(call.headers.get("authorization", ""))


def on_path(pattern: str, call: Call) -> Iterator[tuple[str, str]]:
    head = "GET" if call.method == "HEAD" else call.method
    for permission in REQUIRED.get((pattern, head), ()):
        is_object = permission.startswith("storage.objects.") and permission != LIST
        yield permission, name_of(*call.names[: 2 if is_object else 1])
    if pattern.endswith("/compose"):
        for source in call.json().get("sourceObjects", []):
            yield GET, name_of(call.names[0], source.get("name", ""))


def on_target(storage: Storage, pattern: str, call: Call) -> Iterator[tuple[str, str]]:
    """What a call writes: a new object, or one that it replaces."""
    if call.method == "POST" and (target := written(pattern, call)):
        yield CREATE, name_of(*target)
        if storage.catalogue.live(*target):
            yield DELETE, name_of(*target)


def written(pattern: str, call: Call) -> tuple[str, str] | None:
    """Bucket and name of the object that a POST writes; the name may be in the metadata of an upload."""
    names = call.names
    if pattern.endswith("/b/*/o"):
        return names[0], call.query.get("name") or str(metadata_of(call).get("name", ""))
    if pattern.endswith("/compose"):
        return names[0], names[1]
    if pattern.endswith("/moveTo/o/*"):
        return names[0], names[2]
    return (names[2], names[3]) if "To/b/" in pattern else None


def hide_absence(storage: Storage, pattern: str, call: Call, email: str) -> None:
    """A missing object is 403 for callers that may not list the bucket: googleapis/google-api-php-client#1791."""
    if (pattern, call.method) not in ((OBJECT, "GET"), (f"/download{OBJECT}", "GET")):
        return
    bucket, name = call.names[:2]
    if storage.catalogue.live(bucket, name) or call.query.get("generation"):
        return
    if not storage.access.allowed(email, LIST, f"{STORAGE}/b/{bucket}"):
        raise Forbidden(storage_message(email, LIST, f"b/{bucket}"))


def name_of(bucket: str = "", name: str = "") -> str:
    if not bucket:
        return "b"
    return f"b/{bucket}/o/{quote(name, safe='')}" if name else f"b/{bucket}"
