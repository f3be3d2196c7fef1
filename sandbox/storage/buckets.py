"""Buckets.

https://cloud.google.com/storage/docs/json_api/v1/buckets
"""

import re
import shutil
from ipaddress import ip_address

from starlette.responses import JSONResponse, Response

from sandbox.state import PROJECT_NUMBER
from sandbox.storage import policies
from sandbox.storage.call import Call, Combine, Json, merged
from sandbox.storage.catalogue import now
from sandbox.storage.errors import BadRequest, Conflict
from sandbox.storage.objects import Storage
from sandbox.storage.preconditions import check_metageneration
from sandbox.storage.resources import etag

WRITABLE = {
    "autoclass", "billing", "cors", "customPlacementConfig", "defaultEventBasedHold", "encryption",
    "hierarchicalNamespace", "iamConfiguration", "ipFilter", "labels", "lifecycle", "logging",
    "objectRetention", "retentionPolicy", "rpo", "softDeletePolicy", "storageClass", "versioning", "website",
}  # fmt: skip
# Neither `goog` at the start nor `google`: https://cloud.google.com/storage/docs/buckets#naming
NAME = re.compile(r"(?!goog)(?!.*google)[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
# https://cloud.google.com/storage/docs/locations#location-mr
MULTI_REGIONS = ("ASIA", "EU", "US")
UNIFORM = {"uniformBucketLevelAccess": {"enabled": False}, "publicAccessPrevention": "inherited"}


def insert(storage: Storage, call: Call) -> Response:
    check_project(storage, call)
    sent = call.json()
    name = sent.get("name", "")
    check_name(name)
    if storage.catalogue.bucket(name):
        raise Conflict("Your previous request to create the named bucket succeeded and you already own it.")
    resource = created(name, sent)
    with storage.catalogue.change():
        storage.catalogue.put_bucket(resource, policies.default(storage.state.project))
    (storage.contents.buckets / name).mkdir(exist_ok=True)
    return answer(storage, resource)


def list_all(storage: Storage, call: Call) -> Response:
    check_project(storage, call)
    after, prefix = call.query.get("pageToken", ""), call.query.get("prefix", "")
    matches = [
        bucket
        for bucket in storage.catalogue.buckets()
        if bucket["name"].startswith(prefix) and bucket["name"] > after
    ]
    size = call.integer("maxResults") or 1000
    body: Json = {"kind": "storage#buckets", "items": [linked(storage, bucket) for bucket in matches[:size]]}
    # The last name of the page: a bucket that is created meanwhile shifts none of the others.
    more = {"nextPageToken": matches[size - 1]["name"]} if matches[size:] else {}
    return JSONResponse(body | more)


def get(storage: Storage, call: Call) -> Response:
    resource = storage.bucket(call.names[0])
    check_metageneration(call, int(resource["metageneration"]), reading=True)
    return answer(storage, resource)


def change(storage: Storage, call: Call, combine: Combine) -> Response:
    """Combine the stored settings with those of the request; fields that a client may not set are unchanged."""
    old, policy = storage.bucket_and_policy(call.names[0])
    number = int(old["metageneration"])
    check_metageneration(call, number)
    settings = combine(only(old, WRITABLE), only(call.json(), WRITABLE))
    unchanged = {name: value for name, value in old.items() if name not in WRITABLE}
    version = {"metageneration": str(number + 1), "updated": now(), "etag": etag(0, number + 1)}
    # Defaults first: a setting that the request removes falls back to them.
    resource = unchanged | defaults() | settings | version
    with storage.catalogue.change():
        storage.catalogue.put_bucket(resource, policy)
    return answer(storage, resource)


def delete(storage: Storage, call: Call) -> Response:
    name = call.names[0]
    check_metageneration(call, int(storage.bucket(name)["metageneration"]))
    if not storage.catalogue.is_empty(name):
        raise Conflict("The bucket you tried to delete is not empty.")
    with storage.catalogue.change():
        storage.catalogue.delete_bucket(name)
    # After the row: a stop in between leaves an unused folder, never a bucket without contents.
    shutil.rmtree(storage.contents.buckets / name, ignore_errors=True)
    return Response(status_code=204)


def anywhere_caches(storage: Storage, call: Call) -> Response:
    """Terraform lists them before it deletes a bucket. The list is always empty."""
    storage.bucket(call.names[0])
    return JSONResponse({"kind": "storage#anywhereCaches"})


def layout(storage: Storage, call: Call) -> Response:
    resource = storage.bucket(call.names[0])
    visible = only(resource, {"location", "locationType", "hierarchicalNamespace"})
    return JSONResponse({"kind": "storage#storageLayout", "bucket": resource["name"], **visible})


def created(name: str, sent: Json) -> Json:
    location = str(sent.get("location") or "US").upper()
    time = now()
    return {
        "kind": "storage#bucket",
        "id": name,
        "name": name,
        "projectNumber": PROJECT_NUMBER,
        "location": location,
        "locationType": "multi-region" if location in MULTI_REGIONS else "region",
        "timeCreated": time,
        "updated": time,
        "metageneration": "1",
        "etag": etag(0, 1),
        **defaults(),
        **merged({}, only(sent, WRITABLE)),
    }


def defaults() -> Json:
    return {"storageClass": "STANDARD", "iamConfiguration": UNIFORM}


def only(resource: Json, names: set[str]) -> Json:
    return {name: value for name, value in resource.items() if name in names}


def linked(storage: Storage, resource: Json) -> Json:
    return resource | {"selfLink": f"{storage.state.address}/storage/v1/b/{resource['name']}"}


def answer(storage: Storage, resource: Json) -> Response:
    return JSONResponse(linked(storage, resource))


def check_project(storage: Storage, call: Call) -> None:
    project = call.query.get("project")
    if project is None:
        raise BadRequest("Required parameter: project")
    if project not in (storage.state.project, PROJECT_NUMBER):
        raise BadRequest(f"Unknown project id: {project}")


def check_name(name: str) -> None:
    """https://cloud.google.com/storage/docs/buckets#naming: 3-63 characters, 63 in each part between dots."""
    try:
        ip_address(name)
    except ValueError:
        parts = name.split(".")
        if NAME.fullmatch(name) and all(0 < len(part) <= 63 for part in parts):
            return
    raise BadRequest(f"Invalid bucket name: '{name}'")
